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
Flags = NDArray[np.bool_]


def loads(table: pl.DataFrame, metrics: tuple[str, ...], by: str = "territory") -> pl.DataFrame:
    """Sum metrics over the accounts of each book.

    Parameters
    ----------
    table : polars.DataFrame
        One row an account, with the column `by` and every metric but `accounts`, which is a count.
    metrics : tuple of str
        Columns to sum, each in its own unit; what is no finite number counts nothing, since a metric of one segment
        need not be known of accounts of another.
    by : str
        What makes a book; rows where it is null belong to none.

    Returns
    -------
    polars.DataFrame
        One row a book, sorted: `by`, then a float column a metric.
    """
    placed = table.filter(pl.col(by).is_not_null())
    books = placed[by].unique().sort()
    # Summed in the order of the rows, not by as many threads as the machine has: the same bytes everywhere.
    numbers = pl.Series(range(len(books)), dtype=pl.Int64)
    # Of no rows at all, the type is not what is asked for.
    book = placed[by].replace_strict(books, numbers, return_dtype=pl.Int64).cast(pl.Int64).to_numpy()
    columns = {
        metric: np.bincount(book, minlength=len(books))
        if metric == "accounts"
        else np.bincount(book, np.nan_to_num(_numbers(placed[metric]), posinf=0, neginf=0), len(books))
        for metric in metrics
    }
    return pl.DataFrame([books, *(pl.Series(m, total, pl.Float64) for m, total in columns.items())])


def _numbers(column: pl.Series) -> Array:
    return column.cast(pl.Float64).fill_null(0).to_numpy()


def per_size(load: Array, size: Array) -> Array:
    """Divide loads by the sizes of their books, so that unequal shares compare."""
    return load / size


def spread(load: Array) -> float:
    """Largest load over smallest; 1 when even, infinite when a book is empty and another is not."""
    low, high = float(load.min()), float(load.max())
    if low <= 0:
        return 1.0 if high <= 0 else float("inf")
    return high / low


def range_share(load: Array) -> float:
    """(max x - min x) / sum x: the largest share of the whole less the smallest; 0 when even, at most 1."""
    scaled = _scaled(load)
    total = float(scaled.sum())
    return 0.0 if total <= 0 else float(scaled.max() - scaled.min()) / total


def gini(load: Array) -> float:
    """Gini coefficient: mean absolute difference over twice the mean (Gini, 1912); 0 when even, below 1."""
    ordered = np.sort(_scaled(load))
    count = len(ordered)
    total = float(ordered.sum())
    rank = np.arange(1, count + 1)
    if total <= 0:
        return 0.0
    # Rounding may fall below 0; NaN comes first, since `max` would lose it as the second.
    return max(float((2 * rank - count - 1) @ ordered) / (count * total), 0.0)


def jain(load: Array) -> float:
    """Jain's fairness index: (sum x)^2 / (n sum x^2) (Jain, Chiu and Hawe, 1984); 1 when even, 1/n at worst."""
    scaled = _scaled(load)
    squares = float((scaled**2).sum())
    return 1.0 if squares <= 0 else float(scaled.sum()) ** 2 / (len(load) * squares)


def cv(load: Array) -> float:
    """Coefficient of variation: population standard deviation over the mean; 0 when even."""
    scaled = _scaled(load)
    mean = float(scaled.mean())
    return 0.0 if mean <= 0 else float(scaled.std()) / mean


def theil(load: Array) -> float:
    """Theil's T: mean of (x / mean) ln(x / mean), where 0 ln 0 is 0 (Theil, 1967); 0 when even, ln n at worst."""
    scaled = _scaled(load)
    mean = float(scaled.mean())
    if mean <= 0:
        return 0.0
    ratio = scaled / mean
    return max(float((ratio * np.log(np.where(ratio == 0, 1.0, ratio))).mean()), 0.0)


def atkinson(load: Array, epsilon: float) -> float:
    """Atkinson's index: 1 - (mean x^(1 - e))^(1 / (1 - e)) / mean x, with the geometric mean at e = 1 (Atkinson, 1970).

    Parameters
    ----------
    load : Array
        (books,), in the metric's own unit.
    epsilon : float
        How much the small books weigh, more than 0: the larger, the more.

    Returns
    -------
    float
        The share of the whole that could be given up if the rest were split evenly, and nobody with that aversion to
        unevenness were worse off: 0 when even, below 1; 1 where somebody has nothing and `epsilon` is 1 or more.
    """
    scaled = _scaled(load)
    mean = float(scaled.mean())
    if mean <= 0:
        return 0.0
    if (scaled == 0).any() and epsilon >= 1:
        return 1.0
    with np.errstate(divide="ignore"):
        logs = np.log(scaled / mean)
    if epsilon == 1:
        return max(1 - float(np.exp(logs.mean())), 0.0)
    powers = (1 - epsilon) * logs
    # Largest exponent outside the sum: a power of a small load overflows no float.
    highest = float(powers.max())
    summed = highest + float(np.log(np.exp(powers - highest).mean()))
    return max(1 - float(np.exp(summed / (1 - epsilon))), 0.0)


def max_share(load: Array) -> float:
    """Largest load over the sum of all; 1/n when even."""
    scaled = _scaled(load)
    total = float(scaled.sum())
    return 0.0 if total <= 0 else float(scaled.max()) / total


def envies(load: Array, seen: Array) -> Flags:
    """Say of each book whether whoever has it would rather have another, all valuing books alike (Foley, 1967).

    Parameters
    ----------
    load : Array
        (books,), what each book is worth to whoever has it.
    seen : Array
        (books,), what each book is worth to the others. The loads themselves ask for envy. Loads without each book's
        heaviest account ask for envy up to one account (Lipton et al., 2004; Budish, 2011): nobody of whom it is false
        would swap once one account of the other book were set aside.

    Returns
    -------
    numpy.ndarray
        (books,) boolean. Differences of rounding are no envy.
    """
    envious: Flags = load < seen.max() * (1 - 1e-9)
    return envious


def envy(load: Array) -> float:
    """How many would gain by swapping books: those below the largest; 0 when even. See `envies`."""
    return float("nan") if np.isnan(load).any() else float(envies(load, load).sum())


def _scaled(load: Array) -> Array:
    """Divide by the largest load, so that no square overflows or vanishes: evenness knows no unit."""
    largest = load.max()
    return load / largest if largest > 0 else load


#: Measures of evenness by the name that policies use.
EVENNESS: dict[str, Callable[[Array], float]] = {
    "spread": spread,
    "range_share": range_share,
    "gini": gini,
    "jain": jain,
    "cv": cv,
    "theil": theil,
    "max_share": max_share,
    "envy": envy,
}
