"""Ways that are no pairs, found where they are cheap: most are ruled out together, and never priced.

Units that lie side by side and are about as heavy make a group. A straight line from its rim, and the prices of the
loads for the weight in it that suits a territory best, are less than any way of the group to that territory costs. Only
where that is less than its pairs cost are its ways looked at one by one: first by a straight line through the earth,
which is shorter than any way, and what that leaves is measured. So what is found is exact, whatever was kept as pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from terraform_like.carve.arrays import Flags, Floats, Ints, stretches
from terraform_like.carve.form.eligible import Eligible
from terraform_like.carve.form.ways import Pairs, Ways
from terraform_like.domain.geography import EARTH_RADIUS_KM, along_a_curve, on_the_sphere

#: Units of a group, and groups that lie side by side and differ in weight.
_GROUP, _LAYERS = 128, 16
#: Groups that are compared with all territories at once, and ways that are measured at once: they bound the memory.
_GROUPS_AT_ONCE, _WAYS_AT_ONCE = 512, 1 << 18
#: What rounding may make of squares of distances on the unit sphere, and relatively of sums.
_SQUARE, _SUM = 1e-14, 1e-9


def cheaper(ways: Ways, pairs: Pairs, price: Floats, weights: Floats, than: Floats, most: int) -> tuple[Ints, Ints]:
    """Find ways that are no pairs and cheaper at some prices.

    Parameters
    ----------
    ways, pairs : Ways, Pairs
        All ways, and those of them that are pairs.
    price : (T, M) array
        Prices of the loads in solver units.
    weights : (N, M) array
        Weights of the units.
    than : (N,) array
        What the cheapest priced pair of each unit costs; of units without pairs nothing is found.
    most : int
        How many ways of each unit to give, the cheapest ones.

    Returns
    -------
    unit, territory : arrays of int
        Such ways, sorted.
    """
    found = [_first(*block, most) for block in _cheap(ways, pairs, price, weights, than)]
    if not found:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    unit, territory = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    order = np.lexsort((territory, unit))
    return unit[order], territory[order]


def cheapest(ways: Ways, pairs: Pairs, price: Floats, weights: Floats, than: Floats) -> Floats:
    """Give what the cheapest way of each unit costs, pairs and others, an (N,) array; parameters as of `cheaper`."""
    least = than.copy()
    for unit, _, cost in _cheap(ways, pairs, price, weights, than):
        np.minimum.at(least, unit, cost)
    return least


def least_weighed(eligible: Eligible, price: Floats, weights: Floats) -> Floats:
    """Give what each unit costs least where only the prices of the loads count, an (N,) array.

    Parameters
    ----------
    eligible : Eligible
        Where units may go.
    price : (T, M) array
        Prices of the loads.
    weights : (N, M) array
        Weights of the units, none negative.
    """
    least = np.full(len(weights), np.inf)
    for kind in range(eligible.may.shape[1]):
        books = _undominated(price, np.flatnonzero(eligible.kind_of == kind))
        units = np.flatnonzero(eligible.may[:, kind])
        for first in range(0, len(units), _WAYS_AT_ONCE // max(1, len(books))):
            part = units[first : first + _WAYS_AT_ONCE // max(1, len(books))]
            least[part] = np.minimum(least[part], (weights[part] @ price[books].T).min(axis=1))
    excluded = np.unique(eligible.barred // len(price))
    for first in range(0, len(excluded), max(1, _WAYS_AT_ONCE // len(price))):
        part = excluded[first : first + max(1, _WAYS_AT_ONCE // len(price))]
        allowed = eligible.allows(part[:, None], np.arange(len(price))[None, :])
        least[part] = np.where(allowed, weights[part] @ price.T, np.inf).min(axis=1)
    decided = np.flatnonzero(eligible.only >= 0)
    least[decided] = (weights[decided] * price[eligible.only[decided]]).sum(axis=1)
    return least


def _undominated(price: Floats, books: Ints) -> Ints:
    """Leave out the territories that another one undercuts in every price."""
    price, first = np.unique(price[books], axis=0, return_index=True)
    kept = [n for n in range(len(price)) if not (price[:n] <= price[n]).all(axis=1).any()]
    return books[np.sort(first[kept])]


def _first(unit: Ints, territory: Ints, cost: Floats, most: int) -> tuple[Ints, Ints]:
    """Choose the cheapest few ways of each unit."""
    order = np.lexsort((territory, cost, unit))
    unit, territory = unit[order], territory[order]
    begins = np.flatnonzero(np.diff(unit, prepend=-1))
    place = np.arange(len(unit)) - np.repeat(begins, np.diff(np.append(begins, len(unit))))
    return unit[place < most], territory[place < most]


@dataclass(frozen=True, slots=True)
class _Groups:
    """Units that are not decided, in groups; F units, G groups.

    Parameters
    ----------
    units : (F,) array of int
        The units, group after group.
    start : (G,) array of int
        Where each group begins.
    points : (F, 3) array
        The middle of the accounts of each unit, inside the unit sphere: all distances together are as long as that from
        their middle times their number, at least.
    located : (F,) array
        How many accounts of each unit have a location.
    weights : (F, M) array
        Their weights.
    """

    units: Ints
    start: Ints
    points: Floats
    located: Floats
    weights: Floats


def _grouped(ways: Ways, pairs: Pairs, weights: Floats) -> _Groups:
    units = np.flatnonzero((ways.eligible.only < 0) & (np.bincount(pairs.unit, minlength=len(weights)) > 0))
    if len(ways.points) == len(weights):
        points = on_the_sphere(ways.points[units])
        located = (points != 0).any(axis=1).astype(np.float64)
    else:
        here = on_the_sphere(ways.points)
        known = (here != 0).any(axis=1)
        located = np.add.reduceat(known.astype(np.float64), ways.start[:-1])[units]
        points = np.add.reduceat(here, ways.start[:-1], axis=0)[units] / np.maximum(located, 1)[:, None]
    mean = weights.mean(axis=0)
    heavy = (weights[units] / np.where(mean > 0, mean, 1.0)).sum(axis=1)
    side_by_side = np.lexsort((along_a_curve(points), located == 0))
    stack = np.empty(len(units), dtype=np.int64)
    stack[side_by_side] = np.arange(len(units)) // (_GROUP * _LAYERS)
    order = np.lexsort((heavy, stack))
    start = np.arange(0, len(units), _GROUP)
    return _Groups(units[order], start, points[order], located[order], weights[units[order]])


def _cheap(
    ways: Ways, pairs: Pairs, price: Floats, weights: Floats, than: Floats
) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Give unit, territory and cost of all ways that are no pairs and cheaper, all of one unit together."""
    groups = _grouped(ways, pairs, weights)
    if not len(groups.units):
        return
    leaving = ways.weights.disruption * ways.leaving + ways.weights.move * (ways.leaving > 0)
    gone = np.add.reduceat(leaving, ways.start[:-1])[groups.units]
    # What a way and the prices may cost for it to be cheaper: each unit leaves where it is.
    room = than[groups.units] - gone
    room += _SUM * (np.abs(than[groups.units]) + gone + groups.weights @ np.abs(price).max(axis=0))
    km = EARTH_RADIUS_KM * ways.weights.travel / ways.weights.nearest_km if ways.weights.nearest_km > 0 else 0.0
    there = on_the_sphere(ways.centers)
    placed = (there != 0).any(axis=1) * km * (1 - _SUM)
    first_pair = np.searchsorted(pairs.unit, np.arange(len(weights) + 1))
    gathered: list[tuple[Ints, Ints]] = []
    count = 0
    for group, books in _promising(ways, groups, room, price, there, placed):
        part = slice(int(groups.start[group]), int(groups.start[group]) + _GROUP)
        value = groups.weights[part] @ price[books].T
        if km:
            value += _straight(groups.points[part], there[books]) * placed[books] * groups.located[part, None]
        row, column = np.nonzero(value < room[part, None])
        if len(row):
            gathered.append((groups.units[part][row], books[column]))
            count += len(row)
        if count > _WAYS_AT_ONCE:
            yield _measured_cheaper(ways, pairs, first_pair, price, weights, than, gathered)
            gathered, count = [], 0
    if gathered:
        yield _measured_cheaper(ways, pairs, first_pair, price, weights, than, gathered)


