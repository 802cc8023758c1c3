"""One policy asked of its rows, waivers aside: what it finds, part by part."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from terraform_like.policy.asking import Flags, Ints, Question, Rows
from terraform_like.policy.figure import Figure, figure_of
from terraform_like.policy.measure import Measure
from terraform_like.policy.rule import Policy

#: Relative distance beyond a limit that is rounding, not a breach.
ROUNDING = 1e-9


def _no_rows() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a policy finds.

    Parameters
    ----------
    passed : bool
        Whether the plan keeps to it.
    matched : int
        How many rows were looked at.
    measured : float, str or None
        The worst part's figure; text for an assertion, and where it is no number.
    part : str or None
        The part that was worst, where the policy parts its rows.
    breaking : Ints
        The rows that break it, worst first.
    unknown : Ints
        Rows whose value is missing, infinite, or negative where evenness is measured.
    before : float, str or None
        The worst part's figure before, where the policy compares.
    p_value : float or None
        Of parity: how often chance alone would be as uneven.
    remark : str
        What a person wants to know beside the figure.
    figures : dict of str to float or str
        The figure of each part that breaks it.
    """

    passed: bool
    matched: int
    measured: float | str | None
    part: str | None
    breaking: Ints = field(default_factory=_no_rows)
    unknown: Ints = field(default_factory=_no_rows)
    before: float | str | None = None
    p_value: float | None = None
    remark: str = ""
    figures: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part's figure, how far it is beyond a limit (or within), whether that is a breach, and of which rows."""

    name: str | None
    figure: Figure
    excess: float
    broken: bool
    breaking: Ints
    before: float | None


def ask(question: Question, left: Flags | None = None) -> Finding:
    """Judge the rows of a question, or those that are left of them (a boolean a row)."""
    policy, rows = question.policy, question.rows
    inside = rows.matched if left is None else rows.matched & left
    matched = int(inside.sum())
    if policy.assertion is not None:
        breaking = np.flatnonzero(inside & ~rows.holds)
        return Finding(not len(breaking), matched, f"{len(breaking):,} of {matched:,}", None, breaking)
    measure = Measure.parse(policy.measure or "")
    was = dict(_figures(measure, question.before, left)) if question.before is not None else {}
    parts = [
        _judged(policy, measure, name, figure, was.get(name), rows) for name, figure in _figures(measure, rows, left)
    ]
    if not parts:
        return Finding(True, matched, None, None)
    parts.sort(key=lambda p: -p.excess)
    worst = parts[0]
    return Finding(
        passed=not any(p.broken for p in parts),
        matched=matched,
        measured=told(worst.figure.value),
        part=worst.name,
        breaking=_joined([p.breaking for p in parts]),
        unknown=_joined([p.figure.unknown for p in parts]),
        before=told(worst.before) if worst.before is not None else None,
        p_value=told_chance(worst.figure.p_value),
        remark=worst.figure.remark,
        figures={p.name: told(p.figure.value) for p in parts if p.broken and p.name is not None},
    )


def told(figure: float) -> float | str:
    """Give a figure in the digits in which machines agree; a word where JSON has no number."""
    if math.isnan(figure):
        return "unknown"
    return float(f"{figure:.12g}") + 0.0 if math.isfinite(figure) else "infinite"


def told_chance(p_value: float | None) -> float | None:
    """Give a probability in as many digits as there are draws."""
    return None if p_value is None else round(p_value, 4)


def _figures(measure: Measure, rows: Rows, left: Flags | None) -> Iterator[tuple[str | None, Figure]]:
    """Measure part by part; parts in which there is nothing to measure are left out."""
    order = np.argsort(rows.part, kind="stable")
    bounds = np.searchsorted(rows.part[order], np.arange(max(len(rows.parts), 1) + 1))
    names: tuple[str | None, ...] = rows.parts or (None,)
    for name, start, end in zip(names, bounds[:-1], bounds[1:], strict=True):
        part = order[start:end]
        part = part if left is None else part[left[part]]
        figure = figure_of(measure, rows, part)
        if figure is not None:
            yield name, figure


def _judged(
    policy: Policy, measure: Measure, name: str | None, figure: Figure, was: Figure | None, rows: Rows
) -> _Part:
    """Hold a part's figure against the limits, and against what it was."""
    before = was.value if was is not None and policy.compare else None
    if len(figure.unknown):
        return _Part(name, figure, math.inf, True, figure.unknown, before)
    better = policy.better or measure.better
    above = [limit for limit in (policy.at_most, before if better == "lower" else None) if limit is not None]
    below = [limit for limit in (policy.at_least, before if better == "higher" else None) if limit is not None]
    over = max((_beyond(figure.value, limit) for limit in above), default=(-math.inf, False))
    under = max((_beyond(-figure.value, -limit) for limit in below), default=(-math.inf, False))
    excess, broken = max(over, under)
    rows_at_fault = figure.too_low if under > over else figure.too_high
    return _Part(name, figure, excess, broken, rows_at_fault if broken else _no_rows(), before)


def _beyond(value: float, limit: float) -> tuple[float, bool]:
    """Give by how much a value is more than a limit, and whether that is more than rounding."""
    if value == limit:
        return 0.0, False  # also where both are infinite
    excess = value - limit
    if math.isnan(excess):
        return math.inf, True  # what is no number is as far beyond as can be
    return excess, excess > ROUNDING * max(1.0, abs(limit) if math.isfinite(limit) else 0.0)


def _joined(parts: list[NDArray[np.int64]]) -> Ints:
    return np.concatenate([_no_rows(), *parts])
