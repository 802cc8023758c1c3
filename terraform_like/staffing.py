"""People on territories over time, and who holds the accounts of a territory that has nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Annotated

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import ConfigDict, Field

from terraform_like.diagnostics import Locate, Path, Report, counted, listing
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving, Cover, Slot, Territory
from terraform_like.domain.geography import great_circle_km, located
from terraform_like.domain.saved import Saved

Objects = NDArray[np.object_]
Floats = NDArray[np.float64]


class Staffing(Saved):
    """Who is on a territory from when to when (null is open), with what share of the credit."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)

    territory: str
    """Territory or slot. Example: `ent-west`."""
    role: str
    """What the person does there. Example: `account-executive`."""
    person: str | None
    """Who; null where nobody is. Example: `jane.doe`."""
    since: Annotated[date | None, Field(alias="from")] = None
    """First day, null where it is open. Example: `2024-03-01`."""
    to: date | None = None
    """Last day, null where it is open. Example: `2027-06-30`."""
    credit: float = 1.0
    """Share of the credit. Example: `0.5`."""
    interim: bool = False
    """Whether the person only holds a vacant territory's accounts. Example: `true`."""


def owner_on(book: Territory, carving: Carving, day: date) -> str | None:
    """Give the person who owns a territory on a day; None while it is vacant."""
    named = (book.filled_by or book.owner) if isinstance(book, Slot) else book.owner
    person = carving.people.get(named) if named else None
    return named if person is not None and person.works_on(day) else None


def owners_on(carving: Carving, day: date) -> dict[str, str]:
    """Give the owner of each territory and slot that has one on a day."""
    owners = {name: owner_on(book, carving, day) for name, book in carving.books.items()}
    return {name: owner for name, owner in owners.items() if owner is not None}


def staff(carving: Carving, inside: Book, territory: pl.Series, day: date, locate: Locate, report: Report) -> Book:
    """Give accounts the owners of their territories, and those of vacant ones somebody who holds them.

    Who has an account of a vacant territory goes on holding it, be they in `people` or not; so does nobody who does not
    work on that day. An account that nobody has goes to the nearest of those who may hold: those whom the slot names,
    else the owners of territories of its segment. `spread: nearest` gives the nearest every account of the slot.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    inside : Book
        The accounts in scope, with who has them now as `owner`.
    territory : polars.Series
        The territory of each account, aligned with `inside`.
    day : date
        The day that the answer is for.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers accounts that nobody has, and wishes for cover that are not carried out.

    Returns
    -------
    Book
        The same accounts with territory, owner and holder as wanted.
    """
    owners = owners_on(carving, day)
    owner = territory.replace_strict(owners, default=None, return_dtype=pl.String)
    vacant = territory.is_not_null() & owner.is_null()
    away = [name for name, person in carving.people.items() if not person.works_on(day)]
    has = inside.table["owner"]
    has = pl.select(pl.when(vacant & ~has.is_in(away)).then(has)).to_series()
    nobody = has.is_null().to_numpy()
    holder = np.array(has.to_list(), dtype=object)
    held = Counter([*owner.drop_nulls(), *has.drop_nulls()])
    points = located(inside.table, carving.accounts.location)
    for name in territory.filter(vacant).unique().sort():
        mine = (territory == name).fill_null(False).to_numpy()
        cover = _cover(carving, name)
        may = _may_hold(carving, name, owners, day)
        open_ones = np.flatnonzero(mine if cover.spread != "current" else mine & nobody)
        if may and len(open_ones):
            held.subtract(has.gather(open_ones).drop_nulls())
            holder[open_ones] = _nearest(carving, may, points[open_ones], holder[open_ones], held)
            held.update(holder[open_ones])
        if cover.spread == "balanced":
            report.warning(
                f"{name} is covered by the nearest",
                "`spread: balanced` is not carried out in this version; `nearest` is.",
                locate(("overcarve", name, "cover", "spread")),
            )
    for name in sorted(set(carving.books) - set(owners)):
        kind = "overcarve" if isinstance(carving.books[name], Slot) else "territories"
        _tell_of_absent(carving, name, (kind, name, "owner"), day, locate, report)
    held_by = pl.Series(holder.tolist(), dtype=pl.String)
    _nobody(carving, inside, territory, vacant & held_by.is_null(), locate, report)
    return inside.placed(territory, owner, held_by)


def _cover(carving: Carving, name: str) -> Cover:
    book = carving.books[name]
    return (book.cover if isinstance(book, Slot) else None) or Cover()


