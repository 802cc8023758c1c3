"""The open pairs of a problem as columns: one column a unit that is undecided, one row a rank, for passes of numpy.

Loads are counted over the mean weight of a metric and prices accordingly, so that costs, weights and prices are all
near 1 whatever a company measures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from terraform_like.carve.arrays import Floats, Ints
from terraform_like.carve.problem import Limits, Problem

#: Columns that are worked on at once: what fits the cache of one core.
_CHUNK = 8_192


@dataclass(frozen=True, slots=True)
class Table:
    """The pairs that are open; n units that have two at least, K the most pairs of one of them.

    Parameters
    ----------
    units : (n,) array of int
        Positions of the units in the problem, ascending.
    pair : (K, n) array of int
        Positions of their pairs in the problem; -1 where a unit has fewer.
    territory : (K, n) array of int
        Territories of the pairs; 0 where there is none.
    cost : (K, n) array
        Cost of the pairs in solver units; infinite where there is none.
    weights : (M, n) array
        Weights of the units, over the mean weight.
    heaviness : (n,) array
        Mean weight of each unit over the metrics, above 0.
    times : (n,) array
        How many units each one stands for: 1, and more in a sample.
    alone, alone_unit : (D,) array of int
        Pairs of the units that have one only, and these units.
    decided : (T, M) array
        Their loads, over the mean weight.
    limits : Limits
        Limits of the loads, over the mean weight.
    scale : (M,) array
        The mean weights.
    """

    units: Ints
    pair: NDArray[np.int32]
    territory: NDArray[np.int32]
    cost: Floats
    weights: Floats
    heaviness: Floats
    times: Floats
    alone: Ints
    alone_unit: Ints
    decided: Floats
    limits: Limits
    scale: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Give (T, M), the shape of loads and prices."""
        territories, metrics = self.decided.shape
        return territories, metrics

    def chunks(self) -> Iterator[slice]:
        """Give the columns in parts."""
        for first in range(0, len(self.units), _CHUNK):
            yield slice(first, min(first + _CHUNK, len(self.units)))

    def priced(self, prices: Floats, columns: slice) -> Floats:
        """Give cost plus price of the pairs of some columns, a (K, c) array."""
        # Wide once, and not again for every metric.
        territory = self.territory[:, columns].astype(np.intp)
        value = self.cost[:, columns].copy()
        for metric in range(self.shape[1]):
            value += (
                np.take(np.ascontiguousarray(prices[:, metric]), territory, mode="clip") * self.weights[metric, columns]
            )
        return value

    def near(self, prices: Floats, within: float, least: float = 0.0) -> Ints:
        """Give open pairs near a tie: priced within so much of their unit's cheapest, over its heaviness.

        Parameters
        ----------
        prices : (T, M) array
            Prices over the mean weight.
        within : float
            How near; with 0 the cheapest one of each unit, the first on a tie.
        least : float
            Heaviness that a unit counts for at least.

        Returns
        -------
        (P,) array of int
            Positions of pairs in the problem, sorted; with all pairs of units that are decided.
        """
        kept: list[NDArray[np.signedinteger]] = [self.alone]
        for columns in self.chunks():
            behind = self.priced(prices, columns)
            if within > 0:
                behind -= behind.min(axis=0)
                behind /= np.maximum(self.heaviness[columns], least)
                kept.append(self.pair[:, columns][behind <= within])
            else:
                row = behind.argmin(axis=0)
                kept.append(self.pair[row, np.arange(columns.start, columns.stop)])
        return np.sort(np.concatenate(kept)).astype(np.int64)

    def choice(self, row: Ints, units: int) -> Ints:
        """Give the pair of each of all units from the rows of those that are undecided, an (N,) array."""
        choice = np.full(units, -1)
        choice[self.alone_unit] = self.alone
        choice[self.units] = self.pair[row, np.arange(len(row))]
        return choice

    def with_costs(self, cost: Floats) -> Table:
        """Give the same pairs at other costs."""
        return replace(self, cost=cost)

    def sample(self, about: int) -> Table:
        """Give the heavy units and about so many of the others, each of which stands for several of its kind."""
        fair = np.maximum(self.limits.target.mean(axis=0), 1e-300)
        heavy = (self.weights / fair[:, None]).max(axis=0, initial=0.0) > _HEAVY
        rest = np.flatnonzero(~heavy)
        every = max(1, len(rest) // about)
        alike = rest[np.lexsort((self.weights[0, rest], self.territory[self.cost[:, rest].argmin(axis=0), rest]))]
        taken = alike[every // 2 :: every]
        columns = np.concatenate([np.flatnonzero(heavy), taken])
        times = np.concatenate([np.ones(int(heavy.sum())), np.full(len(taken), len(rest) / max(1, len(taken)))])
        return replace(
            self,
            units=self.units[columns],
            pair=self.pair[:, columns],
            territory=self.territory[:, columns],
            cost=self.cost[:, columns],
            weights=self.weights[:, columns],
            heaviness=self.heaviness[columns],
            times=times,
        )


#: A unit of this share of a fair load is heavy: a sample holds all of them.
_HEAVY = 0.01


def tabulate(problem: Problem, open_pairs: Ints) -> Table:
    """Lay out open pairs as columns.

    Parameters
    ----------
    problem : Problem
        The problem.
    open_pairs : (P,) array of int
        The pairs that may be taken, sorted; each unit has one at least.
    """
    pairs = problem.pairs
    unit = pairs.unit[open_pairs]
    count = np.bincount(unit, minlength=problem.units)
    start = np.concatenate([[0], np.cumsum(count)])
    units = np.flatnonzero(count > 1)
    mean = problem.weights.mean(axis=0)
    scale = np.where(mean > 0, mean, 1.0)
    alone = open_pairs[start[:-1][count == 1]]
    decided = np.zeros(problem.limits.share.shape)
    for metric in range(len(problem.metrics)):
        decided[:, metric] = np.bincount(
            pairs.territory[alone], problem.weights[pairs.unit[alone], metric] / scale[metric], len(decided)
        )
    most = int(count.max(initial=0))
    pair = np.full((most if len(units) else 0, len(units)), -1, dtype=np.int32)
    for rank in range(len(pair)):
        has = np.flatnonzero(count[units] > rank)
        pair[rank, has] = open_pairs[start[units[has]] + rank]
    there = pair >= 0
    territory = np.where(there, pairs.territory[pair], 0).astype(np.int32)
    cost = np.where(there, pairs.cost[pair], np.inf)
    weights = np.ascontiguousarray((problem.weights[units] / scale).T)
    heaviness = np.maximum(weights.mean(axis=0), 1e-3) if len(problem.metrics) else np.ones(len(units))
    limits = problem.limits
    scaled = Limits(
        limits.share / scale, limits.low / scale, limits.high / scale, limits.pull * scale, limits.push * scale
    )
    return Table(
        units,
        pair,
        territory,
        cost,
        weights,
        heaviness,
        np.ones(len(units)),
        alone,
        pairs.unit[alone],
        decided,
        scaled,
        scale,
    )