def _promising(
    ways: Ways, groups: _Groups, room: Floats, price: Floats, there: Floats, placed: Floats
) -> Iterator[tuple[int, Ints]]:
    """Give groups, with the territories that one of their units may find cheaper."""
    start, every = groups.start, np.arange(len(price))
    low, high = (extreme.reduceat(groups.weights, start, axis=0) for extreme in (np.minimum, np.maximum))
    size = np.diff(np.append(start, len(groups.units)))
    middle = np.add.reduceat(groups.points, start, axis=0) / size[:, None]
    away = np.sqrt(((groups.points - np.repeat(middle, size, axis=0)) ** 2).sum(axis=1)) + _SUM
    rim, fewest = np.maximum.reduceat(away, start), np.minimum.reduceat(groups.located, start)
    may: Flags = np.logical_or.reduceat(ways.eligible.may[groups.units], start, axis=0)
    for first in range(0, len(start), _GROUPS_AT_ONCE):
        part = slice(first, min(first + _GROUPS_AT_ONCE, len(start)))
        straight = _straight(middle[part], there)
        # Prices count from those of one territory near by: what all have in common says nothing of any.
        near = price[straight.argmin(axis=1)]
        least = np.maximum(0, straight - rim[part, None]) * placed * fewest[part, None]
        for metric in range(price.shape[1]):
            dearer = price[:, metric] - near[:, metric, None]
            least += np.where(dearer > 0, low[part, metric, None], high[part, metric, None]) * dearer
        of_units = slice(int(start[first]), int(start[first]) + int(size[part].sum()))
        common = (groups.weights[of_units] * np.repeat(near, size[part], axis=0)).sum(axis=1)
        most = np.maximum.reduceat(room[of_units] - common, start[part] - start[first])
        spread = _SUM * (high[part] @ np.abs(price).max(axis=0))
        open_ = (least < (most + spread)[:, None]) & may[part][:, ways.eligible.kind_of]
        for group in np.flatnonzero(open_.any(axis=1)).tolist():
            yield first + group, every[open_[group]]


def _straight(points: Floats, there: Floats) -> Floats:
    """Give distances through the unit sphere, (n, T), rounded down."""
    square = points @ there.T
    square *= -2
    square += (points**2).sum(axis=1)[:, None] + (1 - _SQUARE)
    np.maximum(square, 0, out=square)
    distance: Floats = np.sqrt(square, out=square)
    return distance


def _measured_cheaper(
    ways: Ways,
    pairs: Pairs,
    first_pair: Ints,
    price: Floats,
    weights: Floats,
    than: Floats,
    gathered: list[tuple[Ints, Ints]],
) -> tuple[Ints, Ints, Floats]:
    """Measure ways that may be cheaper, and give those that are: unit, territory and cost."""
    unit, territory = (np.concatenate(arrays) for arrays in zip(*gathered, strict=True))
    way, pair = stretches(first_pair[unit], first_pair[unit + 1])
    kept = ways.eligible.allows(unit, territory)
    kept[way[pairs.territory[pair] == territory[way]]] = False
    unit, territory = unit[kept], territory[kept]
    cost = ways.pairs(unit, territory).cost + (price[territory] * weights[unit]).sum(axis=1)
    better = cost < than[unit]
    return unit[better], territory[better], cost[better]