def _may_hold(carving: Carving, name: str, owners: Mapping[str, str], day: date) -> list[str]:
    """Give who may hold the accounts of a vacant territory, sorted: whom it names, else its segment's owners."""
    named = [person for person in _cover(carving, name).by if person in carving.people]
    working = {person for person in named if carving.people[person].works_on(day)}
    segment = carving.books[name].segment
    return sorted(working or {owner for book, owner in owners.items() if carving.books[book].segment == segment})


def _nearest(carving: Carving, may: list[str], points: Floats, now: Objects, held: Counter[str]) -> Objects:
    """Give each account the nearest person by great circle; the first name on a tie.

    An account of unknown distance stays with who has it, if they may hold it; else it goes to whoever has the fewest.

    Parameters
    ----------
    carving : Carving
        The homes of people.
    may : list of str
        The people, sorted.
    points : (n, 2) array
        Latitude and longitude of the accounts in degrees, NaN where unknown.
    now : (n,) array of str or None
        Who has the accounts now.
    held : Counter
        How many accounts each person has beside these.
    """
    homes = np.array([carving.people[person].home or (np.nan, np.nan) for person in may])
    km = great_circle_km(points[:, :1], points[:, 1:], homes[None, :, 0], homes[None, :, 1])
    far = np.where(np.isfinite(km), km, np.inf)
    names = np.array(may, dtype=object)
    nearest: Objects = names[far.argmin(axis=1)]
    lost = ~np.isfinite(far).any(axis=1)
    stays = lost & np.isin(now, may)
    nearest[stays] = now[stays]
    lost &= ~stays
    counts = Counter(held) + Counter(nearest[~lost].tolist())
    count = int(lost.sum())
    # Person c would have counts[c] + j before the j-th of these accounts: the smallest numbers come first.
    before = np.array([counts[person] for person in may])[None, :] + np.arange(count)[:, None]
    whom = np.broadcast_to(np.arange(len(may)), before.shape).ravel()
    nearest[lost] = names[whom[np.lexsort((whom, before.ravel()))[:count]]]
    return nearest


def _tell_of_absent(carving: Carving, name: str, path: Path, day: date, locate: Locate, report: Report) -> None:
    """Warn that a territory's owner has left or has not begun: it is vacant, though the YAML names somebody."""
    owner = carving.books[name].owner
    person = carving.people.get(owner) if owner else None
    if person is None:
        return
    left = person.leaves is not None and person.leaves < day
    when = f"left on {person.leaves}" if left else f"starts on {person.starts}"
    report.warning(
        f"{name} is vacant on {day}",
        f"{owner} {when}. Others hold its accounts. Name another owner.",
        locate(path),
    )


def _nobody(
    carving: Carving, inside: Book, territory: pl.Series, alone: pl.Series, locate: Locate, report: Report
) -> None:
    """Warn once of all accounts that nobody has; `alone` (one boolean an account) says which."""
    accounts = inside.accounts.filter(alone)
    if not accounts.len():
        return
    names = territory.filter(alone).unique().sort().to_list()
    first = names[0]
    kind = "overcarve" if isinstance(carving.books[first], Slot) else "territories"
    vacant = f"{listing(names)} {'is' if len(names) == 1 else 'are'} vacant"
    report.warning(
        f"Nobody has {counted(accounts.len(), 'account')}",
        f"{vacant}, and nobody in the CRM owned {listing(accounts)} before. Name an owner, or somebody in the CRM.",
        locate((kind, first), key=True),
    )


def timeline(carving: Carving, desired: Book, day: date) -> tuple[Staffing, ...]:
    """Say who is on each territory from when to when, as it is on a day, sorted by territory and person.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    desired : Book
        The accounts with owner and holder as `staff` gives them.
    day : date
        The day.
    """
    owners = owners_on(carving, day)
    holders = _holders(desired)
    rows: list[Staffing] = []
    for name, book in carving.books.items():
        if name in owners:
            person = carving.people[owners[name]]
            rows.append(
                Staffing(territory=name, role=person.role, person=owners[name], since=person.starts, to=person.leaves)
            )
            continue
        cover = book.cover if isinstance(book, Slot) else None
        for holder in holders.get(name, [None]):
            role = carving.people[holder].role if holder in carving.people else "account-executive"
            credit = (cover.credit if cover else 1.0) if holder else 0.0
            rows.append(
                Staffing(territory=name, role=role, person=holder, since=day, credit=credit, interim=holder is not None)
            )
    return tuple(rows)


def _holders(desired: Book) -> Mapping[str, list[str | None]]:
    held = desired.table.filter(pl.col("holder").is_not_null()).select("territory", "holder").unique()
    holders: dict[str, list[str | None]] = {}
    for territory, holder in held.sort("territory", "holder").iter_rows():
        holders.setdefault(territory, []).append(holder)
    return holders
