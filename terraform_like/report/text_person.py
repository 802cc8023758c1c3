"""The page of one person as text: what changes and when, the book ranked, hand-overs, slots, and the median."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from terraform_like.diagnostics import counted
from terraform_like.report.escape import escaped
from terraform_like.report.numbers import Formatted, column, figure, percent
from terraform_like.report.terminal import BLANK, WIDTH, Align, Block, Grid, Piece, hanging, line, rendered
from terraform_like.report.text_changes import FOLDED_AT
from terraform_like.report.told.books import COUNT
from terraform_like.report.told.person import Held, Passed, ToldPersonPage

_RIGHT: Align = "right"


def person_text(page: ToldPersonPage, *, color: bool, width: int = WIDTH, all_changes: bool = False) -> str:
    """Give the page of a person; tables of more than twenty lines fold, until all are asked for."""
    return rendered(_blocks(page, None if all_changes else FOLDED_AT), color=color, width=width)


def _blocks(page: ToldPersonPage, most: int | None) -> Iterator[Block]:
    plan = page.told.plan
    yield line(Piece(escaped(page.name), "bold"), f" in plan {escaped(plan.plan)} as of {plan.as_of}")
    yield line("you own " + (", ".join(map(escaped, page.owns)) or "no territory on that day"))
    yield BLANK
    yield line(Piece(page.headline, "bold"))
    yield BLANK
    yield from _passing("What comes to you", "from", page.comes, page, most)
    yield from _passing("What you hand over", "to", page.goes, page, most)
    yield from _later(page, most)
    yield from _holding(page.holds)
    yield from _compared(page)
    yield from _book(page, most)


def _passing(title: str, way: str, passed: Sequence[Passed], page: ToldPersonPage, most: int | None) -> Iterator[Block]:
    if not passed:
        return
    yield line(Piece(title, "bold"), f": {counted(len(passed), 'account')}")
    yield BLANK
    told, metrics = _formats([p.figures for p in passed], page.metrics[:1])
    rows = [
        (
            Piece(escaped(p.account)),
            Piece(_name(p.other)),
            *(Piece(told[m](p.figures.get(m))) for m in metrics),
            Piece(p.why, "dim"),
        )
        for p in passed[:most]
    ]
    sides: tuple[Align, ...] = ("left", "left", *(_RIGHT for _ in metrics), "left")
    yield Grid(("account", way, *map(escaped, metrics), "why"), sides, tuple(rows))
    yield from _folded(len(passed), most)
    yield BLANK


def _later(page: ToldPersonPage, most: int | None) -> Iterator[Block]:
    if not page.later:
        return
    yield line(Piece("Later", "bold"), ", each by an apply on that day")
    yield BLANK
    rows = [
        (
            Piece(f"{one.on}"),
            Piece("comes from" if one.comes else "goes to"),
            Piece(_name(one.other)),
            Piece(f"{len(one.accounts):,}", "bold"),
            Piece(one.why, "dim"),
        )
        for one in page.later[:most]
    ]
    yield Grid(("", "", "", "accounts", "why"), ("left", "left", "left", "right", "left"), tuple(rows))
    yield from _folded(len(page.later), most)
    yield BLANK


def _holding(holds: Sequence[Held]) -> Iterator[Block]:
    if not holds:
        return
    yield line(Piece("What you hold", "bold"), " for others")
    yield BLANK
    for held in holds:
        count = counted(held.accounts, "account") + " " if held.accounts is not None else ""
        since = f"from {held.since} " if held.since else ""
        until = f"to {held.to} " if held.to else ""
        credit = f"for {held.credit * 100:g}% of the credit"
        yield hanging(["  ", Piece(escaped(held.territory)), f" ({held.what}): "], f"{count}{since}{until}{credit}")
    yield BLANK


def _compared(page: ToldPersonPage) -> Iterator[Block]:
    if not page.compared:
        return
    yield line(Piece("How your book compares", "bold"), " with the median of its segment")
    yield BLANK
    rows = []
    for one in page.compared:
        told = figure if one.metric == COUNT else column([one.mine, one.middle])
        beside = percent(one.mine / one.middle) if one.middle else ""
        rows.append(
            (
                Piece(escaped(one.segment)),
                Piece(escaped(one.metric)),
                Piece(told(one.mine), "bold"),
                Piece(told(one.middle) if one.middle is not None else "too few colleagues"),
                Piece(beside),
            )
        )
    yield Grid(("segment", "", "yours", "median", "of it"), ("left", "left", "right", "right", "right"), tuple(rows))
    yield BLANK


def _book(page: ToldPersonPage, most: int | None) -> Iterator[Block]:
    if page.book is None:
        yield hanging([], "Your accounts are not listed: the snapshot is not at hand, or the YAML has changed since.")
        return
    if not page.book:
        return
    ranked = f" by {escaped(page.ranked_by)}" if page.ranked_by else ""
    yield line(Piece("Your book", "bold"), f": {counted(len(page.book), 'account')}{ranked}")
    yield BLANK
    far = any(kept.km is not None for kept in page.book)
    told, metrics = _formats([kept.figures for kept in page.book], page.metrics[: 1 if far else 2])
    header = ["", "account", *map(escaped, metrics)]
    sides: list[Align] = ["right", "left", *(_RIGHT for _ in metrics)]
    rows = [
        (
            Piece(f"{place}.", "dim"),
            Piece(escaped(kept.account), "bold" if kept.new else ""),
            *(Piece(told[m](kept.figures.get(m))) for m in metrics),
            *((Piece(f"{kept.km:,.0f} km" if kept.km is not None else "-"),) if far else ()),
            Piece("new" if kept.new else "", "bold"),
            Piece(escaped(kept.why), "dim"),
        )
        for place, kept in enumerate(page.book[:most], 1)
    ]
    header += [*(["from home"] if far else []), "", "why it is yours"]
    sides += [*((_RIGHT,) if far else ()), "left", "left"]
    yield Grid(tuple(header), tuple(sides), tuple(rows))
    yield from _folded(len(page.book), most)


def _formats(figures: Sequence[Mapping[str, float]], metrics: Sequence[str]) -> tuple[dict[str, Formatted], list[str]]:
    known = [m for m in metrics if any(m in row for row in figures)]
    return {m: column([row.get(m) for row in figures]) for m in known}, known


def _folded(count: int, most: int | None) -> Iterator[Block]:
    if most is not None and count > most:
        yield BLANK
        yield line(Piece(f"... and {count - most:,} more: --all-changes shows them all", "dim"), indent=2)


def _name(name: str | None) -> str:
    return escaped(name) if name is not None else "(nobody)"
