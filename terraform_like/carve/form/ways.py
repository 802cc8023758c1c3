"""Every way that a unit may go, priced when it is asked for: of a large component only some are kept as pairs.

With few territories all ways are pairs. With many, a unit's pairs are the nearest centers that it may go to and the
territories where its accounts are; the others are priced as well when a bound is reckoned, so that no bound depends on
what was kept, and those that turn out cheap at the prices of the loads become pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terraform_like.carve.arrays import Flags, Floats, Ints, Positions, distinct, stretches, union
from terraform_like.carve.form.eligible import Eligible
from terraform_like.domain.geography import great_circle_km, on_the_sphere

#: Up to so many ways all of them are pairs.
_ALL = 500_000
#: Nearest centers of each kind of territory that are pairs beyond that, to begin with.
_NEAREST = 6
#: Ways that are priced at once, which bounds the memory.
_AT_ONCE = 1 << 18


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which unit may go to which territory, and what it costs; E rows sorted by unit, then by territory.

    Parameters
    ----------
    unit, territory : (E,) array of int32
        Positions in `Problem.units` and `Problem.territories`.
    moved : (E,) array
        Accounts of the unit that would change territory.
    cost : (E,) array
        What the pair costs in solver units.
    """

    unit: NDArray[np.int32]
    territory: NDArray[np.int32]
    moved: Floats
    cost: Floats

    def __len__(self) -> int:
        return len(self.unit)

    def these(self, rows: Ints) -> Pairs:
        """Give some of the pairs."""
        return self._each(lambda values: values[rows])

    def with_more(self, more: Pairs, before: Ints) -> Pairs:
        """Give these pairs and others, which are put before the rows that are given."""
        others = (getattr(more, field.name) for field in fields(more))
        return self._each(lambda values: np.insert(values, before, next(others)))

    def _each(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Pairs:
        """Change all arrays alike."""
        changed = [change(getattr(self, field.name)) for field in fields(self)]
        return Pairs(*changed)


@dataclass(frozen=True, slots=True)
class Measures:
    """What ways take, before it is weighed; E of them.

    Parameters
    ----------
    moved : (E,) array
        Accounts of the unit that would change territory.
    disruption, km : (E,) array
        Those accounts as a share of all (protected ones counting more); km from the unit's accounts to the center.
    misfit : (E,) array
        Accounts of the unit, as a share of all, whose skill the owner lacks; zeros where skills do not count.
    """

    moved: Floats
    disruption: Floats
    km: Floats
    misfit: Floats


@dataclass(frozen=True, slots=True)
class Weights:
    """What disruption, travel, misfit and a move cost in solver units.

    The first three per unit of the published objective; `nearest_km` are the km that make one of travel.
    """

    disruption: float
    travel: float
    nearest_km: float
    fit: float = 0.0
    move: float = 0.0


@dataclass(frozen=True, slots=True)
class Fits:
    """Which accounts are whose field.

    Parameters
    ----------
    skill : (A,) array of int
        The skill that each account asks for, by unit as in `Ways`; 0 where it asks for none.
    has : (T, S) array of bool
        Whether a territory's owner has a skill; all where no skills of an owner are known, and the first always.
    """

    skill: Ints
    has: Flags


@dataclass(frozen=True, slots=True)
class Ways:
    """Who may go where, and what it takes.

    Parameters
    ----------
    eligible : Eligible
        Where units may go; N units, T territories.
    start : (N + 1,) array of int
        Where the accounts of each unit begin, in the three arrays that follow.
    current : (A,) array of int
        The territory that each account is in, -1 where it is in none of these.
    leaving : (A,) array
        Share of all accounts that each one's move counts for; 0 where it comes from no territory of the plan.
    points, centers : (A, 2) and (T, 2) arrays
        Degrees; NaN where there is no location.
    weights : Weights
        What ways cost.
    complete : bool
        Whether all ways are pairs.
    fits : Fits or None
        Which accounts are whose field, where skills count.
    """

    eligible: Eligible
    start: Ints
    current: Ints
    leaving: Floats
    points: Floats
    centers: Floats
    weights: Weights
    complete: bool
    fits: Fits | None = None

    def pairs(self, unit: Ints, territory: Ints) -> Pairs:
        """Price ways, which are sorted by unit and territory: each account of a unit adds its move and its way."""
        moved, cost = np.empty(len(unit)), np.empty(len(unit))
        for part, found in self._measured(unit, territory):
            moved[part], cost[part] = found.moved, self._priced(found)
        return Pairs(unit.astype(np.int32), territory.astype(np.int32), moved, cost)

    def measured(self, unit: Positions, territory: Positions) -> Measures:
        """Measure ways, given as two (E,) arrays."""
        parts = [found for _, found in self._measured(unit, territory)]
        return Measures(*(np.concatenate([getattr(one, field.name) for one in parts]) for field in fields(Measures)))

    def nearest_km(self, unit: Ints, territory: Ints) -> float:
        """Give the km if each unit took the shortest of its ways, which are sorted by unit."""
        km = np.empty(len(unit))
        for part, found in self._measured(unit, territory):
            km[part] = found.km
        return float(np.minimum.reduceat(km, np.flatnonzero(np.diff(unit, prepend=-1))).sum())

    def _measured(self, unit: Positions, territory: Positions) -> Iterator[tuple[slice, Measures]]:
        for first in range(0, max(1, len(unit)), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            yield part, _measured(self, unit[part], territory[part])

    def _priced(self, found: Measures) -> Floats:
        cost = self.weights.disruption * found.disruption
        if self.fits is not None:
            cost = cost + self.weights.fit * found.misfit
        if self.weights.nearest_km > 0:
            cost = cost + self.weights.travel * found.km / self.weights.nearest_km
        if self.weights.move:
            cost = cost + self.weights.move * found.moved
        return cost

    def at_move_price(self, price: float) -> Ways:
        """Give the same ways with every moved account at a price, in solver units."""
        return replace(self, weights=replace(self.weights, move=price))


def _measured(ways: Ways, unit: Positions, territory: Positions) -> Measures:
    pair, member = stretches(ways.start[unit], ways.start[unit + 1])
    moves = (ways.current[member] != territory[pair]) & (ways.leaving[member] > 0)
    center, point = ways.centers[territory[pair]], ways.points[member]
    km = np.nan_to_num(great_circle_km(point[:, 0], point[:, 1], center[:, 0], center[:, 1]))
    count = len(unit)
    misfit = np.zeros(count)
    if ways.fits is not None:
        lacks = ~ways.fits.has[territory[pair], ways.fits.skill[member]] / len(ways.points)
        misfit = np.bincount(pair, lacks, count).astype(np.float64)
    if len(pair) == count:
        return Measures(moves.astype(np.float64), moves * ways.leaving[member], km, misfit)
    return Measures(
        np.bincount(pair, moves, count).astype(np.float64),
        np.bincount(pair, moves * ways.leaving[member], count).astype(np.float64),
        np.bincount(pair, km, count).astype(np.float64),
        misfit,
    )


def kept_ways(
    eligible: Eligible, unit_of: Ints, current: Ints, points: Floats, centers: Floats
) -> tuple[Ints, Ints, bool]:
    """Choose the ways that are pairs.

    Parameters
    ----------
    eligible : Eligible
        Where units may go.
    unit_of, current, points : (A,), (A,) and (A, 2) arrays
        Unit, territory and degrees of each account.
    centers : (T, 2) array
        Degrees.

    Returns
    -------
    unit, territory : (E,) arrays of int
        Sorted by unit, then by territory.
    complete : bool
        Whether these are all.
    """
    count = eligible.count()
    units, width = len(count), len(centers)
    everything = int(count.sum()) <= _ALL
    rows = np.arange(units) if everything else _of_all(eligible, unit_of, width)
    unit, territory = np.repeat(rows, width), np.tile(np.arange(width), len(rows))
    allowed = eligible.allows(unit, territory)
    keys = [unit[allowed] * width + territory[allowed]]
    if not everything:
        decided = np.flatnonzero(eligible.only >= 0)
        keys.append(decided * width + eligible.only[decided])
        placed = np.flatnonzero(current >= 0)
        placed = placed[eligible.allows(unit_of[placed], current[placed])]
        keys.append(unit_of[placed] * width + current[placed])
        keys += _nearest(eligible, unit_of, points, centers)
    key = distinct(np.concatenate(keys))
    key = key[eligible.allows(key // width, key % width)]
    return key // width, key % width, everything


def _of_all(eligible: Eligible, unit_of: Ints, width: int) -> Ints:
    """Give units all of whose ways are kept: the nearest may be barred to one, or not be nearest to a whole family."""
    several = np.flatnonzero((np.bincount(unit_of) > 1) & (eligible.only < 0))
    barred = distinct(eligible.barred // width)
    return union(barred, several) if len(several) * width <= _ALL else barred


def _nearest(eligible: Eligible, unit_of: Ints, points: Floats, centers: Floats) -> list[NDArray[np.int64]]:
    """Give the nearest centers of each kind for every account; for one without a location some, each in its turn."""
    from scipy.spatial import cKDTree

    width = len(centers)
    known = np.asarray(np.isfinite(points).all(axis=1))
    keys = []
    for kind in range(eligible.may.shape[1]):
        books = np.flatnonzero(eligible.kind_of == kind)
        mine = np.flatnonzero(eligible.may[unit_of, kind] & (eligible.only[unit_of] < 0))
        if not len(mine):
            continue
        count = min(_NEAREST, len(books))
        placed = bool(np.isfinite(centers[books]).all())
        at = mine[known[mine]] if placed else mine[:0]
        if len(at):
            tree = cKDTree(on_the_sphere(centers[books]))
            near = tree.query(on_the_sphere(points[at]), count)[1].reshape(len(at), count)
            keys.append((unit_of[at][:, None] * width + books[near]).ravel())
        lost = np.setdiff1d(mine, at, assume_unique=True)
        turn = (np.arange(len(lost))[:, None] * count + np.arange(count)) % len(books)
        keys.append((unit_of[lost][:, None] * width + books[turn]).ravel())
    return keys
