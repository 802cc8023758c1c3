"""`max_moves`: a segment that would move more accounts is carved again within its limit, and told what that costs."""

from __future__ import annotations

from terraform_like.carve.answer import Answer, place, solve_within
from terraform_like.carve.decompose import Solution
from terraform_like.carve.form.problem import SolverError
from terraform_like.carve.prove.certify import Evidence
from terraform_like.carve.prove.proof import MoveLimit, ProofMethod
from terraform_like.diagnostics import Locate, Report, Span, counted
from terraform_like.domain.carving import Carving


def limit_moves(carving: Carving, answers: list[Answer], locate: Locate, report: Report) -> None:
    """Carve again, within their limit, the segments of which too many accounts would move.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    answers : list of Answer
        One a component; those of such segments are replaced.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers a warning a segment of what its limit costs.
    """
    for segment, balance in sorted(carving.balance.items()):
        mine = [number for number, one in enumerate(answers) if one.problem.segment == segment]
        most = balance.most_moves(sum(len(answers[number].problem.accounts) for number in mine))
        moved = {number: answers[number].moved for number in mine}
        if most is None or sum(moved.values()) <= most:
            continue
        without = [answers[number] for number in mine]
        for number, share in _shared_out(most, moved).items():
            problem = answers[number].problem
            start = problem.current
            if not (start >= 0).all():
                start = place(problem, start)
            free = Solution(problem, answers[number].choice, answers[number].evidence.prices)
            try:
                solved = solve_within(problem, start, share, free)
            except SolverError as error:
                span = locate(("balance", segment, "max_moves"))
                report.error(f"{problem.component} cannot be carved", f"{error}. Nothing was changed.", span)
                return
            moved_within = int(problem.pairs.moved[solved.choice].sum())
            within = MoveLimit(most=max(share, moved_within), price=solved.move_price / problem.units)
            answers[number] = Answer(
                problem, solved.choice, Evidence(solved.prices, ProofMethod.DECOMPOSED, moves=within)
            )
        _tell_limit(
            [(answers[number], free) for number, free in zip(mine, without, strict=True)],
            most,
            locate(("balance", segment, "max_moves")),
            report,
        )


def _shared_out(most: int, moved: dict[int, int]) -> dict[int, int]:
    """Share a limit out to components in proportion to what they would move; what is left goes to the first ones."""
    total = sum(moved.values())
    shares = {number: most * count // total for number, count in moved.items()}
    for number in sorted(moved, key=lambda n: -(most * moved[n] % total))[: most - sum(shares.values())]:
        shares[number] += 1
    return shares


def _tell_limit(carved: list[tuple[Answer, Answer]], most: int, span: Span | None, report: Report) -> None:
    """Say what a limit of moves costs: the books that stay outside their limits, and what more moves would buy."""
    outside, outside_without = sum(one.outside for one, _ in carved), sum(free.outside for _, free in carved)
    books = sum(len(one.problem.territories) for one, _ in carved)
    needed = sum(free.moved for _, free in carved)
    left, gain = "every limit holds", f"{counted(needed, 'move')} would be better still"
    if outside:
        left = f"{outside} of {counted(books, 'book')} stay outside their limits"
        gain = f"with {counted(needed, 'move')} {outside_without or 'none'} would be"
    report.warning(
        f"max_moves of {carved[0][0].problem.segment} is reached",
        f"With at most {counted(most, 'move')} {left}; {gain}.",
        span,
    )
