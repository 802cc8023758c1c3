"""Where the accounts of each segment lie, before and after, as a page shows them: one by one, or gathered in cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from terraform_like.domain.quantity import Point
from terraform_like.plan.facts import Facts
from terraform_like.report.page.ground import Ground, ground_of
from terraform_like.report.page.hues import hues

#: Accounts that a browser draws one by one without a pause; of more, those of a territory in a cell are one circle.
MOST_SHOWN = 10_000
#: Cells along the longer side of what a segment covers.
_CELLS = 64


@dataclass(frozen=True, slots=True)
class Places:
    """What the maps of a plan show.

    Parameters
    ----------
    ground : Ground
        What lies under them.
    table : polars.DataFrame
        One row a circle: `account` (null for a circle of several), `segment`, `before`, `after` (territories, null for
        none; of a gathered circle only one is there), `latitude`, `longitude` (degrees), `n` (accounts).
    middles : mapping of str to mapping of str to (float, float)
        For `before` and `after`, latitude and longitude of the middle of each book.
    hues : mapping of str to int
        The hue of each territory.
    homes : tuple of (str, str, float, float)
        Territory, whose home or center it is, latitude and longitude.
    gathered : bool
        Whether circles stand for several accounts.
    hidden, nowhere : int
        Accounts with a location that the ground cannot show, and accounts without a location.
    """

    ground: Ground
    table: pl.DataFrame
    middles: Mapping[str, Mapping[str, Point]]
    hues: Mapping[str, int]
    homes: tuple[tuple[str, str, float, float], ...]
    gathered: bool
    hidden: int
    nowhere: int

    def of(self, segment: str) -> pl.DataFrame:
        """Give the circles of a segment."""
        return self.table.filter(pl.col("segment") == segment).drop("segment")


def places_of(facts: Facts, owners: Mapping[str, str | None]) -> Places | None:
    """Give what the maps of a plan show; None where no account has a location.

    Parameters
    ----------
    facts : Facts
        What is known of each account.
    owners : mapping of str to (str or None)
        Every territory of the plan with its owner.
    """
    table = facts.table.select("account", "segment", "before", "after", "latitude", "longitude")
    located = table.drop_nulls(["latitude", "longitude"])
    if located.is_empty():
        return None
    ground, shown = ground_of(located.select("latitude", "longitude").to_numpy())
    on_map = located.filter(pl.Series(shown))
    middles = {side: _middles(on_map, side) for side in ("before", "after")}
    gathered = on_map.height > MOST_SHOWN
    circles = _gathered(on_map) if gathered else on_map.with_columns(n=pl.lit(1, pl.Int32))
    names = tuple(sorted({*owners, *middles["before"]}))
    return Places(
        ground=ground,
        table=circles.with_columns(pl.col("latitude", "longitude").round(4)),
        middles=middles,
        hues=hues(names, middles["before"] | middles["after"]),
        homes=tuple(_homes(facts, owners, ground)),
        gathered=gathered,
        hidden=located.height - on_map.height,
        nowhere=table.height - located.height,
    )


def _middles(table: pl.DataFrame, side: str) -> dict[str, Point]:
    books = table.filter(pl.col(side).is_not_null()).group_by(side, maintain_order=True)
    middle = books.agg(pl.col("latitude").median(), pl.col("longitude").median())
    return {name: (latitude, longitude) for name, latitude, longitude in middle.iter_rows()}


def _homes(facts: Facts, owners: Mapping[str, str | None], ground: Ground) -> list[tuple[str, str, float, float]]:
    """Give from where travel of each territory is measured: its center where one is named, else its owner's home."""
    found = []
    for name, owner in sorted(owners.items()):
        at = facts.centers.get(name) or facts.homes.get(owner or "")
        if at is None or not ground.shows(np.array([at], float))[0]:
            continue
        whose = f"center of {name}" if name in facts.centers else f"home of {owner}"
        found.append((name, whose, *at))
    return found


def _gathered(table: pl.DataFrame) -> pl.DataFrame:
    """Gather accounts of one territory that lie in one cell, at their middle: once as they are before, once after.

    The cells grow until there are few enough circles.
    """
    spans = [float(np.ptp(table[axis].to_numpy())) for axis in ("latitude", "longitude")]
    cells = _CELLS
    while True:
        side = max(*spans, 1e-6) / cells
        circles = pl.concat([_in_cells(table, "before", side), _in_cells(table, "after", side)], how="diagonal")
        if circles.height <= 2 * MOST_SHOWN or cells == 1:
            return circles.select("account", "segment", "before", "after", "latitude", "longitude", "n")
        cells //= 2


def _in_cells(table: pl.DataFrame, when: str, side: float) -> pl.DataFrame:
    cell = [(pl.col(axis) / side).floor().cast(pl.Int64).alias(f"{axis} cell") for axis in ("latitude", "longitude")]
    return (
        table.filter(pl.col(when).is_not_null())
        .group_by("segment", when, *cell, maintain_order=True)
        .agg(pl.col("latitude").mean(), pl.col("longitude").mean(), n=pl.len().cast(pl.Int32))
        .with_columns(account=pl.lit(None, pl.String))
    )
