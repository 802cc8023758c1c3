"""HiGHS gives candidates; on small problems they are the best there are, and a broken solver is an error."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from terraform_like.carve import exact
from terraform_like.carve.certify import bound


def best(problem):
    """Give the least cost of all answers."""
    places = [np.flatnonzero(problem.pairs.unit == unit) for unit in range(problem.units)]
    return min(problem.cost(np.array(choice)) for choice in itertools.product(*places))


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
    assert len(one.pairs) < exact.SMALL
    solved = exact.solve(one)
    assert one.cost(solved.choice) == pytest.approx(best(one), rel=1e-6)
    assert bound(one, solved.prices) * one.units <= best(one) * (1 + 1e-9)


def test_larger_problems_hold_their_bands_near_the_bound(towns_plan, towns, problem, monkeypatch):
    monkeypatch.setattr(exact, "SMALL", 0)
    one = problem(towns_plan, towns)
    solved = exact.solve(one)
    lowest = bound(one, solved.prices) * one.units
    assert one.excess(solved.choice) == 0
    assert lowest <= one.cost(solved.choice) <= 1.05 * lowest


def test_the_same_problem_has_the_same_answer(towns_plan, towns, problem):
    first, second = (exact.solve(problem(towns_plan, towns)) for _ in range(2))
    assert np.array_equal(first.choice, second.choice)
    assert np.array_equal(first.prices, second.prices)


def test_placing_moves_nobody_who_is_somewhere(towns_plan, towns, problem):
    one = problem(towns_plan, towns)
    choice = one.current.copy()
    choice[::7] = -1
    placed = exact.place(one, choice)
    assert (placed[choice >= 0] == choice[choice >= 0]).all()
    assert (one.pairs.unit[placed] == np.arange(one.units)).all()


def test_with_one_territory_there_is_one_answer(wish, accounts, problem):
    one = problem(
        wish(territories={"a": {"segment": "all"}}, balance={"all": {"within": {"accounts": 0.1}}}), accounts(3)
    )
    assert exact.solve(one).choice.tolist() == [0, 1, 2]


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_problem_that_highs_cannot_take_is_a_solver_error(towns_plan, towns, problem, broken):
    one = problem(towns_plan, towns)
    cost = one.pairs.cost.copy()
    cost[0] = broken
    with pytest.raises(exact.SolverError, match="HiGHS failed"):
        exact.solve(replace(one, pairs=replace(one.pairs, cost=cost)))


def test_branch_and_bound_that_ends_without_an_answer_leaves_what_rounding_gave(
    towns_plan, towns, problem, monkeypatch
):
    monkeypatch.setattr(exact, "_NODES", 0)
    one = problem(towns_plan, towns)
    solved = exact.solve(one)
    assert exact._branch(one, np.arange(len(one.pairs))) is None
    assert (one.pairs.unit[solved.choice] == np.arange(one.units)).all()
