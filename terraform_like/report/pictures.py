"""A saved plan as one picture for slides: for each segment the map of its books and their loads against the bands."""

from __future__ import annotations

from typing import Any, Literal

from terraform_like.report.page.drawing import Drawing, layered, svg_of, unchecked
from terraform_like.report.page.heading import heading
from terraform_like.report.page.loads import loads_chart
from terraform_like.report.page.maps import CIRCLES, OUTLINES, circles_of, map_chart
from terraform_like.report.page.places import places_of
from terraform_like.report.page.theme import LOOKS, told
from terraform_like.report.told.books import COUNT, Metric, ToldSegment
from terraform_like.report.told.plan import ToldPlan

#: vl-convert brings this font along, so that pictures have the same letters on every machine.
_FONT = "Liberation Sans"
#: Pixels of a map's and a chart's width, and between parts; a PNG has twice as many.
_MAP, _BARS, _GAP, _SHARPNESS = 620, 340, 28, 2.0
_LEGEND = (
    ("before", "was"),
    ("after", "is"),
    ("after, outside its band", "out"),
    ("band, with the fair share", "band"),
)


def picture(told_plan: ToldPlan, form: Literal["svg", "png"]) -> bytes:
    """Draw a plan; the same plan gives the same bytes."""
    with unchecked():
        spec = _spec(told_plan)
    if form == "svg":
        return f"{svg_of(spec)}\n".encode()
    import vl_convert

    return vl_convert.vegalite_to_png(spec, scale=_SHARPNESS)


def _spec(told_plan: ToldPlan) -> dict[str, Any]:
    plan = told_plan.plan
    owners = {territory.name: territory.owner for territory in plan.territories}
    places = None if told_plan.facts is None else places_of(told_plan.facts, owners)
    slots = frozenset(territory.name for territory in plan.territories if territory.slot)
    data: dict[str, Any] = {} if places is None else {OUTLINES: places.ground.outlines()}
    rows = []
    for number, segment in enumerate(told_plan.segments):
        views = []
        if places is not None and not places.of(segment.name).is_empty():
            size = (_MAP, round(_MAP / places.ground.aspect))
            drawing = map_chart(places, tuple(book.name for book in segment.books), "after", size)
            circles = {**drawing.data, CIRCLES: circles_of(places, segment.name, "after", slots)}
            views.append(_view(Drawing(drawing.chart, circles), f"map {number}", *size, data))
        metric = _weightiest(segment)
        bars = loads_chart(segment, metric)
        views.append(_view(bars, f"loads {number}", _BARS, bars.height or 0, data, metric.name))
        title = {"text": segment.name, "fontSize": 16, "offset": 8}
        rows.append({"hconcat": views, "spacing": _GAP, "title": title, "align": "none"})
    rows.append(_view(_legend(), "legend", _MAP + _BARS, 20, data))
    return {
        **LOOKS,
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "config": {**LOOKS["config"], "font": _FONT},
        "background": {"expr": "theme.paper"},
        "padding": 24,
        "title": {
            "text": plan.plan,
            "subtitle": [heading(told_plan), told_plan.summary],
            "fontSize": 24,
            "subtitleFontSize": 14,
            "offset": 18,
        },
        "vconcat": rows,
        "spacing": _GAP,
        "datasets": data,
    }


def _weightiest(segment: ToldSegment) -> Metric:
    """Give the metric that a picture shows: the first that is no count."""
    return next((metric for metric in segment.metrics if metric.name != COUNT), segment.metrics[0])


def _view(
    drawing: Drawing, name: str, width: int, height: int, data: dict[str, Any], title: str | None = None
) -> dict[str, Any]:
    """Give a part of a picture; its data goes to the others under names that no other part has."""
    spec = drawing.chart.to_dict(validate=False, context={"top_level": False})
    for key, rows in drawing.data.items():
        data[f"{name} {key}"] = list(rows)
    view = {**_renamed(spec, {key: f"{name} {key}" for key in drawing.data}), "width": width, "height": height}
    return view if title is None else {**view, "title": {"text": title, "fontWeight": "normal", "fontSize": 12}}


def _renamed(spec: Any, names: dict[str, str]) -> Any:
    """Give a specification whose data have other names."""
    if isinstance(spec, list):
        return [_renamed(part, names) for part in spec]
    if not isinstance(spec, dict):
        return spec
    found = {key: _renamed(value, names) for key, value in spec.items()}
    source = found.get("data")
    if isinstance(source, dict) and source.get("name") in names:
        found["data"] = {**source, "name": names[source["name"]]}
    return found


def _legend() -> Drawing:
    import altair as alt

    rows = [{"said": said, "kind": kind, "x": x} for (said, kind), x in zip(_LEGEND, (8, 88, 158, 330), strict=True)]
    base = alt.Chart(alt.NamedData("legend")).encode(x=alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 960])))
    marks = base.mark_point(
        opacity=1,
        shape=told("datum.kind === 'out' ? 'diamond' : datum.kind === 'band' ? 'square' : 'circle'"),
        size=told("datum.kind === 'was' ? 46 : datum.kind === 'band' ? 110 : 80"),
        strokeWidth=told("datum.kind === 'was' ? 1.6 : 0"),
        stroke=told("theme.soft"),
        fill=told(
            "{was: theme.paper, is: theme.accent, out: theme.alert, band: theme.band}[datum.kind]",
        ),
    )
    words = base.mark_text(align="left", dx=10, color=told("theme.soft")).encode(text="said:N")
    return Drawing(layered(marks, words), {"legend": rows}, 20)
