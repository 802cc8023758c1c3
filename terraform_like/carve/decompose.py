"""The carve of a component: prices, a dive to whole units, local search, and HiGHS for what is left out of its limits.

Small problems go to branch and bound whole, from the answer that was found; of large ones HiGHS sees only the pairs
near a tie and the territories round a broken limit, since it would return nothing for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from terraform_like.carve.arrays import Floats, Ints, union
from terraform_like.carve.certify import bound, cheapest_pairs
from terraform_like.carve.dive import dive
from terraform_like.carve.improve import improve
from terraform_like.carve.moves import priced_moves, with_move_price, within_moves
from terraform_like.carve.prices import STAGES, ascend, raise_prices
from terraform_like.carve.problem import Problem, SolverError
from terraform_like.carve.table import Table, tabulate
from terraform_like.domain.carving import CarveMethod, Effort

#: Pairs within this of a unit's cheapest, over its weight, are open to local search; less where there are very many.
_WINDOW, _NARROW = 1.0, 0.5
#: Units count for as heavy as this where a limit is broken: light ones come from farther off.
_FARTHER = 5.0
#: How far a limit that is broken is drawn in, as a share of the fair share.
_HAIR = 0.005
#: Most looks at what is broken by local search.
_LOOKS = 10
_MANY = 500_000
#: Territories round a broken limit that HiGHS carves again, and the pairs among them, the nearest to a tie first.
_ROUND, _ROUND_PAIRS = 6, 500
_ROUND_NODES = 60
#: Temperature, width and steps after ways were added.
_AFTER_REACHING = ((0.02, 0.05, 30),)
#: How many times dearer an excess is in the end: no wish is worth any excess that can be avoided.
STERN = 100.0
#: An answer that costs less than so many times what was found is improved as well: little had changed.
_SMALL_CHANGE = 1.5


@dataclass(frozen=True, slots=True)
class _Effort:
    """How far to go: all in numbers of steps, never in time.

    Parameters
    ----------
    reached : int
        Most times that ways are looked at which are no pairs yet.
    sifted : int
        Most units for which prices are made exact by HiGHS.
    whole : int
        Most pairs that branch and bound sees whole.
    nodes : int
        Most nodes of it.
    mended : int
        Most times that territories round a broken limit are carved again.
    """

    reached: int
    sifted: int
    whole: int
    nodes: int
    mended: int


_EFFORTS = {
    Effort.QUICK: _Effort(reached=1, sifted=0, whole=0, nodes=100, mended=0),
    Effort.NORMAL: _Effort(reached=2, sifted=60_000, whole=1_000, nodes=400, mended=8),
    Effort.THOROUGH: _Effort(reached=4, sifted=100_000, whole=6_000, nodes=4_000, mended=100),
}
#: With `method: exact` more pairs go to branch and bound whole; beyond, it would give no answer at all.
EXACT_PAIRS = 25_000


@dataclass(frozen=True, slots=True)
class Solution:
    """A candidate.

    Parameters
    ----------
    problem : Problem
        The problem, with what ways were added to its pairs.
    choice : (N,) array of int
        The pair of each unit.
    prices : (T, M) array
        Prices of the loads in solver units.
    least : float or None
        The least that any answer can cost, in solver units, as branch and bound said; None where it was not asked.
    move_price : float
        Price of moving an account, in solver units; 0 where moves are not limited.
    """

    problem: Problem
    choice: Ints
    prices: Floats
    least: float | None = None
    move_price: float = 0.0


def solve(problem: Problem, start: Ints | None = None, prices: Floats | None = None) -> Solution:
    """Carve a component.

    Parameters
    ----------
    problem : Problem
        The component.
    start : (N,) array of int, optional
        A complete answer, which is improved as well where it is nearly as good as what is found.
    prices : (T, M) array, optional
        Prices of nearly the same problem, in solver units.

    Raises
    ------
    SolverError
        When HiGHS gives no usable answer.
    """
    if not (np.isfinite(problem.pairs.cost).all() and np.isfinite(problem.weights).all()):
        raise SolverError("what a move or a way costs is not a finite number")
    effort = _EFFORTS[problem.effort]
    table = tabulate(problem, np.arange(len(problem.pairs)))
    raised = _raised(table, prices)
    books = None if start is None else problem.pairs.territory[start]
    problem, table, raised = _reached(problem, table, raised, effort)
    start = None if books is None else problem.at(books)
    prices = _sifted(problem, table, raised)
    stern = problem.sterner(STERN)
    found = [_searched(problem, table, raised)]
    if prices is not raised and (problem.effort is Effort.THOROUGH or problem.excess(found[0]) > 0):
        found.append(_searched(problem, table, prices))
    if start is not None and problem.cost(start) < _SMALL_CHANGE * problem.cost(found[0]):
        found.append(start)
    found += [_improved(stern, table, prices, choice) for choice in found]
    best = _mended(stern, table, prices, min(found, key=stern.rank), effort)
    return branched(problem, table, Solution(problem, best, prices))


def solve_within(problem: Problem, start: Ints, most: float, free: Solution) -> Solution:
    """Carve a component under a limit of moves.

    Parameters
    ----------
    problem : Problem
        The component.
    start : (N,) array of int
        Where units are, those that are nowhere placed.
    most : float
        Most accounts that may move.
    free : Solution
        What would be best without the limit.
    """
    table = tabulate(problem, np.arange(len(problem.pairs)))
    price, raised = priced_moves(problem, table, free.prices * table.scale, most)
    dearer = with_move_price(problem, price)
    dear_table = tabulate(dearer, np.arange(len(problem.pairs)))
    prices = raised / table.scale
    candidates = [_searched(dearer, dear_table, prices), free.choice]

    def near(choice: Ints) -> Ints:
        return union(dear_table.near(raised, _window(problem)), choice)

    choice = within_moves(problem.sterner(STERN), candidates, start, most, near, prices)
    return Solution(problem, choice, prices, move_price=price)


def branched(problem: Problem, table: Table, found: Solution) -> Solution:
    """Search everything by branch and bound where that is small enough to end."""
    open_pairs = np.arange(len(problem.pairs))
    effort = _EFFORTS[problem.effort]
    whole = {CarveMethod.AUTO: effort.whole, CarveMethod.EXACT: EXACT_PAIRS, CarveMethod.DECOMPOSED: 0}[problem.method]
    if not 0 < len(open_pairs) <= whole or not len(table.units):
        return found
    from terraform_like.carve.exact import branch

    searched = branch(problem.sterner(STERN), open_pairs, found.choice, effort.nodes)
    if searched is not None and problem.excess(searched.choice) > 0:
        # Limits that cannot hold are broken at their published price, by as much as that is worth.
        searched = branch(problem, open_pairs, min(found.choice, searched.choice, key=problem.cost), effort.nodes)
    if searched is None:
        return found
    return replace(found, choice=min(found.choice, searched.choice, key=problem.rank), least=searched.least)


def place(problem: Problem, choice: Ints) -> Ints:
    """Place the units that are nowhere (-1) with all others where they are."""
    free = choice < 0
    stays = np.zeros(len(problem.pairs), dtype=bool)
    stays[choice[~free]] = True
    open_pairs = np.flatnonzero(free[problem.pairs.unit] | stays)
    table = tabulate(problem, open_pairs)
    prices = raise_prices(table)
    row, after = dive(table, prices)
    placed = table.choice(row, problem.units)
    return improve(problem, placed, open_pairs, after / table.scale)


def prices_of(problem: Problem) -> Floats:
    """Give prices that make a bound of a component, a (T, M) array in solver units.

    Raises
    ------
    SolverError
        When HiGHS gives no usable answer.
    """
    table = tabulate(problem, np.arange(len(problem.pairs)))
    return _sifted(problem, table, raise_prices(table) / table.scale)


def _raised(table: Table, prices: Floats | None) -> Floats:
    """Raise prices from nothing, or a little from where they were; in solver units."""
    if prices is None:
        return raise_prices(table) / table.scale
    return ascend(table, prices * table.scale, STAGES[-1:]) / table.scale


def _reached(problem: Problem, table: Table, prices: Floats, effort: _Effort) -> tuple[Problem, Table, Floats]:
    """Add the ways to the pairs that are cheaper at the prices of the loads, and raise the prices again."""
    for _ in range(0 if problem.ways.complete else effort.reached):
        unit, territory = problem.ways.cheaper(problem.pairs, prices, problem.weights, cheapest_pairs(problem, prices))
        if not len(unit):
            break
        problem = problem.including(unit, territory)
        table = tabulate(problem, np.arange(len(problem.pairs)))
        prices = ascend(table, prices * table.scale, _AFTER_REACHING) / table.scale
    return problem, table, prices


def _sifted(problem: Problem, table: Table, prices: Floats) -> Floats:
    """Make prices exact where that takes HiGHS moments; give the better ones."""
    if not 0 < len(table.units) <= _EFFORTS[problem.effort].sifted:
        return prices
    from terraform_like.carve.exact import relaxed_prices

    return max(prices, relaxed_prices(problem, table, prices), key=lambda them: bound(problem, them))


def _searched(problem: Problem, table: Table, prices: Floats) -> Ints:
    """Dive from the prices, and improve what that gives."""
    row, after = dive(table, prices * table.scale)
    choice = table.choice(row, problem.units)
    near = union(table.near(after, _window(problem)), choice)
    return improve(problem, choice, near, after / table.scale)


def _improved(problem: Problem, table: Table, prices: Floats, choice: Ints) -> Ints:
    """Improve an answer that is there: the way with the fewest moves where little has changed."""
    return improve(problem, choice, union(table.near(prices * table.scale, _window(problem)), choice), prices)


def _window(problem: Problem) -> float:
    return _NARROW if problem.units > _MANY else _WINDOW


def _mended(problem: Problem, table: Table, prices: Floats, choice: Ints, effort: _Effort) -> Ints:
    """Mend broken limits: by light units from farther off, then by branch and bound over the territories around."""
    if problem.excess(choice) == 0:
        return choice
    near = table.near(prices * table.scale, _WINDOW, least=_FARTHER)
    for _ in range(_LOOKS):
        better = improve(_drawn_in(problem, choice), choice, _around(problem, choice, near), prices)
        if not problem.rank(better) < problem.rank(choice):
            break
        choice = better
    if not effort.mended or problem.excess(choice) == 0:
        return choice
    from terraform_like.carve.exact import branch

    tried: set[tuple[int, ...]] = set()
    for _ in range(effort.mended):
        books = _round(problem, choice, near, tried)
        if books is None:
            break
        tried.add(tuple(books.tolist()))
        open_pairs = _among(problem, table, prices, choice, near, books)
        branched = branch(problem, open_pairs, choice, _ROUND_NODES)
        if branched is not None and problem.rank(branched.choice) < problem.rank(choice):
            choice = improve(problem, branched.choice, union(near, branched.choice), prices)
            tried.clear()
    return choice


def _drawn_in(problem: Problem, choice: Ints) -> Problem:
    """Draw in the limits that an answer breaks, so that a breach by a hair is worth mending as well."""
    limits, loads = problem.limits, problem.loads(choice)
    hair = _HAIR * limits.share
    low = np.where(loads < limits.low, np.minimum(limits.low + hair, limits.target), limits.low)
    high = np.where(loads > limits.high, np.maximum(limits.high - hair, limits.target), limits.high)
    return replace(problem, limits=replace(limits, low=low, high=high))


def _around(problem: Problem, choice: Ints, near: Ints) -> Ints:
    """Give those of some pairs that lead into or out of territories outside their limits, and where all units are."""
    outside = np.asarray((problem.limits.excess(problem.loads(choice)) > 0).any(axis=1))
    at, to = problem.pairs.territory[choice[problem.pairs.unit[near]]], problem.pairs.territory[near]
    return union(near[outside[at] | outside[to]], choice)


def _round(problem: Problem, choice: Ints, near: Ints, tried: set[tuple[int, ...]]) -> Ints | None:
    """Give the worst territory that was not tried yet with those that share most accounts near a tie with it."""
    scale = np.where(problem.limits.share > 0, problem.limits.share, 1.0)
    beyond = (problem.limits.excess(problem.loads(choice)) / scale).max(axis=1)
    pairs = problem.pairs
    for book in np.argsort(-beyond, kind="stable").tolist():
        if not beyond[book] > 0:
            return None
        touching = np.zeros(problem.units, dtype=bool)
        touching[pairs.unit[near[pairs.territory[near] == book]]] = True
        touching |= pairs.territory[choice] == book
        shared = np.bincount(pairs.territory[near[touching[pairs.unit[near]]]], minlength=len(problem.territories))
        shared[book] = problem.units + 1
        books = np.sort(np.argsort(-shared, kind="stable")[:_ROUND])
        if tuple(books.tolist()) not in tried:
            return books
    return None


def _among(problem: Problem, table: Table, prices: Floats, choice: Ints, near: Ints, books: Ints) -> Ints:
    """Give where all units are, and the pairs among some territories of their own units that are nearest to a tie."""
    pairs = problem.pairs
    inside = np.isin(np.arange(len(problem.territories)), books)
    mine = inside[pairs.territory[choice]]
    free = near[inside[pairs.territory[near]] & mine[pairs.unit[near]] & (choice[pairs.unit[near]] != near)]
    unit = pairs.unit[free]
    cost = pairs.cost[free] + (prices[pairs.territory[free]] * problem.weights[unit]).sum(axis=1)
    heaviness = np.ones(problem.units)
    heaviness[table.units] = table.heaviness
    here = pairs.cost[choice[unit]] + (prices[pairs.territory[choice[unit]]] * problem.weights[unit]).sum(axis=1)
    order = np.lexsort((free, np.abs(cost - here) / heaviness[unit]))
    return union(choice, free[order[:_ROUND_PAIRS]])
