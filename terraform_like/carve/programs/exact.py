"""The cvxpy model, solved by HiGHS: over pairs near a tie for exact prices, over all pairs of small problems for proof.

What is found here starts from an answer that is there already, and is only a candidate, which `certify` measures. Every
run is bounded by nodes and never by a clock, so that the same company gets the same answer on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cvxpy as cp
import highspy
import numpy as np
from scipy.sparse import csr_array

from terraform_like.carve.arrays import Floats, Ints, union
from terraform_like.carve.form.problem import Problem, SolverError
from terraform_like.carve.price.table import Table
from terraform_like.carve.programs.flow import connected
from terraform_like.carve.programs.highs import has_point, run, values
from terraform_like.carve.prove.certify import useful_prices

#: Rounds of relaxations after which prices are taken as they are: the bound that they give is valid in any case.
_ROUNDS = 6
#: A unit's pairs within this of its cheapest, over its weight, are in the first relaxation.
_NEAR = 0.1
#: Branch and bound stops at this gap, which is as near as floating point tells.
_GAP = 1e-6
#: An excess below this, relative, is one that HiGHS did not see.
_LOOSE = 1e-5


@dataclass(frozen=True, slots=True)
class Branched:
    """What branch and bound found: the pair of each unit, and the least that any answer can cost, in solver units."""

    choice: Ints
    least: float


def relaxed_prices(problem: Problem, table: Table, prices: Floats) -> Floats:
    """Give the prices of the linear relaxation of all pairs, found over the few that matter (sifting).

    Parameters
    ----------
    problem : Problem
        The problem.
    table : Table
        Its open pairs.
    prices : (T, M) array
        Prices near the best ones, in solver units.

    Returns
    -------
    (T, M) array
        In solver units.

    Raises
    ------
    SolverError
        When HiGHS gives no usable answer.
    """
    found = prices
    problem = replace(problem, limits=problem.limits.drawn_in(problem.whole))
    near = table.near(prices * table.scale, _NEAR)
    for _ in range(_ROUNDS):
        found = useful_prices(problem, _solve(problem, near, start=None, nodes=None).prices)
        cheapest = table.near(found * table.scale, 0.0)
        added = np.setdiff1d(cheapest, near, assume_unique=True)
        if not len(added):
            break
        near = union(near, added)
    return found


def branch(problem: Problem, open_pairs: Ints, start: Ints, nodes: int) -> Branched | None:
    """Search open pairs by branch and bound, from an answer that is there.

    Parameters
    ----------
    problem : Problem
        The problem; where it has a map, its units are the nodes, and every territory is connected.
    open_pairs : (P,) array of int
        The pairs that may be taken, sorted; those of `start` are among them.
    start : (N,) array of int
        The pair of each unit now.
    nodes : int
        Most nodes to look at.

    Returns
    -------
    Branched or None
        None where the nodes were used up without an answer.

    Raises
    ------
    SolverError
        When HiGHS gives no usable answer.
    """
    solved = _solve(problem, open_pairs, start=start, nodes=nodes)
    if solved.share is None:
        return None
    branched = Branched(_whole(problem, open_pairs, solved.share), solved.least)
    if 0 < problem.excess(branched.choice) < _LOOSE:
        inside = _solve(_narrowed(problem), open_pairs, start=start, nodes=nodes)
        if inside.share is not None:
            return Branched(_whole(problem, open_pairs, inside.share), branched.least)
    return branched


def _narrowed(problem: Problem) -> Problem:
    """Draw the limits in by more than HiGHS's tolerance."""
    limits = problem.limits
    return replace(
        problem,
        limits=replace(
            limits,
            low=np.minimum(limits.low * (1 + _LOOSE), limits.target),
            high=np.maximum(limits.high * (1 - _LOOSE), limits.target),
        ),
    )


def _whole(problem: Problem, open_pairs: Ints, share: Floats) -> Ints:
    """Give the pair of each unit from shares that are whole but for the last digits."""
    choice = np.full(problem.units, -1)
    order = np.lexsort((-open_pairs, share))
    choice[problem.pairs.unit[open_pairs[order]]] = open_pairs[order]
    # A solver's 0.9999999 is a 1; a half is no answer.
    if share[np.searchsorted(open_pairs, choice)].min() < 0.5:
        raise SolverError("HiGHS left accounts without a territory")
    return choice


@dataclass(frozen=True, slots=True)
class _Solved:
    """What came back.

    Parameters
    ----------
    share : (P,) array or None
        How much of its unit each open pair has, 0 to 1; None where nodes were used up without an answer.
    prices : (T, M) array
        Prices of the loads in solver units; zeros where units are whole.
    least : float
        The least that any answer over the open pairs can cost, in solver units; -inf where units are in parts.
    """

    share: Floats | None
    prices: Floats
    least: float


