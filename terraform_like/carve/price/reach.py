"""Which ways are worth looking at, found together with the prices of the loads that say so.

Where many units live round few centers, what is near is not what they can have: prices rise there until units go
farther, and which ways those are is only seen at such prices. So prices are raised over a sample of the units first,
whose pairs grow by what turns out cheap; then every unit keeps the ways that are cheap at these prices, and no others.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from terraform_like.carve.arrays import Floats, Ints, Positions
from terraform_like.carve.form.outside import cheaper
from terraform_like.carve.form.problem import Problem
from terraform_like.carve.price.prices import STAGES, Stages, ascend, raise_prices
from terraform_like.carve.price.table import Table, heaviness, sampled, tabulate
from terraform_like.carve.watch import Watch

#: Units of a sample, beside the heavy ones.
_SAMPLE = 20_000
#: Most times that the ways of a sample grow; it ends before where fewer than this share of its units found any.
_GROWN, _SETTLED = 12, 0.01
#: Ways that a unit of the sample gets at once, and that each unit keeps.
_ADDED, _KEPT = 6, 32
#: Kept ways are priced within so much of a unit's cheapest, over its weight; light ones count for as heavy as this.
_WINDOW, _LIGHT = 1.0, 0.5
#: Temperatures, widths and steps: of a sample at first and each time that it grew, of all units then and once more.
_FIRST: Stages = ((0.3, 0.5, 10), (0.05, 0.1, 15))
_GROWING: Stages = ((0.05, 0.1, 30),)
_ALL_UNITS: Stages = ((0.02, 0.05, 30), (0.008, 0.02, 20), (0.008, 0.02, 20))
_ONCE_MORE: Stages = ((0.02, 0.05, 15), *_ALL_UNITS[1:])


def reached(
    problem: Problem, prices: Floats | None, books: Positions | None, rounds: int, watch: Watch
) -> tuple[Problem, Table, Floats]:
    """Raise prices, over the ways that are cheap at them where not all ways are pairs.

    Parameters
    ----------
    problem : Problem
        The problem.
    prices : (T, M) array, optional
        Prices of nearly the same problem, in solver units.
    books : (N,) array of int, optional
        Territories of a complete answer, which stay among the pairs.
    rounds : int
        Most times that the ways of all units are chosen.
    watch : Watch
        May end it early.

    Returns
    -------
    problem : Problem
        The problem with other pairs, where not all ways are pairs; where accounts are is always among them.
    table : Table
        Its pairs.
    prices : (T, M) array
        In solver units.
    """
    if problem.ways.complete:
        table = tabulate(problem, np.arange(len(problem.pairs)))
        if prices is None:
            return problem, table, raise_prices(problem, table, watch) / table.scale
        return problem, table, ascend(table, prices * table.scale, STAGES[-1:], watch) / table.scale
    if prices is None:
        prices = _over_a_sample(problem, watch)
    table = tabulate(problem, np.arange(len(problem.pairs)))
    for round_ in range(rounds):
        if watch.enough():
            break
        grown = _cheaper(problem, table, prices, _WINDOW, _KEPT)
        if round_ == 0:
            problem = _cheap(problem, prices, books)
        problem = problem.including(*grown)
        table = tabulate(problem, np.arange(len(problem.pairs)))
        stages = _ONCE_MORE if round_ else _ALL_UNITS
        prices = ascend(table, prices * table.scale, stages, watch) / table.scale
    return problem, table, prices


def _over_a_sample(problem: Problem, watch: Watch) -> Floats:
    """Raise prices over some units, and their ways with them."""
    table = sampled(problem, tabulate(problem, np.arange(len(problem.pairs))), _SAMPLE)
    times = np.ones(problem.units)
    times[table.units] = table.times
    some = problem.of_pairs(table.pairs())
    prices, stages = np.zeros(table.shape), _FIRST
    for _ in range(_GROWN):
        table = tabulate(some, np.arange(len(some.pairs)))
        table = replace(table, times=times[table.units])
        prices = ascend(table, prices, stages, watch)
        stages = _GROWING
        unit, territory = _cheaper(some, table, prices / table.scale, 0.0, _ADDED)
        if watch.enough() or len(np.unique(unit)) <= _SETTLED * len(table.units):
            break
        some = some.including(unit, territory)
    return prices / table.scale


def _cheap(problem: Problem, prices: Floats, books: Positions | None) -> Problem:
    """Give the problem without the pairs that are dear at some prices; those where accounts are stay."""
    pairs, ways = problem.pairs, problem.ways
    behind = pairs.cost + (prices[pairs.territory] * problem.weights[pairs.unit]).sum(axis=1)
    start = np.searchsorted(pairs.unit, np.arange(problem.units))
    behind -= np.minimum.reduceat(behind, start)[pairs.unit]
    kept = behind <= (_WINDOW * np.maximum(_LIGHT, heaviness(problem)))[pairs.unit]
    # The ways that are no pairs are priced as those that all accounts of a unit leave for.
    kept |= pairs.moved < np.add.reduceat(ways.leaving > 0, ways.start[:-1])[pairs.unit]
    if books is not None:
        kept |= pairs.territory == books[pairs.unit]
    return problem.of_pairs(np.flatnonzero(kept))


def _cheaper(problem: Problem, table: Table, prices: Floats, within: float, most: int) -> tuple[Ints, Ints]:
    """Find ways that are no pairs and cheaper than the pairs of a unit, or dearer by so much over its weight."""
    than = np.full(problem.units, -np.inf)
    than[table.alone_unit] = problem.priced(table.alone, prices)
    than[table.units] = table.cheapest(prices * table.scale)
    if within > 0:
        than += within * np.maximum(_LIGHT, heaviness(problem))
    return cheaper(problem.ways, problem.pairs, prices, problem.weights, than, most)
