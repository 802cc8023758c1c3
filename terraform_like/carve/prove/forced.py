"""Forced or ours: whether a load outside its limits could be inside in any carve, with a certificate that it cannot.

A certificate names limits that no assignment holds together, so that a better search cannot help: only other wishes
can. It is made of the problem and of saved prices alone. Where there is none, a better carve may exist.

The general certificate is the lemma of Farkas (1902): where weights y of the loads make every way of placing the units,
even in parts, cost more than the loads are let through for, the limits that have a weight contradict each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np

from terraform_like.carve.arrays import Flags, Floats, Ints
from terraform_like.carve.form.outside import least_weighed
from terraform_like.carve.form.problem import Problem
from terraform_like.carve.prove.certify import useful_prices

Side = Literal["low", "high"]

#: Relative distance from which loads contradict limits for certain: well above what sums are rounded by.
_CERTAIN = 1e-7
#: Shares of the highest useful price from which on a load counts as scarce, or as in want, tried one after the other.
_SCARCE = (0.999, 0.9, 0.5, 0.2, 0.05)
#: A conflict is made smaller while that takes no more than so many looks at a pair.
_LOOKS = 20_000_000


class Kind(StrEnum):
    """Why limits cannot hold."""

    HEAVY = "heavy"
    CAPTIVE = "captive"
    UNREACHABLE = "unreachable"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Cell:
    """One limit: position of the territory, position of the metric, and which side."""

    territory: int
    metric: int
    side: Side


@dataclass(frozen=True, slots=True)
class Certificate:
    """Limits that no assignment holds together.

    Parameters
    ----------
    kind : Kind
        heavy: each of `units` alone is more than any of these territories should have, and may go nowhere else;
        captive: `units` may be in these territories only, and are more than these should have together;
        unreachable: all units that may be in one of these territories, and are not alone too heavy for it, are less
        than they need together; conflict: the prices show it, even for accounts in parts.
    cells : tuple of Cell
        The limits.
    load, limit : float
        What is to be held, and what the limits let through together (need together, where unreachable), in the
        metric's own unit; of the heaviest unit and the roomiest territory that may hold it, where heavy. 0 where the
        conflict is one of prices.
    units : (U,) array of int
        Positions of the units that are heavy, captive, or alone too heavy.
    """

    kind: Kind
    cells: tuple[Cell, ...]
    load: float
    limit: float
    units: Ints


@dataclass(frozen=True, slots=True)
class Breach:
    """A load outside its limits: the limit that is broken, load and limit, and why no carve can hold it, if so."""

    cell: Cell
    load: float
    limit: float
    certificate: Certificate | None

    @property
    def forced(self) -> bool:
        """Whether no carve can hold the limits that the certificate names."""
        return self.certificate is not None


def breaches(problem: Problem, choice: Ints, prices: Floats) -> tuple[Breach, ...]:
    """Give every load that is outside its limits, by metric, then by territory.

    Parameters
    ----------
    problem : Problem
        The problem.
    choice : (N,) array of int
        The pair of each unit.
    prices : (T, M) array
        Prices of the loads in solver units; better ones certify more, and none certify what is not so.
    """
    loads, limits = problem.loads(choice), problem.limits
    beyond = limits.excess(loads) > 0
    if not beyond.any():
        return ()
    found: dict[Cell, Certificate] = {}
    broken: list[Cell] = []
    for m, t in np.argwhere(beyond.T).tolist():
        broken.append(Cell(t, m, "high" if loads[t, m] > limits.high[t, m] else "low"))
    for certificate in _certificates(problem, choice, prices, broken):
        for cell in certificate.cells:
            found.setdefault(cell, certificate)
        if all(cell in found for cell in broken):
            break
    return tuple(
        Breach(
            cell,
            float(loads[cell.territory, cell.metric]),
            float((limits.high if cell.side == "high" else limits.low)[cell.territory, cell.metric]),
            found.get(cell),
        )
        for cell in broken
    )


def _certificates(problem: Problem, choice: Ints, prices: Floats, broken: list[Cell]) -> Iterator[Certificate]:
    """Give certificates, those that are easiest to understand first."""
    metrics = sorted({cell.metric for cell in broken})
    for m in metrics:
        over = [cell.territory for cell in broken if cell.metric == m and cell.side == "high"]
        under = [cell.territory for cell in broken if cell.metric == m and cell.side == "low"]
        yield from _heavy(problem, choice, m, over)
        for t in over:
            yield from _captive(problem, m, np.array([t]))
        for t in under:
            yield from _unreachable(problem, m, np.array([t]))
    scarcity = _scarcity(problem, prices)
    for m in metrics:
        for least in _SCARCE:
            yield from _captive(problem, m, np.flatnonzero(scarcity[:, m] >= least), reduce=True)
            yield from _unreachable(problem, m, np.flatnonzero(scarcity[:, m] <= -least), reduce=True)
    yield from _conflict(problem, prices, scarcity, broken)


def _heavy(problem: Problem, choice: Ints, m: int, over: list[int]) -> Iterator[Certificate]:
    """Certify books that hold a unit which is alone too much for every territory that may hold it."""
    weight, eligible = problem.weights[:, m], problem.ways.eligible
    everywhere = np.arange(len(problem.territories))
    roomiest = eligible.most_among(everywhere, problem.limits.high[:, m])
    heavy = np.flatnonzero(weight > roomiest * (1 + _CERTAIN))
    for t in over:
        here = heavy[problem.pairs.territory[choice[heavy]] == t]
        if len(here):
            heaviest = int(here[np.argmax(weight[here])])
            holders = eligible.open_to(here)
            yield Certificate(
                Kind.HEAVY,
                tuple(Cell(int(holder), m, "high") for holder in holders),
                float(weight[heaviest]),
                float(roomiest[heaviest]),
                here,
            )


def _captive(problem: Problem, m: int, those: Ints, *, reduce: bool = False) -> Iterator[Certificate]:
    """Certify territories whose captive units are more than they should have together."""
    high = problem.limits.high[:, m]

    def units(territories: Ints) -> Ints:
        others = np.setdiff1d(np.arange(len(problem.territories)), territories)
        return np.flatnonzero(problem.ways.eligible.count_among(others) == 0)

    def holds(territories: Ints) -> bool:
        load = float(problem.weights[units(territories), m].sum())
        return not len(territories) or not load > float(high[territories].sum()) * (1 + _CERTAIN)

    if holds(those):
        return
    small = _reduced(problem, those, holds) if reduce else those
    captive = units(small)
    yield Certificate(
        Kind.CAPTIVE,
        tuple(Cell(int(t), m, "high") for t in small),
        float(problem.weights[captive, m].sum()),
        float(high[small].sum()),
        captive,
    )


def _unreachable(problem: Problem, m: int, those: Ints, *, reduce: bool = False) -> Iterator[Certificate]:
    """Certify territories that need more together than all units that fit into one of them are."""
    eligible, weight = problem.ways.eligible, problem.weights[:, m]
    low, high = problem.limits.low[:, m], problem.limits.high[:, m]

    def too_heavy(territories: Ints) -> Flags:
        """Say which units are alone too much for every one of the territories that may hold them."""
        roomiest = eligible.most_among(territories, high)
        return (eligible.count_among(territories) > 0) & (weight > roomiest * (1 + _CERTAIN))

    def reached(territories: Ints) -> float:
        there = (eligible.count_among(territories) > 0) & ~too_heavy(territories)
        return float(weight[there].sum())

    def holds(territories: Ints) -> bool:
        return not reached(territories) < float(low[territories].sum()) * (1 - _CERTAIN)

    if holds(those):
        return
    small = _reduced(problem, those, holds) if reduce else those
    cells = [Cell(int(t), m, "low") for t in small]
    # What is alone too heavy for a book cannot bring it inside its limits: then the upper limit is part of the matter.
    heavy = np.flatnonzero(too_heavy(small))
    cells += [Cell(int(t), m, "high") for t in np.intersect1d(small, eligible.open_to(heavy))]
    yield Certificate(Kind.UNREACHABLE, tuple(cells), reached(small), float(low[small].sum()), heavy)


def _reduced(problem: Problem, those: Ints, holds: Callable[[Ints], bool]) -> Ints:
    """Leave out territories, one by one, that a conflict does not need."""
    if len(those) * len(problem.pairs) > _LOOKS:
        return those
    for t in those.tolist():
        rest = those[those != t]
        if not holds(rest):
            those = rest
    return those


def _scarcity(problem: Problem, prices: Floats) -> Floats:
    """Give prices as a share of the highest that is of use (1) or of the lowest (-1), a (T, M) array."""
    useful, limits = useful_prices(problem, prices), problem.limits
    limited = np.where(useful > 0, np.isfinite(limits.high), limits.low > 0)
    return np.where(limited, useful / np.maximum(limits.pull + limits.push, 1e-300), 0.0)


def _conflict(problem: Problem, prices: Floats, scarcity: Floats, broken: list[Cell]) -> Iterator[Certificate]:
    """Certify loads whose prices contradict each other, even for units in parts."""
    useful = useful_prices(problem, prices)
    for least in _SCARCE:
        weights = np.where(np.abs(scarcity) >= least, useful, 0.0)
        if not _contradict(problem, weights):
            continue
        cells = np.argwhere(weights)
        if len(cells) * len(problem.pairs) <= _LOOKS:
            inside = np.ones(problem.limits.share.shape, dtype=bool)
            for cell in broken:
                inside[cell.territory, cell.metric] = False
            # Loads that are inside their limits are left out first: what is broken is what asks for a reason.
            for t, m in sorted(cells.tolist(), key=lambda cell: (not inside[cell[0], cell[1]], cell)):
                without = weights.copy()
                without[t, m] = 0.0
                if _contradict(problem, without):
                    weights = without
        named = (Cell(t, m, "high" if weights[t, m] > 0 else "low") for t, m in np.argwhere(weights).tolist())
        yield Certificate(Kind.CONFLICT, tuple(named), 0.0, 0.0, np.array([], dtype=int))


def _contradict(problem: Problem, weights: Floats) -> bool:
    """Say whether every way of placing the units, even in parts, weighs more than the limits let through."""
    if not weights.any():
        return False
    limits = problem.limits
    least = float(least_weighed(problem.ways.eligible, weights, problem.weights).sum())
    high, low = np.where(weights > 0, limits.high, 0.0), np.where(weights < 0, limits.low, 0.0)
    most = weights * (high + low)
    scale = float(np.abs(most).sum()) + float((np.abs(weights).max(axis=0) * problem.weights.sum(axis=0)).sum())
    return least - float(most.sum()) > _CERTAIN * scale
