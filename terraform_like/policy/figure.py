"""A measure taken of some rows: the figure, and the rows that it is about."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from terraform_like.domain.measure import EVENNESS, atkinson, envies
from terraform_like.domain.parity import parity
from terraform_like.policy.asking import Floats, Ints, Rows
from terraform_like.policy.measure import COUNTING, OF_GROUPS, OF_LOADS, Measure


def _no_rows() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, and the rows at fault where it is too high or too low, the worst first.

    `unknown` are the rows that cannot be measured: their value is missing or infinite, or negative where it must not
    be; then the figure is NaN.
    """

    value: float
    too_high: Ints = field(default_factory=_no_rows)
    too_low: Ints = field(default_factory=_no_rows)
    unknown: Ints = field(default_factory=_no_rows)
    p_value: float | None = None
    remark: str = ""


def figure_of(measure: Measure, rows: Rows, part: Ints) -> Figure | None:
    """Measure the rows of a part, given by number and sorted; None where there is nothing to measure."""
    kept = part[rows.matched[part]]
    if measure.argument is None and measure.name in COUNTING:
        return _counted(measure.name, kept, part)
    if measure.name in OF_GROUPS:
        return _parity(measure, rows, kept, part)
    asked = part if measure.name == "share" else kept
    value = rows.value[asked]
    strange = ~np.isfinite(value)
    if measure.name in OF_LOADS or measure.name == "share":
        strange |= value < 0
    if strange.any():
        return Figure(float("nan"), unknown=asked[strange])
    if measure.name == "share":
        total = float(value.sum())
        return Figure(float(rows.value[kept].sum()) / total, *_sorted(rows.value, kept)) if total > 0 else None
    if not len(kept):
        return Figure(0.0) if measure.name == "sum" else None
    if measure.name in OF_LOADS:
        return _evenness(measure, value, rows.seen[kept], kept)
    return _aggregate(measure, value, kept)


def _counted(name: str, kept: Ints, part: Ints) -> Figure | None:
    """Count rows: too many are those that `where` leaves, too few concerns those that it leaves out."""
    if name == "count":
        return Figure(float(len(kept)), kept, np.setdiff1d(part, kept))
    return Figure(len(kept) / len(part), kept, np.setdiff1d(part, kept)) if len(part) else None


def _sorted(value: Floats, kept: Ints) -> tuple[Ints, Ints]:
    """Give rows from the highest value down, and from the lowest up."""
    up = kept[np.argsort(value[kept], kind="stable")]
    return kept[np.argsort(-value[kept], kind="stable")], up


def _aggregate(measure: Measure, value: NDArray[np.float64], kept: Ints) -> Figure:
    down, up = kept[np.argsort(-value, kind="stable")], kept[np.argsort(value, kind="stable")]
    match measure.name:
        case "min" | "max":
            chosen = int(value.argmin() if measure.name == "min" else value.argmax())
            return Figure(float(value[chosen]), kept[[chosen]], kept[[chosen]])
        case "sum":
            return Figure(float(value.sum()), down, up)
        case "mean":
            return Figure(float(value.mean()), down, up)
        case "median":
            figure = float(np.median(value))
        case _:
            # Linear between order statistics: type 7 of Hyndman and Fan (1996).
            assert measure.number is not None
            figure = float(np.quantile(value, measure.number))
    return Figure(figure, down[-np.sort(-value) >= figure], up[np.sort(value) <= figure])


def _evenness(measure: Measure, value: Floats, seen: Floats, kept: Ints) -> Figure:
    if measure.name in ("envy", "envy_up_to_one"):
        envious = envies(value, seen)
        who = np.flatnonzero(envious)
        who = kept[who[np.argsort(value[who], kind="stable")]]
        return Figure(float(len(who)), who, kept[[int(value.argmax())]])
    figure = EVENNESS[measure.name](value) if measure.number is None else atkinson(value, measure.number)
    low, high = int(value.argmin()), int(value.argmax())
    about = kept[[high] if measure.name == "max_share" or low == high else [low, high]]
    return Figure(figure, about, about)


def _parity(measure: Measure, rows: Rows, kept: Ints, part: Ints) -> Figure | None:
    """Compare groups: by the mean of what is measured, or by the share of rows that `where` leaves."""
    rates = measure.argument is None
    asked = part if rates else kept
    value = rows.matched[asked].astype(np.float64) if rates else rows.value[asked]
    strange = ~np.isfinite(value) | (value < 0)
    if strange.any():
        return Figure(float("nan"), unknown=asked[strange])
    numbers, group = np.unique(rows.group[asked], return_inverse=True)
    if len(numbers) < 2:
        return None
    found = parity(value, group, always=measure.name == "parity_p")
    low, high = (rows.groups[numbers[g]] for g in (found.lowest, found.highest))
    remark = f"{low} {_short(found.means[found.lowest], rates)}, {high} {_short(found.means[found.highest], rates)}"
    remark += "" if rates else " on average"
    if found.p_value is not None:
        remark += f"; chance alone would part them as far in {found.p_value:.1%} of groupings"
    mine = np.flatnonzero(group == found.lowest)
    worst = asked[mine[np.argsort(value[mine], kind="stable")]]
    if measure.name == "parity_p":
        assert found.p_value is not None
        return Figure(found.p_value, worst, worst, remark=remark)
    return Figure(found.ratio, worst, worst, p_value=found.p_value, remark=remark)


def _short(mean: float, rates: bool) -> str:
    if rates:
        return f"{mean:.1%}"
    return f"{mean:,.0f}" if mean >= 100 else f"{mean:.3g}"
