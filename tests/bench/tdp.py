"""Commercial territory design: instances of the literature, with the proved optimum of each for fixed centers.

Every node goes to one of the centers, all three loads within 5 % of the mean, at least total Euclidean distance. They
are laid out on a map so small that the earth is flat there: a great circle differs from a straight line by less than
one part in a thousand million.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from terraform_like.domain.carving import Carve, Carving, Contiguous

#: Degrees that one unit of the instances is on the map.
_DEGREES = 1e-6
_METRICS = ("w1", "w2", "w3")


@dataclass(frozen=True)
class Design:
    """An instance.

    Parameters
    ----------
    name : str
        Its file.
    carving, table
        What is wanted, and the nodes as accounts.
    points : dict
        Coordinates of each node by the name of its account.
    centers : dict
        The account at the center of each territory.
    optimum : float
        The proved least total distance.
    published : float
        The total distance of a published answer whose territories are connected.
    neighbours : set of (str, str)
        Accounts that touch.
    """

    name: str
    carving: Carving
    table: pl.DataFrame
    points: dict[str, NDArray[np.float64]]
    centers: dict[str, str]
    optimum: float
    published: float
    neighbours: set[tuple[str, str]]

    @property
    def connected(self) -> Carving:
        """What is wanted, with territories that are connected, searched as far as plans are where nothing is said."""
        policy = self.carving.balance["all"]
        told = {"contiguous": Contiguous(adjacency="nodes.csv"), "carve": Carve()}
        return self.carving.model_copy(
            update={
                "balance": {"all": policy.model_copy(update=told)},
                "neighbours": {"nodes.csv": tuple(sorted(self.neighbours))},
            }
        )

    def distance(self, territory: dict[str, str]) -> float:
        """Sum the distances of accounts from the centers of territories."""
        return sum(
            float(np.linalg.norm(self.points[account] - self.points[self.centers[name]]))
            for account, name in territory.items()
        )


def names(folder: Path) -> list[str]:
    """Give the names of all instances."""
    return [row["instance"] for row in _reference(folder)]


def design(folder: Path, name: str) -> Design:
    """Read an instance, to be searched by branch and bound whole."""
    (known,) = (row for row in _reference(folder) if row["instance"] == name)
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    rows = np.array([line.split() for line in lines[1 : int(lines[0].split()[0]) + 1]], dtype=float)
    ids = [_account(int(row[0])) for row in rows]
    points = dict(zip(ids, rows[:, 1:3], strict=True))
    table = pl.DataFrame(
        {"account": ids, "lat": rows[:, 2] * _DEGREES, "lon": rows[:, 1] * _DEGREES}
        | {metric: rows[:, 3 + m] for m, metric in enumerate(_METRICS)}
    ).with_columns(pl.lit(None, pl.String).alias("territory"))
    centers = {f"t{center}": _account(int(center)) for center in known["centres"].split()}
    wanted = {
        "name": "tdp",
        "accounts": {"location": {"latitude": "lat", "longitude": "lon"}},
        "segments": [{"name": "all"}],
        "territories": {
            name: {"segment": "all", "center": (points[account][::-1] * _DEGREES).tolist()}
            for name, account in centers.items()
        },
        "balance": {
            "all": {
                "within": dict.fromkeys(_METRICS, 0.05),
                "prefer": {"balance": 0, "disruption": 0, "travel": 1},
                "carve": {"method": "exact", "effort": "thorough"},
            }
        },
    }
    first = len(rows) + 2
    edges = (lines[n].split() for n in range(first, first + int(lines[first - 1].split()[0])))
    neighbours = {
        (_account(min(edge)), _account(max(edge))) for edge in ([int(one), int(two)] for one, two, *_ in edges)
    }
    optimum, published = float(known["optimum_fixed_centres"]), float(known["published_connected"])
    return Design(name, Carving.model_validate(wanted), table, points, centers, optimum, published, neighbours)


def _account(node: int) -> str:
    return f"N-{node:03d}"


def _reference(folder: Path) -> list[dict[str, str]]:
    with (folder / "reference.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
