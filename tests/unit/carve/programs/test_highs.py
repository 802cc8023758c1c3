"""A solver that fails or finds nothing gives an error, and never a number."""

from __future__ import annotations

import cvxpy as cp
import pytest

from terraform_like.carve.form.problem import SolverError
from terraform_like.carve.programs.highs import has_point, run, values


def test_what_was_found_is_given():
    x = cp.Variable(2, integer=True)
    model = cp.Problem(cp.Minimize(x[0] + 2 * x[1]), [x >= 0.5])
    run(model)
    assert has_point(model)
    assert values(model, x).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("rules", [lambda x: [x >= 1, x <= 0], lambda x: []])
def test_a_model_without_an_answer_gives_an_error_with_the_status(rules):
    x = cp.Variable()
    model = cp.Problem(cp.Minimize(x), rules(x))
    run(model)
    with pytest.raises(SolverError, match="HiGHS gave no answer"):
        values(model, x)


def test_a_solver_that_fails_is_named():
    x = cp.Variable()
    with pytest.raises(SolverError, match="HiGHS failed"):
        run(cp.Problem(cp.Minimize(x), [x >= 0]), no_such_option=1)
