"""Where travel is measured from: the center that is given, else the owner's home, else one that is found.

Centers are found from the accounts that a territory may hold, never from those that it has now, so that they stay where
they are when accounts move. Where accounts are now says only which territory gets which center.
"""

from __future__ import annotations

import numpy as np

from terraform_like.carve.arrays import Flags, Floats, Ints
from terraform_like.carve.form.eligible import Eligible
from terraform_like.carve.form.problem import Limits
from terraform_like.carve.form.recentre import Places, Shares, recentred
from terraform_like.domain.carving import Carving, Territory
from terraform_like.domain.geography import on_the_sphere, under_the_sphere

#: Seed of k-means++; a constant, since the same company must get the same centers everywhere.
_SEED = 20270201
_ROUNDS = 5
#: An account without any load pulls a center by this, where one of a mean load pulls it by 1.
_LEAST_PULL = 1e-3
#: Limits of one load count as no narrower and no wider than these, over the fair share, beside those of another.
_NARROWEST, _WIDEST = 0.02, 10.0
#: Of more points than these, and than so many a center, every second, third ... one is looked at.
_ENOUGH, _EACH = 50_000, 60


def known_center(book: Territory, carving: Carving) -> tuple[float, float] | None:
    """Give the center that the wishes name: `center`, else the home of the owner."""
    if book.center is not None:
        return book.center
    owner = carving.people.get(book.owner) if book.owner else None
    return owner.home if owner else None


def place_centers(
    books: list[Territory],
    known: list[tuple[float, float] | None],
    points: Floats,
    current: Ints,
    unit_of: Ints,
    allowed: Eligible,
    loads: Floats,
    limits: Limits,
    *,
    pulled: bool,
) -> Floats:
    """Give the center of each territory of a component, a (T, 2) array of degrees, NaN where there is no location.

    Parameters
    ----------
    books : list of Territory
        The territories, T of them.
    known : list
        The center of each that the wishes name.
    points, current, unit_of : (A, 2), (A,) and (A,) arrays
        Degrees, territory and unit of each account.
    allowed : Eligible
        Where units may go.
    loads : (A, M) array
        What each account adds to each load that is limited.
    limits : Limits
        What each load should be and may be.
    pulled : bool
        Whether loads pull the centers, and not each account alike.
    """
    centers = np.array([(np.nan, np.nan) if one is None else one for one in known])
    fixed, placed = (np.asarray(np.isfinite(those).all(axis=1)) for those in (centers, points))
    if fixed.all() or not placed.any():
        return centers
    # Territories of the same wish share its accounts out among the centers that are found for them; that one of them
    # has an account pinned or excluded makes it no other.
    wishes = [(book.where, book.rule) for book in books]
    teams = [np.array([t for t, one in enumerate(wishes) if one == wish]) for wish in dict.fromkeys(wishes)]
    held = np.stack([_held_by_any(allowed, team)[unit_of] for team in teams], axis=1) & placed[:, None]
    load, shares = _one_load(loads, limits)
    pull = np.maximum(load / max(load.mean(), 1e-300), _LEAST_PULL) if pulled else np.ones(len(points))
    team_of = np.empty(len(books), dtype=np.int64)
    for number, team in enumerate(teams):
        team_of[team] = number
        group, mine = team[~fixed[team]], held[:, number]
        if len(group):
            centers[group] = find_centers(points[mine], len(group), centers[team[fixed[team]]], pull[mine])
    there, able = np.flatnonzero(held.any(axis=1)), np.flatnonzero(np.isfinite(centers).all(axis=1))
    places = Places(points[there], pull[there], load[there], held[there])
    groups = [np.intersect1d(team[~fixed[team]], able) for team in teams]
    even, sizes = shares, np.array([book.size for book in books])
    for group in groups:
        even = even.alike(group)
    centers[able] = recentred(places, centers[able], team_of[able], fixed[able], even.of(able))
    for group in groups:
        centers[group] = match_centers(points, current, group, centers[group])
    if any(len(np.unique(sizes[group])) > 1 for group in groups):
        # Who gets which center is known by now, and so how much each is to hold.
        centers[able] = recentred(places, centers[able], team_of[able], fixed[able], shares.of(able), softly=False)
    return centers


