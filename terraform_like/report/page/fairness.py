"""How even the books of every segment are, before and after: the largest load over the smallest, size for size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from terraform_like.report.numbers import evenness
from terraform_like.report.page.drawing import Drawing, layered
from terraform_like.report.page.theme import told
from terraform_like.report.told.books import ToldSegment

_ROW = 26
MEASURE = "spread"
#: A spread beyond this, or of a book that is empty, is drawn at the edge.
_FARTHEST = 20.0


def fairness_rows(segments: Sequence[ToldSegment]) -> list[dict[str, Any]]:
    """Give a row a segment and metric: the spread before and after."""
    rows = []
    for segment in segments:
        for fairness in segment.fairness:
            if fairness.measure != MEASURE or fairness.after is None:
                continue
            rows.append(
                {
                    "segment": segment.name,
                    "books": f"{segment.name}: {fairness.metric}",
                    "before": None if fairness.before is None else _drawn(fairness.before),
                    "after": _drawn(fairness.after),
                    "beforeSaid": evenness(fairness.before) if fairness.before is not None else "unknown",
                    "afterSaid": evenness(fairness.after),
                }
            )
    return rows


def fairness_chart(rows: Sequence[dict[str, Any]]) -> Drawing:
    """Draw how far each spread comes towards 1, at which all books are alike."""
    import altair as alt

    top = max((v for row in rows for v in (row["before"], row["after"]) if v is not None), default=2.0)
    scale = alt.Scale(type="log", domain=[1, max(top * 1.25, 1.5)], nice=False)
    ticks = [v for v in (1, 1.2, 1.5, 2, 3, 5, 10, 20) if v <= max(top * 1.25, 1.5)]
    axis = alt.Axis(values=ticks, format="~g", labelFlush=True)
    base = alt.Chart(alt.NamedData("segments")).encode(
        y=alt.Y("books:N", sort=None, title=None, axis=alt.Axis(grid=False, labelLimit=told("max(120, width * 0.6)"))),
        tooltip=[
            alt.Tooltip("books:N"),
            alt.Tooltip("beforeSaid:N", title="before"),
            alt.Tooltip("afterSaid:N", title="after"),
        ],
    )
    before = alt.X("before:Q", scale=scale, axis=axis, title=None)
    way = base.mark_rule(strokeWidth=2, color=told("theme.grid")).encode(x=before, x2="after:Q")
    was = base.mark_point(
        shape="circle", opacity=1, size=60, strokeWidth=1.8, stroke=told("theme.soft"), fill=told("theme.paper")
    ).encode(x=before)
    now = base.mark_point(shape="circle", opacity=1, size=80, strokeWidth=0, fill=told("theme.accent")).encode(
        x=alt.X("after:Q", scale=scale)
    )
    said = base.mark_text(align="left", baseline="bottom", dx=8, dy=-3, fontSize=11, color=told("theme.ink")).encode(
        x=alt.X("after:Q", scale=scale), text="afterSaid:N"
    )
    had = base.mark_text(align="left", baseline="middle", dx=9, fontSize=11, color=told("theme.soft")).encode(
        x=before, text="beforeSaid:N"
    )
    return Drawing(layered(way, was, now, had, said), {"segments": rows}, _ROW * len(rows))


def _drawn(value: float) -> float:
    return min(_FARTHEST, value) if math.isfinite(value) else _FARTHEST
