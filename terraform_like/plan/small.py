"""The tables of policies for a small plan that somebody wrote down: what `territory test` judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from terraform_like.diff import Change, ChangeKind, Place, diff
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving, Slot
from terraform_like.domain.scope import FAMILY, PROTECTED, RECORDED, SEGMENT, Population
from terraform_like.plan.model import PlannedTerritory, Summary
from terraform_like.plan.policy_tables import policy_tables
from terraform_like.policy.rule import Over
from terraform_like.staffing.tenure import owners_on
from terraform_like.staffing.vacancy import vacant_since

_TEXTS = ("account", "before", "after", "owner_before", "holder", "family", "segment")


@dataclass(frozen=True, slots=True)
class SmallAccount:
    """An account: where it is and where it will be, null for nowhere; who has it, and its columns."""

    account: str
    before: str | None
    after: str | None
    owner_before: str | None
    holder: str | None
    family: str | None
    segment: str | None
    columns: Mapping[str, Any]


def small_tables(
    carving: Carving, accounts: tuple[SmallAccount, ...], day: date, vacant: Mapping[str, date]
) -> dict[Over, pl.DataFrame]:
    """Give the tables that policies are asked over.

    Parameters
    ----------
    carving : Carving
        Segments, territories, slots and people.
    accounts : tuple of SmallAccount
        The accounts, with ids that are unique.
    day : datetime.date
        The day that the plan is for.
    vacant : dict of str to datetime.date
        Since when territories are vacant, where that is before the day.

    Raises
    ------
    ValueError
        When an id stands twice, or a column holds values that do not go together.
    """
    owners = owners_on(carving, day)
    table = _table(carving, accounts, owners)
    inside = table.filter(pl.col("after").is_not_null() | pl.col("before").is_null())
    left = table.filter(pl.col("after").is_null() & pl.col("before").is_not_null())
    given = ("before", "after", "owner_before", "holder")
    population = Population(Book.of(inside.drop(given)), Book.of(left.drop(given)))
    placed = inside.sort("account")
    owner = placed["after"].replace_strict(owners, default=None, return_dtype=pl.String)
    desired = population.inside.placed(placed["after"], owner, placed["holder"])
    places = ["account", "territory", "owner", "holder"]
    gone = population.outside.table.select(places)
    before = Book.of(pl.concat([population.inside.table.select(places), gone]))
    after = Book.of(
        pl.concat([desired.table.select(places), gone.with_columns(pl.lit(None, pl.String).alias("territory"))])
    )
    changes = tuple(
        Change(
            account=row["account"],
            kind=ChangeKind(row["kind"]),
            before=Place(territory=row["territory_before"], owner=row["owner_before"]),
            after=Place(territory=row["territory_after"], owner=row["owner_after"]),
        )
        for row in diff(before, after).iter_rows(named=True)
    )
    since = vacant_since(carving, day, vacant)
    territories = _territories(carving, population.inside, desired, owners, since)
    return policy_tables(carving, population, desired, territories, changes, _summary(inside.height, changes), day)


def _table(carving: Carving, accounts: tuple[SmallAccount, ...], owners: Mapping[str, str]) -> pl.DataFrame:
    segments = {name: book.segment for name, book in carving.books.items()}
    texts = {name: [getattr(one, name) for one in accounts] for name in _TEXTS}
    columns = sorted({name for one in accounts for name in one.columns})
    try:
        more = [pl.Series(name, _alike([one.columns.get(name) for one in accounts]), strict=True) for name in columns]
    except TypeError as error:
        raise ValueError(f"a column holds values that do not go together: {error}") from None
    table = pl.DataFrame(texts, schema=dict.fromkeys(_TEXTS, pl.String)).with_columns(more)
    place = pl.coalesce("after", "before").replace_strict(segments, default=None, return_dtype=pl.String)
    owner = pl.col("before").replace_strict(owners, default=None, return_dtype=pl.String)
    return table.with_columns(
        pl.col("before").alias("territory"),
        pl.coalesce("owner_before", owner).alias("owner"),
        pl.coalesce("segment", place).alias(SEGMENT),
        pl.coalesce("family", "account").alias(FAMILY),
        pl.lit(False).alias(PROTECTED),
        pl.col("before").alias(RECORDED),
    )


def _alike(values: list[Any]) -> list[Any]:
    """Give whole numbers as such, and as fractions where one of the others is one."""
    fractions = any(isinstance(value, float) for value in values)
    whole = [isinstance(value, int) and not isinstance(value, bool) for value in values]
    return [
        float(value) if fractions and (is_whole or isinstance(value, float)) else value
        for value, is_whole in zip(values, whole, strict=True)
    ]


def _territories(
    carving: Carving, inside: Book, desired: Book, owners: Mapping[str, str], since: Mapping[str, date]
) -> tuple[PlannedTerritory, ...]:
    was, will = Counter(inside.table["territory"]), Counter(desired.table["territory"])
    return tuple(
        PlannedTerritory(
            name=name,
            segment=book.segment,
            size=book.size,
            slot=isinstance(book, Slot),
            owner=owners.get(name),
            vacant=name not in owners,
            vacant_since=since.get(name),
            accounts=will[name],
            accounts_before=was[name],
        )
        for name, book in carving.books.items()
    )


def _summary(accounts: int, changes: tuple[Change, ...]) -> Summary:
    kinds = Counter(change.kind for change in changes)
    return Summary(
        accounts=accounts,
        adds=kinds[ChangeKind.ADD],
        moves=kinds[ChangeKind.MOVE],
        transfers=kinds[ChangeKind.TRANSFER],
        removes=kinds[ChangeKind.REMOVE],
        unchanged=accounts - len(changes) + kinds[ChangeKind.REMOVE],
    )
