"""A plan as a person reads it on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from terraform_like.diagnostics import counted
from terraform_like.report.diagnostics import diagnostic_blocks
from terraform_like.report.escape import escaped
from terraform_like.report.terminal import BLANK, WIDTH, Block, Paragraph, Piece, hanging, line, rendered
from terraform_like.report.text_books import book_blocks, fairness_blocks
from terraform_like.report.text_changes import change_blocks
from terraform_like.report.text_people import people_blocks
from terraform_like.report.text_staffing import staffing_blocks
from terraform_like.report.text_verdicts import verdict_blocks
from terraform_like.report.told.plan import ToldPlan
from terraform_like.report.told.proof import CHECKABLE
from terraform_like.report.told.verdicts import verdict_counts


def plan_text(
    told: ToldPlan, *, color: bool, width: int = WIDTH, all_changes: bool = False, warnings: bool = True
) -> str:
    """Give changes, books, policies, proof and warnings of a plan, then the line that sums it up and what to type next.

    Parameters
    ----------
    told : ToldPlan
        The plan, saved or not.
    color : bool
        Whether escape codes may be used; they never carry meaning alone.
    width : int
        Columns of the terminal; 80 columns suffice for everything but very long names.
    all_changes : bool
        Whether to show every change, where there are more than twenty.
    warnings : bool
        Whether to show what was said on the way.
    """
    blocks = [*_heading(told), *_whole(told, width, all_changes), *(_said(told, width) if warnings else ())]
    return rendered([*blocks, *_ending(told)], color=color, width=width)


def brief_text(told: ToldPlan, *, color: bool, width: int = WIDTH, warnings: bool = True) -> str:
    """Give how even the books are, the policies that need attention and the warnings, without tables.

    It suits a plan without changes, of which there is nothing to review; parameters are those of `plan_text`.
    """
    blocks = [
        *_heading(told),
        *staffing_blocks(told, all_changes=False),
        *_figures(told),
        *(_said(told, width) if warnings else ()),
    ]
    return rendered([*blocks, *_ending(told)], color=color, width=width)


def _heading(told: ToldPlan) -> Iterator[Block]:
    plan = told.plan
    yield line(Piece(f"Plan {escaped(plan.plan)}", "bold"), f" as of {plan.as_of}")
    segments = counted(len(told.segments), "segment")
    territories = counted(len(plan.territories), "territory", "territories")
    yield line(f"{counted(plan.summary.accounts, 'account')} in {territories} of {segments}")
    if plan.rollback is not None:
        yield line(Piece("rollback", "bold"), f" to {escaped(str(plan.rollback))}: nothing is carved")
    if plan.refresh:
        yield line(Piece("refresh", "bold"), ": accounts stay wherever they may; only the others are placed")
    if plan.digest:
        yield line(Piece(f"digest {escaped(plan.digest[:16])}", "dim"))
    yield BLANK


def _whole(told: ToldPlan, width: int, all_changes: bool) -> Iterator[Block]:
    plan = told.plan
    if plan.changes:
        yield from change_blocks(told, all_changes=all_changes)
        yield BLANK
    yield from people_blocks(told, all_changes=all_changes)
    yield from staffing_blocks(told, all_changes=all_changes)
    if told.segments:
        unit = f" (money in {plan.currency})" if plan.currency else ""
        yield line(Piece("Books", "bold"), unit)
        yield BLANK
        yield from book_blocks(told.segments, width)
    if told.verdicts:
        yield line(Piece("Policies", "bold"), f": {verdict_counts(plan.verdicts)}")
        yield BLANK
        yield from verdict_blocks(told.verdicts)
        yield BLANK
    if told.proofs:
        yield line(Piece("Proof", "bold"), f": {CHECKABLE}")
        yield BLANK
        for proof in told.proofs:
            names = ", ".join(map(escaped, proof.components))
            if proof.kept:
                yield hanging(["  "], f"kept: {proof.sentence}, in {names}")
            else:
                yield hanging([f"  {names}: "], proof.sentence)
        yield BLANK


def _figures(told: ToldPlan) -> Iterator[Block]:
    if fairness := list(fairness_blocks(told.segments)):
        yield line(Piece("Fairness", "bold"), " (largest book over smallest, size for size)")
        yield BLANK
        yield from fairness
        yield BLANK
    if told.verdicts:
        yield line(Piece("Policies", "bold"), f": {verdict_counts(told.plan.verdicts)}")
        yield BLANK
        if broken := [v for v in told.verdicts if v.word != "passed"]:
            yield from verdict_blocks(broken)
            yield BLANK


def _said(told: ToldPlan, width: int) -> Iterator[Block]:
    for diagnostic in told.said:
        yield from diagnostic_blocks(diagnostic, width)
        yield BLANK


def _ending(told: ToldPlan) -> Iterator[Block]:
    yield line(Piece(told.summary, "bold"))
    if told.next_steps is not None:
        yield BLANK
        yield line(told.next_steps.says)
        for command in told.next_steps.commands:
            yield Paragraph((escaped(command),), lead=("  ",), wrap=False)
