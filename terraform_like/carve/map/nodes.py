"""A component with whole geographic units as its units: what its territories are grown and improved over."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from terraform_like.carve.arrays import Ints
from terraform_like.carve.form.atlas import pieces
from terraform_like.carve.form.problem import Atlas, Problem
from terraform_like.carve.form.ways import Pairs
from terraform_like.domain.carving import CarveMethod, Effort

#: The weight of a unit that has none, over the mean.
_LIGHTEST = 0.01


@dataclass(frozen=True, slots=True)
class Nodes:
    """A problem of which each unit is a node of a map.

    Parameters
    ----------
    problem : Problem
        The same component, with P units; its map has each of them as a node of its own.
    atlas : Atlas
        That map.
    of_unit : (N,) array of int
        The node of each unit of the original problem.
    """

    problem: Problem
    atlas: Atlas
    of_unit: Ints

    def choice(self, original: Problem, choice: Ints) -> Ints:
        """Give the pair of each original unit from those of the nodes, an (N,) array."""
        return original.at(self.problem.pairs.territory[choice][self.of_unit])

    def gathered(self, original: Problem, choice: Ints) -> Ints:
        """Give the pair of each node from those of the original units: of most accounts where they differ, (P,).

        A node of which no unit is placed (-1) gets -1.
        """
        placed = np.flatnonzero(choice >= 0)
        pairs, count = self.problem.pairs, len(original.territories)
        keys = pairs.unit.astype(np.int64) * count + pairs.territory
        wanted = self.of_unit[placed] * count + original.pairs.territory[choice[placed]]
        found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        hit = keys[found] == wanted
        size = np.bincount(original.unit_of, minlength=original.units)
        here = np.bincount(found[hit], size[placed][hit], len(pairs))
        gathered = np.full(self.problem.units, -1)
        # The last write is the one with most accounts, the first territory on a tie.
        order = np.lexsort((-pairs.territory, here))
        order = order[here[order] > 0]
        gathered[pairs.unit[order]] = order
        return gathered


def nodes_of(problem: Problem, atlas: Atlas, *, whole: bool) -> Nodes:
    """Contract the units of a problem to the nodes of its map.

    Parameters
    ----------
    problem : Problem
        The problem.
    atlas : Atlas
        Its map.
    whole : bool
        Whether a land that is smaller than every fair share becomes one node, and so stays whole.
    """
    group = _whole_lands(problem, atlas) if whole else np.arange(atlas.count)
    count = int(group.max()) + 1
    of_unit = group[atlas.of_unit]
    pairs = _pairs(problem, of_unit, count)
    weights = np.zeros((count, len(problem.metrics)))
    np.add.at(weights, of_unit, problem.weights)
    first = np.unique(group, return_index=True)[1]
    one = np.repeat(np.arange(atlas.count), np.diff(atlas.start))
    edges = np.stack([group[one], group[atlas.neighbour]], axis=1)
    edges = np.unique(edges[edges[:, 0] != edges[:, 1]], axis=0)
    start = np.searchsorted(edges[:, 0], np.arange(count + 1))
    own = Atlas(atlas.names[first], np.arange(count), start, edges[:, 1], atlas.land[first])
    contracted = replace(
        problem,
        unit_of=of_unit[problem.unit_of],
        weights=weights,
        pairs=pairs,
        current=np.full(count, -1),
        ways=replace(problem.ways, complete=True),
        atlas=own,
    )
    return Nodes(contracted, own, of_unit)


def by_weight(problem: Problem) -> Problem:
    """Give the same problem with the ways and moves of a unit counted by its weight, and not by its accounts.

    What is nearest by the weighted way, at a price of the weight, is a power diagram: each territory lies round its
    center, nearly connected. Counted by accounts, light units stay near and heavy ones go far to even loads out.
    """
    mean = problem.weights.mean(axis=0)
    heavy = (
        (problem.weights / np.where(mean > 0, mean, 1.0)).mean(axis=1) if problem.metrics else np.ones(problem.units)
    )
    size = np.bincount(problem.unit_of, minlength=problem.units)
    factor = np.maximum(heavy, _LIGHTEST) / np.maximum(size / size.mean(), _LIGHTEST)
    pairs = problem.pairs
    dearer = replace(pairs, cost=pairs.cost * factor[pairs.unit])
    return replace(problem, pairs=dearer, effort=Effort.QUICK, method=CarveMethod.DECOMPOSED, atlas=None)


def _pairs(problem: Problem, of_unit: Ints, count: int) -> Pairs:
    """Sum pairs up, node by node, over the territories that all units of a node may go to."""
    pairs, territories = problem.pairs, len(problem.territories)
    keys, at, times = np.unique(
        of_unit[pairs.unit] * territories + pairs.territory, return_inverse=True, return_counts=True
    )
    all_may = times == np.bincount(of_unit, minlength=count)[keys // territories]
    moved, cost = (np.bincount(at, values, len(keys))[all_may] for values in (pairs.moved, pairs.cost))
    unit, territory = keys[all_may] // territories, keys[all_may] % territories
    return Pairs(unit.astype(np.int32), territory.astype(np.int32), moved, cost)


def _whole_lands(problem: Problem, atlas: Atlas) -> Ints:
    """Give nodes new numbers: those of a small land, which some territory may hold, become one."""
    lands = int(atlas.land.max()) + 1
    land_of = atlas.land[atlas.of_unit]
    first = np.unique(pieces(atlas, np.zeros(atlas.count, dtype=np.int64)), return_index=True)[1]
    small = np.bincount(atlas.land[first], minlength=lands) == 1
    least = problem.limits.share.min(axis=0)
    for metric in range(len(problem.metrics)):
        small &= np.bincount(land_of, problem.weights[:, metric], lands) < least[metric]
    may = np.bincount(
        land_of[problem.pairs.unit] * len(problem.territories) + problem.pairs.territory,
        minlength=lands * len(problem.territories),
    ).reshape(lands, -1)
    small &= (may == np.bincount(land_of, minlength=lands)[:, None]).any(axis=1)
    key = np.where(small[atlas.land], atlas.land, lands + np.arange(atlas.count))
    return np.unique(key, return_inverse=True)[1].ravel()
