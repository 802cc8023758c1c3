"""Book + Carving -> Problem: sparse arrays, and every limit labelled with the YAML rule that it came from.

The objective (published, so that a weight means the same in every company) is

    disruption x (moved accounts, protected ones counting five times, as a share of all)
    + fit x (accounts whose skill the owner of their territory lacks, as a share of all)
    + travel x (km from accounts to the centers of their territories, over the km if all were at the nearest)
    + balance x (mean relative distance of loads from their fair shares)
    + 100 x (mean relative excess of loads over their limits),

so that bands come before wishes, and inside them the fewest and least harmful moves, then short ways, win. Arrays hold
it times the number of units, which keeps the cost of one unit near 1 (solvers' tolerances are absolute).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from terraform_like.carve.arrays import Flags, Floats, Ints, Positions, distinct
from terraform_like.carve.form.ways import Measures, Pairs, Ways
from terraform_like.diagnostics import Path
from terraform_like.domain.carving import CarveMethod, Effort

#: How many times an account that is protected counts as moved.
PROTECTED_COUNTS = 5.0
#: Weight of a mean excess of 100 % over the limits: more than any wish is worth.
EXCESS_WEIGHT = 100.0
#: Relative excess over a limit that is a rounding of floating point, not a breach.
TOLERANCE = 1e-9
#: Sums of whole numbers below this are exact in floating point.
_WHOLE = 2.0**53


class SolverError(Exception):
    """The solver gave nothing that can be used; the message says what it said."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What each load should be and may be; one row a territory, one column a metric, in the metric's own unit.

    Parameters
    ----------
    share : (T, M) array
        Fair share: the load that a territory would have if all of it were split by size.
    low, high : (T, M) array
        Limits; 0 and infinity where there is none.
    pull : (T, M) array
        Cost of a unit of distance from the fair share.
    push : (T, M) array
        Cost of a unit of excess over a limit, beside the pull.
    """

    share: Floats
    low: Floats
    high: Floats
    pull: Floats
    push: Floats

    @property
    def target(self) -> Floats:
        """The load that costs nothing: the fair share, moved to the nearest limit where limits exclude it."""
        return np.clip(self.share, self.low, self.high)

    def excess(self, loads: Floats) -> Floats:
        """Give how far loads are outside their limits, in the metric's own unit; 0 inside and within rounding."""
        beyond = np.maximum(0, np.maximum(loads - self.high, self.low - loads))
        scale = np.maximum(np.where(np.isfinite(self.high), self.high, 0), self.low)
        return np.where(beyond > TOLERANCE * np.maximum(scale, 1e-300), beyond, 0.0)

    def drawn_in(self, whole: Flags) -> Limits:
        """Give limits at the whole numbers within them for some metrics, an (M,) array; as they are where none is."""
        low, high = np.ceil(self.low), np.floor(self.high)
        drawn = whole & (low <= high)
        return replace(self, low=np.where(drawn, low, self.low), high=np.where(drawn, high, self.high))

    def cost(self, loads: Floats) -> Floats:
        """Give the cost of loads, a (T, M) array in solver units."""
        beyond = np.maximum(0, np.maximum(loads - self.high, self.low - loads))
        return self.pull * np.abs(loads - self.target) + self.push * beyond


@dataclass(frozen=True, slots=True)
class Atlas:
    """The geographic units that units lie in, as a graph: P nodes, each of which goes to a territory as a whole.

    Parameters
    ----------
    names : (P,) array of str
        Name of each node's geographic unit; empty for units that need not be connected with any.
    of_unit : (N,) array of int
        The node of each unit.
    start : (P + 1,) array of int
        Neighbours of node p are `neighbour[start[p] : start[p + 1]]`.
    neighbour : (2E,) array of int
        Nodes that touch, ascending for each node; every border from both sides.
    land : (P,) array of int
        Number of the land that each node is in: what touches, also over places that only other territories may hold.
    """

    names: NDArray[np.str_]
    of_unit: Ints
    start: Ints
    neighbour: Ints
    land: Ints

    @property
    def count(self) -> int:
        """P, the number of nodes."""
        return len(self.names)


