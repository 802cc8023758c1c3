"""The books of a plan by segment: loads before and after against fair share and band, and how even they are."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from terraform_like.domain.measure import EVENNESS
from terraform_like.plan.model import BeforeAfter, Load, Plan, PlannedTerritory
from terraform_like.report.numbers import Formatted, column, unit

#: Relative distance from a band that is rounding.
_ROUNDING = 1e-9
_NOTHING = Load(before=0, after=0)
#: The metric that every book has, whatever the balance says.
COUNT = "accounts"


class Standing(StrEnum):
    """How a load stands to its band."""

    BELOW = "below"
    WITHIN = "within"
    ABOVE = "above"


def standing(value: float, load: Load) -> Standing:
    """Give how a value stands to the band of a load; where nothing limits it, it is within."""
    if load.high is not None and value > load.high + _ROUNDING * abs(load.high):
        return Standing.ABOVE
    if load.low is not None and value < load.low - _ROUNDING * abs(load.low):
        return Standing.BELOW
    return Standing.WITHIN


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a segment, with the formats that suit all its figures; `whole` where loads are whole numbers."""

    name: str
    load: Formatted
    limit: Formatted
    whole: bool

    @classmethod
    def of(cls, name: str, loads: Sequence[Load]) -> Metric:
        """Find the formats for the loads of all books of a segment."""
        values = [v for x in loads for v in (x.before, x.after)]
        limits = [v for x in loads for v in (x.share, x.low, x.high)]
        bands = [(x.low, x.high) for x in loads if x.low is not None and x.high is not None]
        every = [v for v in (*values, *limits) if v is not None]
        exact = name == COUNT or unit(every) == (1.0, "")
        # What is counted stays whole beside a fair share that is not, unless no whole number lies in some band.
        whole = exact and all(v == int(v) for v in values)
        if whole and all(math.ceil(low) <= math.floor(high) for low, high in bands):
            return cls(name, column(values, exact=True), column(limits, decimals=0, exact=True), True)
        one_unit = column(every, exact=name == COUNT)
        return cls(name, one_unit, one_unit, False)

    def band(self, load: Load) -> str:
        """Give the band in words: `450 – 550`, `at most 80`; nothing where there is none."""
        # Of whole numbers, those count that lie in the band.
        low = None if not load.low else self.limit(math.ceil(load.low) if self.whole else load.low)
        high = None if load.high is None else self.limit(math.floor(load.high) if self.whole else load.high)
        if low is None and high is None:
            return ""
        if low is None:
            return f"at most {high}"
        return f"at least {low}" if high is None else f"{low} – {high}"


@dataclass(frozen=True, slots=True)
class ToldLoad:
    """One metric of one book.

    Parameters
    ----------
    figures : Load
        Before, after, fair share and band, in the metric's own unit.
    stood, stands : Standing
        How it stands to the band before and after the plan.
    """

    figures: Load
    stood: Standing
    stands: Standing

    @classmethod
    def of(cls, load: Load) -> ToldLoad:
        """Judge a load by its band."""
        return cls(load, standing(load.before, load), standing(load.after, load))

    @property
    def places(self) -> tuple[float, float] | None:
        """Where it stood and stands in the band: 0 at its low end, 1 at its high one; None without two ends."""
        low, high = self.figures.low, self.figures.high
        if not low or high is None or high <= low:
            return None
        before, after = (self.figures.before - low) / (high - low), (self.figures.after - low) / (high - low)
        # Rounding takes nothing out of the band.
        return (
            min(max(before, 0.0), 1.0) if self.stood is Standing.WITHIN else before,
            min(max(after, 0.0), 1.0) if self.stands is Standing.WITHIN else after,
        )


@dataclass(frozen=True, slots=True)
class ToldBook:
    """A book: the territory as the plan has it, and its loads by metric, `accounts` first."""

    territory: PlannedTerritory
    loads: Mapping[str, ToldLoad]

    @property
    def name(self) -> str:
        """Name of the territory."""
        return self.territory.name

    @property
    def has(self) -> str:
        """Who owns it in a word: the owner, or that it is vacant."""
        if self.territory.owner is not None:
            return self.territory.owner
        return "(slot, vacant)" if self.territory.slot else "(vacant)"


@dataclass(frozen=True, slots=True)
class Fairness:
    """How even the books of a segment are in one metric, by one measure, before and after; null where it is unknown."""

    measure: str
    metric: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class ToldSegment:
    """The books of a segment, sorted by name, with their metrics, `accounts` first, and how even they are."""

    name: str
    books: tuple[ToldBook, ...]
    metrics: tuple[Metric, ...]
    fairness: tuple[Fairness, ...]

    @property
    def accounts(self) -> int:
        """Accounts of the segment after the plan."""
        return sum(book.territory.accounts for book in self.books)

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures of evenness, the one that people know first."""
        return tuple(dict.fromkeys(f.measure for f in self.fairness))

    def evenness(self, measure: str, metric: str) -> Fairness | None:
        """Give one measure of one metric, where it is told."""
        return next((f for f in self.fairness if (f.measure, f.metric) == (measure, metric)), None)

    def banded(self, metric: str) -> bool:
        """Say whether some book has a band of a metric, with two ends."""
        return any(metric in book.loads and book.loads[metric].places is not None for book in self.books)

    @property
    def outside(self) -> tuple[int, int]:
        """How many books are outside some band, before and after."""
        stood = sum(any(x.stood is not Standing.WITHIN for x in b.loads.values()) for b in self.books)
        return stood, sum(any(x.stands is not Standing.WITHIN for x in b.loads.values()) for b in self.books)


def told_segments(plan: Plan) -> Iterator[ToldSegment]:
    """Give the books of each segment, sorted by name."""
    for segment in sorted({t.segment for t in plan.territories}):
        territories = sorted((t for t in plan.territories if t.segment == segment), key=lambda t: t.name)
        loads = {t.name: {COUNT: Load(before=t.accounts_before, after=t.accounts), **t.loads} for t in territories}
        names = list(dict.fromkeys(m for t in territories for m in loads[t.name]))
        yield ToldSegment(
            name=segment,
            books=tuple(ToldBook(t, {m: ToldLoad.of(x) for m, x in loads[t.name].items()}) for t in territories),
            metrics=tuple(Metric.of(m, [loads[t.name].get(m, _NOTHING) for t in territories]) for m in names),
            fairness=tuple(told_fairness(plan.fairness.get(segment, {}))),
        )


def told_fairness(measures: Mapping[str, BeforeAfter]) -> Iterator[Fairness]:
    """Give measures of evenness, by measure (the one that people know first) and by metric."""
    known = list(EVENNESS)

    def rank(one: Fairness) -> tuple[int, str, str]:
        return known.index(one.measure) if one.measure in known else len(known), one.measure, one.metric

    told = []
    for name, value in measures.items():
        form = re.fullmatch(r"(\w+)\((.+)\)", name)
        measure, metric = (form[1], form[2]) if form else (name, "")
        told.append(Fairness(measure, metric, value.before, value.after))
    yield from sorted(told, key=rank)
