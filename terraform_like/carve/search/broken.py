"""Which books of an answer are outside their limits, and which are beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from terraform_like.carve.arrays import Flags, Ints, union
from terraform_like.carve.form.problem import Problem


def outside(problem: Problem, choice: Ints) -> Flags:
    """Say which territories are outside their limits, a (T,) array."""
    return np.asarray((problem.limits.excess(problem.loads(choice)) > 0).any(axis=1))


def worst_first(problem: Problem, choice: Ints) -> list[int]:
    """Give the territories that are outside their limits, by how far they are as a share of a fair share."""
    scale = np.where(problem.limits.share > 0, problem.limits.share, 1.0)
    beyond = (problem.limits.excess(problem.loads(choice)) / scale).max(axis=1)
    worst: list[int] = np.argsort(-beyond, kind="stable")[: (beyond > 0).sum()].tolist()
    return worst


def pairs_about(problem: Problem, choice: Ints, near: Ints, books: Flags) -> Ints:
    """Give those of some pairs that lead into or out of some territories, and where all units are."""
    at, to = problem.pairs.territory[choice[problem.pairs.unit[near]]], problem.pairs.territory[near]
    return union(near[books[at] | books[to]], choice)


def beside(problem: Problem, choice: Ints, near: Ints, books: Sequence[int], count: int) -> Ints:
    """Give so many territories: some, and those that share most accounts near a tie with any of them; sorted."""
    pairs = problem.pairs
    mine = np.zeros(len(problem.territories), dtype=bool)
    mine[list(books)] = True
    touching = mine[pairs.territory[choice]]
    touching[pairs.unit[near[mine[pairs.territory[near]]]]] = True
    shared = np.bincount(pairs.territory[near[touching[pairs.unit[near]]]], minlength=len(mine))
    shared[mine] = problem.units + 1
    return np.sort(np.argsort(-shared, kind="stable")[:count])
