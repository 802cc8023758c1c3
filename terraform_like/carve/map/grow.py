"""Connected territories to start from: each keeps its largest piece of an answer, and grows into what is left."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np

from terraform_like.carve.arrays import Floats, Ints, Positions
from terraform_like.carve.form.atlas import pieces
from terraform_like.carve.form.problem import Problem
from terraform_like.carve.map.nodes import Nodes

_NOWHERE = -1


def regrets(problem: Problem, prices: Floats) -> Floats:
    """Give how much dearer each territory is for each node than the cheapest one, a (P, T) array; infinite: not open.

    Parameters
    ----------
    problem : Problem
        A problem of nodes.
    prices : (T, M) array
        Prices of the loads in solver units.
    """
    pairs = problem.pairs
    table = np.full((problem.units, len(problem.territories)), np.inf)
    priced = pairs.cost + (prices[pairs.territory] * problem.weights[pairs.unit]).sum(axis=1)
    table[pairs.unit, pairs.territory] = priced
    answer: Floats = table - table.min(axis=1, keepdims=True)
    return answer


def grown_from(nodes: Nodes, at: Positions, regret: Floats) -> Ints:
    """Make an answer connected: largest pieces stay, and what is not among them goes to a territory that it touches.

    Parameters
    ----------
    nodes : Nodes
        The nodes.
    at : (P,) array of int
        A territory for each node, -1 for none yet.
    regret : (P, T) array
        How much each node would rather be elsewhere; the least goes first.

    Returns
    -------
    (P,) array of int
        The territory of each node.
    """
    atlas = nodes.atlas
    piece = pieces(atlas, at)
    size = np.bincount(piece)
    first = np.unique(piece, return_index=True)[1]
    books, lands = at[first], atlas.land[first]
    kept = np.zeros(len(size), dtype=bool)
    order = np.lexsort((first, -size))
    wide = np.bincount(atlas.land) > 1
    held: set[int] = set()
    settled: set[int] = set()
    for number in order.tolist():
        book, land = int(books[number]), int(lands[number])
        # An island is no place to grow from.
        if book != _NOWHERE and (not wide[land] or book not in held):
            kept[number] = True
            settled.add(land)
            held |= {book} if wide[land] else set()
    for number in order.tolist():
        book, land = int(books[number]), int(lands[number])
        if book != _NOWHERE and land not in settled:
            kept[number] = True
            settled.add(land)
    grown: Ints = np.where(kept[piece], at, _NOWHERE).astype(np.int64)
    for book in sorted(set(range(regret.shape[1])) - held):
        may = np.flatnonzero(np.isfinite(regret[:, book]) & wide[atlas.land])
        if len(may):
            grown[may[regret[may, book].argmin()]] = book
    return filled(nodes, grown, lambda node, book: float(regret[node, book]))


def grown_evenly(nodes: Nodes, regret: Floats) -> Ints:
    """Grow territories from places far from one another, the lightest always next.

    Parameters
    ----------
    nodes : Nodes
        The nodes.
    regret : (P, T) array
        Infinite where a node may not go.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    atlas, problem = nodes.atlas, nodes.problem
    count = atlas.count
    graph = csr_array((np.ones(len(atlas.neighbour)), atlas.neighbour, atlas.start), shape=(count, count))
    far = np.where(np.bincount(atlas.land)[atlas.land] > 1, 1e6, 0.0)
    may = np.isfinite(regret)
    at = np.full(count, _NOWHERE)
    distance = np.full(may.shape, np.inf)
    for book in np.argsort(may.sum(axis=0), kind="stable").tolist():
        open_nodes = np.flatnonzero(may[:, book] & (at == _NOWHERE))
        if not len(open_nodes):
            continue
        seed = int(open_nodes[far[open_nodes].argmax()])
        at[seed] = book
        distance[:, book] = dijkstra(graph, indices=seed, unweighted=True)
        far = np.minimum(far, np.where(np.isfinite(distance[:, book]), distance[:, book], 1e6))
    return filled(nodes, at, lambda node, book: float(distance[node, book]), fullness(problem))


def regrown(nodes: Nodes, at: Ints, books: Ints, regret: Floats, random: np.random.Generator) -> Ints:
    """Let some territories grow anew, each from one of its nodes by chance, the emptiest always next.

    Parameters
    ----------
    nodes : Nodes
        The nodes.
    at : (P,) array of int
        The territory of each node.
    books : (n,) array of int
        The territories.
    regret : (P, T) array
        Which nodes each one takes first.
    random : numpy.random.Generator
        Source of chance.
    """
    left = np.where(np.isin(at, books), _NOWHERE, at)
    for book in books.tolist():
        left[random.choice(np.flatnonzero(at == book))] = book
    return filled(nodes, left, lambda node, book: float(regret[node, book]), fullness(nodes.problem))


def fullness(problem: Problem) -> Floats:
    """Give what share of each territory's fair load each unit is, over all metrics, a (N, T) array."""
    share = np.where(problem.limits.share > 0, problem.limits.share, 1.0)
    if not problem.metrics:
        return np.full((problem.units, len(share)), 1.0 / problem.units)
    full: Floats = problem.weights @ (1 / share).T / len(problem.metrics)
    return full


def filled(nodes: Nodes, at: Ints, rank: Callable[[int, int], float], adds: Floats | None = None) -> Ints:
    """Give each node that is nowhere to a territory that it touches, the least rank first.

    With `adds`, a (P, T) array of what each node adds to each territory over its fair share, the emptiest territory
    is next. What no territory that touches it may hold goes to one that is not yet in its land, for want of better to
    any.
    """
    at = at.copy()
    regret_first = adds is None
    full = np.zeros(len(nodes.problem.territories))
    if adds is not None:
        for node in np.flatnonzero(at >= 0).tolist():
            full[at[node]] += adds[node, at[node]]
    atlas, pairs = nodes.atlas, nodes.problem.pairs
    may = set(zip(pairs.unit.tolist(), pairs.territory.tolist(), strict=True))
    frontier: list[list[tuple[float, int]]] = [[] for _ in full]
    order: list[tuple[float, int]] = []

    def reach(node: int) -> None:
        book = int(at[node])
        for other in atlas.neighbour[atlas.start[node] : atlas.start[node + 1]].tolist():
            if at[other] == _NOWHERE and (other, book) in may:
                heapq.heappush(frontier[book], (rank(other, book), other))
                heapq.heappush(order, (frontier[book][0][0] if regret_first else float(full[book]), book))

    for node in np.flatnonzero(at >= 0).tolist():
        reach(node)
    starts = np.searchsorted(pairs.unit, np.arange(nodes.problem.units + 1))
    left = iter(np.flatnonzero(at == _NOWHERE).tolist())
    while True:
        while order:
            _, book = heapq.heappop(order)
            while frontier[book] and at[frontier[book][0][1]] != _NOWHERE:
                heapq.heappop(frontier[book])
            if not frontier[book]:
                continue
            _, node = heapq.heappop(frontier[book])
            at[node] = book
            if adds is not None:
                full[book] += adds[node, book]
            if frontier[book]:
                heapq.heappush(order, (frontier[book][0][0] if regret_first else float(full[book]), book))
            reach(node)
        node = next((node for node in left if at[node] == _NOWHERE), _NOWHERE)
        if node == _NOWHERE:
            return at
        books = pairs.territory[starts[node] : starts[node + 1]].tolist()
        there = set(at[atlas.land == atlas.land[node]].tolist())
        at[node] = min(books, key=lambda book: (book in there, rank(node, book), full[book], book))
        reach(node)
