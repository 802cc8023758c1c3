"""Centers where even books want them: carve the places of accounts evenly, move each center to the middle, in turn.

The carve is a relaxed one. Each place splits itself over the centers nearest to it, the nearer and cheaper the more,
at a price in km that each center asks of whoever comes; the prices bring the loads into their limits (scaling of
unbalanced optimal transport: Chizat, Peyré, Schmitzer and Vialard, 2018). Books have soft edges to begin with and
sharp ones in the end (deterministic annealing: Rose, 1998), so that centers find their places before they settle. The
middle of a book is where the way to all of its accounts is shortest (Weiszfeld, 1937), since travel counts km.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from terraform_like.carve.arrays import Flags, Floats, Ints
from terraform_like.domain.geography import EARTH_RADIUS_KM, along_a_curve, on_the_sphere, under_the_sphere

#: Nearest centers of each team that a place splits itself over.
_NEAREST = 10
#: Of more accounts than these, and than so many a center, those near one another are looked at as one place.
_ENOUGH, _EACH = 3_000, 30
#: Rounds while the edges of books sharpen; most that follow until no center moves, and of how many ways in all.
_COOLING, _COLD, _LOOKED_AT = 16, 60, 4_000_000
#: Softness of the edges at first and in the end, over the mean km to the nearest center at first.
_WARM, _SHARP = 0.5, 0.05
#: Times that prices are mended in a round, and by how many softnesses at most.
_PRICED, _LARGEST = 30, 3.0
#: Prices go beyond what would do now, which brings them home in fewer steps (Thibault and others, 2021).
_HASTE = 1.7
#: So do centers, by strides that shrink from round to round once the edges are sharp: where books are nearly alike
#: they would wander about for ever.
_STRIDE, _SHRINKS = 1.5, 0.94
#: A place nearer than this to its center, over the same km, pulls it no more than one this far away would.
_NO_NEARER = 0.02
#: A center that moves less than this, over the same km, has stopped.
_STOPPED = 0.005
#: A center that gets less than this of its fair share in the first rounds starts anew where accounts are dearest.
_HUNGRY, _ANEW = 0.5, 10
#: Decimals of a degree that a center is told in: 11 cm, so that what processors round differently is no other center.
_DECIMALS = 6
#: Part of the room inside the limits that found centers may use; the rest is left to accounts that cannot be split.
_ROOM = 0.5


@dataclass(frozen=True, slots=True)
class Places:
    """Where accounts are, n of them.

    Parameters
    ----------
    degrees : (n, 2) array
        Latitude and longitude; no NaN.
    pull : (n,) array
        How much each pulls its center.
    load : (n,) array
        What is balanced, in a unit of which a center's mean fair share is about 1; zeros where nothing is.
    held : (n, G) array of bool
        Whether the centers of a team may hold it; those of one team at least.
    """

    degrees: Floats
    pull: Floats
    load: Floats
    held: Flags


@dataclass(frozen=True, slots=True)
class Shares:
    """What the load of each center should be and may be, (C,) arrays in the unit of `Places.load`."""

    share: Floats
    low: Floats
    high: Floats

    def of(self, centers: Ints) -> Shares:
        """Give those of some centers."""
        return Shares(self.share[centers], self.low[centers], self.high[centers])

    def alike(self, centers: Ints) -> Shares:
        """Give the same with the mean of some centers for each of them."""
        share, low, high = self.share.copy(), self.low.copy(), self.high.copy()
        for values in (share, low, high) if len(centers) else ():
            values[centers] = values[centers].mean()
        return Shares(share, low, high)


def recentred(
    places: Places, centers: Floats, team: Ints, fixed: Flags, shares: Shares, *, softly: bool = True
) -> Floats:
    """Move found centers to where even books have them, and give all centers, a (C, 2) array of degrees.

    Parameters
    ----------
    places : Places
        The accounts, in canonical order.
    centers : (C, 2) array
        Where the centers start; no NaN.
    team : (C,) array of int
        The team of each center, a column of `Places.held`.
    fixed : (C,) array of bool
        Centers that are given: they stay where they are, and have a book all the same.
    shares : Shares
        What each book should hold.
    softly : bool
        Whether centers may go far from where they start: the edges of books are soft at first.
    """
    spots = _spots(places, len(centers))
    at = on_the_sphere(centers)
    whole = spots.load.sum() / max(shares.share.sum(), 1e-300)
    low, high = (whole * (shares.share + _ROOM * (side - shares.share)) for side in (shares.low, shares.high))
    ways = _ways(spots, at, team)
    scale = float((spots.pull * np.minimum.reduceat(ways.km, ways.start[:-1])).sum() / spots.pull.sum())
    price = np.zeros(len(at))
    cold = min(_COLD, max(_COOLING, _LOOKED_AT // len(ways.km)))
    for turn in range(0 if softly else _COOLING, _COOLING + cold if scale > 0 else 0):
        soft = scale * _WARM * (_SHARP / _WARM) ** (min(turn, _COOLING) / _COOLING)
        stride = _STRIDE * _SHRINKS ** max(0, turn - _COOLING)
        parts, load, price = _split(spots, ways, price, soft, low, high)
        pull = parts * (spots.pull[ways.spot] / np.maximum(ways.km, _NO_NEARER * scale))
        sums = np.stack([np.bincount(ways.center, pull * spots.at[ways.spot, axis], len(at)) for axis in range(3)], 1)
        length = np.linalg.norm(sums, axis=1)
        moves = ~fixed & (length > 0)
        moved = np.where(moves[:, None], at + stride * (sums / np.where(moves, length, 1.0)[:, None] - at), at)
        moved /= np.linalg.norm(moved, axis=1, keepdims=True)
        if 0 < turn <= _ANEW:
            hungry = ~fixed & (load < _HUNGRY * whole * shares.share)
            _start_anew(spots, ways, parts, price, moved, np.flatnonzero(hungry))
        far = EARTH_RADIUS_KM * np.linalg.norm(moved - at, axis=1).max()
        at = moved
        if turn >= _COOLING and far < _STOPPED * scale:
            break
        ways = _ways(spots, at, team)
    return np.where(fixed[:, None], centers, under_the_sphere(at).round(_DECIMALS))


@dataclass(frozen=True, slots=True)
class _Spots:
    """Places, or several near one another as one: points of the sphere, (n, 3), and the same as of `Places`."""

    at: Floats
    pull: Floats
    load: Floats
    held: Flags


@dataclass(frozen=True, slots=True)
class _Ways:
    """Which centers are near a spot, E rows sorted by spot: those of spot n are `start[n]` to `start[n + 1]`."""

    spot: Ints
    center: Ints
    start: Ints
    km: Floats


def _spots(places: Places, centers: int) -> _Spots:
    """Gather accounts along a curve that fills the map, so that there are at most so many spots a center."""
    most = max(_ENOUGH, _EACH * centers)
    at, kind = on_the_sphere(places.degrees), _kinds(places.held)
    order = np.lexsort((along_a_curve(at), kind))
    part = np.arange(len(at)) * min(most, len(at)) // len(at)
    first = np.flatnonzero((np.diff(part, prepend=-1) > 0) | (np.diff(kind[order], prepend=-1) != 0))

    def summed(values: Floats) -> Floats:
        return np.add.reduceat(values[order], first, axis=0)

    middle = summed(at)
    length = np.linalg.norm(middle, axis=1, keepdims=True)
    middle = np.where(length > 0, middle / np.where(length > 0, length, 1.0), at[order[first]])
    return _Spots(middle, summed(places.pull), summed(places.load), places.held[order[first]])


def _kinds(held: Flags) -> Ints:
    """Give each row of flags a number, one for those that are equal."""
    kind = np.zeros(len(held), dtype=np.int64)
    for column in held.T:
        kind = np.unique(2 * kind + column, return_inverse=True)[1]
    return kind


def _ways(spots: _Spots, at: Floats, team: Ints) -> _Ways:
    """Find the nearest centers of each team that may hold a spot."""
    from scipy.spatial import cKDTree

    spot, center = [], []
    for column in np.unique(team):
        mine, those = np.flatnonzero(spots.held[:, column]), np.flatnonzero(team == column)
        count = min(_NEAREST, len(those))
        near = cKDTree(at[those]).query(spots.at[mine], count)[1]
        spot.append(np.repeat(mine, count))
        center.append(those[near.ravel()])
    spots_of, centers_of = np.concatenate(spot), np.concatenate(center)
    if len(spot) > 1:
        order = np.argsort(spots_of, kind="stable")
        spots_of, centers_of = spots_of[order], centers_of[order]
    start = np.searchsorted(spots_of, np.arange(len(spots.at) + 1))
    apart = spots.at[spots_of] - at[centers_of]
    chord = np.sqrt(np.einsum("ea,ea->e", apart, apart))
    return _Ways(spots_of, centers_of, start, 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2, 1.0)))


def _split(
    spots: _Spots, ways: _Ways, price: Floats, soft: float, low: Floats, high: Floats
) -> tuple[Floats, Floats, Floats]:
    """Split spots over centers with soft edges; give the parts, (E,), the loads, (C,), and the prices, (C,) in km."""
    from scipy.sparse import csr_array

    cost = ways.km + price[ways.center]
    cheapest = np.minimum.reduceat(cost, ways.start[:-1])
    likely = np.exp((cheapest[ways.spot] - cost) / soft)
    shape = (len(spots.at), len(price))
    wish = csr_array((likely, ways.center, ways.start), shape=shape)
    coming = wish.T.tocsr()
    asked, least, most = price, np.log(np.maximum(low, 1e-9)), np.log(np.maximum(high, 1e-9))
    ease = np.ones(len(price))
    for _ in range(_PRICED if spots.load.any() else 0):
        load = ease * (coming @ (spots.load / (wish @ ease)))
        free = np.log(np.maximum(load, 1e-9)) + asked / soft
        wanted = np.maximum(free - most, 0) + np.minimum(free - least, 0)
        asked = asked + soft * np.clip(_HASTE * (wanted - asked / soft), -_LARGEST, _LARGEST)
        ease = np.exp((price - asked) / soft)
    parts: Floats = likely * ease[ways.center] / (wish @ ease)[ways.spot]
    loads = np.bincount(ways.center, parts * spots.load[ways.spot], len(price)).astype(np.float64)
    return parts, loads, asked


def _start_anew(spots: _Spots, ways: _Ways, parts: Floats, price: Floats, at: Floats, hungry: Ints) -> None:
    """Put centers that cannot fill their books into the books of those that ask most, far from the middle, in place."""
    if not len(hungry):
        return
    dear = np.argsort(-price, kind="stable")
    dear = dear[(price[dear] > 0) & ~np.isin(dear, hungry)]
    best = np.flatnonzero(parts == np.maximum.reduceat(parts, ways.start[:-1])[ways.spot])
    best = best[np.diff(ways.spot[best], prepend=-1) > 0]
    for center, other in zip(hungry, dear, strict=False):
        mine = best[ways.center[best] == other]
        if len(mine):
            edge = mine[np.argsort(ways.km[mine], kind="stable")[3 * (len(mine) - 1) // 4]]
            at[center], price[center] = spots.at[ways.spot[edge]], price[other]
