"""The carve under a limit of moves: each move gets a price, and what is still beyond the limit is taken back.

The price is found by halving an interval: at each trial the prices of loads are raised a little further. It belongs to
the proof, since with it the bound holds for every answer within the limit (Lagrangian relaxation).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from terraform_like.carve.arrays import Floats, Ints
from terraform_like.carve.form.problem import Problem
from terraform_like.carve.price.prices import ascend
from terraform_like.carve.price.table import Table
from terraform_like.carve.search.improve import book_costs, improve

#: Temperature, width and steps of each trial.
_TRIAL = [(0.02, 0.05, 30)]
_DOUBLINGS, _HALVINGS = 14, 7
#: Moves that are taken back at once, as a share of those that are too many.
_AT_ONCE = 0.25
#: A limit below this share of the moves of a candidate is a small one.
_FEW = 0.5


def priced_moves(problem: Problem, table: Table, prices: Floats, most: float) -> tuple[float, Floats]:
    """Find what a move must cost for no more of them than are let through.

    Parameters
    ----------
    problem : Problem
        The problem.
    table : Table
        Its open pairs.
    prices : (T, M) array
        Prices over the mean weight.
    most : float
        Most accounts that may move.

    Returns
    -------
    price : float
        Cost of moving an account, in solver units, beside what disruption makes of it.
    prices : (T, M) array
        Prices over the mean weight that go with it.
    """
    moved = problem.pairs.moved

    def trial(price: float, prices: Floats) -> tuple[float, Floats]:
        dearer = table.with_costs(lambda block: block.cost + price * np.where(block.pair >= 0, moved[block.pair], 0.0))
        prices = ascend(dearer, prices, _TRIAL)
        cheapest = dearer.near(prices, 0.0)
        return float(moved[cheapest].sum()), prices

    low, high = 0.0, 1.0
    count, after = trial(high, prices)
    for _ in range(_DOUBLINGS):
        if count <= most:
            break
        low, high = high, 2 * high
        count, after = trial(high, after)
    found = high, after
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        count, after = trial(middle, after)
        if count <= most:
            high, found = middle, (middle, after)
        else:
            low = middle
    return found


def with_move_price(problem: Problem, price: float) -> Problem:
    """Give the same problem with every moved account at a price."""
    dearer = replace(problem.pairs, cost=problem.pairs.cost + price * problem.pairs.moved)
    return replace(problem, pairs=dearer, ways=problem.ways.at_move_price(price))


def within_moves(
    problem: Problem, candidates: list[Ints], start: Ints, most: float, near: Callable[[Ints], Ints], prices: Floats
) -> Ints:
    """Give the best answer that moves no more accounts than are let through.

    Parameters
    ----------
    problem : Problem
        The problem.
    candidates : list of (N,) arrays
        Answers that may move too many.
    start : (N,) array of int
        Where units are; what is taken back goes there.
    most : float
        Most accounts that may move. Where more must, none moves beside them.
    near : callable
        Gives the pairs that are open beside an answer.
    prices : (T, M) array
        Prices of the loads in solver units.
    """
    best = start
    starts = [_taken_back(problem, choice, start, most) for choice in candidates]
    # With few moves what is there now is the nearest start; with many it takes a long way to get anywhere from it.
    if most < _FEW * max(float(problem.pairs.moved[choice].sum()) for choice in candidates):
        starts.append(start)
    for choice in starts:
        better = improve(problem, choice, near(choice), prices, most_moved=most)
        if problem.cost(better) < problem.cost(best):
            best = better
    return best


def _taken_back(problem: Problem, choice: Ints, start: Ints, most: float) -> Ints:
    """Send units back to where they were, those first whose move is worth least, until few enough have moved."""
    choice = choice.copy()
    pairs, weights, limits = problem.pairs, problem.weights, problem.limits
    while (beyond := float(pairs.moved[choice].sum()) - most) > 0:
        units = np.flatnonzero(pairs.moved[choice] > pairs.moved[start])
        if not len(units):
            break
        loads = problem.loads(choice)
        at, to = pairs.territory[choice[units]], pairs.territory[start[units]]
        back = pairs.cost[start[units]] - pairs.cost[choice[units]]
        back += book_costs(limits, at, loads[at] - weights[units]) - book_costs(limits, at, loads[at])
        back += book_costs(limits, to, loads[to] + weights[units]) - book_costs(limits, to, loads[to])
        spared = pairs.moved[choice[units]] - pairs.moved[start[units]]
        order = np.lexsort((units, back / spared))
        enough = int(np.searchsorted(np.cumsum(spared[order]), max(1.0, np.ceil(_AT_ONCE * beyond)))) + 1
        sent = units[order[:enough]]
        choice[sent] = start[sent]
    return choice
