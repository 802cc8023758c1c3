"""A plan as a person reads it on a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from terraform_like.carve.proof import Proof, ProofMethod, ProofStatus
from terraform_like.carve.watch import Stopped
from terraform_like.diagnostics import Diagnostic, Severity, counted
from terraform_like.plan.model import Plan
from terraform_like.report.diagnostics import diagnostic_blocks
from terraform_like.report.escape import escaped
from terraform_like.report.numbers import percent
from terraform_like.report.terminal import BLANK, WIDTH, Block, Piece, hanging, line, rendered
from terraform_like.report.text_books import book_blocks, fairness_blocks
from terraform_like.report.text_changes import change_blocks
from terraform_like.report.text_staffing import staffing_blocks
from terraform_like.report.text_verdicts import verdict_blocks, verdict_counts

#: Gaps below this are rounding.
_NO_GAP = 1e-6
#: Bounds farther off than this tell nobody anything.
_NO_BOUND = 0.5


def plan_text(
    plan: Plan,
    *,
    color: bool,
    width: int = WIDTH,
    all_changes: bool = False,
    warnings: bool = True,
    said: Iterable[Diagnostic] | None = None,
) -> str:
    """Give changes, books, policies, proof and warnings of a plan, and last the line that sums it up.

    Parameters
    ----------
    plan : Plan
        The plan, saved or not.
    color : bool
        Whether escape codes may be used; they never carry meaning alone.
    width : int
        Columns of the terminal; 80 columns suffice for everything but very long names.
    all_changes : bool
        Whether to show every change, where there are more than twenty.
    warnings : bool
        Whether to show what was said on the way.
    said : iterable of Diagnostic, optional
        What was said, with its places in the YAML; a saved plan knows it without them.
    """
    blocks = [*_heading(plan), *_whole(plan, width, all_changes), *(_said(plan, said, width) if warnings else ())]
    return rendered([*blocks, _ending(plan)], color=color, width=width)


def brief_text(
    plan: Plan,
    *,
    color: bool,
    width: int = WIDTH,
    warnings: bool = True,
    said: Iterable[Diagnostic] | None = None,
) -> str:
    """Give how even the books are, the policies that need attention and the warnings, without tables.

    It suits a plan without changes, of which there is nothing to review; parameters are those of `plan_text`.
    """
    blocks = [
        *_heading(plan),
        *staffing_blocks(plan, all_changes=False),
        *_figures(plan),
        *(_said(plan, said, width) if warnings else ()),
    ]
    return rendered([*blocks, _ending(plan)], color=color, width=width)


def summary_line(plan: Plan) -> str:
    """Give `Plan: 1 to add, 2 to move, 0 to transfer, 0 to remove.` or `No changes.`, and no more."""
    if not plan.has_changes:
        return "No changes."
    s = plan.summary
    return f"Plan: {s.adds} to add, {s.moves} to move, {s.transfers} to transfer, {s.removes} to remove."


def _heading(plan: Plan) -> Iterator[Block]:
    yield line(Piece(f"Plan {escaped(plan.plan)}", "bold"), f" as of {plan.as_of}")
    segments = counted(len({t.segment for t in plan.territories}), "segment")
    territories = counted(len(plan.territories), "territory", "territories")
    yield line(f"{counted(plan.summary.accounts, 'account')} in {territories} of {segments}")
    if plan.rollback is not None:
        yield line(Piece("rollback", "bold"), f" to {escaped(str(plan.rollback))}: nothing is carved")
    if plan.refresh:
        yield line(Piece("refresh", "bold"), ": accounts stay wherever they may; only the others are placed")
    if plan.digest:
        yield line(Piece(f"digest {escaped(plan.digest[:16])}", "dim"))
    yield BLANK


def _whole(plan: Plan, width: int, all_changes: bool) -> Iterator[Block]:
    if plan.changes:
        yield from change_blocks(plan, all_changes=all_changes)
        yield BLANK
    yield from staffing_blocks(plan, all_changes=all_changes)
    if plan.territories:
        unit = f" (money in {plan.currency})" if plan.currency else ""
        yield line(Piece("Books", "bold"), unit)
        yield BLANK
        yield from book_blocks(plan, width)
    if plan.verdicts:
        yield line(Piece("Policies", "bold"), f": {verdict_counts(plan.verdicts)}")
        yield BLANK
        yield from verdict_blocks(plan.verdicts)
        yield BLANK
    if plan.proof:
        yield line(Piece("Proof", "bold"))
        yield BLANK
        yield from proof_blocks(plan.proof)
        yield BLANK


def _figures(plan: Plan) -> Iterator[Block]:
    if fairness := list(fairness_blocks(plan)):
        yield line(Piece("Fairness", "bold"), " (largest book over smallest, size for size)")
        yield BLANK
        yield from fairness
        yield BLANK
    if plan.verdicts:
        yield line(Piece("Policies", "bold"), f": {verdict_counts(plan.verdicts)}")
        yield BLANK
        if broken := [v for v in plan.verdicts if not v.passed or v.waived]:
            yield from verdict_blocks(broken)
            yield BLANK


def _said(plan: Plan, said: Iterable[Diagnostic] | None, width: int) -> Iterator[Block]:
    if said is None:
        said = [Diagnostic(Severity(one.severity), one.summary, one.detail) for one in plan.diagnostics]
    for diagnostic in said:
        yield from diagnostic_blocks(diagnostic, width)
        yield BLANK


def _ending(plan: Plan) -> Block:
    return line(Piece(summary_line(plan), "bold"))


def proof_blocks(proofs: Sequence[Proof]) -> Iterator[Block]:
    """Give one sentence a component on how near to the best possible plan it is; those kept as they were in one."""
    for proof in proofs:
        if proof.method is not ProofMethod.KEPT:
            yield hanging([f"  {escaped(proof.component)}: "], _sentence(proof))
    kept = [escaped(p.component) for p in proofs if p.method is ProofMethod.KEPT]
    if kept:
        yield hanging(["  "], f"kept: every account that may stay where it is stays, in {', '.join(kept)}")


def _sentence(proof: Proof) -> str:
    best = "the best possible plan"
    if proof.moves:
        best += f" that moves at most {counted(proof.moves.most, 'account')}"
    said = _near(best, proof)
    if proof.stopped:
        why = "the time limit" if proof.stopped is Stopped.TIME_LIMIT else "Ctrl-C"
        said += f"; stopped by {why}: another run may end elsewhere"
    return said


def _near(best: str, proof: Proof) -> str:
    if proof.gap <= _NO_GAP:
        return f"{best}, proven"
    # Rounded up: what is said must hold.
    within = f"within {percent(math.ceil(proof.gap * 1000) / 1000)}"
    if proof.status is ProofStatus.OPTIMAL:
        searched = f"{best}, by branch and bound"
        return f"{searched}; prices alone prove it {within}" if proof.gap < _NO_BOUND else searched
    return f"{within} of {best}, proven" if proof.gap < _NO_BOUND else f"no bound tells how near it is to {best}"
