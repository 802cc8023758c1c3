"""Mend what is left out of its limits: by light units from farther off, by heavy ones, then by branch and bound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from terraform_like.carve.arrays import Floats, Ints, union
from terraform_like.carve.form.problem import Problem
from terraform_like.carve.price.table import Table
from terraform_like.carve.search.broken import beside, outside, pairs_about, worst_first
from terraform_like.carve.search.improve import improve
from terraform_like.carve.search.relocate import relocate
from terraform_like.carve.watch import Watch

#: Pairs within this of a unit's cheapest, over its weight, are looked at; units count for as heavy as this at least,
#: since light ones come from farther off.
_WINDOW, _FARTHER = 1.0, 5.0
#: How far a limit that is broken is drawn in, as a share of the fair share.
_HAIR = 0.005
#: Most looks at what is broken by local search.
_LOOKS = 4
#: Territories round a broken limit that HiGHS carves again, and the pairs among them, the nearest to a tie first.
_ROUND, _ROUND_PAIRS = 6, 500
_ROUND_NODES = 60


def mend(problem: Problem, table: Table, prices: Floats, choice: Ints, rounds: int, watch: Watch) -> Ints:
    """Give an answer that breaks fewer limits, or breaks them less, where one is found.

    Parameters
    ----------
    problem : Problem
        The problem, with an excess as dear as it is to be.
    table : Table
        Its open pairs.
    prices : (T, M) array
        Prices in solver units.
    choice : (N,) array of int
        A complete answer.
    rounds : int
        Most times that HiGHS carves the territories round a broken limit again.
    watch : Watch
        May end the search early.

    Raises
    ------
    SolverError
        When HiGHS gives no usable answer.
    """
    if problem.excess(choice) == 0:
        return choice
    near = table.near(prices * table.scale, _WINDOW, least=_FARTHER)
    for _ in range(_LOOKS):
        about = pairs_about(problem, choice, near, outside(problem, choice))
        better = improve(_drawn_in(problem, choice), choice, about, prices, watch=watch)
        if not problem.rank(better) < problem.rank(choice):
            break
        choice = better
    if not rounds or problem.excess(choice) == 0:
        return choice
    # Where a book and all beside it are full, one farther off has to make room.
    choice = improve(problem, choice, _neighbours(problem, choice, near), prices, watch=watch)
    relocated = relocate(problem, choice, near, prices, rounds, watch)
    if (differs := np.flatnonzero(relocated != choice)).size:
        changed = np.zeros(len(problem.territories), dtype=bool)
        changed[problem.pairs.territory[relocated[differs]]] = True
        choice = improve(problem, relocated, pairs_about(problem, relocated, near, changed), prices, watch=watch)
    tried: set[tuple[int, ...]] = set()
    for _ in range(rounds):
        books = None if watch.enough() else _round(problem, choice, near, tried)
        if books is None:
            break
        from terraform_like.carve.programs.exact import branch

        tried.add(tuple(books.tolist()))
        open_pairs = _among(problem, table, prices, choice, near, books)
        branched = branch(problem, open_pairs, choice, _ROUND_NODES)
        if branched is not None and problem.rank(branched.choice) < problem.rank(choice):
            choice = branched.choice
            changed = outside(problem, choice)
            changed[books] = True
            choice = improve(problem, choice, pairs_about(problem, choice, near, changed), prices, watch=watch)
            tried.clear()
    return choice


def _drawn_in(problem: Problem, choice: Ints) -> Problem:
    """Draw in the limits that an answer breaks, so that a breach by a hair is worth mending as well."""
    limits, loads = problem.limits, problem.loads(choice)
    hair = _HAIR * limits.share
    low = np.where(loads < limits.low, np.minimum(limits.low + hair, limits.target), limits.low)
    high = np.where(loads > limits.high, np.maximum(limits.high - hair, limits.target), limits.high)
    return replace(problem, limits=replace(limits, low=low, high=high))


def _neighbours(problem: Problem, choice: Ints, near: Ints) -> Ints:
    """Give those of some pairs that lead into or out of the territories beside those outside their limits."""
    books, pairs = outside(problem, choice), problem.pairs
    at, to = pairs.territory[choice[pairs.unit[near]]], pairs.territory[near]
    leads = books[at] | books[to]
    books[at[leads]] = books[to[leads]] = True
    return pairs_about(problem, choice, near, books)


def _round(problem: Problem, choice: Ints, near: Ints, tried: set[tuple[int, ...]]) -> Ints | None:
    """Give the worst territory that was not tried yet with those that share most accounts near a tie with it."""
    for book in worst_first(problem, choice):
        books = beside(problem, choice, near, [book], _ROUND)
        if tuple(books.tolist()) not in tried:
            return books
    return None


def _among(problem: Problem, table: Table, prices: Floats, choice: Ints, near: Ints, books: Ints) -> Ints:
    """Give where all units are, and the pairs among some territories of their own units that are nearest to a tie."""
    pairs = problem.pairs
    inside = np.isin(np.arange(len(problem.territories)), books)
    mine = inside[pairs.territory[choice]]
    free = near[inside[pairs.territory[near]] & mine[pairs.unit[near]] & (choice[pairs.unit[near]] != near)]
    unit = pairs.unit[free]
    heaviness = np.ones(problem.units)
    heaviness[table.units] = table.heaviness
    dearer = problem.priced(free, prices) - problem.priced(choice[unit], prices)
    order = np.lexsort((free, np.abs(dearer) / heaviness[unit]))
    return union(choice, free[order[:_ROUND_PAIRS]])
