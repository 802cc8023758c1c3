"""The cvxpy model, solved by HiGHS: a linear relaxation for the prices, then whole accounts where it left them open.

Every run is bounded by nodes and never by a clock, so that the same company gets the same answer on every machine; what
comes back is only a candidate, which `certify` measures.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import Any

import cvxpy as cp
import numpy as np
from scipy.sparse import csr_array

from terraform_like.carve.problem import Floats, Ints, Problem

#: Problems of so few pairs go to branch and bound whole, and to proven optimality as a rule.
SMALL = 1_500
#: Problems of at most so many pairs go there whole when nothing less gives an answer inside the limits.
WHOLE_AT_MOST = 6_000
#: Else pairs stay open whose reduced cost per mean weight is below this; wider while limits are broken.
_WINDOWS = (0.12, 0.5, 2.0)
#: At most so many pairs stay open, the nearest to a tie first.
_OPEN_PAIRS = 4_000
_NODES = 400
_GAP = 1e-3


class SolverError(Exception):
    """The solver gave nothing that can be used; the message says what it said."""


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
    everything = np.arange(len(problem.pairs))
    share, prices = _solve(problem, everything, whole=False)
    if len(everything) <= SMALL:
        return Solution(_branch(problem, everything), prices)
    windows = [_near_ties(problem, everything, share, prices, within) for within in _WINDOWS]
    if len(everything) <= WHOLE_AT_MOST:
        windows.append(everything)
    best = _branch(problem, windows[0])
    for open_pairs in windows[1:]:
        if problem.excess(best) == 0:
            break
        best = min(best, _branch(problem, open_pairs), key=problem.cost)
    return Solution(best, prices)


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
    open_pairs = np.flatnonzero(free[problem.pairs.unit] | stays)
    if len(open_pairs) - int((~free).sum()) > _OPEN_PAIRS:
        share, prices = _solve(problem, open_pairs, whole=False)
        open_pairs = _near_ties(problem, open_pairs, share, prices, _WINDOWS[0])
    return _branch(problem, open_pairs)


def prices_of(problem: Problem) -> Floats:
    """Give the prices of the linear relaxation, a (T, M) array in solver units."""
    return _solve(problem, np.arange(len(problem.pairs)), whole=False)[1]


def _near_ties(problem: Problem, candidates: Ints, share: Floats, prices: Floats, within: float) -> Ints:
    """Give the pairs worth branching on: used by the relaxation, or nearly as cheap as the cheapest of their unit."""
    pairs = problem.pairs
    unit = pairs.unit[candidates]
    priced = pairs.cost[candidates] + (prices[pairs.territory[candidates]] * problem.weights[unit]).sum(axis=1)
    start = np.searchsorted(unit, np.arange(problem.units))
    cheapest = np.minimum.reduceat(priced, start)
    slack = (priced - cheapest[unit]) / _heaviness(problem)[unit]
    used = share > 1e-6
    slack = np.where(used, 0.0, slack)
    near = np.flatnonzero(slack <= within)
    near = near[np.argsort(slack[near], kind="stable")][: _OPEN_PAIRS + problem.units]
    # Every unit keeps a pair, whatever the cap cut.
    kept = np.flatnonzero(priced == cheapest[unit])
    return candidates[np.union1d(near, kept)]


def _heaviness(problem: Problem) -> Floats:
    """Give the mean of a unit's weights, each over the mean of all units; 1 where there is no metric."""
    if not problem.metrics:
        return np.ones(problem.units)
    mean = problem.weights.mean(axis=0)
    heaviness: Floats = np.maximum((problem.weights / np.where(mean > 0, mean, 1.0)).mean(axis=1), 1e-3)
    return heaviness


def _branch(problem: Problem, open_pairs: Ints) -> Ints:
    share, _ = _solve(problem, open_pairs, whole=True)
    best = np.full(problem.units, -1.0)
    choice = np.full(problem.units, -1)
    # The largest share wins, the first pair on a tie: a solver's 0.9999999 is a 1.
    order = np.lexsort((-open_pairs, share))
    unit = problem.pairs.unit[open_pairs[order]]
    best[unit] = share[order]
    choice[unit] = open_pairs[order]
    if (choice < 0).any() or (best < 0.5).any():
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
    _run(model, whole=whole)
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


def _run(model: Any, *, whole: bool) -> None:
    options: dict[str, Any] = {"random_seed": 0, "threads": 1}
    if whole:
        options |= {"mip_rel_gap": _GAP, "mip_max_nodes": _NODES}
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
            raise SolverError(f"HiGHS found no answer within {_NODES} nodes ({model.status})")
