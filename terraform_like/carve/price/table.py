"""The open pairs of a problem as blocks of columns: one column a unit that is undecided, one row a rank.

Loads are counted over the mean weight of a metric and prices accordingly, so that costs, weights and prices are all
near 1 whatever a company measures. Units with many pairs stand first, so that blocks have few empty places.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from terraform_like.carve.arrays import Floats, Ints, Positions, stretches
from terraform_like.carve.form.problem import Limits, Problem

#: Most columns and places of a block: what fits the cache of one core.
_COLUMNS, _PLACES = 8_192, 100_000
#: Units of a block have this share of the pairs of its first one at least, but for the last few: places that stand
#: empty take as long as others.
_ALIKE, _FEW = 0.75, 64
#: A unit of this share of a fair load is heavy: a sample holds all of them.
_HEAVY = 0.01
#: Pairs of so small a share may be missing where nearly all are asked for.
_NEARLY = 1e-3


@dataclass(frozen=True, slots=True)
class Block:
    """Units that stand side by side in a table; c of them, K the most pairs of one.

    Parameters
    ----------
    columns : slice
        Their columns.
    pair : (K, c) array of int
        Positions of their pairs in the problem; -1 where a unit has fewer.
    territory : (K, c) array of int
        Territories of the pairs; 0 where there is none.
    cost : (K, c) array
        Cost of the pairs in solver units; infinite where there is none.
    """

    columns: slice
    pair: NDArray[np.int32]
    territory: NDArray[np.int32]
    cost: Floats


@dataclass(frozen=True, slots=True)
class Table:
    """The pairs that are open; n units that have two at least.

    Parameters
    ----------
    units : (n,) array of int
        Positions of the units in the problem, those with most pairs first.
    blocks : tuple of Block
        Their pairs.
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
    blocks: tuple[Block, ...]
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

    def priced(self, prices: Floats, block: Block) -> Floats:
        """Give cost plus price of the pairs of a block, a (K, c) array."""
        # Wide once, and not again for every metric.
        territory = block.territory.astype(np.intp)
        value = block.cost.copy()
        for metric in range(self.shape[1]):
            price = np.take(np.ascontiguousarray(prices[:, metric]), territory, mode="clip")
            price *= self.weights[metric, block.columns]
            value += price
        return value

    def cheapest(self, prices: Floats) -> Floats:
        """Give what the cheapest pair of each column costs at some prices, an (n,) array."""
        least = np.empty(len(self.units))
        for block in self.blocks:
            least[block.columns] = self.priced(prices, block).min(axis=0)
        return least

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
        for block in self.blocks:
            behind = self.priced(prices, block)
            if within > 0:
                behind -= behind.min(axis=0)
                behind /= np.maximum(self.heaviness[block.columns], least)
                kept.append(block.pair[behind <= within])
            else:
                kept.append(block.pair[behind.argmin(axis=0), np.arange(behind.shape[1])])
        return np.sort(np.concatenate(kept)).astype(np.int64)

    def choice(self, row: Ints, units: int) -> Ints:
        """Give the pair of each of all units from the rows of those that are undecided, an (N,) array."""
        choice = np.full(units, -1)
        choice[self.alone_unit] = self.alone
        for block in self.blocks:
            rows = row[block.columns]
            choice[self.units[block.columns]] = block.pair[rows, np.arange(len(rows))]
        return choice

    def pairs(self) -> Ints:
        """Give the positions of all pairs in the problem, sorted."""
        open_pairs = [block.pair[block.pair >= 0] for block in self.blocks]
        return np.sort(np.concatenate([self.alone, *open_pairs])).astype(np.int64)

    def narrowed(self, prices: Floats, within: float) -> Table:
        """Leave out the pairs that are not near a tie: priced dearer by more than this over their unit's heaviness.

        Units that have one pair left are decided, as often as they stand for others.
        """
        found: list[tuple[Ints, NDArray[np.int32], NDArray[np.int32], Floats]] = []
        for block in self.blocks:
            behind = self.priced(prices, block)
            behind -= behind.min(axis=0)
            column, row = np.nonzero((behind <= within * self.heaviness[block.columns]).T)
            place = (row, column)
            found.append((column + block.columns.start, block.pair[place], block.territory[place], block.cost[place]))
        column, pair, territory, cost = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        count = np.bincount(column, minlength=len(self.units))
        start = np.cumsum(count) - count
        single = start[count == 1]
        decided = self.decided.copy()
        for metric in range(len(self.weights)):
            load = self.weights[metric] * self.times
            decided[:, metric] += np.bincount(territory[single], load[column[single]], len(decided))
        several = np.flatnonzero(count > 1)
        several = several[np.argsort(-count[several], kind="stable")]
        return Table(
            self.units[several],
            tuple(_blocks(pair, territory, cost, start[several], count[several])),
            np.ascontiguousarray(self.weights[:, several]),
            self.heaviness[several],
            self.times[several],
            np.concatenate([self.alone, pair[single]]),
            np.concatenate([self.alone_unit, self.units[column[single]]]),
            decided,
            self.limits,
            self.scale,
        )

    def holds(self, pairs: Ints) -> bool:
        """Say whether nearly all of some pairs are in the table."""
        mine = np.zeros(int(pairs.max(initial=0)) + 1, dtype=bool)
        mine[self.alone[self.alone < len(mine)]] = True
        for block in self.blocks:
            mine[block.pair[(block.pair >= 0) & (block.pair < len(mine))]] = True
        return bool((~mine[pairs]).sum() <= _NEARLY * len(pairs))

    def with_costs(self, cost: Callable[[Block], Floats]) -> Table:
        """Give the same pairs at other costs."""
        return replace(self, blocks=tuple(replace(block, cost=cost(block)) for block in self.blocks))


