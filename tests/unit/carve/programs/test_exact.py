"""HiGHS gives prices of the relaxation and the answers of branch and bound; a broken solver is an error."""

from __future__ import annotations

from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest

from terraform_like.carve.form.problem import SolverError
from terraform_like.carve.price.table import tabulate
from terraform_like.carve.programs import exact
from terraform_like.carve.prove.certify import bound


@pytest.fixture
def one(towns_plan, towns, problem):
    return problem(towns_plan, towns)


def everything(problem):
    return np.arange(len(problem.pairs))


def test_prices_give_the_value_of_the_relaxation_as_the_bound(one):
    prices = exact.relaxed_prices(one, tabulate(one, everything(one)), np.zeros(one.limits.share.shape))
    solved = exact._solve(one, everything(one), start=None, nodes=None)
    loads = np.zeros(one.limits.share.shape)
    np.add.at(loads, one.pairs.territory, one.weights[one.pairs.unit] * solved.share[:, None])
    value = one.pairs.cost @ solved.share + one.limits.cost(loads).sum()
    assert bound(one, prices) == pytest.approx(value / one.units, rel=1e-6)


def test_branch_and_bound_proves_the_answer_that_it_gives(one):
    branched = exact.branch(one, everything(one), one.current, 1000)
    assert one.cost(branched.choice) == pytest.approx(branched.least, rel=1e-5)
    assert one.cost(branched.choice) < one.cost(one.current)


def test_highs_starts_from_the_answer_that_is_told(one):
    best = exact.branch(one, everything(one), one.current, 1000).choice
    # Without nodes there is no search: what comes back can only be what was told.
    again = exact.branch(one, everything(one), best, 0)
    assert again is not None
    assert one.cost(again.choice) <= one.cost(best) * (1 + 1e-9)


def test_units_with_one_pair_stay_there(one):
    only = np.union1d(one.current, np.flatnonzero(one.pairs.unit < 10))
    choice = exact.branch(one, only, one.current, 1000).choice
    assert (choice[10:] == one.current[10:]).all()


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_problem_that_highs_cannot_take_is_a_solver_error(one, broken):
    cost = one.pairs.cost.copy()
    cost[0] = broken
    with pytest.raises(SolverError, match="HiGHS failed"):
        exact.branch(replace(one, pairs=replace(one.pairs, cost=cost)), everything(one), one.current, 10)


def test_an_install_without_highs_is_a_solver_error(one, monkeypatch):
    monkeypatch.setattr(cp, "HIGHS", "NONE_SUCH")
    with pytest.raises(SolverError, match="HiGHS failed"):
        exact.relaxed_prices(one, tabulate(one, everything(one)), np.zeros(one.limits.share.shape))
