"""Numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))
#: A unit is used from so many of it.
_FROM = {"T": 10, "B": 10, "M": 10, "K": 100}

Formatted = Callable[[float | None], str]


def figure(value: float | str | None, apart_from: float | str | None = None) -> str:
    """Give a measured figure in 3 significant digits, or in as many as tell it from the limit that it breaks.

    Text is given as it is, and nothing as `-`.
    """
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        return "infinite" if value > 0 else "unknown"
    for digits in range(3, 13):
        told = _significant(value, digits)
        if apart_from is None or isinstance(apart_from, str) or value == apart_from:
            return told
        if told != _significant(apart_from, digits):
            return told
    return told


def percent(share: float) -> str:
    """Give a share as `12.3%`."""
    return f"{share * 100:,.1f}%"


def evenness(value: float | None) -> str:
    """Give a measure of evenness with three decimals, so that figures compare at a glance; nothing as `-`."""
    return f"{value:,.3f}" if value is not None and math.isfinite(value) else figure(value)


def unit(values: Iterable[float | None]) -> tuple[float, str]:
    """Give the unit that suits the largest value, and its letter: `(1000.0, "K")`."""
    largest = max((abs(v) for v in values if v is not None and math.isfinite(v)), default=0.0)
    return next(((u, s) for u, s in _UNITS if largest >= u * _FROM[s]), (1.0, ""))


def column(values: Iterable[float | None], *, decimals: int = 6, exact: bool = False) -> Formatted:
    """Give the one format that suits all values of a column.

    The largest value has four significant digits, so that what is a tenth of it still has three.

    Parameters
    ----------
    values : iterable of float or None
        Everything that will stand in the column.
    decimals : int
        How many decimals there may be at most.
    exact : bool
        Whether to leave large values in full, without a unit.
    """
    known = [abs(v) for v in values if v is not None and math.isfinite(v)]
    largest = max(known, default=0.0)
    one, suffix = (1.0, "") if exact else unit(known)
    whole = one == 1 and all(v == int(v) for v in known)
    scaled = largest / one
    places = 0 if whole or not scaled else max(0, min(decimals, 3 - math.floor(math.log10(scaled))))

    def told(value: float | None) -> str:
        if value is None:
            return "-"
        if not math.isfinite(value):
            return figure(value)
        return f"{value / one + 0.0:,.{places}f}{suffix if value else ''}"

    return told


def _significant(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    told = f"{value:,.{min(decimals, 12)}f}"
    return told.rstrip("0").rstrip(".") if "." in told else told
