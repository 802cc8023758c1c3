"""The cvxpy model, solved by HiGHS: a linear relaxation for the prices, then whole accounts where it left them open.

The relaxation is rounded and improved by local search; branch and bound over the pairs nearest to a tie follows where
that is not close to the bound, or not inside the limits. Every run is bounded by nodes and never by a clock, so that
the same company gets the same answer on every machine; what comes back is only a candidate, which `certify` measures.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cvxpy as cp
import numpy as np
from scipy.sparse import csr_array

from terraform_like.carve.improve import improve
from terraform_like.carve.problem import Floats, Ints, Problem

#: Problems of so few pairs go to branch and bound whole, and to proven optimality as a rule.
SMALL = 200
#: Larger ones stop where limits hold and the answer is this near to the relaxation, relative.
ENOUGH = 5e-3
#: Else so many pairs stay open for each load, the nearest to a tie first; more of them while limits are broken.
_OPEN_EACH = (6, 20)
_OPEN_PAIRS = 4_000
_NODES = 100
_GAP = 1e-3
#: Small problems are solved to this gap, which is as near as floating point tells.
_SMALL_GAP = 1e-6


class SolverError(Exception):
    """The solver gave nothing that can be used; the message says what it said."""


class _NodesUsedUp(Exception):
    """Branch and bound ended without an answer; there may well be one."""


@dataclass(frozen=True, slots=True)
class Solution:
    """A candidate: the pair of each unit, and the prices of the relaxation, (T, M) in solver units."""

    choice: Ints
    prices: Floats


def solve(problem: Problem) -> Solution:
    """Solve a component.

    Raises
    ------
    SolverError
        When HiGHS gives no usable answer.
    """
    return _search(problem, np.arange(len(problem.pairs)))


def place(problem: Problem, choice: Ints) -> Ints:
    """Place the units that are nowhere (-1) with all others where they are.

    Raises
    ------
    SolverError
        When HiGHS gives no usable answer.
    """
    free = choice < 0
    stays = np.zeros(len(problem.pairs), dtype=bool)
    stays[choice[~free]] = True
    return _search(problem, np.flatnonzero(free[problem.pairs.unit] | stays)).choice


def prices_of(problem: Problem) -> Floats:
    """Give the prices of the linear relaxation, a (T, M) array in solver units.

    Raises
    ------
    SolverError
        When HiGHS gives no usable answer.
    """
    return _solve(problem, np.arange(len(problem.pairs)), whole=False)[1]


def _search(problem: Problem, open_pairs: Ints) -> Solution:
    """Find the best answer of open pairs; each unit has one at least."""
    share, prices = _solve(problem, open_pairs, whole=False)
    lowest = _cost(problem, open_pairs, share)
    best = improve(problem, _rounded(problem, open_pairs, share), open_pairs, prices)
    enough = _SMALL_GAP if len(open_pairs) <= SMALL else ENOUGH
    for candidates in _candidates(problem, open_pairs, share, prices):
        if problem.excess(best) == 0 and problem.cost(best) - lowest <= enough * problem.cost(best):
            break
        branched = _branch(problem, candidates)
        if branched is not None:
            best = min(best, improve(problem, branched, open_pairs, prices), key=problem.cost)
        # Once limits hold, a wider search would cost more time than it gains.
        enough = np.inf
    return Solution(best, prices)


def _candidates(problem: Problem, open_pairs: Ints, share: Floats, prices: Floats) -> Iterator[Ints]:
    """Give the pairs to branch on: all where they are few, else those nearest to a tie, then more of them."""
    if len(open_pairs) <= SMALL:
        yield open_pairs
        return
    for each in _OPEN_EACH:
        yield _near_ties(problem, open_pairs, share, prices, min(each * problem.limits.share.size, _OPEN_PAIRS))


def _cost(problem: Problem, open_pairs: Ints, share: Floats) -> float:
    """Give the cost of units in parts."""
    loads = np.zeros_like(problem.limits.share)
    np.add.at(
        loads,
        problem.pairs.territory[open_pairs],
        problem.weights[problem.pairs.unit[open_pairs]] * share[:, None],
    )
    return float(problem.pairs.cost[open_pairs] @ share + problem.limits.cost(loads).sum())


def _near_ties(problem: Problem, open_pairs: Ints, share: Floats, prices: Floats, more: int) -> Ints:
    """Give one pair a unit and so many more: those that the relaxation used, then the nearest to the cheapest."""
    pairs = problem.pairs
    unit = pairs.unit[open_pairs]
    priced = pairs.cost[open_pairs] + (prices[pairs.territory[open_pairs]] * problem.weights[unit]).sum(axis=1)
    cheapest = np.minimum.reduceat(priced, np.searchsorted(unit, np.arange(problem.units)))
    slack = np.where(share > 1e-6, -1.0, (priced - cheapest[unit]) / _heaviness(problem)[unit])
    near = np.argsort(slack, kind="stable")[: problem.units + more]
    # Every unit keeps a pair, whatever the cap cut.
    return open_pairs[np.union1d(near, np.flatnonzero(priced == cheapest[unit]))]


def _heaviness(problem: Problem) -> Floats:
    """Give the mean of a unit's weights, each over the mean of all units; 1 where there is no metric."""
    if not problem.metrics:
        return np.ones(problem.units)
    mean = problem.weights.mean(axis=0)
    heaviness: Floats = np.maximum((problem.weights / np.where(mean > 0, mean, 1.0)).mean(axis=1), 1e-3)
    return heaviness


