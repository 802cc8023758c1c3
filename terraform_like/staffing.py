"""People on territories over time, and who holds the accounts of a territory that has nobody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

import polars as pl
from pydantic import ConfigDict, Field

from terraform_like.diagnostics import Locate, Path, Report, counted, listing
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving, Slot, Territory
from terraform_like.domain.saved import Saved


class Staffing(Saved):
    """Who is on a territory from when to when (null is open), with what share of the credit."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)

    territory: str
    role: str
    person: str | None
    since: Annotated[date | None, Field(alias="from")] = None
    to: date | None = None
    credit: float = 1.0
    interim: bool = False


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
    """Give accounts the owners of their territories; who has an account of a vacant one goes on holding it.

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
    holder = pl.select(pl.when(owner.is_null()).then(inside.table["owner"])).to_series()
    _nobody(carving, inside, territory, owner.is_null() & holder.is_null(), locate, report)
    for name in sorted(set(carving.books) - set(owners)):
        mine = (territory == name).fill_null(False)
        kind = "overcarve" if isinstance(carving.books[name], Slot) else "territories"
        _tell_of_absent(carving, name, (kind, name, "owner"), day, locate, report)
        cover = getattr(carving.books[name], "cover", None)
        if cover is not None and cover.spread != "current" and mine.any():
            report.warning(
                f"{name} is covered by whoever has its accounts now",
                f"`spread: {cover.spread}` is not carried out in this version; `current` is.",
                locate((kind, name, "cover", "spread")),
            )
    return inside.placed(territory, owner, holder)


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
        f"{owner} {when}. Whoever has its accounts goes on holding them. Name another owner.",
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
