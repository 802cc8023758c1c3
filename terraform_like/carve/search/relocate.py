"""Move a heavy unit out of or into a book that is outside its limits, and let the light units answer.

A unit that fills most of a book leaves little room to fill its other loads. No exchange of light ones mends that, and
to move the heavy one breaks more limits at first than it mends: so the light ones of both books, and of those beside
them, are exchanged before the two answers are compared.
"""

from __future__ import annotations

import numpy as np

from terraform_like.carve.arrays import Floats, Ints, union
from terraform_like.carve.form.problem import Problem
from terraform_like.carve.search.broken import beside, worst_first
from terraform_like.carve.search.improve import improve
from terraform_like.carve.watch import Watch

#: Units of this share of a fair load are heavy, and those of this share of the heaviest one of a book are tried.
_HEAVY, _ALIKE = 0.05, 0.5
#: Ways out of a book and into it that are tried, and books beside the two whose units may answer.
_WAYS, _BESIDE = 4, 6


def relocate(problem: Problem, choice: Ints, near: Ints, prices: Floats, books: int, watch: Watch) -> Ints:
    """Give an answer that breaks its limits less, where moving one heavy unit at a time leads to one.

    Parameters
    ----------
    problem : Problem
        The problem, with an excess as dear as it is to be.
    choice : (N,) array of int
        A complete answer.
    near : (P,) array of int
        The pairs that may be taken, sorted.
    prices : (T, M) array
        Prices in solver units: they say which ways of heavy units to try first.
    books : int
        Most times that a book is looked at.
    watch : Watch
        May end the search early.
    """
    pairs = problem.pairs
    weight = (problem.weights / np.maximum(problem.limits.share.mean(axis=0), 1e-300)).max(axis=1)
    heavy = near[weight[pairs.unit[near]] >= _HEAVY]
    unit = pairs.unit[heavy]
    priced = problem.priced(heavy, prices)
    given_up: set[int] = set()
    for _ in range(books):
        book = next((book for book in worst_first(problem, choice) if book not in given_up), None)
        if book is None or watch.enough():
            break
        here = choice[unit]
        at, to = pairs.territory[here], pairs.territory[heavy]
        out, into = (at == book) & (to != book), (at != book) & (to == book)
        dearer = priced - problem.priced(here, prices)
        ways = [_first(np.flatnonzero(side), dearer, weight[unit]) for side in (out, into)]
        answers = (_answered(problem, choice, near, prices, way, watch) for way in heavy[np.concatenate(ways)].tolist())
        better = next((answer for answer in answers if problem.rank(answer) < problem.rank(choice)), None)
        if better is None:
            given_up.add(book)
        else:
            choice = better
    return choice


def _first(ways: Ints, dearer: Floats, weight: Floats) -> Ints:
    """Give the few of some ways to try: of the heaviest units those whose way is the least dearer for their weight."""
    ways = ways[weight[ways] >= _ALIKE * weight[ways].max(initial=0.0)]
    first: Ints = ways[np.lexsort((ways, dearer[ways] / weight[ways]))][:_WAYS]
    return first


def _answered(problem: Problem, choice: Ints, near: Ints, prices: Floats, way: int, watch: Watch) -> Ints:
    """Take a way, and let the units of both its books and of those beside them answer."""
    pairs = problem.pairs
    moved = choice.copy()
    moved[pairs.unit[way]] = way
    both = [int(pairs.territory[choice[pairs.unit[way]]]), int(pairs.territory[way])]
    among = np.zeros(len(problem.territories), dtype=bool)
    among[beside(problem, moved, near, both, len(both) + _BESIDE)] = True
    at, to = pairs.territory[moved[pairs.unit[near]]], pairs.territory[near]
    open_pairs = near[among[at] & among[to] & (pairs.unit[near] != pairs.unit[way])]
    return improve(problem, moved, union(open_pairs, moved), prices, watch=watch)
