"""Local search: moves of one unit and swaps of two, as long as any of them makes an answer cheaper.

What rounding a relaxation leaves over its bands is mended here in milliseconds, where branch and bound takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from terraform_like.carve.problem import Floats, Ints, Limits, Problem

#: Units that each territory offers each other one for a swap, those nearest to a tie first.
_OFFERED = 20
#: Rounds after which an answer is taken as it is; searches end by themselves long before.
_ROUNDS = 500
#: A gain below this, relative to the whole cost, is a rounding of floating point.
_GAIN = 1e-10


@dataclass(frozen=True, slots=True)
class _Changes:
    """Changes that make an answer cheaper: pair `one` is taken up and, in a swap, pair `two` (else -1) as well."""

    gain: Floats
    left: Ints
    entered: Ints
    one: Ints
    two: Ints


def improve(problem: Problem, choice: Ints, open_pairs: Ints, prices: Floats) -> Ints:
    """Give an answer that no move and no swap that was looked at makes cheaper; never a dearer one.

    Parameters
    ----------
    problem : Problem
        The problem.
    choice : (N,) array of int
        A complete answer, of open pairs.
    open_pairs : (P,) array of int
        The pairs that may be taken, sorted.
    prices : (T, M) array
        Prices of loads in solver units: they say which units to look at first for swaps.

    Returns
    -------
    (N,) array of int
        The pair of each unit.
    """
    choice = choice.copy()
    books = np.arange(len(problem.territories))
    for _ in range(_ROUNDS):
        loads = problem.loads(choice)
        costs = _book_costs(problem.limits, books, loads)
        least = _GAIN * max(1.0, problem.cost(choice))
        moves = _moves(problem, choice, open_pairs, loads, costs, least)
        swaps = _swaps(problem, choice, open_pairs, prices, loads, costs, least)
        if not len(moves.gain) + len(swaps.gain):
            break
        _take(problem, choice, moves, swaps)
    return choice


def _book_costs(limits: Limits, books: Ints, loads: Floats) -> Floats:
    """Give the cost of loads, a (n, M) array, of the books at those n positions."""
    beyond = np.maximum(0, np.maximum(loads - limits.high[books], limits.low[books] - loads))
    costs: Floats = (limits.pull[books] * np.abs(loads - limits.target[books]) + limits.push[books] * beyond).sum(
        axis=1
    )
    return costs


def _moves(problem: Problem, choice: Ints, open_pairs: Ints, loads: Floats, costs: Floats, least: float) -> _Changes:
    pairs, weights = problem.pairs, problem.weights
    at = pairs.territory[choice]
    leaving = _book_costs(problem.limits, at, loads[at] - weights) - costs[at]
    unit, book = pairs.unit[open_pairs], pairs.territory[open_pairs]
    entering = _book_costs(problem.limits, book, loads[book] + weights[unit]) - costs[book]
    gain = -(pairs.cost[open_pairs] - pairs.cost[choice[unit]] + leaving[unit] + entering)
    good = np.flatnonzero((gain > least) & (book != at[unit]))
    return _Changes(gain[good], at[unit[good]], book[good], open_pairs[good], np.full(len(good), -1))


def _swaps(
    problem: Problem, choice: Ints, open_pairs: Ints, prices: Floats, loads: Floats, costs: Floats, least: float
) -> _Changes:
    pairs, weights = problem.pairs, problem.weights
    offers = _offers(problem, choice, open_pairs, prices)
    a, b = np.triu_indices(len(problem.territories), 1)
    there, back = offers[a, b], offers[b, a]
    row, i, j = np.nonzero((there[:, :, None] >= 0) & (back[:, None, :] >= 0))
    one, two, a, b = there[row, i], back[row, j], a[row], b[row]
    shift = weights[pairs.unit[two]] - weights[pairs.unit[one]]
    gain = pairs.cost[choice[pairs.unit[one]]] - pairs.cost[one] + pairs.cost[choice[pairs.unit[two]]] - pairs.cost[two]
    gain += costs[a] - _book_costs(problem.limits, a, loads[a] + shift)
    gain += costs[b] - _book_costs(problem.limits, b, loads[b] - shift)
    good = np.flatnonzero(gain > least)
    return _Changes(gain[good], a[good], b[good], one[good], two[good])


def _offers(problem: Problem, choice: Ints, open_pairs: Ints, prices: Floats) -> Ints:
    """Give, for each two territories, pairs that its units would take there, (T, T, offered), else -1."""
    pairs, count = problem.pairs, len(problem.territories)
    priced = pairs.cost + (prices[pairs.territory] * problem.weights[pairs.unit]).sum(axis=1)
    unit = pairs.unit[open_pairs]
    left, entered = pairs.territory[choice[unit]], pairs.territory[open_pairs]
    away = np.flatnonzero(left != entered)
    way = left[away] * count + entered[away]
    order = np.lexsort((open_pairs[away], (priced[open_pairs] - priced[choice[unit]])[away], way))
    way = way[order]
    rank = np.arange(len(way)) - np.searchsorted(way, way)
    offers = np.full((count * count, _OFFERED), -1)
    kept = rank < _OFFERED
    offers[way[kept], rank[kept]] = open_pairs[away[order[kept]]]
    return offers.reshape(count, count, _OFFERED)


def _take(problem: Problem, choice: Ints, moves: _Changes, swaps: _Changes) -> None:
    """Carry out the best changes, each territory in one of them at most, so that their gains add up."""
    gain, left, entered, one, two = (
        np.concatenate([getattr(moves, name), getattr(swaps, name)]) for name in _Changes.__slots__
    )
    busy = np.zeros(len(problem.territories), dtype=bool)
    for n in np.lexsort((two, one, -gain)).tolist():
        if busy[left[n]] or busy[entered[n]]:
            continue
        busy[left[n]] = busy[entered[n]] = True
        for pair in (one[n], two[n]):
            if pair >= 0:
                choice[problem.pairs.unit[pair]] = pair
        if busy.all():
            break
