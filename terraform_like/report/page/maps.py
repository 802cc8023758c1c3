"""The map of a segment's books, before or after a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from terraform_like.report.page.drawing import Drawing, Rows, layered
from terraform_like.report.page.labels import NARROWEST, labels
from terraform_like.report.page.places import Places
from terraform_like.report.page.theme import CHOSEN, lit, told

if TYPE_CHECKING:
    import altair as alt

Side = Literal["before", "after"]
#: Names of the data that a page, or a picture, puts in.
CIRCLES, OUTLINES = "circles", "outlines"


def map_chart(places: Places, names: Sequence[str], side: Side, size: tuple[int, int] | None = None) -> Drawing:
    """Draw a segment's accounts in the colours of their territories, with the names of the books.

    The data named `circles` has one row a circle: `territory`, `hue`, `slot`, `latitude`, `longitude`, `n`, `account`
    (or how many accounts it stands for) and `other` (its territory on the other side).
    """
    import altair as alt

    ground = places.ground
    outlines = outlines_chart(ground.feature)
    area = told("14 + 10 * sqrt(datum.n)" if places.gathered else "13")
    circles = (
        alt.Chart(alt.NamedData(CIRCLES))
        .mark_point(
            shape="circle",
            size=area,
            strokeWidth=1,
            stroke=told("theme.hues[datum.hue]"),
            fill=told("datum.slot ? theme.paper : theme.hues[datum.hue]"),
            fillOpacity=0.75,
            opacity=lit("territory", shown=0.85, dimmed=0.06),
            cursor="pointer",
        )
        .encode(
            latitude="latitude:Q",
            longitude="longitude:Q",
            tooltip=[
                alt.Tooltip("account:N", title="account"),
                alt.Tooltip("territory:N", title=side),
                alt.Tooltip("other:N", title="after" if side == "before" else "before"),
            ],
        )
    )
    data = {"labels": _label_rows(places, names, side)}
    homes = []
    if side == "after":
        data["homes"] = _home_rows(places, names)
        homes.append(_homes())
    roomy = f"width >= {NARROWEST}" if size is None else "true"
    return Drawing(ground.projected(layered(outlines, circles, *homes, *_labels(roomy)), size), data)


def outlines_chart(feature: str) -> alt.Chart:
    """Draw the ground: a feature of the data named `outlines`, which is TopoJSON."""
    import altair as alt

    source = alt.NamedData(OUTLINES, format=alt.TopoDataFormat(type="topojson", feature=feature))
    ground: alt.Chart = alt.Chart(source).mark_geoshape(
        fill=told("theme.land"), stroke=told("theme.border"), strokeWidth=0.8, tooltip=None
    )
    return ground


def circles_of(places: Places, segment: str, side: Side, slots: frozenset[str]) -> list[dict[str, Any]]:
    """Give the rows of `circles` for one map."""
    other = "after" if side == "before" else "before"
    shown = places.of(segment).filter(pl.col(side).is_not_null())
    return [
        {
            "account": row["account"] or f"{row['n']:,} accounts",
            "territory": row[side],
            "other": row[other] or "",
            "hue": places.hues.get(row[side], 0),
            "slot": row[side] in slots,
            "latitude": row["latitude"],
            "longitude": row["longitude"],
            "n": row["n"],
        }
        for row in shown.iter_rows(named=True)
    ]


def _home_rows(places: Places, names: Sequence[str]) -> Rows:
    return [
        {"territory": name, "whose": whose, "latitude": latitude, "longitude": longitude}
        for name, whose, latitude, longitude in places.homes
        if name in set(names)
    ]


def _homes() -> alt.Chart:
    import altair as alt

    said = [alt.Tooltip("whose:N", title="from here"), alt.Tooltip("territory:N")]
    homes: alt.Chart = (
        alt.Chart(alt.NamedData("homes"))
        .mark_point(
            shape="diamond",
            size=80,
            strokeWidth=1.6,
            fill=told("theme.paper"),
            stroke=told("theme.ink"),
            opacity=lit("territory"),
            cursor="pointer",
        )
        .encode(latitude="latitude:Q", longitude="longitude:Q", tooltip=said)
    )
    return homes


def _label_rows(places: Places, names: Sequence[str], side: Side) -> Rows:
    middles = places.middles[side]
    return [
        {
            "territory": label.territory,
            "text": label.text,
            "align": label.align,
            "dy": label.down,
            "fits": label.fits,
            "latitude": round(middles[label.territory][0], 4),
            "longitude": round(middles[label.territory][1], 4),
        }
        for label in labels(names, middles)
    ]


def _labels(roomy: str) -> list[alt.Chart]:
    """Give the names of books at their middles, once as a halo and once as letters; on small maps the chosen one's."""
    import altair as alt

    base = alt.Chart(alt.NamedData("labels")).encode(latitude="latitude:Q", longitude="longitude:Q", text="text:N")
    shown = f"{CHOSEN} === datum.territory ? 1 : {CHOSEN} === '' && datum.fits && {roomy} ? 1 : 0"

    def letters(color: alt.ExprRef, halo: float) -> alt.Chart:
        text: alt.Chart = base.mark_text(
            color=color,
            stroke=color if halo else alt.Undefined,
            strokeWidth=halo,
            strokeJoin="round",
            fontSize=12,
            fontWeight=600,
            align=told("datum.align"),
            dy=told("datum.dy"),
            opacity=told(shown),
            tooltip=None,
        )
        return text

    return [letters(told("theme.paper"), 4), letters(told("theme.ink"), 0)]
