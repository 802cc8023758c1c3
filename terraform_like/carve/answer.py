"""The answer for one component: who is somewhere stays while the limits hold; else it is carved anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from terraform_like.carve import contiguous, decompose
from terraform_like.carve.arrays import Floats, Ints
from terraform_like.carve.decompose import Solution
from terraform_like.carve.form.atlas import fallen_apart
from terraform_like.carve.form.problem import Problem, SolverError
from terraform_like.carve.prove.certify import Evidence
from terraform_like.carve.prove.proof import ProofMethod
from terraform_like.carve.watch import UNWATCHED, Watch

#: An excess that falls by less than this, relative, is not worth a move.
_BETTER = 1e-6


@dataclass(frozen=True, slots=True)
class Question:
    """A component, and prices of nearly the same problem in solver units, where they are known."""

    problem: Problem
    prices: Floats | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found for a component.

    Parameters
    ----------
    problem : Problem
        The component, with what ways were added to its pairs.
    choice : (N,) array of int
        The pair of each unit.
    evidence : Evidence
        How good it is.
    """

    problem: Problem
    choice: Ints
    evidence: Evidence

    @property
    def moved(self) -> int:
        """How many accounts change territory."""
        return int(self.problem.pairs.moved[self.choice].sum())

    @property
    def outside(self) -> int:
        """How many books are outside a limit."""
        return int((self.problem.limits.excess(self.problem.loads(self.choice)) > 0).any(axis=1).sum())


def answer(question: Question, watch: Watch = UNWATCHED) -> Answer | SolverError:
    """Keep the current choice where limits hold once what is new is placed, else solve; the current one on a tie.

    Returns
    -------
    Answer or SolverError
        The error where HiGHS gave nothing usable, since it must come back from other processes as well.
    """
    problem = question.problem
    choice = problem.current
    try:
        if (choice < 0).all():
            solved = _solve(problem, None, question.prices, watch)
            return Answer(solved.problem, solved.choice, evidence_of(solved))
        if (choice < 0).any():
            choice = place(problem, choice)
        excess = np.inf if fallen_apart(problem, choice) else problem.excess(choice)
        if excess == 0:
            watch.tell(problem.component, "every limit holds: pricing what is there")
            return Answer(problem, choice, Evidence(decompose.prices_of(problem), ProofMethod.KEPT))
        solved = _solve(problem, choice, question.prices, watch)
    except SolverError as error:
        return error
    if solved.problem.excess(solved.choice) < excess * (1 - _BETTER):
        return Answer(solved.problem, solved.choice, evidence_of(solved))
    return Answer(problem, choice, Evidence(solved.prices, ProofMethod.DECOMPOSED, stopped=solved.stopped))


def _solve(problem: Problem, start: Ints | None, prices: Floats | None, watch: Watch) -> Solution:
    return (decompose.solve if problem.atlas is None else contiguous.solve)(problem, start, prices, watch)


def place(problem: Problem, choice: Ints) -> Ints:
    """Place the units that are nowhere (-1), on the map where there is one; all others stay where that can be."""
    return (decompose.place if problem.atlas is None else contiguous.place)(problem, choice)


def solve_within(problem: Problem, start: Ints, most: float, free: Solution) -> Solution:
    """Carve a component under a limit of moves, on the map where there is one."""
    solver = decompose.solve_within if problem.atlas is None else contiguous.solve_within
    return solver(problem, start, most, free)


def evidence_of(solved: Solution) -> Evidence:
    """Give the evidence for a solution, for the component that it was found for."""
    if solved.least is None:
        return Evidence(solved.prices, ProofMethod.DECOMPOSED, stopped=solved.stopped)
    searched = solved.least / solved.problem.units
    return Evidence(solved.prices, ProofMethod.EXACT, searched=searched, stopped=solved.stopped)
