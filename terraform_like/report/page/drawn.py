"""The charts of a page, as specifications with the place, the words and the data that each needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from terraform_like.diagnostics import counted
from terraform_like.report.page.drawing import Drawing
from terraform_like.report.page.fairness import fairness_chart, fairness_rows
from terraform_like.report.page.flows import Drawn, drawn_flows, flows_chart
from terraform_like.report.page.hues import hues
from terraform_like.report.page.loads import loads_chart
from terraform_like.report.page.maps import Side, map_chart
from terraform_like.report.page.people import timeline_chart, timeline_rows
from terraform_like.report.page.places import Places
from terraform_like.report.told.books import ToldSegment
from terraform_like.report.told.plan import ToldPlan

#: Pixels that a chart has on the page at most; of a higher one a part is seen.
_TALL = 900


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of the page.

    Parameters
    ----------
    number : int
        Its place among the specifications.
    title : str
        What stands above it.
    says : str
        The same for those who do not see it, and where the figures stand as text.
    spec : dict
        Vega-Lite.
    segment : str
        Whose accounts a map shows; empty for other charts.
    side : str or None
        Which side of the plan a map shows.
    """

    number: int
    title: str
    says: str
    spec: dict[str, Any]
    segment: str = ""
    side: Side | None = None

    @property
    def tall(self) -> bool:
        """Whether it is so high that it scrolls in a window of its own."""
        height = self.spec["height"]
        return not isinstance(height, str) and height > _TALL

    @property
    def is_map(self) -> bool:
        """Whether it is a map, whose height follows its width."""
        return self.side is not None


@dataclass(frozen=True, slots=True)
class SegmentCharts:
    """The charts of a segment; what there is nothing to show of is None or empty."""

    maps: tuple[Chart, ...]
    loads: tuple[Chart, ...]
    flows: Chart | None
    drawn: Drawn
    people: Chart | None


class Charts:
    """Draws the charts of a plan one after the other, and numbers them."""

    def __init__(self, told: ToldPlan, places: Places | None) -> None:
        self.told = told
        self.places = places
        names = tuple(sorted(territory.name for territory in told.plan.territories))
        self.hues = hues(names, {}) if places is None else places.hues
        self.all: list[Chart] = []

    def fairness(self) -> Chart | None:
        """Draw how even the books of all segments are."""
        rows = fairness_rows(self.told.segments)
        if not rows:
            return None
        says = "Fairness of each segment and metric before and after; the figures stand in the tables of the segments."
        return self._add(fairness_chart(rows), "", says)

    def segment(self, segment: ToldSegment) -> SegmentCharts:
        """Draw a segment."""
        plan = self.told.plan
        names = tuple(book.name for book in segment.books)
        segments = {territory.name: territory.segment for territory in plan.territories}
        loads = tuple(
            self._add(
                loads_chart(segment, metric),
                metric.name,
                f"{metric.name} of the books of {segment.name} before and after; the table below has the figures.",
            )
            for metric in segment.metrics
        )
        drawn = drawn_flows(self.told.flows, segments, segment.name)
        rows = timeline_rows(plan, names)
        return SegmentCharts(
            maps=self._maps(segment.name, names),
            loads=loads,
            flows=self._flows(segment.name, drawn),
            drawn=drawn,
            people=self._add(
                timeline_chart(rows),
                "",
                f"Who owns and holds the territories of {segment.name} from when to when.",
            )
            if rows
            else None,
        )

    def _maps(self, segment: str, names: tuple[str, ...]) -> tuple[Chart, ...]:
        places = self.places
        if places is None or places.of(segment).is_empty():
            return ()
        sides: tuple[tuple[Side, str], ...] = (("before", "Before"), ("after", "After"))
        return tuple(
            self._add(
                map_chart(places, names, side),
                title,
                f"Map of the accounts of {segment} by territory, {side} the plan; the tables say the same in words.",
                segment,
                side,
            )
            for side, title in sides
            # A first carve has nobody in a book before.
            if places.of(segment)[side].null_count() < places.of(segment).height
        )

    def _flows(self, segment: str, drawn: Drawn) -> Chart | None:
        if not drawn.flows:
            return None
        drawing = flows_chart(drawn, self.hues)
        says = (
            f"{counted(drawn.accounts, 'account')} of {segment} by the territory they leave and the one they come to."
        )
        return self._add(drawing, "", f"{says} The table of changes lists them.")

    def _add(self, drawing: Drawing, title: str, says: str, segment: str = "", side: Side | None = None) -> Chart:
        made = Chart(len(self.all), title, says, drawing.spec(), segment, side)
        self.all.append(made)
        return made