def _rounded(problem: Problem, open_pairs: Ints, share: Floats) -> Ints:
    """Give each unit the pair that has the largest share of it, the first one on a tie."""
    choice = np.full(problem.units, -1)
    order = np.lexsort((-open_pairs, share))
    choice[problem.pairs.unit[open_pairs[order]]] = open_pairs[order]
    return choice


def _branch(problem: Problem, open_pairs: Ints) -> Ints | None:
    """Give the answer of branch and bound over the open pairs; None where it has none within its nodes."""
    try:
        share, _ = _solve(problem, open_pairs, whole=True)
    except _NodesUsedUp:
        return None
    choice = _rounded(problem, open_pairs, share)
    # A solver's 0.9999999 is a 1; a half is no answer.
    if share[np.searchsorted(open_pairs, choice)].min() < 0.5:
        raise SolverError("HiGHS left accounts without a territory")
    return choice


def _solve(problem: Problem, open_pairs: Ints, *, whole: bool) -> tuple[Floats, Floats]:
    """Solve over the open pairs; units with one open pair are constants.

    Returns
    -------
    share : (len(open_pairs),) array
        How much of its unit each pair has, 0 to 1.
    prices : (T, M) array
        Prices of the loads; zeros where accounts are whole.
    """
    pairs, limits = problem.pairs, problem.limits
    count = np.bincount(pairs.unit[open_pairs], minlength=problem.units)
    alone = count[pairs.unit[open_pairs]] == 1
    share = alone.astype(float)
    fixed, free = open_pairs[alone], open_pairs[~alone]
    shape = limits.share.shape
    if not len(free):
        return share, np.zeros(shape)
    base = np.zeros(shape)
    np.add.at(base, pairs.territory[fixed], problem.weights[pairs.unit[fixed]])
    cells = np.flatnonzero(((limits.pull > 0) | (limits.push > 0)).ravel())
    mean = np.where((m := problem.weights.mean(axis=0)) > 0, m, 1.0)
    unit_row = np.unique(pairs.unit[free], return_inverse=True)[1]
    once = csr_array((np.ones(len(free)), (unit_row, np.arange(len(free)))))
    x = cp.Variable(len(free), boolean=True) if whole else cp.Variable(len(free), nonneg=True)
    objective: Any = pairs.cost[free] @ x
    constraints: list[Any] = [once @ x == 1]
    balance = None
    if len(cells):
        scale = np.broadcast_to(mean, shape).ravel()[cells]
        target = limits.target.ravel()[cells] / scale
        above = (limits.high.ravel()[cells] / scale) - target
        below = target - (limits.low.ravel()[cells] / scale)
        pull, push = limits.pull.ravel()[cells] * scale, limits.push.ravel()[cells] * scale
        load = _load_matrix(problem, free, cells, scale)
        over = cp.Variable(len(cells), bounds=[np.zeros(len(cells)), above])
        under = cp.Variable(len(cells), bounds=[np.zeros(len(cells)), below])
        too_much = cp.Variable(len(cells), nonneg=True)
        too_little = cp.Variable(len(cells), nonneg=True)
        objective = objective + pull @ (over + under) + (pull + push) @ (too_much + too_little)
        balance = load @ x + (base.ravel()[cells] / scale - target) == over + too_much - under - too_little
        constraints.append(balance)
    model = cp.Problem(cp.Minimize(objective), constraints)
    _run(model, whole=whole, gap=_SMALL_GAP if len(pairs) <= SMALL else _GAP)
    if x.value is None or not np.isfinite(x.value).all():
        raise SolverError(f"HiGHS gave no answer ({model.status})")
    share[~alone] = x.value
    prices = np.zeros(shape)
    if balance is not None and not whole:
        prices.ravel()[cells] = np.asarray(balance.dual_value) / scale
    return share, prices


def _load_matrix(problem: Problem, free: Ints, cells: Ints, scale: Floats) -> csr_array:
    """Give what each free pair adds to each limited load: (cells, pairs), loads over their mean weight."""
    metrics = len(problem.metrics)
    row_of = np.full(problem.limits.share.size, -1)
    row_of[cells] = np.arange(len(cells))
    rows = row_of[(problem.pairs.territory[free][:, None] * metrics + np.arange(metrics)[None, :])]
    columns = np.broadcast_to(np.arange(len(free))[:, None], rows.shape)
    values = problem.weights[problem.pairs.unit[free]]
    used = (rows >= 0) & (values != 0)
    return csr_array((values[used] / scale[rows[used]], (rows[used], columns[used])), shape=(len(cells), len(free)))


def _run(model: Any, *, whole: bool, gap: float) -> None:
    options: dict[str, Any] = {"random_seed": 0, "threads": 1}
    if whole:
        options |= {"mip_rel_gap": gap, "mip_max_nodes": _NODES}
    logging.getLogger("__cvxpy__").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # A node limit is no accident here: what comes back is measured by `certify`.
            warnings.simplefilter("ignore")
            model.solve(solver=cp.HIGHS, canon_backend="SCIPY", **options)
    except (cp.error.SolverError, ValueError, RuntimeError) as error:
        raise SolverError(f"HiGHS failed: {error}") from error
    if whole:
        statistics = getattr(model.solver_stats, "extra_stats", None)
        if getattr(statistics, "primal_solution_status", 0) != 2:
            raise _NodesUsedUp(model.status)
