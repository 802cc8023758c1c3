"""What is measured of books: loads and how even they are. Solver, policies and reports call the same functions.

Measures of evenness take one load a territory (a one-dimensional array, not negative) and give one number. Where books
differ in size, loads are divided by size first (`per_size`), so that a half book with half the load counts as even.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

Array = NDArray[np.float64]


def loads(table: pl.DataFrame, metrics: tuple[str, ...], by: str = "territory") -> pl.DataFrame:
    """Sum metrics over the accounts of each book.

    Parameters
    ----------
    table : polars.DataFrame
        One row an account, with the column `by` and every metric but `accounts`, which is a count.
    metrics : tuple of str
        Columns to sum, each in its own unit.
    by : str
        What makes a book; rows where it is null belong to none.

    Returns
    -------
    polars.DataFrame
        One row a book, sorted: `by`, then a float column a metric.
    """
    sums = [
        pl.len().cast(pl.Float64).alias("accounts") if m == "accounts" else pl.col(m).cast(pl.Float64).sum()
        for m in metrics
    ]
    return table.filter(pl.col(by).is_not_null()).group_by(by).agg(sums).sort(by)


def per_size(load: Array, size: Array) -> Array:
    """Divide loads by the sizes of their books, so that unequal shares compare."""
    return load / size


def spread(load: Array) -> float:
    """Largest load over smallest; 1 when even, infinite when a book is empty and another is not."""
    low, high = float(load.min()), float(load.max())
    if low <= 0:
        return 1.0 if high <= 0 else float("inf")
    return high / low


def gini(load: Array) -> float:
    """Gini coefficient: mean absolute difference over twice the mean (Gini, 1912); 0 when even, below 1."""
    total = float(load.sum())
    if total <= 0:
        return 0.0
    ordered = np.sort(load)
    count = len(ordered)
    rank = np.arange(1, count + 1)
    return float((2 * rank - count - 1) @ ordered / (count * total))


def jain(load: Array) -> float:
    """Jain's fairness index: (sum x)^2 / (n sum x^2) (Jain, Chiu and Hawe, 1984); 1 when even, 1/n at worst."""
    squares = float((load**2).sum())
    return 1.0 if squares <= 0 else float(load.sum()) ** 2 / (len(load) * squares)


def cv(load: Array) -> float:
    """Coefficient of variation: population standard deviation over the mean; 0 when even."""
    mean = float(load.mean())
    return 0.0 if mean <= 0 else float(load.std()) / mean


def max_share(load: Array) -> float:
    """Largest load over the sum of all; 1/n when even."""
    total = float(load.sum())
    return 0.0 if total <= 0 else float(load.max()) / total


#: Measures of evenness by the name that policies use.
EVENNESS: dict[str, Callable[[Array], float]] = {
    "spread": spread,
    "gini": gini,
    "jain": jain,
    "cv": cv,
    "max_share": max_share,
}
