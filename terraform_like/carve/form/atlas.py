"""Geographic units and which of them touch: the map of a component, and where a territory falls apart on it.

The unit of the carve is an account or a family; the geographic unit that it lies in is called its *place* here. What
touches, also over others, is one *land*. A territory is connected when its places in each land are: over water
there is no way, so that a territory may hold an island, or a part of two continents, and is in one piece on each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terraform_like.carve.arrays import Ints, Positions
from terraform_like.carve.form.eligible import Eligible
from terraform_like.carve.form.problem import Atlas, Problem
from terraform_like.diagnostics import listing


def lie_of_the_land(
    unit_places: Ints, allowed: Eligible, names: NDArray[np.str_], touching: Ints, elsewhere: Iterable[int]
) -> Atlas:
    """Lay out where units lie.

    Units of one place that may go to the same territories are one node, and stay together. A place where none of them
    lies goes with the nearest one where some do (fewest borders to cross, the first name on a tie), so that it
    separates nobody; but for those that are somebody else's.

    Parameters
    ----------
    unit_places : (N,) array of int
        The place of each unit, a position in `names`; -1 for a unit that need not be connected with any.
    allowed : Eligible
        Where units may go.
    names : (K,) array of str
        Names of all places, sorted.
    touching : (B, 2) array of int
        Atlas that touch.
    elsewhere : iterable of int
        Atlas of accounts that these territories may not hold.
    """
    placed = unit_places >= 0
    mine = np.unique(unit_places[placed])
    closed = np.zeros(len(names), dtype=bool)
    closed[list(elsewhere)] = True
    closed[mine] = False
    borders = touching[~closed[touching].any(axis=1)]
    cell = _cells(mine, borders, len(names))
    borders = cell[borders]
    borders = borders[(borders >= 0).all(axis=1) & (borders[:, 0] != borders[:, 1])]
    # A unit without a place has one of its own, that touches none.
    key = np.where(placed, unit_places, len(names) + np.arange(len(unit_places)))
    together = np.stack([key, _signatures(allowed)], axis=1)
    nodes, of_unit = np.unique(together, axis=0, return_inverse=True)
    of_unit = of_unit.ravel()
    place = nodes[:, 0]
    # What only others may hold separates, but is no water.
    land = np.append(_lands(touching, len(names)), len(names) + np.arange(len(unit_places)))[place]
    edges = _edges(place, np.unique(np.sort(borders, axis=1), axis=0))
    start, neighbour = _rows(edges, len(nodes))
    named = np.append(names, "")[np.minimum(place, len(names))]
    return Atlas(named, of_unit, start, neighbour, np.unique(land, return_inverse=True)[1].ravel())


def _cells(mine: Ints, borders: Ints, count: int) -> Ints:
    """Give each place the nearest of mine, a (K,) array; -1 where there is no way to any."""
    cell = np.full(count, -1)
    cell[mine] = mine
    both = np.vstack([borders, borders[:, ::-1]])
    while True:
        ahead = both[(cell[both[:, 0]] >= 0) & (cell[both[:, 1]] < 0)]
        if not len(ahead):
            return cell
        reached = np.full(count, count)
        np.minimum.at(reached, ahead[:, 1], cell[ahead[:, 0]])
        cell = np.where(reached < count, reached, cell)


def _signatures(allowed: Eligible) -> Ints:
    """Give each unit a number for the set of territories that it may go to."""
    sets = np.hstack([allowed.may, allowed.only[:, None]]).astype(np.int64)
    numbers: Ints = np.unique(sets, axis=0, return_inverse=True)[1].ravel()
    width = len(allowed.kind_of)
    # Exclusions are few: each set of them is a number of its own.
    known: dict[tuple[int, bytes], int] = {}
    for unit in np.unique(allowed.barred // width).tolist():
        out = allowed.barred[allowed.barred // width == unit] % width
        numbers[unit] = known.setdefault((int(numbers[unit]), out.tobytes()), int(numbers.max()) + 1)
    return numbers


def _edges(place: Ints, borders: Ints) -> Ints:
    """Give the nodes that touch, an (E, 2) array: those of one place, and those of places that touch."""
    by_place: dict[int, list[int]] = {}
    for node, at in enumerate(place.tolist()):
        by_place.setdefault(at, []).append(node)
    edges = [(a, b) for one, other in borders.tolist() for a in by_place[one] for b in by_place[other]]
    edges += [(a, b) for nodes in by_place.values() for n, a in enumerate(nodes) for b in nodes[n + 1 :]]
    return np.array(sorted(edges), dtype=np.int64).reshape(-1, 2)


def _rows(edges: Ints, count: int) -> tuple[Ints, Ints]:
    """Give neighbours node by node: those of node p are `neighbour[start[p] : start[p + 1]]`, ascending."""
    both = np.vstack([edges, edges[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    return np.searchsorted(both[:, 0], np.arange(count + 1)), both[:, 1]


def _lands(edges: Ints, count: int) -> Ints:
    """Give each node the number of its part of a map, whose nodes touch, over others too."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
    lands: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
    return lands


