"""A chart with its data, and how it becomes a specification in the colours and letters of all charts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from terraform_like.report.page.theme import LOOKS

if TYPE_CHECKING:
    import altair as alt

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart.

    Parameters
    ----------
    chart : altair.LayerChart
        What is drawn, of data by name.
    data : mapping of str to sequence of mapping
        The rows of each; those of maps come later, since a page keeps them once for all.
    height : int or None
        Pixels that it needs; None where its height follows its width.
    """

    chart: alt.LayerChart
    data: Mapping[str, Rows] = field(default_factory=dict)
    height: int | None = None

    def spec(self) -> dict[str, Any]:
        """Give Vega-Lite that fills the place that a page gives it."""
        spec: dict[str, Any] = self.chart.to_dict(validate=_checks())
        data = {name: list(rows) for name, rows in self.data.items()}
        size = {"width": "container", "height": self.height or "container"}
        return {**spec, **size, "datasets": data, **LOOKS, "background": "transparent"}


@contextmanager
def unchecked() -> Iterator[None]:
    """Draw without comparing each part with the schema of Vega-Lite, which takes ten times as long; tests compare."""
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):
        yield


def _checks() -> bool:
    from altair.utils import schemapi

    return bool(schemapi.DEBUG_MODE)


def layered(*charts: alt.Chart) -> alt.LayerChart:
    """Lay charts over one another, the first undermost."""
    import altair as alt

    return alt.LayerChart(layer=list(charts))


def svg_of(spec: dict[str, Any]) -> str:
    """Draw a specification as SVG; the same one gives the same text, whatever was drawn before it."""
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(spec)
    # Its clipping paths are numbered on from drawing to drawing.
    clips = dict.fromkeys(re.findall(r'id="(clip[0-9]+)"', svg))
    numbers = {name: f"clip{number}" for number, name in enumerate(clips, 1)}
    return re.sub(r'(?<=id=")clip[0-9]+(?=")|(?<=url\(#)clip[0-9]+(?=\))', lambda found: numbers[found[0]], svg)
