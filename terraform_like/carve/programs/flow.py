"""Connected territories as rows of a cvxpy model: a flow shows that each is in one piece.

In each land a territory has one spring at most, and as much flows from it as it has units there; each unit keeps one,
and nothing flows but between units of the territory (after Shirabe, 2005). Where the spring is, is left open, so that
the bound of branch and bound holds for every connected answer.
"""

from __future__ import annotations

from typing import Any

import cvxpy as cp
import numpy as np
from scipy.sparse import csr_array, diags_array

from terraform_like.carve.arrays import Floats, Ints
from terraform_like.carve.form.problem import Atlas, Problem


def connected(problem: Problem, atlas: Atlas, open_pairs: Ints, taken: Any, start: Ints) -> tuple[list[Any], Any]:
    """Give the rows that let no answer through in which a territory falls apart, and a flow for one that is connected.

    Parameters
    ----------
    problem : Problem
        A problem each of whose units is a node of its map.
    atlas : Atlas
        That map.
    open_pairs : (P,) array of int
        The pairs that may be taken, sorted.
    taken : cvxpy expression, (P,)
        1 for the pairs that are taken, 0 for the others.
    start : (N,) array of int
        The pair of each unit in a connected answer.

    Returns
    -------
    constraints : list
        Of cvxpy.
    known : dict
        The variables that were added, with their values in that answer.
    """
    pairs, width = problem.pairs, len(problem.territories)
    # On an island there is nothing to connect.
    mine = open_pairs[(np.bincount(atlas.land)[atlas.land] > 1)[pairs.unit[open_pairs]]]
    if not len(mine):
        return [], {}
    unit, territory = pairs.unit[mine].astype(np.int64), pairs.territory[mine].astype(np.int64)
    row = np.full(problem.units * width, -1)
    row[unit * width + territory] = np.arange(len(mine))
    count = atlas.start[unit + 1] - atlas.start[unit]
    tail = np.repeat(np.arange(len(mine)), count)
    step = np.arange(len(tail)) - np.repeat(np.cumsum(count) - count, count)
    head = row[atlas.neighbour[atlas.start[unit[tail]] + step] * width + territory[tail]]
    tail, head = tail[head >= 0], head[head >= 0]
    areas, area = np.unique(atlas.land[unit] * width + territory, return_inverse=True)
    most = diags_array(np.bincount(area)[area].astype(float))
    arcs = np.arange(len(tail))
    shape = (len(mine), len(tail))
    into = csr_array((np.ones(len(tail)), (head, arcs)), shape=shape)
    out = csr_array((np.ones(len(tail)), (tail, arcs)), shape=shape)
    one_each = csr_array((np.ones(len(mine)), (area, np.arange(len(mine)))), shape=(len(areas), len(mine)))
    chosen = taken[np.searchsorted(open_pairs, mine)]
    spring = cp.Variable(len(mine), boolean=True)
    rises = cp.Variable(len(mine), nonneg=True)
    flows = cp.Variable(len(tail), nonneg=True)
    constraints = [
        one_each @ spring <= 1,
        rises <= most @ spring,
        spring <= chosen,
        into @ flows <= most @ chosen,
        into @ flows - out @ flows + rises == chosen,
    ]
    here = (start[unit] == mine).astype(float)
    springs, risen, flowing = _flow(here, area, tail, head)
    return constraints, {spring: springs, rises: risen, flows: flowing}


def _flow(here: Floats, area: Ints, tail: Ints, head: Ints) -> tuple[Floats, Floats, Floats]:
    """Give springs, what rises there and what flows over each arc, in a connected answer."""
    springs, risen, flowing = np.zeros(len(here)), np.zeros(len(here)), np.zeros(len(tail))
    used = np.flatnonzero((here[tail] > 0) & (here[head] > 0))
    ahead: dict[int, list[tuple[int, int]]] = {}
    for arc in used.tolist():
        ahead.setdefault(int(tail[arc]), []).append((int(head[arc]), arc))
    there = np.flatnonzero(here > 0)
    for first in there[np.unique(area[there], return_index=True)[1]].tolist():
        reached, order = {first: -1}, [first]
        for place in order:
            for other, arc in ahead.get(place, ()):
                if other not in reached:
                    reached[other] = arc
                    order.append(other)
        need = dict.fromkeys(order, 1.0)
        for place in reversed(order[1:]):
            arc = reached[place]
            flowing[arc] = need[place]
            need[int(tail[arc])] += need[place]
        springs[first], risen[first] = 1.0, need[first]
    return springs, risen, flowing
