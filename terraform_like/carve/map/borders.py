"""Territories on a map while they change: which units stand at a border, and which hold their territory together."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from terraform_like.carve.arrays import Flags, Ints, Positions
from terraform_like.carve.form.problem import Atlas


class Borders:
    """The territory of each node, kept up to date over moves that leave every territory connected.

    Parameters
    ----------
    atlas : Atlas
        The map.
    at : (P,) array of int
        The territory of each node; every territory is connected in each land.
    territories : int
        How many there are.
    """

    def __init__(self, atlas: Atlas, at: Positions, territories: int) -> None:
        self.at: Ints = at.astype(np.int64)
        self._atlas = atlas
        self._territories = territories
        self._one = np.repeat(np.arange(atlas.count), np.diff(atlas.start))
        bounds = atlas.start.tolist()
        self._neighbours = [atlas.neighbour[a:b].tolist() for a, b in pairwise(bounds)]
        #: Islands: they are connected wherever they go.
        self._alone = np.bincount(atlas.land)[atlas.land] == 1
        #: Nodes without which their territory falls apart.
        self._holding = np.zeros(atlas.count, dtype=bool)
        self._refresh(range(territories))

    def open(self, node: Positions, territory: Positions) -> Flags:
        """Say which moves of nodes to territories keep both sides connected, an array like those given."""
        near = np.zeros((self._atlas.count, self._territories), dtype=bool)
        near[self._one, self.at[self._atlas.neighbour]] = True
        near[self._alone] = True
        near[:, self._homeless()] = True
        answer: Flags = near[node, territory] & ~self._holding[node]
        return answer

    def moves(self) -> tuple[Ints, Ints]:
        """Give nodes at a border and the territories across it: the moves that keep both sides connected."""
        there = self.at[self._atlas.neighbour]
        across = (there != self.at[self._one]) & ~self._holding[self._one]
        keys = np.unique(self._one[across] * self._territories + there[across])
        node, territory = keys // self._territories, keys % self._territories
        lone = np.flatnonzero(self._alone)
        node = np.concatenate([node, np.repeat(lone, self._territories)])
        territory = np.concatenate([territory, np.tile(np.arange(self._territories), len(lone))])
        everywhere = np.arange(self._atlas.count)
        for book in self._homeless().tolist():
            node = np.concatenate([node, everywhere])
            territory = np.concatenate([territory, np.full(len(everywhere), book)])
        changes = (self.at[node] != territory) & ~self._holding[node]
        return node[changes], territory[changes]

    def _homeless(self) -> Ints:
        """Give the territories that hold nothing but islands: they may settle anywhere."""
        return np.setdiff1d(np.arange(self._territories), self.at[~self._alone])

    def move(self, moves: Iterable[tuple[int, int]]) -> bool:
        """Carry out moves at once where every territory stays connected; else change nothing and say so."""
        taken = [(node, int(self.at[node]), to) for node, to in moves]
        for node, _, to in taken:
            self.at[node] = to
        books = sorted({book for _, left, to in taken for book in (left, to)})
        lands = {int(self._atlas.land[node]) for node, _, _ in taken}
        single = len(taken) == 1
        # One node that does not hold its territory together, and crosses a border, leaves both sides connected.
        if not single and not all(self._connected(book, land) for book in books for land in lands):
            for node, left, _ in taken:
                self.at[node] = left
            return False
        self._refresh(books)
        return True

    def _connected(self, book: int, land: int) -> bool:
        mine = set(np.flatnonzero((self.at == book) & (self._atlas.land == land)).tolist())
        if not mine:
            return True
        ahead = [mine.pop()]
        while ahead:
            for other in self._neighbours[ahead.pop()]:
                if other in mine:
                    mine.remove(other)
                    ahead.append(other)
        return not mine

    def _refresh(self, books: Iterable[int]) -> None:
        """Find the nodes that hold their territory together: its articulation points (Hopcroft and Tarjan, 1973)."""
        at = self.at.tolist()
        for book in books:
            mine = np.flatnonzero(self.at == book)
            self._holding[mine] = False
            found = _articulation(mine.tolist(), at, book, self._neighbours)
            self._holding[found] = True


def _articulation(nodes: list[int], at: list[int], book: int, neighbours: list[list[int]]) -> list[int]:
    """Give the nodes of a territory without which one of its pieces falls apart."""
    found: list[int] = []
    depth: dict[int, int] = {}
    lowest: dict[int, int] = {}
    for root in nodes:
        if root in depth:
            continue
        depth[root] = lowest[root] = 0
        branches = 0
        stack = [(root, -1, iter(neighbours[root]))]
        while stack:
            node, parent, ahead = stack[-1]
            for other in ahead:
                if at[other] != book or other == parent:
                    continue
                if other in depth:
                    lowest[node] = min(lowest[node], depth[other])
                else:
                    depth[other] = lowest[other] = depth[node] + 1
                    branches += node == root
                    stack.append((other, node, iter(neighbours[other])))
                    break
            else:
                stack.pop()
                if parent >= 0:
                    lowest[parent] = min(lowest[parent], lowest[node])
                    if parent != root and lowest[node] >= depth[parent]:
                        found.append(parent)
        if branches > 1:
            found.append(root)
    return found
