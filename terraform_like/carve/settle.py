"""The carve as a whole: keep what holds, place what is new, and solve anew only where the limits are broken.

While every limit holds nobody moves, so that plan, apply and plan again changes nothing. Where limits cannot hold, the
answer is taken as the new start until another round finds nothing better: what the next plan would do is done now.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from terraform_like.carve.certify import certify
from terraform_like.carve.formulate import formulate
from terraform_like.carve.problem import Floats, Ints, Problem
from terraform_like.carve.proof import Proof, ProofMethod
from terraform_like.diagnostics import Locate, Report
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving

#: Rounds after which an answer that still gets better is taken as it is, with a warning.
_ROUNDS = 4
#: An excess that falls by less than this, relative, is not worth a move.
_BETTER = 1e-6


@dataclass(frozen=True, slots=True)
class Carved:
    """The answer.

    Parameters
    ----------
    territory : polars.Series
        The territory of each account, aligned with the accounts in scope.
    problems : tuple of Problem
        One a component, with moves counted from where accounts are now.
    proofs : tuple of Proof
        One a component, in the same order.
    """

    territory: pl.Series
    problems: tuple[Problem, ...]
    proofs: tuple[Proof, ...]


def carve(carving: Carving, inside: Book, locate: Locate, report: Report) -> Carved | None:
    """Give every account in scope a territory.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    inside : Book
        The accounts in scope, as `domain.scope.populate` gives them.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers why no carve is possible, and warnings.

    Returns
    -------
    Carved or None
        None when there are errors; never an answer that was not certified.
    """
    problems = formulate(carving, inside, locate, report)
    if report.failed:
        return None
    answers = [_answer(problem, report) for problem in problems]
    if report.failed:
        return None
    _settle(carving, inside, problems, answers, locate, report)
    proofs = [_proof(problem, answer, report) for problem, answer in zip(problems, answers, strict=True)]
    if report.failed:
        return None
    return Carved(_territories(inside, problems, answers), problems, tuple(proof for proof in proofs if proof))


@dataclass(frozen=True, slots=True)
class _Answer:
    """The pair of each unit, and the prices of the relaxation where they are known already."""

    choice: Ints
    prices: Floats | None = None


def _answer(problem: Problem, report: Report) -> _Answer:
    """Keep the current choice where the limits hold, else place what is free, else solve; the current one on a tie."""
    from terraform_like.carve import exact

    choice = problem.current
    try:
        if not (choice >= 0).all():
            choice = exact.place(problem, choice)
        excess = problem.excess(choice)
        if excess == 0:
            return _Answer(choice)
        solved = exact.solve(problem)
    except exact.SolverError as error:
        report.error(f"{problem.component} cannot be carved", f"{error}. Nothing was changed.")
        return _Answer(choice)
    better = problem.excess(solved.choice) < excess * (1 - _BETTER)
    return _Answer(solved.choice if better else choice, solved.prices)


def _settle(
    carving: Carving,
    inside: Book,
    problems: tuple[Problem, ...],
    answers: list[_Answer],
    locate: Locate,
    report: Report,
) -> None:
    """Carve again from the answer, where limits are still broken, until the next plan would find nothing to do."""
    for _ in range(_ROUNDS):
        if not any(problem.excess(answer.choice) > 0 for problem, answer in zip(problems, answers, strict=True)):
            return
        after = Book(inside.table.with_columns(_territories(inside, problems, answers).alias("territory")))
        again = formulate(carving, after, locate, Report())
        if not all(map(_alike, problems, again)) or len(problems) != len(again):
            report.warning(
                "The rules are others once the accounts are carved",
                "A `where` asks for the territory that an account is in. The next plan may move accounts again.",
            )
            return
        changed = False
        for number, problem in enumerate(again):
            if problem.excess(problem.current) == 0:
                continue
            answer = _answer(problem, report)
            if (answer.choice != problem.current).any():
                # Pairs are the same in every round, and any prices give a valid bound.
                answers[number], changed = answer, True
        if not changed:
            return
    report.warning(
        "The carve still gets better when it is repeated",
        "Some limits cannot hold, and each round found a slightly smaller breach. Widen the bands that are broken.",
    )


def _alike(one: Problem, other: Problem) -> bool:
    """Say whether two problems have the same pairs, at the same positions."""
    return (
        one.territories == other.territories
        and np.array_equal(one.accounts, other.accounts)
        and np.array_equal(one.unit_of, other.unit_of)
        and np.array_equal(one.pairs.unit, other.pairs.unit)
        and np.array_equal(one.pairs.territory, other.pairs.territory)
    )


def _territories(inside: Book, problems: tuple[Problem, ...], answers: list[_Answer]) -> pl.Series:
    accounts = np.concatenate([p.accounts for p in problems]) if problems else np.array([], dtype=str)
    places = [p.places(answer.choice) for p, answer in zip(problems, answers, strict=True)]
    territory = np.concatenate(places) if places else np.array([], dtype=str)
    placed = pl.DataFrame({"account": accounts.tolist(), "territory": territory.tolist()}, schema_overrides=_TEXT)
    return inside.table.select("account").join(placed, on="account", how="left", maintain_order="left")["territory"]


_TEXT = {"account": pl.String, "territory": pl.String}


def _proof(problem: Problem, answer: _Answer, report: Report) -> Proof | None:
    from terraform_like.carve import exact

    try:
        prices = exact.prices_of(problem) if answer.prices is None else answer.prices
        return certify(problem, answer.choice, prices, ProofMethod.EXACT)
    except (ValueError, exact.SolverError) as error:
        report.error(f"The carve of {problem.component} cannot be certified", f"{error}. No plan was made.")
        return None
