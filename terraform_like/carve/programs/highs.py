"""Runs HiGHS through cvxpy the same way everywhere: one answer on all machines, and an error where there is none."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import cvxpy as cp
import numpy as np

from terraform_like.carve.arrays import Floats
from terraform_like.carve.form.problem import SolverError

#: HiGHS's own number for a feasible point.
_FEASIBLE = 2


def run(model: Any, **options: Any) -> None:
    """Solve a model of cvxpy with HiGHS; what comes back is for the caller to measure.

    Parameters
    ----------
    model : cvxpy.Problem
        The model; it holds what was found.
    **options
        Options of HiGHS. Limits are by nodes: one of time would make the answer depend on the machine.

    Raises
    ------
    SolverError
        When the solver fails.
    """
    logging.getLogger("__cvxpy__").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # A node limit is no accident here.
            warnings.simplefilter("ignore")
            model.solve(solver=cp.HIGHS, canon_backend="SCIPY", random_seed=0, threads=1, **options)
    except (cp.error.SolverError, ValueError, RuntimeError) as error:
        raise SolverError(f"HiGHS failed: {error}") from error


def has_point(model: Any) -> bool:
    """Say whether branch and bound ended with a point that satisfies the model."""
    statistics = getattr(model.solver_stats, "extra_stats", None)
    return bool(getattr(statistics, "primal_solution_status", 0) == _FEASIBLE)


def values(model: Any, variable: Any) -> Floats:
    """Give what was found for a variable.

    Raises
    ------
    SolverError
        When nothing was found, or no number.
    """
    found = variable.value
    if found is None or not np.isfinite(found).all():
        raise SolverError(f"HiGHS gave no answer ({model.status})")
    numbers: Floats = np.asarray(found, dtype=np.float64)
    return numbers
