"""A saved plan as one page of HTML that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from terraform_like.diagnostics import counted
from terraform_like.report.escape import escaped
from terraform_like.report.page.changes import changes_columns
from terraform_like.report.page.drawing import unchecked
from terraform_like.report.page.drawn import Charts, SegmentCharts
from terraform_like.report.page.heading import heading, tiles, verdict
from terraform_like.report.page.markup import MAPS_BY, json_for_script, library_script, policy, shipped, template
from terraform_like.report.page.places import MOST_SHOWN, Places, places_of
from terraform_like.report.page.theme import DARK, LIGHT
from terraform_like.report.told.books import Metric, Standing, ToldBook, ToldSegment
from terraform_like.report.told.people import ToldPerson
from terraform_like.report.told.plan import ToldPlan

_NO_FACTS = (
    "Where accounts lie is not told: the snapshot that the plan was made from is not at hand, or the YAML has changed "
    "since. territory check says which; a new plan brings the map back: territory plan --save"
)
_NO_LOCATION = (
    "Where accounts lie is not told: no account has a location here. The plan names its columns under accounts: "
    "location, and a page without names leaves them out."
)
_COLUMNS = (
    ("account", "account"),
    ("kind", "change"),
    ("before", "from"),
    ("after", "to"),
    ("had", "who had it"),
    ("has", "who has it"),
    ("why", "why"),
)
_OUT = {Standing.WITHIN: "", Standing.ABOVE: "↑", Standing.BELOW: "↓"}


def page_html(told: ToldPlan) -> str:
    """Write the page.

    Its policy of content allows the scripts and the style that stand in it, by their digests, and nothing else: no
    request leaves the page, and no text of a CRM becomes a script.
    """
    plan = told.plan
    owners = {territory.name: territory.owner for territory in plan.territories}
    places = None if told.facts is None else places_of(told.facts, owners)
    charts = Charts(told, places)
    with unchecked():
        fairness = charts.fairness()
        segments = [_segment(segment, charts.segment(segment)) for segment in told.segments]
    library, script = library_script(), shipped("page", "page.js")
    style = shipped("page", "page.css") + _aspect(places)
    page: str = template("page.html.j2").render(
        plan=plan,
        policy=policy((library, script), style),
        style=style,
        library=library,
        script=script,
        data=json_for_script(_data(told, places, charts)),
        heading=heading(told),
        verdict=verdict(told),
        tiles=tiles(told),
        verdicts=_verdicts(told),
        fairness=fairness,
        segments=segments,
        map_notes=_map_notes(places),
        no_map=_no_map(told, places),
        people=[_person(p) for p in told.people],
        kinds=[str(kind.kind) for kind in told.kinds],
        reasons=sorted({str(change.reasons[0].code) for change in plan.changes if change.reasons}),
        columns=_COLUMNS,
        proofs=told.proofs,
        notes=[{"summary": d.summary, "detail": d.detail} for d in told.said],
        maps_by=MAPS_BY if places is not None else "",
    )
    return page


def _data(told: ToldPlan, places: Places | None, charts: Charts) -> dict[str, Any]:
    territories = {t.name: t.segment for t in sorted(told.plan.territories, key=lambda t: t.name)}
    names = list(territories)
    # A territory that a plan dissolves is on the map before.
    if places is not None:
        gone = set(places.table["before"].drop_nulls()) - set(names)
        names += sorted(gone)
    at = {name: position for position, name in enumerate(names)}
    return {
        "territories": names,
        "segments": territories,
        "slots": [t.name for t in told.plan.territories if t.slot],
        "hues": [places.hues.get(name, 0) for name in names] if places is not None else [],
        "themes": {"light": LIGHT, "dark": DARK},
        "charts": [{"spec": c.spec, "segment": c.segment, "side": c.side} for c in charts.all],
        "outlines": places.ground.outlines() if places is not None else None,
        "places": {s.name: _circles(places, s.name, at) for s in told.segments} if places is not None else {},
        "changes": changes_columns(told),
    }


def _circles(places: Places, segment: str, at: Mapping[str, int]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = places.of(segment).to_dict(as_series=False)
    for side in ("before", "after"):
        columns[side] = [-1 if name is None else at.get(name, -1) for name in columns[side]]
    columns["account"] = [None if a is None else escaped(a) for a in columns["account"]]
    return columns


def _aspect(places: Places | None) -> str:
    return "" if places is None else f"\n:root {{ --aspect: {places.ground.aspect:.4f}; }}\n"


def _verdicts(told: ToldPlan) -> list[tuple[bool, list[dict[str, Any]]]]:
    """Give what policies said, those that ask for attention in full, then in short those that passed."""
    said = [
        {
            "word": v.word.lower(),
            "policy": v.verdict.policy,
            "level": v.verdict.level,
            "lines": v.lines[:1] if v.word == "passed" else v.lines,
        }
        for v in told.verdicts
    ]
    parts = ((short, [one for one in said if (one["word"] == "passed") is short]) for short in (False, True))
    return [(short, part) for short, part in parts if part]


def _segment(segment: ToldSegment, charts: SegmentCharts) -> dict[str, Any]:
    stood, stands = segment.outside
    territories = counted(len(segment.books), "territory", "territories")
    says = f"{counted(segment.accounts, 'account')} in {territories}"
    if any(
        load.figures.low is not None or load.figures.high is not None
        for b in segment.books
        for load in b.loads.values()
    ):
        says += f"; outside some band: {stood:,} before, {stands:,} after"
    drawn = charts.drawn
    flows_say = f"{counted(drawn.accounts, 'account')} that change territory or are new to a book."
    if drawn.rest:
        flows_say += f" Not drawn: {counted(drawn.rest, 'smaller flow')} of {counted(drawn.rest_accounts, 'account')}."
    return {
        "name": segment.name,
        "says": says,
        "maps": charts.maps,
        "loads": charts.loads,
        "flows": charts.flows,
        "flows_say": flows_say,
        "people": charts.people,
        "slots": any(book.territory.slot for book in segment.books),
        "metrics": [metric.name for metric in segment.metrics],
        "books": [
            {"name": book.name, "has": book.has, "cells": [_cell(book, metric) for metric in segment.metrics]}
            for book in segment.books
        ],
    }


def _cell(book: ToldBook, metric: Metric) -> dict[str, str]:
    load = book.loads.get(metric.name)
    if load is None:
        return {"before": "", "after": "", "share": "", "band": "", "out": ""}
    figures = load.figures
    return {
        "before": metric.load(figures.before),
        "after": metric.load(figures.after),
        "share": "" if figures.share is None else metric.limit(figures.share),
        "band": metric.band(figures),
        "out": _OUT[load.stands],
    }


def _person(person: ToldPerson) -> dict[str, Any]:
    return {
        "name": person.name,
        "owns": person.owns,
        "holds": person.holds,
        "gains": f"{person.gains:,}",
        "loses": f"{person.loses:,}",
        "before": "-" if person.before is None else f"{person.before:,}",
        "after": "-" if person.after is None else f"{person.after:,}",
    }


def _map_notes(places: Places | None) -> list[str]:
    if places is None:
        return []
    notes = []
    if places.gathered:
        notes.append(
            f"more than {MOST_SHOWN:,} accounts: a circle gathers those of one territory that lie near one another"
        )
    if places.hidden:
        notes.append(f"{counted(places.hidden, 'account')} off this map")
    if places.nowhere:
        notes.append(f"{counted(places.nowhere, 'account')} without a location")
    return notes


def _no_map(told: ToldPlan, places: Places | None) -> str:
    if places is not None:
        return ""
    return _NO_FACTS if told.facts is None else _NO_LOCATION
