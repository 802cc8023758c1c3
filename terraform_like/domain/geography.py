"""Places on the earth, and distances between them."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from terraform_like.domain.carving import Location

#: Mean radius of the earth in km (IUGG, 2 a + b over 3).
EARTH_RADIUS_KM = 6371.0088


def great_circle_km(
    latitude: ArrayLike, longitude: ArrayLike, to_latitude: ArrayLike, to_longitude: ArrayLike
) -> NDArray[np.float64]:
    """Give great-circle distances by the haversine formula (Sinnott, 1984).

    Parameters
    ----------
    latitude, longitude, to_latitude, to_longitude : array_like
        Degrees; broadcast against one another.

    Returns
    -------
    numpy.ndarray
        Distance in km, NaN where a coordinate is NaN.
    """
    phi, theta, to_phi, to_theta = (
        np.radians(np.asarray(a, float)) for a in (latitude, longitude, to_latitude, to_longitude)
    )
    half = np.sin((to_phi - phi) / 2) ** 2 + np.cos(phi) * np.cos(to_phi) * np.sin((to_theta - theta) / 2) ** 2
    distance: NDArray[np.float64] = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return distance


def on_the_sphere(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give points of the unit sphere, (n, 3), for degrees, (n, 2); zeros where there is no location."""
    latitude, longitude = np.radians(degrees).T
    flat = np.cos(latitude)
    sphere = np.stack([flat * np.cos(longitude), flat * np.sin(longitude), np.sin(latitude)], axis=1)
    points: NDArray[np.float64] = np.nan_to_num(sphere)
    return points


def under_the_sphere(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give latitude and longitude in degrees, (n, 2), of what lies below or above points, (n, 3), as on the ground."""
    x, y, z = points.T
    degrees: NDArray[np.float64] = np.degrees(np.stack([np.arctan2(z, np.hypot(x, y)), np.arctan2(y, x)], axis=1))
    return degrees


def along_a_curve(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give points of the unit sphere or inside it, (n, 3), numbers: near ones to those near one another (Morton, 1966).

    Twenty bits of each coordinate, some twelve meters on the ground, are dealt out in turn.
    """
    bits = np.clip((points + 1) / 2 * (1 << 20), 0, (1 << 20) - 1).astype(np.int64)
    for shift, mask in ((32, 0x1F00000000FFFF), (16, 0x1F0000FF0000FF), (8, 0x100F00F00F00F00F)):
        bits = (bits | bits << shift) & mask
    for shift, mask in ((4, 0x10C30C30C30C30C3), (2, 0x1249249249249249)):
        bits = (bits | bits << shift) & mask
    number: NDArray[np.int64] = bits[:, 0] | bits[:, 1] << 1 | bits[:, 2] << 2
    return number


def located(table: pl.DataFrame, location: Location | None) -> NDArray[np.float64]:
    """Give where accounts are: latitude and longitude in degrees, (accounts, 2), NaN where that is not known."""
    if location is None:
        return np.full((table.height, 2), np.nan)
    columns = {"latitude": location.latitude, "longitude": location.longitude}
    degrees = (pl.col(column).cast(pl.Float64).fill_null(float("nan")).alias(name) for name, column in columns.items())
    return table.select(degrees).to_numpy()
