"""Local search: moves and swaps between two territories, as long as any of them makes an answer cheaper.

In every round each two territories that could exchange units offer one another those nearest to a tie; every move and
every swap of what is offered is priced exactly, and the best ones are carried out, each territory in one of them at
most, so that their gains add up. Only territories that changed are looked at again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from terraform_like.carve.arrays import Floats, Ints, Positions
from terraform_like.carve.borders import Borders
from terraform_like.carve.problem import Limits, Problem
from terraform_like.carve.watch import UNWATCHED, Watch

#: Units that each territory offers each other one, those nearest to a tie first.
_OFFERED = 10
#: Exchanges that are priced at once, which bounds the memory.
_AT_ONCE = 1 << 20
#: Rounds after which an answer is taken as it is; searches end by themselves long before.
_ROUNDS = 600
#: A gain below this, relative to the whole cost, is a rounding of floating point.
_GAIN = 1e-10
#: A round that gains less than this is weak: all territories are looked at again, with other offers.
_WEAK = 1e-7
#: So many weak looks at everything end the search.
_STALLS = 3
_SEED = 20270201
_NEVER = 1e15


def book_costs(limits: Limits, books: Positions, loads: Floats) -> Floats:
    """Give the cost of loads of some territories.

    Parameters
    ----------
    limits : Limits
        Limits of the loads.
    books : (n,) array of int
        Positions of territories.
    loads : (n, ..., M) array
        Their loads, in any number of alternatives.

    Returns
    -------
    (n, ...) array
        In solver units.
    """
    shape = (len(books), *(1,) * (loads.ndim - 2), loads.shape[-1])
    low, high, target, pull, push = (
        array[books].reshape(shape) for array in (limits.low, limits.high, limits.target, limits.pull, limits.push)
    )
    cost: Floats = (pull * np.abs(loads - target)).sum(axis=-1)
    cost += (push * np.maximum(0, np.maximum(loads - high, low - loads))).sum(axis=-1)
    return cost


def improve(
    problem: Problem,
    choice: Ints,
    open_pairs: Ints,
    prices: Floats,
    *,
    most_moved: float = np.inf,
    borders: Borders | None = None,
    watch: Watch = UNWATCHED,
) -> Ints:
    """Give an answer that nothing which was looked at makes cheaper; never a dearer one.

    Parameters
    ----------
    problem : Problem
        The problem.
    choice : (N,) array of int
        A complete answer.
    open_pairs : (P,) array of int
        The pairs that may be taken, sorted.
    prices : (T, M) array
        Prices of loads in solver units: they say which units to offer first.
    most_moved : float
        Most accounts that may move. An answer beyond it already may keep its moves, and gets no more.
    borders : Borders, optional
        The map of the answer, where every territory must stay connected; it changes with the answer.
    watch : Watch
        May end the search early.

    Returns
    -------
    (N,) array of int
        The pair of each unit.
    """
    if not len(problem.territories) > 1:
        return choice
    search = _Search(problem, choice.copy(), open_pairs, prices, most_moved, borders)
    search.run(watch)
    return search.choice


@dataclass(frozen=True, slots=True)
class _Offers:
    """What pairs of territories would exchange: G of them, K units each way.

    Parameters
    ----------
    low, high : (G,) array of int
        The two territories.
    pair : (G, 2, K + 1) array of int
        Pairs that a unit of `low` would take in `high`, and the reverse; -1 for nothing, which is the first offer.
    cost : (G, 2, K + 1) array
        How much dearer they are than where the unit is.
    """

    low: Ints
    high: Ints
    pair: Ints
    cost: Floats


class _Search:
    """An answer on its way down, with the loads that it gives."""

    def __init__(
        self,
        problem: Problem,
        choice: Ints,
        open_pairs: Ints,
        prices: Floats,
        most_moved: float,
        borders: Borders | None,
    ) -> None:
        self._problem = problem
        self._borders = borders
        self._limits = problem.limits
        self.choice = choice
        self._unit = problem.pairs.unit[open_pairs]
        movable = np.bincount(self._unit, minlength=problem.units)[self._unit] > 1
        movable |= open_pairs != choice[self._unit]
        self._pair = open_pairs[movable]
        self._unit = self._unit[movable]
        self._to = problem.pairs.territory[self._pair].astype(np.int64)
        self._cost = problem.pairs.cost[self._pair]
        self._at = problem.pairs.territory[choice].astype(np.int64)
        self._loads = problem.loads(choice)
        self._random = np.random.default_rng(_SEED)
        self._room = np.inf if np.isinf(most_moved) else most_moved - float(problem.pairs.moved[choice].sum())
        self._prices = prices

    def run(self, watch: Watch) -> None:
        total = max(1.0, self._problem.cost(self.choice))
        dirty = np.ones(len(self._problem.territories), dtype=bool)
        full, stalls, looks = True, 0, 0
        for _ in range(_ROUNDS):
            if watch.enough():
                break
            offers = self._offers(None if full else dirty, shuffled=looks % 3 != 0)
            gain, one, two = self._priced(offers)
            gained, dirty = self._take(offers, gain, one, two, _GAIN * total)
            weak = gained < _WEAK * total
            stalls = stalls + 1 if full and gained < 2e-6 * total else (0 if full else stalls)
            if stalls >= _STALLS:
                break
            looks += weak
            full = weak

    def _offers(self, dirty: np.ndarray | None, *, shuffled: bool) -> _Offers:
        """Gather what each two territories offer; with `dirty`, only those of which one has changed."""
        at = self._at[self._unit]
        away = at != self._to
        if dirty is not None:
            away &= dirty[at] | dirty[self._to]
        if self._borders is not None:
            away &= self._borders.open(self._unit, self._to)
        rows = np.flatnonzero(away)
        unit, to, left = self._unit[rows], self._to[rows], at[rows]
        here = self.choice[unit]
        pairs = self._problem.pairs
        dearer = self._cost[rows] - pairs.cost[here]
        rank = dearer + ((self._prices[to] - self._prices[left]) * self._problem.weights[unit]).sum(axis=1)
        if shuffled:
            rank = rank * self._random.random(len(rank))
        count = len(self._problem.territories)
        low, high = np.minimum(left, to), np.maximum(left, to)
        way = (low * count + high) * 2 + (left > to)
        order = np.lexsort((rank, way))
        way = way[order]
        starts = np.flatnonzero(np.diff(way, prepend=-1))
        place = np.arange(len(way)) - np.repeat(starts, np.diff(np.append(starts, len(way))))
        kept = np.flatnonzero(place < _OFFERED)
        way, place, rows, dearer = way[kept], place[kept], rows[order[kept]], dearer[order[kept]]
        groups, group = np.unique(way >> 1, return_inverse=True)
        pair = np.full((len(groups), 2, _OFFERED + 1), -1, dtype=np.int64)
        cost = np.full((len(groups), 2, _OFFERED + 1), _NEVER)
        pair[group, way & 1, place + 1] = self._pair[rows]
        cost[group, way & 1, place + 1] = dearer
        cost[:, :, 0] = 0
        return _Offers(groups // count, groups % count, pair, cost)

    def _priced(self, offers: _Offers) -> tuple[Floats, Ints, Ints]:
        """Give the best exchange of each two territories: its gain, and what either side gives."""
        count, width = len(offers.low), _OFFERED + 1
        gain, best = np.empty(count), np.empty(count, dtype=np.int64)
        problem, limits = self._problem, self._limits
        step = max(1, _AT_ONCE // (width * width * max(1, len(problem.metrics))))
        for first in range(0, count, step):
            part = slice(first, min(first + step, count))
            pair = offers.pair[part]
            weights = np.where(pair[..., None] >= 0, problem.weights[problem.pairs.unit[pair]], 0.0)
            shift = weights[:, 0, :, None, :] - weights[:, 1, None, :, :]
            low, high = offers.low[part], offers.high[part]
            at_low, at_high = (self._loads[books][:, None, None, :] for books in (low, high))
            value = offers.cost[part, 0, :, None] + offers.cost[part, 1, None, :]
            value = value + book_costs(limits, low, at_low - shift) + book_costs(limits, high, at_high + shift)
            if np.isfinite(self._room):
                value = np.where(self._more_moves(pair) > max(0.0, self._room), _NEVER, value)
            flat = value.reshape(len(low), -1)
            best[part] = flat.argmin(axis=1)
            before = book_costs(limits, low, self._loads[low]) + book_costs(limits, high, self._loads[high])
            gain[part] = before - flat[np.arange(len(low)), best[part]]
        return gain, best // width, best % width

    def _more_moves(self, pair: Ints) -> Floats:
        """Give how many more accounts each exchange moves, a (G, K + 1, K + 1) array."""
        pairs = self._problem.pairs
        more = np.where(pair >= 0, pairs.moved[pair] - pairs.moved[self.choice[pairs.unit[pair]]], 0.0)
        answer: Floats = more[:, 0, :, None] + more[:, 1, None, :]
        return answer

    def _take(self, offers: _Offers, gain: Floats, one: Ints, two: Ints, least: float) -> tuple[float, np.ndarray]:
        """Carry out the best exchanges; give what they gained, and which territories changed."""
        pairs, weights = self._problem.pairs, self._problem.weights
        changed = np.zeros(len(self._problem.territories), dtype=bool)
        gained = 0.0
        good = np.flatnonzero(gain > least)
        for g in good[np.lexsort((good, -gain[good]))].tolist():
            low, high = offers.low[g], offers.high[g]
            if changed[low] or changed[high]:
                continue
            taken = [int(pair) for pair in (offers.pair[g, 0, one[g]], offers.pair[g, 1, two[g]]) if pair >= 0]
            more = sum(float(pairs.moved[pair] - pairs.moved[self.choice[pairs.unit[pair]]]) for pair in taken)
            if more > max(0.0, self._room):
                continue
            if self._borders and not self._borders.move((int(pairs.unit[p]), int(pairs.territory[p])) for p in taken):
                continue
            self._room -= more
            changed[low] = changed[high] = True
            gained += float(gain[g])
            for pair in taken:
                unit = pairs.unit[pair]
                self._loads[self._at[unit]] -= weights[unit]
                self._loads[pairs.territory[pair]] += weights[unit]
                self._at[unit] = pairs.territory[pair]
                self.choice[unit] = pair
        return gained, changed
