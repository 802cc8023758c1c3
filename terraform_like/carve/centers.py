"""Where travel is measured from: the center that is given, else the owner's home, else one that is found.

Centers are found from the accounts that a territory may hold, never from those that it has now, so that they stay where
they are when accounts move.
"""

from __future__ import annotations

import numpy as np

from terraform_like.carve.problem import Floats, Ints
from terraform_like.domain.carving import Carving, Territory
from terraform_like.domain.geography import great_circle_km

#: Seed of k-means++; a constant, since the same company must get the same centers everywhere.
_SEED = 20270201
_ROUNDS = 30


def known_center(book: Territory, carving: Carving) -> tuple[float, float] | None:
    """Give the center that the wishes name: `center`, else the home of the owner."""
    if book.center is not None:
        return book.center
    owner = carving.people.get(book.owner) if book.owner else None
    return owner.home if owner else None


def find_centers(points: Floats, count: int, taken: Floats) -> Floats:
    """Spread centers over points by k-means on the sphere (k-means++ start, Arthur and Vassilvitskii, 2007).

    Parameters
    ----------
    points : (n, 2) array
        Latitude and longitude of accounts in degrees, in canonical order.
    count : int
        How many centers to find.
    taken : (k, 2) array
        Centers that are given: found ones keep away from them, and they take their accounts.

    Returns
    -------
    (count, 2) array
        Found centers in degrees, in the order of their longitude; NaN where there is no point.
    """
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return np.full((count, 2), np.nan)
    random = np.random.default_rng(_SEED)
    centers = taken.copy()
    for _ in range(count):
        distance = _distances(points, centers).min(axis=1) ** 2 if len(centers) else np.ones(len(points))
        total = distance.sum()
        pick = int(np.searchsorted(np.cumsum(distance), random.random() * total)) if total > 0 else 0
        centers = np.vstack([centers, points[min(pick, len(points) - 1)]])
    fixed = len(taken)
    for _ in range(_ROUNDS):
        nearest = _distances(points, centers).argmin(axis=1)
        moved = centers.copy()
        for found in range(fixed, len(centers)):
            if (mine := nearest == found).any():
                moved[found] = _middle(points[mine])
        if np.allclose(moved, centers, atol=1e-6):
            break
        centers = moved
    found_centers = centers[fixed:]
    return found_centers[np.lexsort((found_centers[:, 0], found_centers[:, 1]))]


def _distances(points: Floats, centers: Floats) -> Floats:
    return great_circle_km(points[:, :1], points[:, 1:], centers[None, :, 0], centers[None, :, 1])


def _middle(points: Floats) -> Floats:
    """Give the middle of points on the sphere: the mean of their unit vectors, put back on the surface."""
    latitude, longitude = np.radians(points).T
    x, y, z = np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)
    middle = np.array([x.mean(), y.mean(), z.mean()])
    return np.degrees([np.arctan2(middle[2], np.hypot(middle[0], middle[1])), np.arctan2(middle[1], middle[0])])


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