def tabulate(problem: Problem, open_pairs: Ints) -> Table:
    """Lay out open pairs as columns.

    Parameters
    ----------
    problem : Problem
        The problem.
    open_pairs : (P,) array of int
        The pairs that may be taken, sorted; units that have none are left out.
    """
    pairs = problem.pairs
    unit = pairs.unit[open_pairs]
    count = np.bincount(unit, minlength=problem.units)
    start = np.concatenate([[0], np.cumsum(count)])
    several = np.flatnonzero(count > 1)
    units = several[np.argsort(-count[several], kind="stable")]
    mean = problem.weights.mean(axis=0)
    scale = np.where(mean > 0, mean, 1.0)
    alone = open_pairs[start[:-1][count == 1]]
    decided = np.zeros(problem.limits.share.shape)
    for metric in range(len(problem.metrics)):
        decided[:, metric] = np.bincount(
            pairs.territory[alone], problem.weights[pairs.unit[alone], metric] / scale[metric], len(decided)
        )
    # A load that is a whole number meets no limit between two of them: prices, and the bound by them, are the higher.
    limits = problem.limits.drawn_in(problem.whole)
    scaled = Limits(
        limits.share / scale, limits.low / scale, limits.high / scale, limits.pull * scale, limits.push * scale
    )
    return Table(
        units,
        tuple(_blocks(open_pairs, pairs.territory[open_pairs], pairs.cost[open_pairs], start[units], count[units])),
        np.ascontiguousarray((problem.weights[units] / scale).T),
        heaviness(problem)[units],
        np.ones(len(units)),
        alone,
        pairs.unit[alone],
        decided,
        scaled,
        scale,
    )


def _blocks(pair: Positions, territory: Positions, cost: Floats, start: Ints, count: Ints) -> list[Block]:
    """Lay out the pairs of units, which stand from `start` on and are `count` many, the most first."""
    blocks, first = [], 0
    while first < len(count):
        rows = int(count[first])
        alike = int(np.searchsorted(-count, -_ALIKE * rows, side="right"))
        most = max(1, min(_COLUMNS, _PLACES // rows))
        columns = slice(first, min(len(count), first + most, max(alike, first + _FEW)))
        column, place = stretches(start[columns], start[columns] + count[columns])
        row = place - start[columns][column]
        shape = (rows, columns.stop - first)
        block = Block(
            columns, np.full(shape, -1, dtype=np.int32), np.zeros(shape, dtype=np.int32), np.full(shape, np.inf)
        )
        block.pair[row, column] = pair[place]
        block.territory[row, column] = territory[place]
        block.cost[row, column] = cost[place]
        blocks.append(block)
        first = columns.stop
    return blocks


def sampled(problem: Problem, table: Table, about: int) -> Table:
    """Give a table of the heavy units and about so many of the others, each of which stands for several of its kind.

    Parameters
    ----------
    problem, table : Problem, Table
        The problem, and its open pairs.
    about : int
        How many units to take beside the heavy ones.
    """
    fair = np.maximum(table.limits.target.mean(axis=0), 1e-300)
    heavy = (table.weights / fair[:, None]).max(axis=0, initial=0.0) > _HEAVY
    rest = np.flatnonzero(~heavy)
    every = max(1, len(rest) // about)
    cheapest = np.empty(len(heavy), dtype=np.int64)
    for block in table.blocks:
        cheapest[block.columns] = block.territory[block.cost.argmin(axis=0), np.arange(block.cost.shape[1])]
    alike = rest[np.lexsort((table.units[rest], table.weights[0, rest], cheapest[rest]))]
    taken = alike[every // 2 :: every]
    times, open_pairs = np.ones(problem.units), np.zeros(len(problem.pairs), dtype=bool)
    times[table.units[taken]] = len(rest) / max(1, len(taken))
    open_pairs[table.alone] = True
    chosen = np.zeros(len(heavy), dtype=bool)
    chosen[taken] = chosen[heavy] = True
    for block in table.blocks:
        those = block.pair[:, chosen[block.columns]]
        open_pairs[those[those >= 0]] = True
    some = tabulate(problem, np.flatnonzero(open_pairs))
    return replace(some, times=times[some.units])


def heaviness(problem: Problem) -> Floats:
    """Give the mean weight of each unit over the metrics, each over its own mean: an (N,) array, above 0."""
    if not problem.metrics:
        return np.ones(problem.units)
    mean = problem.weights.mean(axis=0)
    heavy: Floats = np.maximum((problem.weights / np.where(mean > 0, mean, 1.0)).mean(axis=1), 1e-3)
    return heavy
