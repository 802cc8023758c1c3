"""What a plan means for one person, as a page of HTML without a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from terraform_like.diagnostics import counted
from terraform_like.report.numbers import Formatted, column, percent
from terraform_like.report.page.markup import MAPS_BY, policy, shipped, template
from terraform_like.report.page.person_map import person_map
from terraform_like.report.told.books import COUNT
from terraform_like.report.told.person import COLLEAGUES_AT_LEAST, Held, Kept, Later, Passed, ToldPersonPage


def person_html(page: ToldPersonPage) -> str:
    """Write the page of a person."""
    style = shipped("page", "page.css")
    formats = _formats(page)
    written: str = template("person.html.j2").render(
        page=page,
        plan=page.told.plan,
        policy=policy((), style),
        style=style,
        tiles=_tiles(page),
        at_least=COLLEAGUES_AT_LEAST,
        compared=_compared(page),
        map=person_map(page),
        maps_by=MAPS_BY,
        metrics=page.metrics,
        passed=[part for part in (_coming(page, formats), _going(page, formats)) if part["groups"]],
        holds=[_held(held) for held in page.holds],
        later=[_later(one) for one in page.later],
        book=_book(page, formats),
        book_says=_book_says(page),
        away=any(kept.km is not None for kept in page.book or ()),
    )
    return written


def _formats(page: ToldPersonPage) -> dict[str, Formatted]:
    """Give for each metric the one format that suits all accounts of the page."""
    shown: list[Kept | Passed] = [*(page.book or ()), *page.comes, *page.goes]
    return {metric: column([one.figures.get(metric) for one in shown]) for metric in page.metrics}


def _told(figures: Mapping[str, float], formats: Mapping[str, Formatted]) -> list[str]:
    return [formatted(figures.get(metric)) for metric, formatted in formats.items()]


def _tiles(page: ToldPersonPage) -> list[dict[str, str]]:
    tiles = [("come to me", f"{len(page.comes):,}"), ("go from me", f"{len(page.goes):,}")]
    for name, value in (("accounts before", page.before), ("accounts after", page.after)):
        if value is not None:
            tiles.append((name, f"{value:,}"))
    if page.owns:
        tiles.append(("own territories", f"{len(page.owns):,}"))
    return [{"name": name, "value": value} for name, value in tiles]


def _compared(page: ToldPersonPage) -> list[dict[str, str]]:
    rows = []
    for one in page.compared:
        formatted = column([one.mine, one.middle], exact=one.metric == COUNT)
        apart = (
            "-"
            if not one.middle
            else f"{'+' if one.mine >= one.middle else '−'}{percent(abs(one.mine / one.middle - 1))}"
        )
        told = {"mine": formatted(one.mine), "middle": formatted(one.middle), "apart": apart}
        rows.append({"segment": one.segment, "metric": one.metric, **told})
    return rows


def _coming(page: ToldPersonPage, formats: Mapping[str, Formatted]) -> dict[str, Any]:
    return {"id": "comes", "title": "What comes to me", "groups": _groups(page.comes, formats, "From", "From nobody")}


def _going(page: ToldPersonPage, formats: Mapping[str, Formatted]) -> dict[str, Any]:
    return {"id": "goes", "title": "What I hand over", "groups": _groups(page.goes, formats, "To", "To nobody")}


def _groups(passed: Iterable[Passed], formats: Mapping[str, Formatted], word: str, nobody: str) -> list[dict[str, Any]]:
    """Group accounts by whom they come from or go to; within a group they keep their order."""
    found = []
    for other, group in groupby(sorted(passed, key=lambda p: p.other or ""), key=lambda p: p.other):
        rows = [
            {"account": p.account, "territory": p.territory or "-", "figures": _told(p.figures, formats), "why": p.why}
            for p in group
        ]
        who = nobody if other is None else f"{word} {other}"
        found.append({"says": f"{who}: {counted(len(rows), 'account')}", "rows": rows})
    return found


def _held(held: Held) -> str:
    accounts = "" if held.accounts is None else f" {counted(held.accounts, 'account')}"
    since = f" from {held.since}" if held.since else ""
    until = f" to {held.to}" if held.to else ""
    return f"{held.territory} ({held.what}):{accounts}{since}{until}, for {held.credit * 100:g}% of the credit"


def _later(one: Later) -> dict[str, str]:
    count = counted(len(one.accounts), "account")
    who = one.other or "nobody"
    way = f"{count} from {who} to me" if one.comes else f"{count} from me to {who}"
    place = f" in {one.territory}" if one.territory else ""
    return {"on": str(one.on), "says": f"{way}{place} ({one.why})", "accounts": ", ".join(one.accounts)}


def _book(page: ToldPersonPage, formats: Mapping[str, Formatted]) -> list[dict[str, Any]] | None:
    if page.book is None:
        return None
    return [
        {
            "account": kept.account,
            "territory": kept.territory,
            "figures": _told(kept.figures, formats),
            "km": "-" if kept.km is None else f"{kept.km:,.0f}",
            "why": kept.why,
            "new": kept.new,
        }
        for kept in page.book
    ]


def _book_says(page: ToldPersonPage) -> str:
    ranked = f", the largest {page.ranked_by} first" if page.ranked_by else ""
    return f"{counted(len(page.book or ()), 'account')} on {page.told.plan.as_of}{ranked}."