def pieces(atlas: Atlas, at: Positions) -> Ints:
    """Give each node the number of the connected piece of its territory, a (P,) array.

    Parameters
    ----------
    atlas : Atlas
        The map.
    at : (P,) array of int
        The territory of each node.
    """
    one = np.repeat(np.arange(atlas.count), np.diff(atlas.start))
    other = atlas.neighbour
    same = at[one] == at[other]
    return _lands(np.stack([one[same], other[same]], axis=1), atlas.count)


@dataclass(frozen=True, slots=True)
class Apart:
    """A territory that is not connected.

    Parameters
    ----------
    territory : int
        Its position in the problem.
    parts : tuple of tuple of str
        Names of the places of its parts in one land, the largest part first.
    """

    territory: int
    parts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Divided:
    """A place whose units are in several territories, though they may go to the same ones."""

    place: str
    territories: tuple[int, ...]


def at_nodes(problem: Problem, atlas: Atlas, choice: Ints) -> Ints:
    """Give the territory of each node, a (P,) array: that of its first unit."""
    at = np.empty(atlas.count, dtype=np.int64)
    at[atlas.of_unit[::-1]] = problem.pairs.territory[choice[::-1]]
    return at


def fallen_apart(problem: Problem, choice: Ints) -> list[Divided | Apart]:
    """Name the places that are divided, and the territories that are not connected; none where nothing is asked.

    Parameters
    ----------
    problem : Problem
        The problem.
    choice : (N,) array of int
        A complete choice.
    """
    atlas = problem.atlas
    if atlas is None:
        return []
    found: list[Divided | Apart] = []
    at = at_nodes(problem, atlas, choice)
    own = problem.pairs.territory[choice]
    for node in np.unique(atlas.of_unit[own != at[atlas.of_unit]]).tolist():
        books = np.unique(own[atlas.of_unit == node])
        found.append(Divided(str(atlas.names[node]), tuple(books.tolist())))
    piece = pieces(atlas, at)
    _, first, size = np.unique(piece, return_index=True, return_counts=True)
    there = at[first] * (int(atlas.land.max()) + 1) + atlas.land[first]
    for key in np.unique(there)[np.unique(there, return_counts=True)[1] > 1].tolist():
        mine = np.flatnonzero(there == key)
        mine = mine[np.lexsort((first[mine], -size[mine]))]
        parts = tuple(tuple(sorted(set(atlas.names[piece == part].tolist()))) for part in mine.tolist())
        found.append(Apart(int(at[first[mine[0]]]), parts))
    return found


def in_words(problem: Problem, fault: Divided | Apart) -> str:
    """Say what is amiss: `west falls into 2 parts: 06075 is apart from 06081, 06085`."""
    if isinstance(fault, Divided):
        books = " and ".join(problem.territories[t] for t in fault.territories)
        return f"{fault.place} is divided between {books}"
    name, (largest, *others) = problem.territories[fault.territory], fault.parts
    strays = listing(place for part in others for place in part)
    return f"{name} falls into {len(fault.parts)} parts: {strays} apart from {listing(largest, 3)}"
