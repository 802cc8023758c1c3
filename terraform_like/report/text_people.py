"""Who gains and who loses accounts, as text."""

from __future__ import annotations

from collections.abc import Iterator

from terraform_like.diagnostics import counted
from terraform_like.report.escape import escaped
from terraform_like.report.numbers import column
from terraform_like.report.terminal import BLANK, Align, Block, Grid, Piece, line
from terraform_like.report.text_changes import FOLDED_AT
from terraform_like.report.told.plan import ToldPlan


def people_blocks(told: ToldPlan, *, all_changes: bool) -> Iterator[Block]:
    """Give what comes and goes for everybody whose accounts change, most changed first."""
    changed = [person for person in told.people if person.gains or person.loses]
    if not changed:
        return
    shown = changed if all_changes else changed[:FOLDED_AT]
    yield line(Piece("People", "bold"), " whose accounts change")
    yield BLANK
    header, align = ["person", "gains", "loses"], ["left", "right", "right"]
    rows = [[Piece(escaped(p.name)), _signed("+", p.gains), _signed("-", p.loses)] for p in shown]
    if all(p.after is not None for p in changed):
        header[1:1], align[1:1] = ["before", "after"], ["right", "right"]
        for row, p in zip(rows, shown, strict=True):
            row[1:1] = [Piece(f"{p.before:,}"), Piece(f"{p.after:,}", "bold")]
    for metric in told.metrics[:1]:
        figures = [p.sums.get(metric, (None, None)) for p in shown]
        if any(metric in p.sums for p in shown):
            told_as = column([v for pair in figures for v in pair])
            header += [f"{escaped(metric)}\nbefore", "\nafter"]
            align += ["right", "right"]
            for row, (was, will) in zip(rows, figures, strict=True):
                row += [Piece(told_as(was)), Piece(told_as(will), "bold")]
    sides: tuple[Align, ...] = tuple("left" if a == "left" else "right" for a in align)
    tall = any("\n" in title for title in header)
    titles = tuple(title if "\n" in title or not tall else f"\n{title}" for title in header)
    yield Grid(titles, sides, tuple(map(tuple, rows)))
    if folded := len(changed) - len(shown):
        yield BLANK
        rest = counted(folded, "more person", "more people")
        yield line(Piece(f"... and {rest}: --all-changes shows them all", "dim"), indent=2)
    yield BLANK


def _signed(sign: str, count: int) -> Piece:
    return Piece(f"{sign}{count:,}" if count else "0", "" if count else "dim")
