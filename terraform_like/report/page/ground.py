"""The ground that a map is drawn on: outlines that fit where accounts lie, and the projection that shows them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import altair as alt

Floats = NDArray[np.float64]

#: South, north, west and east of what the map of the United States shows: the mainland, Alaska and Hawaii.
_PARTS_OF_US = ((24.3, 49.6, -125.0, -66.8), (51.0, 71.6, -172.0, -129.9), (18.8, 22.4, -160.6, -154.6))
#: Share of the accounts from which on that map is the right one; the others are counted below it.
_MOSTLY = 0.95
#: Width and height that the projection of us-atlas is made for, at its scale.
_US_WIDTH, _US_HEIGHT, _US_SCALE = 975.0, 610.0, 1300.0
#: Accounts in less longitude than this get a map of their part of the country.
_WHOLE_US_DEGREES = 15.0
#: Share of the map's width and height that is left free round the accounts.
_MARGIN = 0.06
#: A map shows no less than so many degrees, and in Mercator's projection nothing nearer to a pole.
_LEAST_DEGREES, _NEAREST_POLE = 0.2, 84.0
#: Of an extent wider than this, the whole world is shown: Mercator's would be mostly sea and Greenland.
_WORLD_DEGREES = 150.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What lies under the accounts of a map.

    Parameters
    ----------
    file, feature : str
        The outlines: a TopoJSON file that the package ships, and the object in it.
    projection : mapping of str to Any
        Projection of Vega-Lite; `scale` and `translate` follow the size of the map.
    aspect : float
        Width over height that suits it.
    """

    file: str
    feature: str
    projection: dict[str, Any]
    aspect: float

    def shows(self, degrees: Floats) -> NDArray[np.bool_]:
        """Say which places, (n, 2) of latitude and longitude in degrees, this ground can show."""
        match self.projection["type"]:
            case "albersUsa":
                return american(degrees)
            case "mercator":
                return np.abs(degrees[:, 0]) <= _NEAREST_POLE
            case _:
                return np.ones(len(degrees), bool)

    def outlines(self) -> Any:
        """Read the outlines, as TopoJSON."""
        text = files("terraform_like.report").joinpath("outlines", self.file).read_text(encoding="utf-8")
        return json.loads(text)

    def projected(self, chart: alt.LayerChart, size: tuple[int, int] | None = None) -> alt.LayerChart:
        """Give a chart of places in this projection, of a size in pixels or as large as there is room."""
        import altair as alt

        scale, translate = self.projection["scale"], self.projection["translate"]
        if size is not None:
            # Views of one picture share no names: what a view alone calls `width` is a number here.
            for name, pixels in zip(("width", "height"), size, strict=True):
                scale, translate = scale.replace(name, str(pixels)), translate.replace(name, str(pixels))
        placed = {"scale": alt.ExprRef(scale), "translate": alt.ExprRef(translate)}
        projected: alt.LayerChart = chart.project(**{**self.projection, **placed})
        return projected


def ground_of(degrees: Floats, whole_from: float = _WHOLE_US_DEGREES) -> tuple[Ground, NDArray[np.bool_]]:
    """Choose the ground for accounts, and say which of them it can show.

    Parameters
    ----------
    degrees : array of float
        Latitude and longitude, (accounts, 2), finite, of one account at least.
    whole_from : float
        Degrees of longitude from which accounts get a map of the whole United States.

    Returns
    -------
    tuple of (Ground, array of bool)
        The ground, and whether each account can be shown on it.
    """
    mostly_american = bool(american(degrees).mean() >= _MOSTLY)
    if mostly_american and np.ptp(degrees[:, 1]) >= whole_from:
        ground = _united_states()
    else:
        latitude, longitude = degrees[np.abs(degrees[:, 0]) <= _NEAREST_POLE].T
        if not latitude.size or np.ptp(longitude) > _WORLD_DEGREES:
            ground = _world()
        else:
            ground = _near(latitude, longitude, states=mostly_american)
    return ground, ground.shows(degrees)


def american(degrees: Floats) -> NDArray[np.bool_]:
    """Say which places, (n, 2), the map of the United States can show."""
    latitude, longitude = degrees.T
    inside = np.zeros(len(degrees), bool)
    for south, north, west, east in _PARTS_OF_US:
        inside |= (latitude >= south) & (latitude <= north) & (longitude >= west) & (longitude <= east)
    return inside


def _united_states() -> Ground:
    fits = f"min(width / {_US_WIDTH}, height / {_US_HEIGHT}) * {_US_SCALE}"
    projection = {"type": "albersUsa", "scale": fits, "translate": "[width / 2, height / 2]"}
    return Ground("states-10m.json", "states", projection, _US_WIDTH / _US_HEIGHT)


def _world() -> Ground:
    # Equal Earth at scale 1 is 5.41 wide and 2.63 high (Šavrič, Patterson and Jenny, 2018).
    projection = {
        "type": "equalEarth",
        "scale": "min(width / 5.5, height / 2.7)",
        "translate": "[width / 2, height / 2]",
    }
    return Ground("countries-110m.json", "countries", projection, 5.5 / 2.7)


def _near(latitude: Floats, longitude: Floats, *, states: bool) -> Ground:
    """Give a part of the world in Mercator's projection, no bigger than where the accounts are."""
    south, north = _widened(float(latitude.min()), float(latitude.max()))
    west, east = _widened(float(longitude.min()), float(longitude.max()))
    low, high = _mercator(south), _mercator(north)
    span, tall = math.radians(east - west), high - low
    aspect = min(max(span / tall, 0.8), 2.2)
    free = 1 - 2 * _MARGIN
    middle = math.degrees(2 * math.atan(math.exp((low + high) / 2)) - math.pi / 2)
    projection = {
        "type": "mercator",
        "center": [round((west + east) / 2, 4), round(middle, 4)],
        "scale": f"min(width / {span:.6f}, height / {tall:.6f}) * {free}",
        "translate": "[width / 2, height / 2]",
    }
    file, feature = ("states-10m.json", "states") if states else ("countries-110m.json", "countries")
    return Ground(file, feature, projection, aspect)


def _widened(low: float, high: float) -> tuple[float, float]:
    lacking = max(0.0, _LEAST_DEGREES - (high - low)) / 2
    return low - lacking, high + lacking


def _mercator(latitude: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))
