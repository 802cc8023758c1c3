"""People's books over time: who owns, holds or covers which territory from when to when, a row a person and book."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from terraform_like.plan.model import Plan
from terraform_like.report.page.drawing import Drawing, layered
from terraform_like.report.page.theme import lit, told
from terraform_like.staffing.timeline import Staffing

#: Pixels of a row, and days that a plan without an end shows.
_ROW, _DAYS = 22, 365
NOBODY = "nobody"
#: Parts person and territory in the name of a row.
_SPACE = "\u2007\u2007"


def timeline_rows(plan: Plan, territories: Sequence[str]) -> list[dict[str, Any]]:
    """Give the bars of a segment's timeline: people by name, nobody first, each with the books they have.

    Parameters
    ----------
    plan : Plan
        Whose staffing is told.
    territories : sequence of str
        The territories of the segment.
    """
    here = [row for row in plan.staffing if row.territory in set(territories) and not row.team]
    first, last = plan.as_of, _end(plan)
    shown = [row for row in here if (row.to or last) >= first and (row.since or first) <= last]
    shown.sort(key=lambda r: (r.person is not None, r.person or "", r.interim, r.territory, r.since or date.min))
    rows = []
    for (person, territory), group in groupby(shown, key=lambda r: (r.person, r.territory)):
        label = person if person is not None else NOBODY
        for row in group:
            begins, ends = max(row.since or first, first), min(row.to or last, last)
            rows.append(
                {
                    "lane": f"{label}{_SPACE}{territory}",
                    "person": label,
                    "territory": territory,
                    "kind": "vacant" if person is None else "holds" if row.interim else "owns",
                    "what": _what(row),
                    "said": territory if person is not None and not row.interim else f"{territory}: {_what(row)}",
                    "from": begins.isoformat(),
                    # A last day is whole: its bar ends where the next day begins.
                    "to": (ends + timedelta(days=1)).isoformat(),
                    "since": "open" if row.since is None else row.since.isoformat(),
                    "until": "open" if row.to is None else row.to.isoformat(),
                }
            )
    return rows


def timeline_chart(rows: Sequence[dict[str, Any]]) -> Drawing:
    """Draw bars over time: full for who owns, light with a border for who holds, a broken border for nobody."""
    import altair as alt

    source = alt.Chart(alt.NamedData("staffing"))
    y = alt.Y(
        "lane:N",
        sort=None,
        title=None,
        scale=alt.Scale(paddingInner=0.25),
        axis=alt.Axis(grid=False, labelExpr=f"split(datum.label, '{_SPACE}')[0]", labelLimit=150),
    )
    months = alt.Axis(format="%b %Y", tickCount={"interval": "month", "step": 2}, labelFlush=True, grid=True)
    x = alt.X("from:T", title=None, scale=alt.Scale(type="utc"), axis=months)
    said = [
        "person:N",
        "territory:N",
        "what:N",
        alt.Tooltip("since:N", title="from"),
        alt.Tooltip("until:N", title="to"),
    ]
    bars = source.mark_bar(
        cornerRadius=3,
        height=16,
        fill=told("datum.kind === 'owns' ? theme.accent : datum.kind === 'holds' ? theme.band : theme.paper"),
        stroke=told("datum.kind === 'vacant' ? theme.alert : theme.accent"),
        strokeWidth=1,
        strokeDash=told("datum.kind === 'vacant' ? [4, 3] : [1, 0]"),
        opacity=lit("territory"),
        cursor="pointer",
    ).encode(x=x, x2="to:T", y=y, tooltip=said)
    words = source.mark_text(
        align="left",
        baseline="middle",
        dx=6,
        fontSize=11,
        color=told("datum.kind === 'owns' ? theme.paper : theme.ink"),
        opacity=lit("territory"),
        cursor="pointer",
    ).encode(x=x, y=y, text="said:N", tooltip=said)
    return Drawing(layered(bars, words), {"staffing": rows}, _ROW * len(rows))


def _what(row: Staffing) -> str:
    if row.person is None:
        return "vacant, held by nobody"
    credit = f" for {row.credit * 100:g}% of the credit" if row.credit != 1 else ""
    return f"{'holds' if row.interim else 'owns'}{credit}"


def _end(plan: Plan) -> date:
    """Give the last day that is shown: the last that the staffing names, a year from the plan's day at least."""
    named = [day for row in plan.staffing for day in (row.since, row.to) if day is not None]
    return max([plan.as_of + timedelta(days=_DAYS), *named])
