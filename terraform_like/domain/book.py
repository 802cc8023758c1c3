"""The account table: one row an account, with the territory, owner and holder that it has.

Live (what the CRM holds), desired (what a plan wants) and applied (what was last pushed) are the same value, so that
plan, drift and rollback are one function with other arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

#: Columns that every book has; text, and null where nobody or nothing is meant.
PLACES = ("territory", "owner", "holder")


@dataclass(frozen=True, slots=True)
class Book:
    """A table of accounts in canonical order.

    Parameters
    ----------
    table : polars.DataFrame
        One row an account, sorted by `account`: `account` (text, unique), `territory`, `owner` and `holder` (text or
        null), then any further columns. `owner` is who owns the account's territory; `holder` is who has the account
        where that is someone other than the owner.
    """

    table: pl.DataFrame

    @classmethod
    def of(cls, table: pl.DataFrame) -> Book:
        """Make a book of any table with an `account` column: places that are missing are null, rows are sorted.

        Raises
        ------
        ValueError
            When an account id is null or stands twice; the message names up to ten.
        """
        missing = [pl.lit(None, pl.String).alias(place) for place in PLACES if place not in table.columns]
        table = table.with_columns(pl.col("account").cast(pl.String), *missing)
        table = table.with_columns(pl.col(place).cast(pl.String) for place in PLACES)
        rest = [c for c in table.columns if c not in ("account", *PLACES)]
        table = table.select("account", *PLACES, *sorted(rest))
        # A look at the order costs far less than to sort what is sorted, as most tables are.
        table = table if table["account"].is_sorted() else table.sort("account")
        if table["account"].null_count():
            raise ValueError(f"{table['account'].null_count()} accounts have no id")
        twice = table["account"].filter(table["account"] == table["account"].shift()).unique().sort()
        if twice.len():
            raise ValueError(f"account ids stand more than once: {', '.join(twice.head(10))}")
        return cls(table)

    def __len__(self) -> int:
        return self.table.height

    @property
    def accounts(self) -> pl.Series:
        """Ids of the accounts, sorted."""
        return self.table["account"]

    @property
    def covered_by(self) -> pl.Expr:
        """Who has the account on the day: its holder where there is one, else the owner."""
        return pl.coalesce("holder", "owner")

    def placed(self, territory: pl.Series, owner: pl.Series, holder: pl.Series) -> Book:
        """Give the same accounts in other places; each series is aligned with `accounts`."""
        return Book(self.table.with_columns(territory.alias("territory"), owner.alias("owner"), holder.alias("holder")))

    def renamed(self, owners: Mapping[str, str]) -> Book:
        """Give the same book with owners and holders under other names; who has no other name keeps theirs."""
        if not owners:
            return self
        return Book(self.table.with_columns(pl.col("owner", "holder").replace(owners)))

    def with_columns(self, columns: Iterable[pl.Expr | pl.Series]) -> Book:
        """Give the same book with columns added or replaced."""
        return Book(self.table.with_columns(columns))
