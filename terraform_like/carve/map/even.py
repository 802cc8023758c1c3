"""Loads evened out over borders: units move to a neighbouring territory as long as that lessens the strain.

The strain of a load is the square of what is outside the inner part of its band, so that loads flow from territory to
territory as heat does, over such as are within their limits already.
"""

from __future__ import annotations

import numpy as np

from terraform_like.carve.arrays import Floats, Ints
from terraform_like.carve.form.problem import Problem
from terraform_like.carve.map.borders import Borders

#: Rounds after which loads are taken as they are; they settle long before.
_ROUNDS = 3_000
#: Strain begins beyond this part of a band, which leaves room to make ways shorter afterwards.
_INNER = 0.5
#: A gain below this, in solver units, is none.
_GAIN = 1e-9


def even_out(problem: Problem, borders: Borders, cost: Floats, steep: Floats) -> None:
    """Move units at borders as long as that makes cost and strain less.

    Parameters
    ----------
    problem : Problem
        A problem of nodes.
    borders : Borders
        Its territories, which change.
    cost : (P, T) array
        Cost of each node in each territory, infinite where it may not go.
    steep : (T, M) array
        Cost of a strain of 1: of a load that is beyond by its whole fair share.
    """
    limits, weights = problem.limits, problem.weights
    scale = np.where(limits.share > 0, limits.share, 1.0)
    target = limits.target
    high = (target + _INNER * (limits.high - target)) / scale
    low = (target - _INNER * (target - limits.low)) / scale
    loads = np.zeros(scale.shape)
    np.add.at(loads, borders.at, weights)

    def strain(load: Floats, books: Ints) -> Floats:
        relative = load / scale[books]
        beyond = np.maximum(0, relative - high[books]) + np.maximum(0, low[books] - relative)
        answer: Floats = (steep[books] * beyond**2).sum(axis=1)
        return answer

    for _ in range(_ROUNDS):
        node, to = borders.moves()
        left = borders.at[node]
        with np.errstate(invalid="ignore"):
            gain = cost[node, left] - cost[node, to]
        gain += strain(loads[left], left) - strain(loads[left] - weights[node], left)
        gain += strain(loads[to], to) - strain(loads[to] + weights[node], to)
        good = np.flatnonzero(gain > _GAIN)
        changed = np.zeros(len(scale), dtype=bool)
        for move in good[np.argsort(-gain[good], kind="stable")].tolist():
            if changed[left[move]] or changed[to[move]]:
                continue
            borders.move([(int(node[move]), int(to[move]))])
            changed[left[move]] = changed[to[move]] = True
            loads[left[move]] -= weights[node[move]]
            loads[to[move]] += weights[node[move]]
        if not changed.any():
            return
