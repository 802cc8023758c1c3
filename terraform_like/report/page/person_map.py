"""The map of one person's accounts, as SVG whose colours are those of the page that it stands in."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import polars as pl

from terraform_like.report.page.drawing import layered, svg_of, unchecked
from terraform_like.report.page.ground import ground_of
from terraform_like.report.page.maps import OUTLINES, outlines_chart
from terraform_like.report.page.theme import LIGHT, LOOKS, told
from terraform_like.report.told.person import ToldPersonPage

#: Colours that stand for those of the style of the page, light or dark.
_STANDS_FOR = {
    "#010101": "var(--land)",
    "#020202": "var(--paper)",
    "#030303": "var(--accent)",
    "#040404": "var(--alert)",
    "#050505": "var(--soft)",
    "#060606": "var(--ink)",
}
_LAND, _PAPER, _ACCENT, _ALERT, _SOFT, _INK = _STANDS_FOR
#: Pixels, and degrees of longitude from which one book gets a map of the whole country.
_WIDTH, _WHOLE = 900, 40.0


def person_map(page: ToldPersonPage) -> str:
    """Draw where the accounts of a person lie; nothing where no location is known."""
    facts = page.told.facts
    if facts is None:
        return ""
    mine, was = pl.col("has").eq_missing(page.name), pl.col("had").eq_missing(page.name)
    known = facts.table.filter((mine & pl.col("after").is_not_null()) | (was & pl.col("before").is_not_null()))
    kind = pl.when(~mine).then(pl.lit("gone")).when(was).then(pl.lit("mine")).otherwise(pl.lit("new"))
    known = known.select("latitude", "longitude", kind=kind).drop_nulls()
    if known.is_empty():
        return ""
    ground, shown = ground_of(known.select("latitude", "longitude").to_numpy(), _WHOLE)
    rows = known.filter(pl.Series(shown)).with_columns(pl.col("latitude", "longitude").round(4)).to_dicts()
    home = facts.homes.get(page.name)
    if home is not None and ground.shows(np.array([home], float))[0]:
        rows.append({"latitude": home[0], "longitude": home[1], "kind": "home"})
    size = (_WIDTH, round(_WIDTH / ground.aspect))
    with unchecked():
        chart = ground.projected(layered(outlines_chart(ground.feature), _points()), size)
        spec: dict[str, Any] = chart.to_dict(validate=False)
    theme = {**LIGHT, "land": _LAND, "border": _PAPER}
    spec |= {
        **LOOKS,
        "params": [{"name": "theme", "value": theme}],
        "background": None,
        "width": size[0],
        "height": size[1],
        "datasets": {OUTLINES: ground.outlines(), "accounts": rows},
    }
    return _in_colors_of_the_page(svg_of(spec))


def _points() -> Any:
    import altair as alt

    colors = f"{{mine: '{_ACCENT}', new: '{_ALERT}', gone: '{_PAPER}', home: '{_PAPER}'}}[datum.kind]"
    edges = f"{{mine: '{_PAPER}', new: '{_PAPER}', gone: '{_SOFT}', home: '{_INK}'}}[datum.kind]"
    return (
        alt.Chart(alt.NamedData("accounts"))
        .mark_point(
            shape=told("datum.kind === 'new' || datum.kind === 'home' ? 'diamond' : 'circle'"),
            size=told("datum.kind === 'home' ? 160 : datum.kind === 'new' ? 60 : 42"),
            fill=told(colors),
            stroke=told(edges),
            strokeWidth=told("datum.kind === 'home' ? 2 : datum.kind === 'gone' ? 1.2 : 0.5"),
            opacity=0.9,
        )
        .encode(latitude="latitude:Q", longitude="longitude:Q")
    )


def _in_colors_of_the_page(svg: str) -> str:
    # Style attributes are what the policy of content refuses.
    svg = re.sub(r' style="[^"]*"', "", svg)
    for color, name in _STANDS_FOR.items():
        svg = svg.replace(color, name)
    return re.sub(r'^<svg ([^>]*?)width="\d+" height="\d+"', r'<svg aria-hidden="true" \1', svg.strip(), count=1)
