"""The steps of an apply as text: batch by batch, account by account, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice

from terraform_like.diagnostics import counted
from terraform_like.diff import Place
from terraform_like.plan.steps import Batch
from terraform_like.report.escape import escaped
from terraform_like.report.terminal import BLANK, WIDTH, Block, Grid, Piece, line, rendered
from terraform_like.report.text_changes import FOLDED_AT


def dry_run_text(
    plan: str,
    day: date,
    batches: Iterable[Batch],
    *,
    calls: int | None = None,
    color: bool,
    width: int = WIDTH,
    all_changes: bool = False,
) -> str:
    """Give what an apply would write; the first steps only, until all are asked for.

    Parameters
    ----------
    plan : str
        The plan's name.
    day : datetime.date
        The day that is to be true in the CRM.
    batches : iterable of Batch
        In the order in which they would be written; owners are CRM user ids.
    calls : int, optional
        About how many calls of the CRM it takes.
    color : bool
        Whether escape codes may be used.
    width : int
        Columns of the terminal.
    all_changes : bool
        Whether every step is shown.
    """
    return rendered(_blocks(plan, day, tuple(batches), calls, all_changes), color=color, width=width)


def _blocks(plan: str, day: date, batches: tuple[Batch, ...], calls: int | None, all_changes: bool) -> Iterator[Block]:
    count = sum(len(batch.steps) for batch in batches)
    left = count if all_changes else FOLDED_AT
    for batch in batches:
        if left <= 0:
            break
        shown = tuple(islice(batch.steps, left))
        left -= len(shown)
        yield line(Piece(f"Batch {batch.number:,} of {len(batches):,}", "bold"), f": {_accounts(len(batch.steps))}")
        rows = tuple(
            (Piece(escaped(step.account)), Piece(_place(step.before)), Piece("->", "dim"), Piece(_place(step.after)))
            for step in shown
        )
        yield Grid(("account", "before", "", "after"), ("left", "left", "left", "left"), rows)
        yield BLANK
    if not all_changes and count > FOLDED_AT:
        yield line(Piece(f"... and {count - FOLDED_AT:,} more: --all-changes shows them all", "dim"), indent=2)
        yield BLANK
    title = f"An apply of {escaped(plan)} on {day} would write"
    if count:
        ending = f"{_accounts(count)} in {counted(len(batches), 'batch', 'batches')}"
        ending += f", with about {counted(calls, 'call')} of the CRM" if calls is not None else ""
        yield line(Piece(f"{title} {ending}.", "bold"), " Nothing was written.")
    else:
        yield line(Piece(f"{title} nothing.", "bold"))


def _accounts(count: int) -> str:
    return counted(count, "account")


def _place(place: Place) -> str:
    territory = f" in {escaped(place.territory)}" if place.territory is not None else ""
    return f"{escaped(place.owner or 'nobody')}{territory}"
