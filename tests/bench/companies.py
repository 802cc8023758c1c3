"""Companies that exist only to be carved: accounts in cities and between them, a few of them very heavy.

Cities are of Zipf's sizes, and three accounts in ten lie anywhere between them. Potential is lognormal with a tail of
Pareto for one account in a hundred, none heavier than 0.6 of a mean fair share; workload goes along with it to a part.
Seven accounts in ten are with the nearest territory, the others with one near by or with any. One in fifty is pinned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from terraform_like.domain.carving import Carving

#: Bands round the fair share, in the order in which metrics are taken.
METRICS = {"potential": 0.10, "workload": 0.10, "accounts": 0.15, "pipeline": 0.25}
#: No account is heavier than this share of a mean fair load.
_HEAVIEST = 0.6
#: A square of so many degrees, in the middle of the United States.
_CORNER, _SIDE = np.array([33.0, -102.0]), 10.0

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Company:
    """What is wanted, and what the CRM holds."""

    carving: Carving
    table: pl.DataFrame


def company(accounts: int, territories: int, metrics: int = 3, seed: int = 0, **carve: str) -> Company:
    """Make a company.

    Parameters
    ----------
    accounts, territories : int
        How many there are.
    metrics : int
        How many loads are balanced: the first of `METRICS`.
    seed : int
        Another seed gives another company of the same kind.
    carve
        How it is carved: `method` and `effort`.
    """
    random = np.random.default_rng(seed)
    points = _points(random, accounts, territories)
    centers = _centers(random, points, territories)
    owner = _owners(random, points, centers)
    weights = _weights(random, accounts, territories)
    width = len(str(territories))
    names = np.array([f"T{t:0{width}d}" for t in range(territories)])
    ids = pl.Series(range(accounts)).cast(pl.String).str.zfill(len(str(accounts)))
    degrees, middle = points + _CORNER, centers + _CORNER
    table = pl.DataFrame(
        {"account": "A-" + ids, "territory": names[owner], "lat": degrees[:, 0], "lon": degrees[:, 1], **weights}
    )
    pinned = np.flatnonzero(random.random(accounts) < 0.02)
    pinned = pinned[np.argsort(owner[pinned], kind="stable")]
    at = np.searchsorted(owner[pinned], np.arange(territories + 1))
    sizes = np.exp(random.normal(0, 0.15, territories))
    wanted = {
        "name": "bench",
        "accounts": {"location": {"latitude": "lat", "longitude": "lon"}, "protect": "pipeline > 0"},
        "segments": [{"name": "all"}],
        "territories": {
            str(name): {
                "segment": "all",
                "size": float(sizes[t]),
                "center": middle[t].tolist(),
                "accounts": table["account"].gather(pinned[at[t] : at[t + 1]]).to_list(),
            }
            for t, name in enumerate(names)
        },
        "balance": {
            "all": {
                "within": dict(list(METRICS.items())[:metrics]),
                "prefer": {"balance": 0.5, "disruption": 0.5, "travel": 1.0},
                "carve": carve,
            }
        },
    }
    return Company(Carving.model_validate(wanted), table)


def _points(random: np.random.Generator, accounts: int, territories: int) -> Floats:
    """Give degrees from the corner of the square, (accounts, 2)."""
    cities = random.random((max(5, territories // 3), 2)) * _SIDE
    people = 1 / np.arange(1, len(cities) + 1) ** 0.8
    anywhere = int(0.3 * accounts)
    city = random.choice(len(cities), accounts - anywhere, p=people / people.sum())
    near = cities[city] + random.normal(0, 0.02 * _SIDE, (len(city), 2))
    points = np.vstack([near, random.random((anywhere, 2)) * _SIDE])
    return points[random.permutation(accounts)]


def _centers(random: np.random.Generator, points: Floats, territories: int) -> Floats:
    """Give centers, (territories, 2): a few rounds of k-means."""
    centers = points[random.choice(len(points), territories, replace=False)].copy()
    sample = points[random.choice(len(points), min(len(points), 60 * territories), replace=False)]
    for _ in range(4):
        nearest = cKDTree(centers).query(sample)[1]
        count = np.bincount(nearest, minlength=territories)
        sums = np.stack([np.bincount(nearest, axis, territories) for axis in sample.T], axis=1)
        centers = np.where(count[:, None] > 0, sums / np.maximum(count, 1)[:, None], centers)
    return centers


def _owners(random: np.random.Generator, points: Floats, centers: Floats) -> Ints:
    """Give the territory that each account is in: the nearest, one of the four nearest, or any."""
    count = min(4, len(centers))
    near = cKDTree(centers).query(points, count)[1].reshape(len(points), count)
    luck = random.random(len(points))
    near_by = near[np.arange(len(points)), random.integers(0, count, len(points))]
    anywhere = random.integers(0, len(centers), len(points))
    owners: Ints = np.select([luck <= 0.70, luck <= 0.95], [near[:, 0], near_by], anywhere)
    return owners


def _weights(random: np.random.Generator, accounts: int, territories: int) -> dict[str, Floats]:
    worth = random.normal(size=accounts)
    potential = np.exp(1.4 * worth)
    whales = random.random(accounts) < 0.01
    potential[whales] *= (1 + random.pareto(1.2, int(whales.sum()))) * 5
    workload = np.exp(0.7 * (0.6 * worth + 0.8 * random.normal(size=accounts)))
    open_deals = random.random(accounts) < 0.25
    pipeline = np.where(open_deals, potential * np.exp(random.normal(0, 0.8, accounts)), 0)
    weights = {"potential": potential, "workload": workload, "pipeline": pipeline}
    for name, value in weights.items():
        cut = value / value.mean()
        # What is cut off makes the mean smaller, and with it what is too heavy.
        for _ in range(3):
            cut = np.minimum(cut, _HEAVIEST * accounts / territories)
            cut = cut / cut.mean()
        weights[name] = np.round(1000 * cut, 2)
    return weights
