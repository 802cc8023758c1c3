"""The carve of a component: prices, a dive to whole units, local search, and HiGHS for what is left out of its limits.

Small problems go to branch and bound whole, from the answer that was found; of large ones HiGHS sees only the pairs
near a tie and the territories round a broken limit, since it would return nothing for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from terraform_like.carve.arrays import Floats, Ints, union
from terraform_like.carve.form.problem import Problem, SolverError
from terraform_like.carve.price.prices import raise_prices
from terraform_like.carve.price.reach import reached
from terraform_like.carve.price.table import Table, tabulate
from terraform_like.carve.prove.certify import bound
from terraform_like.carve.search.dive import dive
from terraform_like.carve.search.improve import improve
from terraform_like.carve.search.mend import mend
from terraform_like.carve.search.moves import priced_moves, with_move_price, within_moves
from terraform_like.carve.watch import UNWATCHED, Stopped, Watch
from terraform_like.domain.carving import CarveMethod, Effort

#: Pairs within this of a unit's cheapest, over its weight, are open to local search; less where there are very many.
_WINDOW, _NARROW = 1.0, 0.5
_MANY = 500_000
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
        Most times that the ways of all units are chosen anew, where not all of them are pairs.
    sifted : int
        Most units for which prices are made exact by HiGHS.
    whole : int
        Most pairs that branch and bound sees whole.
    nodes : int
        Most nodes of it.
    mended : int
        Most times that territories round a broken limit are carved again.
    two : int
        Of how many offers two at once may go each way between two territories in the end; 0 for none.
    """

    reached: int
    sifted: int
    whole: int
    nodes: int
    mended: int
    two: int


_EFFORTS = {
    Effort.QUICK: _Effort(reached=1, sifted=0, whole=0, nodes=100, mended=0, two=0),
    Effort.NORMAL: _Effort(reached=2, sifted=5_000, whole=1_000, nodes=400, mended=8, two=5),
    Effort.THOROUGH: _Effort(reached=4, sifted=100_000, whole=6_000, nodes=4_000, mended=100, two=16),
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
    stopped : Stopped or None
        Why the search ended before it was through.
    """

    problem: Problem
    choice: Ints
    prices: Floats
    least: float | None = None
    move_price: float = 0.0
    stopped: Stopped | None = None


def solve(
    problem: Problem, start: Ints | None = None, prices: Floats | None = None, watch: Watch = UNWATCHED
) -> Solution:
    """Carve a component.

    Parameters
    ----------
    problem : Problem
        The component.
    start : (N,) array of int, optional
        A complete answer, which is improved as well where it is nearly as good as what is found.
    prices : (T, M) array, optional
        Prices of nearly the same problem, in solver units.
    watch : Watch
        Is told how far it is, and may end it early with the best answer so far.

    Raises
    ------
    SolverError
        When HiGHS gives no usable answer.
    """
    if not (np.isfinite(problem.pairs.cost).all() and np.isfinite(problem.weights).all()):
        raise SolverError("what a move or a way costs is not a finite number")
    effort = _EFFORTS[problem.effort]
    watch.tell(problem.component, "raising prices")
    books = None if start is None else problem.pairs.territory[start]
    problem, table, raised = reached(problem, prices, books, effort.reached, watch)
    start = None if books is None else problem.at(books)
    prices = raised if watch.enough() else _sifted(problem, table, raised)
    # To price ways that are no pairs takes too long for a figure that is only shown.
    lowest = bound(problem, prices) if problem.ways.complete else None
    watch.tell(problem.component, "placing the heavy accounts first", lowest)
    stern = problem.sterner(STERN)
    # Of very many units one search has to do, and it is the one that mends what is outside.
    many = problem.units > _MANY
    found = [_searched(stern if many else problem, table, raised, watch)]
    if start is not None and (watch.enough() or problem.cost(start) < _SMALL_CHANGE * problem.cost(found[0])):
        found.append(start)
    watch.tell(problem.component, "moving and swapping", lowest, min(map(problem.cost, found)) / problem.units)
    found += [_improved(stern, table, prices, choice, watch) for choice in (found[1:] if many else found)]
    if prices is not raised and (problem.effort is Effort.THOROUGH or min(map(problem.excess, found)) > 0):
        other = _searched(problem, table, prices, watch)
        found += [other, _improved(stern, table, prices, other, watch)]
    best = min(found, key=stern.rank)
    if effort.two and not many:
        best = _improved(stern, table, prices, best, watch, effort.two)
    best = mend(stern, table, prices, best, effort.mended, watch)
    watch.tell(problem.component, "searching what is left", lowest, problem.cost(best) / problem.units)
    solution = Solution(problem, best, prices)
    solution = solution if watch.enough() else branched(problem, table, solution)
    return replace(solution, stopped=watch.stopped)


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
    candidates = [_searched(dearer, dear_table, prices, UNWATCHED), free.choice]

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
    from terraform_like.carve.programs.exact import branch

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
    prices = raise_prices(problem, table)
    placed, after = dive(table, problem.units, prices)
    return improve(problem, placed, open_pairs, after / table.scale)


def prices_of(problem: Problem) -> Floats:
    """Give prices that make a bound of a component, a (T, M) array in solver units.

    Raises
    ------
    SolverError
        When HiGHS gives no usable answer.
    """
    problem, table, prices = reached(problem, None, None, _EFFORTS[problem.effort].reached, UNWATCHED)
    return _sifted(problem, table, prices)


def _sifted(problem: Problem, table: Table, prices: Floats) -> Floats:
    """Make prices exact where that takes HiGHS moments; give the better ones."""
    if not 0 < len(table.units) <= _EFFORTS[problem.effort].sifted:
        return prices
    from terraform_like.carve.programs.exact import relaxed_prices

    return max(prices, relaxed_prices(problem, table, prices), key=lambda them: bound(problem, them))


def _searched(problem: Problem, table: Table, prices: Floats, watch: Watch) -> Ints:
    """Dive from the prices, and improve what that gives."""
    choice, after = dive(table, problem.units, prices * table.scale, watch)
    near = union(table.near(after, _window(problem)), choice)
    return improve(problem, choice, near, after / table.scale, watch=watch)


def _improved(problem: Problem, table: Table, prices: Floats, choice: Ints, watch: Watch, two: int = 0) -> Ints:
    """Improve an answer that is there: the way with the fewest moves where little has changed."""
    near = union(table.near(prices * table.scale, _window(problem)), choice)
    return improve(problem, choice, near, prices, two=two, watch=watch)


def _window(problem: Problem) -> float:
    return _NARROW if problem.units > _MANY else _WINDOW