def _solve(problem: Problem, open_pairs: Ints, *, start: Ints | None, nodes: int | None) -> _Solved:
    """Solve over the open pairs, units in parts without `nodes`; units with one open pair are constants."""
    pairs, limits = problem.pairs, problem.limits
    count = np.bincount(pairs.unit[open_pairs], minlength=problem.units)
    alone = count[pairs.unit[open_pairs]] == 1
    share = alone.astype(float)
    fixed, free = open_pairs[alone], open_pairs[~alone]
    shape = limits.share.shape
    if not len(free):
        choice = np.full(problem.units, -1)
        choice[pairs.unit[fixed]] = fixed
        return _Solved(share, np.zeros(shape), problem.cost(choice))
    base = problem.summed(pairs.territory[fixed], problem.weights[pairs.unit[fixed]])
    cells = np.flatnonzero(((limits.pull > 0) | (limits.push > 0)).ravel())
    mean = np.where((m := problem.weights.mean(axis=0)) > 0, m, 1.0)
    unit_row = np.unique(pairs.unit[free], return_inverse=True)[1]
    once = csr_array((np.ones(len(free)), (unit_row, np.arange(len(free)))))
    x = cp.Variable(len(free), nonneg=True) if nodes is None else cp.Variable(len(free), boolean=True)
    objective: Any = pairs.cost[free] @ x
    constraints: list[Any] = [once @ x == 1]
    known: dict[Any, Floats] = {}
    balance = None
    if len(cells):
        scale = np.broadcast_to(mean, shape).ravel()[cells]
        target = limits.target.ravel()[cells] / scale
        above = limits.high.ravel()[cells] / scale - target
        below = target - limits.low.ravel()[cells] / scale
        pull, push = limits.pull.ravel()[cells] * scale, limits.push.ravel()[cells] * scale
        load = _load_matrix(problem, free, cells, scale)
        over = cp.Variable(len(cells), bounds=[np.zeros(len(cells)), above])
        under = cp.Variable(len(cells), bounds=[np.zeros(len(cells)), below])
        too_much = cp.Variable(len(cells), nonneg=True)
        too_little = cp.Variable(len(cells), nonneg=True)
        objective = objective + pull @ (over + under) + (pull + push) @ (too_much + too_little)
        offset = base.ravel()[cells] / scale - target
        balance = load @ x + offset == over + too_much - under - too_little
        constraints.append(balance)
        if start is not None:
            off = load @ _taken(problem, free, start) + offset
            known |= {over: np.clip(off, 0, above), under: np.clip(-off, 0, below)}
            known |= {too_much: np.maximum(0, off - above), too_little: np.maximum(0, -off - below)}
    if start is not None:
        known[x] = _taken(problem, free, start)
    if start is not None and problem.atlas is not None:
        spread = csr_array(
            (np.ones(len(free)), (np.flatnonzero(~alone), np.arange(len(free)))), (len(alone), len(free))
        )
        rows, flow = connected(problem, problem.atlas, open_pairs, spread @ x + alone.astype(float), start)
        constraints += rows
        known |= flow
    model = cp.Problem(cp.Minimize(objective), constraints)
    least = _run(model, nodes, known)
    if nodes is not None and least is None:
        return _Solved(None, np.zeros(shape), -np.inf)
    share[~alone] = values(model, x)
    prices = np.zeros(shape)
    if balance is not None and nodes is None:
        prices.ravel()[cells] = np.asarray(balance.dual_value) / scale
    return _Solved(share, prices, -np.inf if least is None else least + float(pairs.cost[fixed].sum()))


def _taken(problem: Problem, free: Ints, start: Ints) -> Floats:
    taken: Floats = (start[problem.pairs.unit[free]] == free).astype(float)
    return taken


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


def _run(model: Any, nodes: int | None, known: dict[Any, Floats]) -> float | None:
    """Solve, whole units from a known answer; give the bound of branch and bound, None where it has no answer."""
    if nodes is None:
        run(model)
        return None
    _tell_start(model, known)
    run(model, mip_rel_gap=_GAP, mip_max_nodes=nodes, warm_start=True)
    return float(model.solver_stats.extra_stats.mip_dual_bound) if has_point(model) else None


def _tell_start(model: Any, known: dict[Any, Floats]) -> None:
    """Hand HiGHS an answer to start from: cvxpy passes none on, but for the last one of the same model."""
    data, _, _ = model.get_problem_data(cp.HIGHS, canon_backend="SCIPY")
    columns = np.zeros(data["A"].shape[1])
    for variable, value in known.items():
        first = data["param_prob"].var_id_to_col[variable.id]
        columns[first : first + len(value)] = value
    solution = highspy.HighsSolution()
    solution.col_value = columns.tolist()
    solution.value_valid = True
    model._solver_cache[cp.HIGHS] = (None, None, {"model_status": "kOptimal", "solution": solution})
