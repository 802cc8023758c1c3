"""Accounts that go from one territory to another, as a Sankey diagram: who gives on the left, who gets on the right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from terraform_like.report.page.drawing import Drawing, layered
from terraform_like.report.page.theme import lit, told
from terraform_like.report.told.changes import Flow

#: Flows of a diagram that a person can follow; the largest are drawn.
MOST_FLOWS = 80
#: Pixels that the name of a territory needs, between two territories, and of an account where there are few.
_NAME, _GAP, _WIDEST = 17.0, 4.0, 6.0
#: Height that the bars of a side share, in pixels.
_ROOM = 300.0
#: What stands on the side where there is no territory.
NEW, GONE = "new to a book", "leaves every book"
_HUE = "datum.hue < 0 ? theme.soft : theme.hues[datum.hue]"


@dataclass(frozen=True, slots=True)
class Drawn:
    """The flows of a segment that are drawn, most accounts first, and how many are not."""

    flows: tuple[Flow, ...]
    rest: int
    rest_accounts: int

    @property
    def accounts(self) -> int:
        """Accounts that are drawn."""
        return sum(flow.accounts for flow in self.flows)


def drawn_flows(flows: Sequence[Flow], segment_of: Mapping[str, str], segment: str) -> Drawn:
    """Give the largest flows into a segment's territories, or out of them to no book."""
    here = [flow for flow in flows if segment_of.get(flow.after or flow.before or "") == segment]
    rest = here[MOST_FLOWS:]
    return Drawn(tuple(here[:MOST_FLOWS]), len(rest), sum(flow.accounts for flow in rest))


@dataclass(frozen=True, slots=True)
class _Node:
    """One territory on one side: how many accounts, where its bar begins and how long it is, in pixels from the top."""

    name: str
    accounts: int
    top: float
    length: float
    middle: float


def flows_chart(drawn: Drawn, hues: Mapping[str, int]) -> Drawing:
    """Draw flows."""
    import altair as alt

    scale = min(_WIDEST, _ROOM / max(1, drawn.accounts))
    left = _stacked(Counter(_left(f) for f in drawn.flows for _ in range(f.accounts)), scale)
    right = _stacked(Counter(_right(f) for f in drawn.flows for _ in range(f.accounts)), scale)
    height = max(side[-1].top + side[-1].length + _NAME for side in (list(left.values()), list(right.values())))
    # Names stand beside the diagram, and take a third of a narrow page each at most.
    room = "min(190, width * 0.34)"
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 1], range=[told(room), told(f"width - {room}")]))
    y_scale = alt.Scale(domain=[0, height], range=[0, told("height")], nice=False)
    ribbons = (
        alt.Chart(alt.NamedData("flows"))
        .mark_area(
            interpolate="monotone",
            fill=told(_HUE),
            opacity=lit("territory", "to", shown=0.42, dimmed=0.05),
            cursor="pointer",
        )
        .encode(
            x=x,
            y=alt.Y("y:Q", axis=None, scale=y_scale),
            y2="y2:Q",
            detail="flow:N",
            tooltip=[
                alt.Tooltip("territory:N", title="from"),
                alt.Tooltip("to:N"),
                alt.Tooltip("accounts:Q", format=","),
                alt.Tooltip("why:N"),
            ],
        )
    )
    bars = alt.Chart(alt.NamedData("territories"))
    y = alt.Y("top:Q", axis=None, scale=y_scale)
    blocks = bars.mark_rule(strokeWidth=9, stroke=told(_HUE), opacity=lit("territory"), cursor="pointer").encode(
        x=x, y=y, y2="bottom:Q"
    )
    letters = alt.Y("middle:Q", axis=None, scale=y_scale)
    names = bars.mark_text(
        align=told("datum.x ? 'left' : 'right'"),
        baseline="middle",
        dx=told("datum.x ? 10 : -10"),
        limit=told(f"{room} - 12"),
        color=told("theme.ink"),
        opacity=lit("territory", dimmed=0.35),
        cursor="pointer",
    ).encode(x=x, y=letters, text="said:N")
    data = {"flows": _ribbons(drawn.flows, left, right, scale, hues), "territories": _bars(left, right, hues)}
    return Drawing(layered(ribbons, blocks, names), data, round(height))


def _left(flow: Flow) -> str:
    return flow.before if flow.before is not None else NEW


def _right(flow: Flow) -> str:
    return flow.after if flow.after is not None else GONE


def _stacked(counts: Mapping[str, int], scale: float) -> dict[str, _Node]:
    """Stack territories by name, each with room for its name."""
    found, top = {}, 0.0
    for name in sorted(counts, key=lambda n: (n in (NEW, GONE), n)):
        length = counts[name] * scale
        room = max(length + _GAP, _NAME)
        begins = top + (room - length) / 2
        found[name] = _Node(name, counts[name], begins, length, top + room / 2)
        top += room
    return found


def _ribbons(
    flows: Sequence[Flow], left: Mapping[str, _Node], right: Mapping[str, _Node], scale: float, hues: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Give four points a ribbon: flat at both ends, so that the curve between them leaves and comes level."""
    starts = {name: node.top for name, node in left.items()}
    ends: dict[tuple[str, str], float] = {}
    for to, node in right.items():
        at = node.top
        for flow in sorted((f for f in flows if _right(f) == to), key=_left):
            ends[_left(flow), to] = at
            at += flow.accounts * scale
    rows = []
    for number, flow in enumerate(sorted(flows, key=lambda f: (_left(f), _right(f)))):
        source, to, thick = _left(flow), _right(flow), flow.accounts * scale
        begins, comes = starts[source], ends[source, to]
        starts[source] += thick
        said = {
            "flow": number,
            "territory": source,
            "to": to,
            "accounts": flow.accounts,
            "why": ", ".join(f"{code} {count:,}" for code, count in flow.reasons[:3]),
            "hue": hues.get(source, hues.get(to, -1)),
        }
        rows += [
            {**said, "x": at, "y": round(top, 2), "y2": round(top + thick, 2)}
            for at, top in ((0, begins), (0.02, begins), (0.98, comes), (1, comes))
        ]
    return rows


def _bars(left: Mapping[str, _Node], right: Mapping[str, _Node], hues: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "territory": node.name,
            "x": x,
            "top": round(node.top, 2),
            "bottom": round(node.top + node.length, 2),
            "middle": round(node.middle, 2),
            "hue": hues.get(node.name, -1),
            "said": _said(node, x),
        }
        for x, side in ((0, left), (1, right))
        for node in side.values()
    ]


def _said(node: _Node, side: int) -> str:
    if node.name in (NEW, GONE):
        return f"{node.name}  {node.accounts:,}"
    return f"{node.name}  −{node.accounts:,}" if side == 0 else f"+{node.accounts:,}  {node.name}"
