"""What else one could do: each gives a pair of a problem for every unit, to be priced by the same objective.

All of them choose among the same pairs as the carve that they stand beside.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from terraform_like.carve.arrays import Ints
from terraform_like.carve.form.problem import Problem

#: Steps in which CP-SAT sees a mean weight, and a cost of 1.
_FINE = 1000


class NothingFound(Exception):
    """A method ended without an answer."""


def keep(problem: Problem, seconds: float) -> Ints:
    """Leave every account where it is."""
    return problem.current


def greedy(problem: Problem, seconds: float) -> Ints:
    """Do what a spreadsheet does: the heaviest first, each to the cheapest territory that has room for it."""
    pairs, limits = problem.pairs, problem.limits
    first = np.searchsorted(pairs.unit, np.arange(problem.units + 1))
    fair = np.maximum(limits.share.mean(axis=0), 1e-300)
    order = np.argsort(-(problem.weights / fair).max(axis=1), kind="stable")
    loads, choice = np.zeros(limits.share.shape), np.empty(problem.units, dtype=np.int64)
    for unit in order.tolist():
        own = slice(first[unit], first[unit + 1])
        books = pairs.territory[own]
        after = loads[books] + problem.weights[unit]
        full = (np.maximum(0, after - limits.high[books]) / np.maximum(limits.share[books], 1e-300)).sum(axis=1)
        # Where there is no room anywhere, where least is too much.
        best = int(np.lexsort((pairs.cost[own], full))[0])
        choice[unit] = first[unit] + best
        loads[books[best]] += problem.weights[unit]
    return choice


def highs(problem: Problem, seconds: float) -> Ints:
    """Hand all pairs to HiGHS, through cvxpy, with a limit of time."""
    import cvxpy as cp
    from scipy.sparse import csr_array

    pairs, limits = problem.pairs, problem.limits
    count, metrics = len(pairs), len(problem.metrics)
    column = np.arange(count)
    once = csr_array((np.ones(count), (pairs.unit, column)))
    mean = problem.weights.mean(axis=0)
    rows = pairs.territory[:, None] * metrics + np.arange(metrics)
    values = problem.weights[pairs.unit] / mean
    load = csr_array((values.ravel(), (rows.ravel(), np.repeat(column, metrics))), shape=(limits.share.size, count))
    target, low, high = ((array / mean).ravel() for array in (limits.target, limits.low, limits.high))
    pull, push = (limits.pull * mean).ravel(), (limits.push * mean).ravel()
    x = cp.Variable(count, boolean=True)
    over, under = (
        cp.Variable(len(target), bounds=[0, high - target]),
        cp.Variable(len(target), bounds=[0, target - low]),
    )
    too_much, too_little = cp.Variable(len(target), nonneg=True), cp.Variable(len(target), nonneg=True)
    model = cp.Problem(
        cp.Minimize(pairs.cost @ x + pull @ (over + under) + (pull + push) @ (too_much + too_little)),
        [once @ x == 1, load @ x - target == over + too_much - under - too_little],
    )
    try:
        model.solve(
            solver=cp.HIGHS, canon_backend="SCIPY", time_limit=seconds, mip_rel_gap=1e-6, random_seed=0, threads=1
        )
    except cp.error.SolverError as error:
        raise NothingFound(str(error)) from error
    if getattr(model.solver_stats.extra_stats, "primal_solution_status", 0) != 2:
        raise NothingFound("no answer within its time")
    return _largest(problem, np.asarray(x.value))


def cp_sat(problem: Problem, seconds: float) -> Ints:
    """Hand all pairs to OR-tools' CP-SAT, in whole numbers, with a limit of time."""
    from ortools.sat.python import cp_model

    pairs, limits = problem.pairs, problem.limits
    model = cp_model.CpModel()
    x = [model.new_bool_var("") for _ in range(len(pairs))]
    first = np.searchsorted(pairs.unit, np.arange(problem.units + 1))
    for unit in range(problem.units):
        model.add_exactly_one(x[first[unit] : first[unit + 1]])
    mean = problem.weights.mean(axis=0)
    weights = np.round(_FINE * problem.weights / mean).astype(int)
    terms = [sum(round(_FINE * _FINE * cost) * taken for cost, taken in zip(pairs.cost.tolist(), x, strict=True))]
    for t in range(len(problem.territories)):
        mine = np.flatnonzero(pairs.territory == t).tolist()
        for m in range(len(problem.metrics)):
            target, low, high = (round(a[t, m] / mean[m] * _FINE) for a in (limits.target, limits.low, limits.high))
            most = int(weights[:, m].sum())
            load = sum(int(weights[pairs.unit[p], m]) * x[p] for p in mine)
            off, beyond = model.new_int_var(0, most, ""), model.new_int_var(0, most, "")
            model.add(load - target <= off)
            model.add(target - load <= off)
            model.add(load - high <= beyond)
            model.add(low - load <= beyond)
            terms.append(round(limits.pull[t, m] * mean[m] * _FINE) * off)
            terms.append(round(limits.push[t, m] * mean[m] * _FINE) * beyond)
    model.minimize(sum(terms))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 2
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise NothingFound("no answer within its time")
    return _largest(problem, np.array([solver.value(v) for v in x], dtype=float))


def k_means(problem: Problem, seconds: float) -> Ints:
    """Cluster the accounts by place, as many in each as the limits of `accounts` let through, and see no other metric.

    Clusters go to the territories whose centers are nearest; what ends where it may not go stays where it is.
    """
    from k_means_constrained import KMeansConstrained
    from scipy.optimize import linear_sum_assignment

    ways, limits, m = problem.ways, problem.limits, problem.metrics.index("accounts")
    points = np.nan_to_num(ways.points[ways.start[:-1]])
    least, most = int(np.ceil(limits.low[:, m].min())), int(np.floor(limits.high[:, m].max()))
    count = len(problem.territories)
    model = KMeansConstrained(count, size_min=least, size_max=most, init=ways.centers, n_init=1, random_state=0)
    label = model.fit_predict(points)
    away = ((model.cluster_centers_[:, None] - ways.centers[None]) ** 2).sum(axis=-1)
    territory = linear_sum_assignment(away)[1][label]
    choice = problem.at(territory)
    return np.where(choice >= 0, choice, problem.current)


def _largest(problem: Problem, share: np.ndarray) -> Ints:
    """Give the pair of each unit that has the largest share."""
    choice = np.empty(problem.units, dtype=np.int64)
    order = np.argsort(share, kind="stable")
    choice[problem.pairs.unit[order]] = order
    return choice


#: By name, with how many accounts it is worth trying for, and the module that it takes.
BASELINES: dict[str, tuple[Callable[[Problem, float], Ints], int, str | None]] = {
    "keep owners": (keep, 10_000_000, None),
    "spreadsheet's greedy": (greedy, 100_000, None),
    "cvxpy + HiGHS": (highs, 100_000, None),
    "OR-tools CP-SAT": (cp_sat, 10_000, "ortools"),
    "k-means-constrained": (k_means, 10_000, "k_means_constrained"),
}