def _held_by_any(allowed: Eligible, books: Ints) -> Flags:
    """Say whether each unit may go to any of some territories of one kind, a (U,) array."""
    width = len(allowed.kind_of)
    free = allowed.may[:, allowed.kind_of[books[0]]] & (allowed.only < 0)
    out = allowed.barred[np.isin(allowed.barred % width, books)]
    everywhere = np.bincount(out // width, minlength=len(free)) == len(books)
    held: Flags = (free & ~everywhere) | np.isin(allowed.only, books)
    return held


def _one_load(loads: Floats, limits: Limits) -> tuple[Floats, Shares]:
    """Sum up loads as one, in mean fair shares, to which those add most whose limits leave the least room."""
    some = np.isfinite(limits.share).all(axis=0) & (limits.share > 0).all(axis=0)
    share, low, high = (side[:, some] for side in (limits.share, limits.low, limits.high))
    if not some.any():
        even = np.ones(len(share))
        return np.zeros(len(loads)), Shares(even, even, even)
    high = np.minimum(high, _WIDEST * share)
    worth = 1 / np.maximum(((high - low) / share).mean(axis=0), _NARROWEST)
    worth /= worth.sum() * share.mean(axis=0)
    load, *sides = ((values * worth).sum(axis=1) for values in (loads[:, some], share, low, high))
    return load, Shares(*sides)


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
    at, fixed = on_the_sphere(points), len(taken)
    centers = np.concatenate([on_the_sphere(taken), np.empty((count, 3))])
    distance = np.full(len(at), np.inf)
    for center in centers[:fixed]:
        distance = np.minimum(distance, _squared(at, center))
    for found in range(fixed, len(centers)):
        chances = np.cumsum(pull * np.where(np.isfinite(distance), distance, 1.0))
        chosen = at[min(int(np.searchsorted(chances, random.random() * chances[-1])), len(at) - 1)]
        centers[found] = chosen
        distance = np.minimum(distance, _squared(at, chosen))
    for _ in range(_ROUNDS):
        nearest = _nearest(at, centers)
        sums = np.stack([np.bincount(nearest, pull * axis, len(centers)) for axis in at.T], axis=1)
        length = np.linalg.norm(sums, axis=1)
        moves = (np.arange(len(centers)) >= fixed) & (length > 0)
        centers = np.where(moves[:, None], sums / np.where(moves, length, 1.0)[:, None], centers)
    found_centers = under_the_sphere(centers[fixed:])
    return found_centers[np.lexsort((found_centers[:, 0], found_centers[:, 1]))]


def _nearest(at: Floats, centers: Floats) -> Ints:
    """Give the nearest center of each point, (n,), for points of the sphere, (n, 3) and (C, 3)."""
    from scipy.spatial import cKDTree

    nearest: Ints = cKDTree(centers).query(at)[1]
    return nearest


def _squared(at: Floats, center: Floats) -> Floats:
    """Give the squared straight distance from each point of the sphere to a center."""
    apart = at - center
    squared: Floats = np.einsum("na,na->n", apart, apart)
    return squared


def match_centers(points: Floats, current: Ints, group: Ints, centers: Floats) -> Floats:
    """Give each territory of a group a center near the mean of its accounts: least squares, a linear assignment.

    Where each account is nearest would say more of how many stay, but not the same again once books of unlike sizes are
    applied: they reach over other centers, and their means do not.

    Parameters
    ----------
    points, current : (A, 2) and (A,) arrays
        Degrees and territory of each account.
    group : (C,) array of int
        The territories, sorted; those without an account take what is left.
    centers : (C, 2) array
        Degrees.

    Returns
    -------
    (C, 2) array
        The centers in the order of the territories.
    """
    from scipy.optimize import linear_sum_assignment

    placed = np.flatnonzero(np.isfinite(points).all(axis=1) & np.isin(current, group))
    row = np.searchsorted(group, current[placed])
    count = np.bincount(row, minlength=len(group))[:, None]
    sums = np.stack([np.bincount(row, axis, len(group)) for axis in on_the_sphere(points[placed]).T], axis=1)
    apart = (sums / np.maximum(count, 1))[:, None, :] - on_the_sphere(centers)
    far = np.einsum("tca,tca->tc", apart, apart) * (count > 0)
    matched: Floats = centers[linear_sum_assignment(far)[1]]
    return matched
