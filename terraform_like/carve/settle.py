"""The carve as a whole: keep what holds, place what is new, and solve anew only where the limits are broken.

While every limit holds nobody moves, so that plan, apply and plan again changes nothing. Where limits cannot hold, the
answer is taken as the new start until another round finds nothing better: what the next plan would do is done now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from terraform_like.carve.answer import Answer, Question, answer
from terraform_like.carve.arrays import Ints
from terraform_like.carve.decompose import EXACT_PAIRS
from terraform_like.carve.executor import ExecutorError, run_apart
from terraform_like.carve.form.formulate import formulate
from terraform_like.carve.form.problem import Problem, SolverError
from terraform_like.carve.limited import limit_moves
from terraform_like.carve.prove.certify import certify
from terraform_like.carve.prove.proof import Proof, ProofMethod
from terraform_like.carve.watch import UNWATCHED, Watch
from terraform_like.diagnostics import Locate, Report
from terraform_like.domain.book import Book
from terraform_like.domain.carving import CarveMethod, Carving

#: Rounds after which an answer that still gets better is taken as it is, with a warning.
_ROUNDS = 4


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
    refresh : bool
        Whether accounts stayed wherever they may be, so that only the others were placed.
    """

    territory: pl.Series
    problems: tuple[Problem, ...]
    proofs: tuple[Proof, ...]
    refresh: bool = False


def carve(
    carving: Carving,
    inside: Book,
    locate: Locate,
    report: Report,
    watch: Watch = UNWATCHED,
    executor: str | None = None,
    *,
    keep: bool = False,
) -> Carved | None:
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
    watch : Watch
        Is told how far it is, and may end it early with the best answer so far.
    executor : str, optional
        Where components are carved, as `executor.run_apart` takes it.
    keep : bool
        Whether accounts stay wherever they may, though limits are broken.

    Returns
    -------
    Carved or None
        None when there are errors; never an answer that was not certified.
    """
    problems = formulate(carving, inside, locate, report, keep=keep)
    if report.failed:
        return None
    _tell_too_large(problems, locate, report)
    try:
        answers = _answers([Question(problem) for problem in problems], executor, watch, report)
        if report.failed:
            return None
        limit_moves(carving, answers, locate, report)
        if report.failed:
            return None
        # Where accounts stay, there is nothing that another round could find.
        if not keep:
            _settle(carving, inside, problems, answers, locate, report, watch, executor)
    except (SolverError, ExecutorError) as error:
        report.error("The accounts cannot be carved", f"{error}. Nothing was changed.")
        return None
    placed = [_placed(problem, one) for problem, one in zip(problems, answers, strict=True)]
    proofs = [_proof(problem, one, report) for problem, one in zip(placed, answers, strict=True)]
    if report.failed:
        return None
    return Carved(_territories(inside, answers), tuple(placed), tuple(proof for proof in proofs if proof), keep)


def _tell_too_large(problems: tuple[Problem, ...], locate: Locate, report: Report) -> None:
    """Warn of components that `method: exact` is asked for, and that are too large for it to give an answer."""
    for problem in problems:
        if problem.method is CarveMethod.EXACT and len(problem.pairs) > EXACT_PAIRS:
            report.warning(
                f"{problem.component} is too large for `method: exact`",
                f"It has {len(problem.pairs):,} pairs of account and territory; beyond {EXACT_PAIRS:,} branch and "
                "bound gives no answer. It is carved by `decomposed`, with a bound.",
                locate(("balance", problem.segment, "carve")),
            )


def _answers(questions: list[Question], executor: str | None, watch: Watch, report: Report) -> list[Answer]:
    """Answer for every component, each apart; gather an error for each that HiGHS gives nothing usable for."""
    sizes = [len(question.problem.pairs) for question in questions]
    found: list[Answer] = []
    for question, one in zip(questions, run_apart(answer, questions, sizes, executor, watch), strict=True):
        if isinstance(one, SolverError):
            report.error(f"{question.problem.component} cannot be carved", f"{one}. Nothing was changed.")
        else:
            found.append(one)
    return found


def _settle(
    carving: Carving,
    inside: Book,
    problems: tuple[Problem, ...],
    answers: list[Answer],
    locate: Locate,
    report: Report,
    watch: Watch,
    executor: str | None,
) -> None:
    """Carve again from the answer, where limits are still broken, until the next plan would find nothing to do.

    Where moves are limited the next plan goes on, as it should.
    """

    def broken(problem: Problem, choice: Ints) -> bool:
        return not _limited(carving, problem) and problem.excess(choice) > 0

    for _ in range(_ROUNDS):
        if watch.enough() or not any(broken(one.problem, one.choice) for one in answers):
            return
        after = Book(inside.table.with_columns(_territories(inside, answers).alias("territory")))
        again = formulate(carving, after, locate, Report())
        if not all(map(_alike, problems, again)) or len(problems) != len(again):
            report.warning(
                "The rules are others once the accounts are carved",
                "A `where` asks for the territory that an account is in. The next plan may move accounts again.",
            )
            return
        numbers = [number for number, problem in enumerate(again) if broken(problem, problem.current)]
        questions = [Question(again[number], answers[number].evidence.prices) for number in numbers]
        changed = False
        for number, one in zip(numbers, _answers(questions, executor, watch, report), strict=not report.failed):
            if (one.choice != one.problem.current).any():
                # Prices give a valid bound wherever moves are counted from; what branch and bound said does not.
                evidence = replace(one.evidence, method=ProofMethod.DECOMPOSED, searched=None)
                answers[number], changed = replace(one, evidence=evidence), True
        if not changed:
            return
    report.warning(
        "The carve still gets better when it is repeated",
        "Some limits cannot hold, and each round found a slightly smaller breach. Widen the bands that are broken.",
    )


def _limited(carving: Carving, problem: Problem) -> bool:
    balance = carving.balance.get(problem.segment)
    return balance is not None and balance.max_moves is not None


def _alike(one: Problem, other: Problem) -> bool:
    """Say whether units may go to the same places in two problems."""
    here, there = one.ways.eligible, other.ways.eligible
    return (
        one.territories == other.territories
        and np.array_equal(one.accounts, other.accounts)
        and np.array_equal(one.unit_of, other.unit_of)
        and np.array_equal(here.kind_of, there.kind_of)
        and np.array_equal(here.may, there.may)
        and np.array_equal(here.only, there.only)
        and np.array_equal(here.barred, there.barred)
    )


def _placed(problem: Problem, one: Answer) -> Problem:
    """Give the problem with the ways of the answer among its pairs, and no others that were added."""
    return problem.including(np.arange(problem.units), one.problem.pairs.territory[one.choice])


def _territories(inside: Book, answers: list[Answer]) -> pl.Series:
    accounts = np.concatenate([one.problem.accounts for one in answers]) if answers else np.array([], dtype=str)
    places = [one.problem.places(one.choice) for one in answers]
    territory = np.concatenate(places) if places else np.array([], dtype=str)
    placed = pl.DataFrame({"account": accounts, "territory": territory}, schema_overrides=_TEXT)
    return inside.table.select("account").join(placed, on="account", how="left", maintain_order="left")["territory"]


_TEXT = {"account": pl.String, "territory": pl.String}


def _proof(problem: Problem, one: Answer, report: Report) -> Proof | None:
    try:
        return certify(problem, problem.at(one.problem.pairs.territory[one.choice]), one.evidence)
    except ValueError as error:
        report.error(f"The carve of {problem.component} cannot be certified", f"{error}. No plan was made.")
        return None
