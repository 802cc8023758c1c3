"""The carve as a whole: keep what holds, place what is new, and solve anew only where the limits are broken.

While every limit holds nobody moves, so that plan, apply and plan again changes nothing. Where limits cannot hold, the
answer is taken as the new start until another round finds nothing better: what the next plan would do is done now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from terraform_like.carve import contiguous, decompose
from terraform_like.carve.arrays import Floats, Ints
from terraform_like.carve.atlas import fallen_apart
from terraform_like.carve.certify import Evidence, certify
from terraform_like.carve.decompose import Solution
from terraform_like.carve.formulate import formulate
from terraform_like.carve.problem import Problem, SolverError
from terraform_like.carve.proof import MoveLimit, Proof, ProofMethod
from terraform_like.diagnostics import Locate, Report, Span, counted
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
    limited = _limit_moves(carving, problems, answers, locate, report)
    if report.failed:
        return None
    _settle(carving, inside, problems, answers, limited, locate, report)
    placed = [_placed(problem, answer) for problem, answer in zip(problems, answers, strict=True)]
    proofs = [_proof(problem, answer, report) for problem, answer in zip(placed, answers, strict=True)]
    if report.failed:
        return None
    return Carved(_territories(inside, answers), tuple(placed), tuple(proof for proof in proofs if proof))


@dataclass(frozen=True, slots=True)
class _Answer:
    """The pair of each unit in a problem, and the evidence for it where there is some already."""

    problem: Problem
    choice: Ints
    evidence: Evidence | None = None


def _answer(problem: Problem, report: Report, prices: Floats | None = None) -> _Answer:
    """Keep the current choice where limits hold once what is new is placed, else solve; the current one on a tie."""
    choice = problem.current
    try:
        if (choice < 0).all():
            solved = _solve(problem)
            return _Answer(solved.problem, solved.choice, _evidence(solved))
        if (choice < 0).any():
            choice = _place(problem, choice)
        excess = np.inf if fallen_apart(problem, choice) else problem.excess(choice)
        if excess == 0:
            return _Answer(problem, choice)
        solved = _solve(problem, choice, prices)
    except SolverError as error:
        report.error(f"{problem.component} cannot be carved", f"{error}. Nothing was changed.")
        return _Answer(problem, choice)
    if solved.problem.excess(solved.choice) < excess * (1 - _BETTER):
        return _Answer(solved.problem, solved.choice, _evidence(solved))
    return _Answer(problem, choice, Evidence(solved.prices, ProofMethod.DECOMPOSED))


def _solve(problem: Problem, start: Ints | None = None, prices: Floats | None = None) -> Solution:
    return (decompose.solve if problem.atlas is None else contiguous.solve)(problem, start, prices)


def _place(problem: Problem, choice: Ints) -> Ints:
    return (decompose.place if problem.atlas is None else contiguous.place)(problem, choice)


def _solve_within(problem: Problem, start: Ints, most: float, free: Solution) -> Solution:
    solver = decompose.solve_within if problem.atlas is None else contiguous.solve_within
    return solver(problem, start, most, free)


def _evidence(solved: Solution) -> Evidence:
    if solved.least is None:
        return Evidence(solved.prices, ProofMethod.DECOMPOSED)
    return Evidence(solved.prices, ProofMethod.EXACT, searched=solved.least / solved.problem.units)


def _limit_moves(
    carving: Carving, problems: tuple[Problem, ...], answers: list[_Answer], locate: Locate, report: Report
) -> frozenset[str]:
    """Carve again, within their limit, the segments of which too many accounts would move; give these segments."""
    limited = set()
    for segment, balance in sorted(carving.balance.items()):
        mine = [number for number, problem in enumerate(problems) if problem.segment == segment]
        most = balance.most_moves(sum(len(problems[number].accounts) for number in mine))
        moved = {number: _moved(answers[number]) for number in mine}
        if most is None or sum(moved.values()) <= most:
            continue
        limited.add(segment)
        without = [answers[number] for number in mine]
        for number, share in _shared_out(most, moved).items():
            problem = answers[number].problem
            start = problem.current
            if not (start >= 0).all():
                start = _place(problem, start)
            evidence = answers[number].evidence
            prices = decompose.prices_of(problem) if evidence is None else evidence.prices
            try:
                solved = _solve_within(problem, start, share, Solution(problem, answers[number].choice, prices))
            except SolverError as error:
                span = locate(("balance", segment, "max_moves"))
                report.error(f"{problem.component} cannot be carved", f"{error}. Nothing was changed.", span)
                return frozenset(limited)
            moved_within = int(problem.pairs.moved[solved.choice].sum())
            within = MoveLimit(most=max(share, moved_within), price=solved.move_price / problem.units)
            answers[number] = _Answer(
                problem, solved.choice, Evidence(solved.prices, ProofMethod.DECOMPOSED, moves=within)
            )
        _tell_limit(
            [(answers[number], free) for number, free in zip(mine, without, strict=True)],
            most,
            locate(("balance", segment, "max_moves")),
            report,
        )
    return frozenset(limited)


def _moved(answer: _Answer) -> int:
    return int(answer.problem.pairs.moved[answer.choice].sum())


def _shared_out(most: int, moved: dict[int, int]) -> dict[int, int]:
    """Share a limit out to components in proportion to what they would move; what is left goes to the first ones."""
    total = sum(moved.values())
    shares = {number: most * count // total for number, count in moved.items()}
    for number in sorted(moved, key=lambda n: -(most * moved[n] % total))[: most - sum(shares.values())]:
        shares[number] += 1
    return shares


def _tell_limit(carved: list[tuple[_Answer, _Answer]], most: int, span: Span | None, report: Report) -> None:
    """Say what a limit of moves costs: the books that stay outside their limits, and what more moves would buy."""
    outside, outside_without = sum(_outside(one) for one, _ in carved), sum(_outside(free) for _, free in carved)
    books = sum(len(one.problem.territories) for one, _ in carved)
    needed = sum(_moved(free) for _, free in carved)
    left = f"{outside} of {counted(books, 'book')} stay outside their limits" if outside else "every limit holds"
    more = "none would be" if not outside_without else f"{outside_without} would be"
    gain = (
        f"; with {counted(needed, 'move')} {more}" if outside else f"; {counted(needed, 'move')} would be better still"
    )
    report.warning(
        f"max_moves of {carved[0][0].problem.segment} is reached",
        f"With at most {counted(most, 'move')} {left}; {gain}.",
        span,
    )


def _outside(answer: _Answer) -> int:
    """Count the books that are outside a limit."""
    problem = answer.problem
    return int((problem.limits.excess(problem.loads(answer.choice)) > 0).any(axis=1).sum())


def _settle(
    carving: Carving,
    inside: Book,
    problems: tuple[Problem, ...],
    answers: list[_Answer],
    limited: frozenset[str],
    locate: Locate,
    report: Report,
) -> None:
    """Carve again from the answer, where limits are still broken, until the next plan would find nothing to do.

    Where a limit of moves was reached the next plan goes on, as it should.
    """

    def broken(problem: Problem, choice: Ints) -> bool:
        return problem.segment not in limited and problem.excess(choice) > 0

    for _ in range(_ROUNDS):
        if not any(broken(answer.problem, answer.choice) for answer in answers):
            return
        after = Book(inside.table.with_columns(_territories(inside, answers).alias("territory")))
        again = formulate(carving, after, locate, Report())
        if not all(map(_alike, problems, again)) or len(problems) != len(again):
            report.warning(
                "The rules are others once the accounts are carved",
                "A `where` asks for the territory that an account is in. The next plan may move accounts again.",
            )
            return
        changed = False
        for number, problem in enumerate(again):
            if not broken(problem, problem.current):
                continue
            known = answers[number].evidence
            answer = _answer(problem, report, known.prices if known else None)
            if (answer.choice != answer.problem.current).any():
                # Any prices give a valid bound.
                evidence = answer.evidence and Evidence(answer.evidence.prices, answer.evidence.method)
                answers[number], changed = replace(answer, evidence=evidence), True
        if not changed:
            return
    report.warning(
        "The carve still gets better when it is repeated",
        "Some limits cannot hold, and each round found a slightly smaller breach. Widen the bands that are broken.",
    )


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


def _placed(problem: Problem, answer: _Answer) -> Problem:
    """Give the problem with the ways of the answer among its pairs, and no others that were added."""
    return problem.including(np.arange(problem.units), answer.problem.pairs.territory[answer.choice])


def _territories(inside: Book, answers: list[_Answer]) -> pl.Series:
    accounts = np.concatenate([answer.problem.accounts for answer in answers]) if answers else np.array([], dtype=str)
    places = [answer.problem.places(answer.choice) for answer in answers]
    territory = np.concatenate(places) if places else np.array([], dtype=str)
    placed = pl.DataFrame({"account": accounts, "territory": territory}, schema_overrides=_TEXT)
    return inside.table.select("account").join(placed, on="account", how="left", maintain_order="left")["territory"]


_TEXT = {"account": pl.String, "territory": pl.String}


def _proof(problem: Problem, answer: _Answer, report: Report) -> Proof | None:
    try:
        evidence = answer.evidence or Evidence(decompose.prices_of(problem), ProofMethod.KEPT)
        return certify(problem, problem.at(answer.problem.pairs.territory[answer.choice]), evidence)
    except (ValueError, SolverError) as error:
        report.error(f"The carve of {problem.component} cannot be certified", f"{error}. No plan was made.")
        return None
