"""Loads of a segment's books against their bands, before and after, one metric a chart."""

from __future__ import annotations

from typing import Any

from terraform_like.report.page.drawing import Drawing, layered
from terraform_like.report.page.theme import CHOSEN, lit, told
from terraform_like.report.told.books import Metric, Standing, ToldSegment

#: Pixels of a book's row.
_ROW = 22
_SAYS = {Standing.WITHIN: "within its band", Standing.ABOVE: "above its band", Standing.BELOW: "below its band"}


def loads_chart(segment: ToldSegment, metric: Metric) -> Drawing:
    """Draw a row a book: its band, its fair share, where its load was and where it goes.

    Parameters
    ----------
    segment : ToldSegment
        The books.
    metric : Metric
        What is balanced.
    """
    import altair as alt

    rows = _rows(segment, metric)
    top = max((v for row in rows for v in (row["before"], row["after"], row["high"] or 0)), default=0) * 1.02 or 1
    for row in rows:
        row["from"], row["to"] = row["low"] or 0, top if row["high"] is None else row["high"]
    base = alt.Chart(alt.NamedData("books")).encode(
        y=alt.Y("territory:N", sort=None, title=None, scale=alt.Scale(paddingInner=0.3), axis=alt.Axis(grid=False))
    )
    scale = alt.Scale(domain=[0, top], nice=False)
    short = "replace(format(datum.value, '~s'), 'G', 'B')"
    axis = alt.Axis(format=",~f", labelExpr=short if top >= 10_000 else "datum.label", tickCount=5, labelFlush=True)
    said = [
        alt.Tooltip("territory:N"),
        alt.Tooltip("owner:N"),
        alt.Tooltip("beforeSaid:N", title="before"),
        alt.Tooltip("afterSaid:N", title="after"),
        alt.Tooltip("shareSaid:N", title="fair share"),
        alt.Tooltip("band:N"),
        alt.Tooltip("stands:N", title="after the plan"),
    ]
    # Catches a click anywhere in the row, and shows which one is chosen.
    row = base.mark_rect(
        fill=told("theme.accent"),
        opacity=told(f"{CHOSEN} === datum.territory ? 0.14 : 0.001"),
        cursor="pointer",
    ).encode(tooltip=said)
    band = (
        base.transform_filter("datum.banded")
        .mark_bar(
            height=12, cornerRadius=3, color=told("theme.band"), opacity=lit("territory", dimmed=0.4), cursor="pointer"
        )
        .encode(x=alt.X("from:Q", scale=scale, axis=axis, title=None), x2="to:Q", tooltip=said)
    )
    share = (
        base.transform_filter("datum.share !== null")
        .mark_tick(thickness=1.5, size=16, color=told("theme.soft"), opacity=lit("territory"), cursor="pointer")
        .encode(x=alt.X("share:Q", scale=scale), tooltip=said)
    )
    way = base.mark_rule(strokeWidth=1.5, color=told("theme.soft"), opacity=lit("territory", shown=0.7)).encode(
        x=alt.X("before:Q", scale=scale, axis=axis, title=None), x2="after:Q"
    )
    was = base.mark_point(
        shape="circle",
        size=46,
        strokeWidth=1.6,
        stroke=told("theme.soft"),
        fill=told("theme.paper"),
        opacity=lit("territory"),
        cursor="pointer",
    ).encode(x=alt.X("before:Q", scale=scale), tooltip=said)
    # Out of its band is another shape as well as another colour.
    now = base.mark_point(
        shape=told("datum.out ? 'diamond' : 'circle'"),
        size=told("datum.out ? 110 : 70"),
        strokeWidth=0,
        fill=told("datum.out ? theme.alert : theme.accent"),
        opacity=lit("territory"),
        cursor="pointer",
    ).encode(x=alt.X("after:Q", scale=scale), tooltip=said)
    return Drawing(layered(row, band, share, way, was, now), {"books": rows}, _ROW * len(rows))


def _rows(segment: ToldSegment, metric: Metric) -> list[dict[str, Any]]:
    found = []
    for book in segment.books:
        load = book.loads.get(metric.name)
        if load is None:
            continue
        figures = load.figures
        found.append(
            {
                "territory": book.name,
                "owner": book.has,
                "before": figures.before,
                "after": figures.after,
                "share": figures.share,
                "low": figures.low,
                "high": figures.high,
                "banded": figures.low is not None or figures.high is not None,
                "out": load.stands is not Standing.WITHIN,
                "stands": _SAYS[load.stands] if figures.low is not None or figures.high is not None else "no band",
                "beforeSaid": metric.load(figures.before),
                "afterSaid": metric.load(figures.after),
                "shareSaid": metric.limit(figures.share),
                "band": metric.band(figures) or "-",
            }
        )
    return found