@dataclass(frozen=True, slots=True)
class Problem:
    """One component: territories of a segment that compete for the same accounts.

    Parameters
    ----------
    component : str
        Name: the segment, with its first territory where the segment falls into several components.
    segment : str
        The segment.
    territories, metrics : tuple of str
        Sorted names; T and M of them.
    accounts : (A,) array of str
        Sorted ids; `unit_of` (A,) gives each account's unit (a family, or the account alone), 0 to N - 1.
    weights : (N, M) array
        What a unit adds to a load, in the metric's own unit.
    pairs : Pairs
        Where units may go.
    current : (N,) array of int
        The pair at which each unit is now, -1 where it is nowhere that it may stay.
    limits : Limits
        Limits of the loads.
    nearest_km : float
        Km if every unit were at the nearest center that it may go to.
    rules : dict
        For (metric, `low` or `high`) the path of the wish that it came from.
    ways : Ways
        All ways that units may go, of which the pairs are some.
    method, effort : CarveMethod, Effort
        How it is carved.
    atlas : Atlas or None
        The map on which every territory must be connected; None where nothing asks for it.
    kept : bool
        Whether units stay wherever they may, so that limits may not hold for that alone.
    """

    component: str
    segment: str
    territories: tuple[str, ...]
    metrics: tuple[str, ...]
    accounts: NDArray[np.str_]
    unit_of: Ints
    weights: Floats
    pairs: Pairs
    current: Ints
    limits: Limits
    nearest_km: float
    rules: dict[tuple[str, str], Path]
    ways: Ways
    method: CarveMethod = CarveMethod.AUTO
    effort: Effort = Effort.NORMAL
    atlas: Atlas | None = None
    kept: bool = False

    @property
    def units(self) -> int:
        """N, the number of units."""
        return len(self.weights)

    @property
    def whole(self) -> Flags:
        """Which loads are whole numbers in every answer, an (M,) array: every unit adds a whole number to them."""
        whole: Flags = (self.weights == np.floor(self.weights)).all(axis=0) & (self.weights.sum(axis=0) < _WHOLE)
        return whole

    def loads(self, choice: Ints) -> Floats:
        """Sum the loads, a (T, M) array, of one chosen pair a unit; -1 places the unit nowhere."""
        placed = np.flatnonzero(choice >= 0)
        return self.summed(self.pairs.territory[choice[placed]], self.weights[placed])

    def summed(self, territory: Positions, weights: Floats) -> Floats:
        """Sum weights, an (n, M) array, by territory: a (T, M) array."""
        loads = np.zeros((len(self.territories), len(self.metrics)))
        for metric in range(len(self.metrics)):
            loads[:, metric] = np.bincount(territory, weights[:, metric], len(self.territories))
        return loads

    def cost(self, choice: Ints) -> float:
        """Give the objective of a complete choice in solver units."""
        return float(self.pairs.cost[choice].sum() + self.limits.cost(self.loads(choice)).sum())

    def priced(self, rows: Ints, prices: Floats) -> Floats:
        """Give what some pairs cost with what their units add to loads, at (T, M) prices in solver units."""
        pairs = self.pairs
        loads: Floats = prices[pairs.territory[rows]] * self.weights[pairs.unit[rows]]
        cost: Floats = pairs.cost[rows] + loads.sum(axis=1)
        return cost

    def measured(self, rows: Ints | slice = slice(None)) -> Measures:
        """Measure what some pairs take; all of them by default."""
        return self.ways.measured(self.pairs.unit[rows], self.pairs.territory[rows])

    def including(self, unit: Ints, territory: Positions) -> Problem:
        """Give the same problem with more ways among its pairs, where pairs have other positions."""
        width = len(self.territories)
        old = self.pairs.unit.astype(np.int64) * width + self.pairs.territory
        key = distinct(unit.astype(np.int64) * width + territory)
        before = np.searchsorted(old, key)
        fresh = old[np.minimum(before, len(old) - 1)] != key
        key, before = key[fresh], before[fresh]
        if not len(key):
            return self
        pairs = self.pairs.with_more(self.ways.pairs(key // width, key % width), before)
        at = self.current + np.searchsorted(key, old[self.current])
        return replace(self, pairs=pairs, current=np.where(self.current >= 0, at, -1))

    def of_pairs(self, rows: Ints) -> Problem:
        """Give the same problem with some of its pairs, sorted; what was at others is nowhere."""
        at = np.full(len(self.pairs) + 1, -1)
        at[rows] = np.arange(len(rows))
        return replace(self, pairs=self.pairs.these(rows), current=at[self.current])

    def at(self, territory: Positions) -> Ints:
        """Give the pair of each unit in the territories that are given, an (N,) array; -1 where that is no pair."""
        choice = np.full(self.units, -1)
        hit = np.flatnonzero(territory[self.pairs.unit] == self.pairs.territory)
        choice[self.pairs.unit[hit]] = hit
        return choice

    def sterner(self, times: float) -> Problem:
        """Give the same problem with an excess so many times dearer, and limits of whole loads at whole numbers.

        The same answers hold the limits. One account too many counts as one, not as the hair by which a limit between
        two whole numbers is broken.
        """
        drawn = self.limits.drawn_in(self.whole)
        return replace(self, limits=replace(drawn, push=drawn.push * times))

    def rank(self, choice: Ints) -> tuple[bool, float]:
        """Order answers: limits that hold come before limits that are broken, then what is cheaper."""
        return self.excess(choice) > 0, self.cost(choice)

    def excess(self, choice: Ints) -> float:
        """Give the summed relative excess of all loads over their limits; 0 where the bands hold."""
        scale = np.where(self.limits.share > 0, self.limits.share, 1.0)
        return float((self.limits.excess(self.loads(choice)) / scale).sum())

    def places(self, choice: Ints) -> NDArray[np.str_]:
        """Give the territory of each account, aligned with `accounts`."""
        names = np.array(self.territories)
        return names[self.pairs.territory[choice[self.unit_of]]]

    def territory_of(self, places: NDArray[np.str_]) -> Ints:
        """Give the territory of each unit, an (N,) array, from those of its accounts: the reverse of `places`.

        Units whose accounts are in several territories, or in none of these, get -1.
        """
        order = {name: t for t, name in enumerate(self.territories)}
        territory = pl.Series(places).replace_strict(order, default=-1, return_dtype=pl.Int64).to_numpy()
        low = np.full(self.units, len(self.territories))
        high = np.full(self.units, -1)
        np.minimum.at(low, self.unit_of, territory)
        np.maximum.at(high, self.unit_of, territory)
        return np.where(low == high, low, -1)

    def chosen(self, places: NDArray[np.str_]) -> Ints:
        """Give the pair of each unit from territories of the accounts; -1 where that is no pair."""
        return self.at(self.territory_of(places))

    def holding(self, places: NDArray[np.str_]) -> Problem:
        """Give the same problem with territories of the accounts among its pairs, as far as units may go there."""
        territory = self.territory_of(places)
        unit = np.flatnonzero(territory >= 0)
        unit = unit[self.ways.eligible.allows(unit, territory[unit])]
        return self.including(unit, territory[unit])


__all__ = [
    "EXCESS_WEIGHT",
    "PROTECTED_COUNTS",
    "TOLERANCE",
    "Atlas",
    "Floats",
    "Ints",
    "Limits",
    "Pairs",
    "Problem",
    "SolverError",
]
