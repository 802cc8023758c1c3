"""The page of one person as Markdown: what changes and when, the book ranked, hand-overs, slots, and the median."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from terraform_like.diagnostics import counted
from terraform_like.report.markdown import FILLED, written
from terraform_like.report.markdown_text import Folded, Table, bold, code, cut, harmless, listed
from terraform_like.report.numbers import column, figure, percent
from terraform_like.report.terminal import Align
from terraform_like.report.told.books import COUNT
from terraform_like.report.told.person import Passed, ToldPersonPage

_LEFT: Align = "left"
_RIGHT: Align = "right"
#: Rows of a table, and characters of a name, from most to least.
_LEVELS = ((1000, 300), (300, 200), (100, 160), (30, 100), (10, 60), (0, 60))


@dataclass(frozen=True, slots=True)
class _Page:
    title: Markup
    owns: Markup
    headline: str
    holds: Table | None
    later: Table | None
    comes: Folded | None
    goes: Folded | None
    compared: Table | None
    book: Folded | None
    missing: str


def person_markdown(page: ToldPersonPage) -> str:
    """Give the page of a person as Markdown that fits into one comment, with as many rows as fit."""
    for rows, name in _LEVELS:
        text = written("person.md.j2", _page(page, rows, name))
        if len(text.encode()) <= FILLED:
            break
    return text


def _page(page: ToldPersonPage, rows: int, name: int) -> _Page:
    plan = page.told.plan
    books = listed([cut(territory, name) for territory in page.owns[:rows]]) if page.owns else Markup("no territory")
    return _Page(
        title=harmless(cut(page.name, name)) + Markup(" in plan ") + harmless(cut(plan.plan, name)),
        owns=Markup(f"As of {plan.as_of} you own ") + books + Markup("."),
        headline=page.headline,
        holds=_holds(page, rows, name),
        later=_later(page, rows, name),
        comes=_passing("come to you", "from", page.comes, page, rows, name),
        goes=_passing("you hand over", "to", page.goes, page, rows, name),
        compared=_compared(page, name),
        book=_book(page, rows, name),
        missing=""
        if page.book is not None
        else "Your accounts are not listed: the snapshot is not at hand, or the YAML has changed since.",
    )


def _name(value: str | None, longest: int) -> Markup:
    return harmless(cut(value, longest)) if value is not None else Markup("(nobody)")


def _more(count: int, rows: int) -> str:
    return f"and {count - rows:,} more" if count > rows else ""


def _passing(
    what: str, way: str, passed: Sequence[Passed], page: ToldPersonPage, rows: int, name: int
) -> Folded | None:
    metrics = [m for m in page.metrics[:2] if any(m in p.figures for p in passed)]
    told = {m: column([p.figures.get(m) for p in passed]) for m in metrics}
    found = tuple(
        (code(cut(p.account, name)), _name(p.other, name), *(told[m](p.figures.get(m)) for m in metrics), p.why)
        for p in passed[:rows]
    )
    if not found:
        return None
    align = (_LEFT, _LEFT, *(_RIGHT for _ in metrics), _LEFT)
    table = Table(("account", way, *(cut(m, name) for m in metrics), "why"), align, found)
    return Folded(f"{counted(len(passed), 'account')} {what}", table, _more(len(passed), rows))


def _later(page: ToldPersonPage, rows: int, name: int) -> Table | None:
    found = tuple(
        (
            f"{one.on}",
            Markup("{} {}").format("come from" if one.comes else "go to", _name(one.other, name)),
            _name(one.territory, name),
            f"{len(one.accounts):,}",
            one.why,
        )
        for one in page.later[:rows]
    )
    head = ("on", "", "territory", "accounts", "why")
    return Table(head, (_LEFT, _LEFT, _LEFT, _RIGHT, _LEFT), found) if found else None


def _holds(page: ToldPersonPage, rows: int, name: int) -> Table | None:
    found = tuple(
        (
            bold(cut(held.territory, name)),
            held.what,
            f"{held.accounts:,}" if held.accounts is not None else "",
            f"{held.credit * 100:g}%",
            f"{held.since or ''}",
            f"{held.to or ''}",
        )
        for held in page.holds[:rows]
    )
    head = ("territory", "", "accounts", "credit", "from", "to")
    return Table(head, (_LEFT, _LEFT, _RIGHT, _RIGHT, _LEFT, _LEFT), found) if found else None


def _compared(page: ToldPersonPage, name: int) -> Table | None:
    rows = []
    for one in page.compared:
        told = figure if one.metric == COUNT else column([one.mine, one.middle])
        beside = percent(one.mine / one.middle) if one.middle else ""
        middle = told(one.middle) if one.middle is not None else "too few colleagues"
        rows.append((_name(one.segment, name), _name(one.metric, name), bold(told(one.mine)), middle, beside))
    head = ("segment", "", "yours", "median", "of it")
    return Table(head, (_LEFT, _LEFT, _RIGHT, _RIGHT, _RIGHT), tuple(rows)) if rows else None


def _book(page: ToldPersonPage, rows: int, name: int) -> Folded | None:
    if not page.book or not rows:
        return None
    metrics = page.metrics[:3]
    told = {m: column([kept.figures.get(m) for kept in page.book]) for m in metrics}
    far = any(kept.km is not None for kept in page.book)
    found = tuple(
        (
            f"{place}",
            code(cut(kept.account, name)),
            _name(kept.territory, name),
            *(told[m](kept.figures.get(m)) for m in metrics),
            *((f"{kept.km:,.0f} km" if kept.km is not None else "",) if far else ()),
            Markup("**new**: ") + harmless(kept.why) if kept.new else kept.why,
        )
        for place, kept in enumerate(page.book[:rows], 1)
    )
    distance = ("from home",) if far else ()
    head = ("", "account", "territory", *(cut(m, name) for m in metrics), *distance, "why it is yours")
    align = (_RIGHT, _LEFT, _LEFT, *(_RIGHT for _ in (*metrics, *distance)), _LEFT)
    ranked = f" by {cut(page.ranked_by, name)}" if page.ranked_by else ""
    summary = f"Your book{ranked}: {counted(len(page.book), 'account')}"
    return Folded(summary, Table(head, align, found), _more(len(page.book), rows))
