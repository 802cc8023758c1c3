"""What charts look like on white and on dark paper: one set of names, so that a page changes its colours as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt

#: Hues that people who confuse red and green tell apart too, after Okabe and Ito (2008), with two more; territories
#: outnumber them, so neighbours on the map take different ones and every book has its name written.
_LIGHT_HUES = ("#0072b2", "#d98200", "#00876c", "#c2447f", "#3a9bd6", "#b5481b", "#6a55a5", "#7a6a2f")
_DARK_HUES = ("#57a9e8", "#f2a93b", "#35c29c", "#f07fb4", "#8fd0f5", "#f58a5c", "#b3a2ec", "#cdbb74")

LIGHT = {
    "paper": "#ffffff",
    "ink": "#1b2530",
    "soft": "#566372",
    "grid": "#e3e8ed",
    "land": "#e9edf1",
    "border": "#fbfcfd",
    "band": "#cfe0ee",
    "accent": "#0b62a4",
    "alert": "#b3261e",
    "hues": _LIGHT_HUES,
}
DARK = {
    "paper": "#161c23",
    "ink": "#e8edf2",
    "soft": "#a3b0be",
    "grid": "#2b343e",
    "land": "#232c36",
    "border": "#39444f",
    "band": "#2f4a63",
    "accent": "#6cb6f5",
    "alert": "#ff8f85",
    "hues": _DARK_HUES,
}
HUES = len(_LIGHT_HUES)
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
#: Name of the territory that a reader has chosen, in every chart; empty for all.
CHOSEN = "chosen"


_INK, _SOFT = {"expr": "theme.ink"}, {"expr": "theme.soft"}
#: What every specification says of parameters and looks; a picture has other letters.
LOOKS: dict[str, Any] = {
    "params": [{"name": "theme", "value": LIGHT}, {"name": CHOSEN, "value": ""}],
    "config": {
        "font": _FONT,
        "axis": {
            "labelColor": _INK,
            "titleColor": _SOFT,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "gridColor": {"expr": "theme.grid"},
            "domain": False,
            "ticks": False,
            "labelPadding": 6,
            "labelLimit": 170,
        },
        "text": {"fontSize": 12, "color": _INK},
        "title": {"color": _INK, "subtitleColor": _SOFT, "fontSize": 14, "anchor": "start"},
        "view": {"stroke": None},
        # A chart is one picture with one text; the tables have its figures in words.
        "aria": False,
    },
}


def told(expression: str) -> alt.ExprRef:
    """Give a Vega expression; colours are read from `theme`, so that a page can change them as it is."""
    import altair as alt

    return alt.ExprRef(expression)


def lit(*fields: str, shown: float = 1.0, dimmed: float = 0.12) -> alt.ExprRef:
    """Give an opacity: full where nothing is chosen, or what is chosen stands in one of the fields."""
    asked = "".join(f" || datum.{field} === {CHOSEN}" for field in fields)
    return told(f"{CHOSEN} === ''{asked} ? {shown} : {dimmed}")
