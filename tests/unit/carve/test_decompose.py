"""A component is carved near its bound, small ones as well as can be, and a limit that can hold is never broken."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from terraform_like.carve import decompose
from terraform_like.carve.form.problem import SolverError
from terraform_like.carve.prove.certify import bound
from terraform_like.carve.prove.proof import MoveLimit
from terraform_like.domain.carving import Carve, CarveMethod, Effort


def best(problem):
    """Give the rank of the best of all answers: limits that hold come first, then the least cost."""
    places = [np.flatnonzero(problem.pairs.unit == unit) for unit in range(problem.units)]
    return min(problem.rank(np.array(choice)) for choice in itertools.product(*places))


@pytest.mark.parametrize(
    "balance",
    [
        {},
        {"within": {"arr": 0.1}},
        {"within": {"arr": 0.0, "accounts": 0.0}},
        {"at_most": {"accounts": 3}},
        {"at_most": {"accounts": 0}},
        {"at_least": {"arr": 1000}},
        {"within": {"arr": 0.2}, "at_most": {"accounts": 5}, "at_least": {"accounts": 1}},
        {"within": {"nothing": 0.1}},
    ],
    ids=str,
)
def test_it_is_as_good_as_trying_every_answer(wish, accounts, problem, balance):
    random = np.random.default_rng(5)
    carving = wish(
        accounts={"location": {"latitude": "lat", "longitude": "lon"}, "protect": "hot"},
        territories={
            "a": {"segment": "all", "center": [40, -100]},
            "b": {"segment": "all", "size": 0.7},
            "c": {"segment": "all"},
        },
        balance={"all": balance},
    )
    table = accounts(
        8,
        territory=["a"] * 6 + ["b", None],
        arr=random.lognormal(2, 1, 8),
        nothing=[0.0] * 8,
        lat=random.uniform(30, 45, 8),
        lon=random.uniform(-120, -80, 8),
        hot=[True, False] * 4,
    )
    one = problem(carving, table)
    solved = decompose.solve(one)
    broken, cost = best(one)
    assert one.rank(solved.choice) == (broken, pytest.approx(cost, rel=1e-6))
    assert bound(one, solved.prices) * one.units <= cost * (1 + 1e-9)
    assert solved.least is not None
    assert solved.least <= cost * (1 + 1e-6)


@pytest.mark.parametrize("effort", ["quick", "normal", "thorough"])
def test_without_branch_and_bound_bands_hold_near_the_bound(towns_plan, towns, problem, effort):
    balance = towns_plan.balance["all"].model_copy(
        update={"carve": Carve(method=CarveMethod.DECOMPOSED, effort=Effort(effort))}
    )
    one = problem(towns_plan.model_copy(update={"balance": {"all": balance}}), towns)
    solved = decompose.solve(one)
    assert solved.least is None
    lowest = bound(one, solved.prices) * one.units
    assert one.excess(solved.choice) == 0
    assert lowest <= one.cost(solved.choice) <= 1.05 * lowest


def test_the_same_problem_has_the_same_answer(towns_plan, towns, problem):
    first, second = (decompose.solve(problem(towns_plan, towns)) for _ in range(2))
    assert np.array_equal(first.choice, second.choice)
    assert np.array_equal(first.prices, second.prices)


def test_placing_moves_nobody_who_is_somewhere(towns_plan, towns, problem):
    one = problem(towns_plan, towns)
    choice = one.current.copy()
    choice[::7] = -1
    placed = decompose.place(one, choice)
    assert (placed[choice >= 0] == choice[choice >= 0]).all()
    assert (one.pairs.unit[placed] == np.arange(one.units)).all()


def test_with_one_territory_there_is_one_answer(wish, accounts, problem):
    one = problem(
        wish(territories={"a": {"segment": "all"}}, balance={"all": {"within": {"accounts": 0.1}}}), accounts(3)
    )
    assert decompose.solve(one).choice.tolist() == [0, 1, 2]


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_cost_that_is_no_number_is_a_solver_error(towns_plan, towns, problem, broken):
    one = problem(towns_plan, towns)
    cost = one.pairs.cost.copy()
    cost[0] = broken
    with pytest.raises(SolverError, match="not a finite number"):
        decompose.solve(replace(one, pairs=replace(one.pairs, cost=cost)))


@pytest.mark.parametrize("most", [0, 1, 5, 11, 19, 30])
def test_no_more_accounts_move_than_may(towns_plan, towns, problem, most):
    one = problem(towns_plan, towns)
    free = decompose.solve(one)
    assert one.pairs.moved[free.choice].sum() > 19
    within = decompose.solve_within(one, one.current, most, free)
    assert one.pairs.moved[within.choice].sum() <= most
    assert one.cost(within.choice) <= one.cost(one.current)
    limit = MoveLimit(most=most, price=within.move_price / one.units)
    assert bound(one, within.prices, limit) <= one.cost(within.choice) / one.units * (1 + 1e-9)


def test_more_moves_never_leave_a_larger_excess(towns_plan, towns, problem):
    one = problem(towns_plan, towns)
    free = decompose.solve(one)
    costs = [one.cost(decompose.solve_within(one, one.current, most, free).choice) for most in range(0, 40, 4)]
    assert costs == sorted(costs, reverse=True)
