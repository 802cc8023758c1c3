"""Where travel is measured from: the center that is given, else the owner's home, else one that is found.

Centers are found from the accounts that a territory may hold, never from those that it has now, so that they stay where
they are when accounts move.
"""

from __future__ import annotations

import numpy as np

from terraform_like.carve.arrays import Floats, Ints
from terraform_like.domain.carving import Carving, Territory
from terraform_like.domain.geography import great_circle_km, on_the_sphere

#: Seed of k-means++; a constant, since the same company must get the same centers everywhere.
_SEED = 20270201
_ROUNDS = 30
#: Of more points than these, and than so many a center, every second, third ... one is looked at.
_ENOUGH, _EACH = 50_000, 60


def known_center(book: Territory, carving: Carving) -> tuple[float, float] | None:
    """Give the center that the wishes name: `center`, else the home of the owner."""
    if book.center is not None:
        return book.center
    owner = carving.people.get(book.owner) if book.owner else None
    return owner.home if owner else None


def find_centers(points: Floats, count: int, taken: Floats, weight: Floats | None = None) -> Floats:
    """Spread centers over points by k-means on the sphere (k-means++ start, Arthur and Vassilvitskii, 2007).

    Parameters
    ----------
    points : (n, 2) array
        Latitude and longitude of accounts in degrees, in canonical order.
    count : int
        How many centers to find.
    taken : (k, 2) array
        Centers that are given: found ones keep away from them, and they take their accounts.
    weight : (n,) array, optional
        How much each account pulls a center; all alike when left out.

    Returns
    -------
    (count, 2) array
        Found centers in degrees, in the order of their longitude; NaN where there is no point.
    """
    known = np.isfinite(points).all(axis=1)
    points = points[known]
    pull = np.ones(len(points)) if weight is None else weight[known]
    if not len(points):
        return np.full((count, 2), np.nan)
    every = max(1, len(points) // max(_ENOUGH, _EACH * count))
    points, pull = points[::every], pull[::every]
    random = np.random.default_rng(_SEED)
    centers = taken.copy()
    distance = _squared(points, centers) if len(centers) else np.ones(len(points))
    for _ in range(count):
        total = (pull * distance).sum()
        pick = int(np.searchsorted(np.cumsum(pull * distance), random.random() * total)) if total > 0 else 0
        chosen = points[min(pick, len(points) - 1)][None, :]
        closer = _squared(points, chosen)
        distance = np.minimum(distance, closer) if len(centers) else closer
        centers = np.vstack([centers, chosen])
    fixed = len(taken)
    for _ in range(_ROUNDS):
        nearest = nearest_center(points, centers)
        moved = centers.copy()
        sums = np.stack([np.bincount(nearest, pull * axis, len(centers)) for axis in on_the_sphere(points).T], axis=1)
        for found in range(fixed, len(centers)):
            if (nearest == found).any():
                moved[found] = _on_the_ground(sums[found])
        if np.allclose(moved, centers, atol=1e-6):
            break
        centers = moved
    found_centers = centers[fixed:]
    return found_centers[np.lexsort((found_centers[:, 0], found_centers[:, 1]))]


def nearest_center(points: Floats, centers: Floats) -> Ints:
    """Give the nearest center of each point, (n,), for degrees, (n, 2) and (C, 2)."""
    from scipy.spatial import cKDTree

    nearest: Ints = cKDTree(on_the_sphere(centers)).query(on_the_sphere(points))[1]
    return nearest


def _squared(points: Floats, centers: Floats) -> Floats:
    """Give the squared km from each point to the nearest of some centers."""
    km = great_circle_km(points[:, :1], points[:, 1:], centers[None, :, 0], centers[None, :, 1])
    squared: Floats = km.min(axis=1) ** 2
    return squared


def _on_the_ground(point: Floats) -> Floats:
    """Give latitude and longitude, in degrees, of what lies below or above a point: the middle of those it sums up."""
    x, y, z = point
    return np.degrees([np.arctan2(z, np.hypot(x, y)), np.arctan2(y, x)])


def match_centers(here: Floats, centers: Floats) -> Ints:
    """Give each territory the center that keeps most: a linear assignment.

    Parameters
    ----------
    here : (T, C) array
        Accounts that territory t has nearest to center c.
    centers : (C, 2) array
        The centers, C = T.

    Returns
    -------
    (T,) array of int
        The center of each territory.
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-here)
    matched = np.empty(len(centers), dtype=np.int64)
    matched[rows] = columns
    return matched
