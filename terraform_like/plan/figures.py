"""Sums of the accounts' columns over books, people and segments, for the tables of policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Grouped:
    """Accounts by what they belong to.

    Parameters
    ----------
    count : int
        How many things there are that an account may belong to.
    of : Ints
        (accounts,), the number of each account's; -1 for none of them.
    """

    count: int
    of: Ints

    @classmethod
    def by(cls, column: pl.Series, names: Sequence[str]) -> Grouped:
        """Group by a column whose values are names; other values belong to none of them."""
        numbers = {name: number for number, name in enumerate(names)}
        of = column.cast(pl.String).replace_strict(numbers, default=-1, return_dtype=pl.Int64)
        return cls(len(names), of.fill_null(-1).to_numpy())

    def where(self, flags: NDArray[np.bool_]) -> Grouped:
        """Give the same for some of the accounts; the others belong to nothing."""
        return Grouped(self.count, np.where(flags, self.of, -1))

    def counts(self) -> Floats:
        """Count the accounts of each."""
        return np.bincount(self.of[self.of >= 0], minlength=self.count).astype(np.float64)

    def sums(self, value: Floats) -> Floats:
        """Sum a column over the accounts of each.

        What is no finite number counts nothing. NaN where there are accounts and not one of them has a number.
        """
        inside = self.of >= 0
        known = inside & np.isfinite(value)
        # In the order of the rows, not by as many threads as the machine has: the same bytes everywhere.
        total = np.bincount(self.of[known], value[known], self.count).astype(np.float64)
        nothing = np.bincount(self.of[known], minlength=self.count) == 0
        total[nothing & (np.bincount(self.of[inside], minlength=self.count) > 0)] = np.nan
        return total

    def largest(self, value: Floats) -> Floats:
        """Give the largest value of each one's accounts; 0 where there is none that is a number."""
        known = (self.of >= 0) & np.isfinite(value)
        most = np.full(self.count, -np.inf)
        np.maximum.at(most, self.of[known], value[known])
        return np.where(np.isfinite(most), most, 0.0)


def numeric(table: pl.DataFrame, hidden: Sequence[str]) -> dict[str, Floats]:
    """Give the columns of numbers by name, sorted; NaN where nothing is known."""
    names = sorted(n for n, kind in table.schema.items() if kind.is_numeric() and n not in hidden)
    return {name: table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in names}
