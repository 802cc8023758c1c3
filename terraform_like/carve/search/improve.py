"""Local search: moves and swaps between two territories, as long as any of them makes an answer cheaper.

In every round each two territories that could exchange units offer one another those nearest to a tie; every move and
every swap of what is offered is priced exactly, and the best ones are carried out, each territory in one of them at
most, so that their gains add up. Only territories that changed are looked at again. With very many units one that has
changed takes part in another exchange where that still gains most of what it did: fewer looks lead as far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from terraform_like.carve.arrays import Flags, Floats, Ints, Positions, ordered
from terraform_like.carve.form.problem import Limits, Problem
from terraform_like.carve.map.borders import Borders
from terraform_like.carve.watch import UNWATCHED, Watch

#: Units that each territory offers each other one, those nearest to a tie first.
_OFFERED = 16
#: How many offers are priced together, filled up with offers that are none; else as many as there are at most.
_WIDTHS = (2, 6)
#: Exchanges that are priced at once: what fits the cache of one core.
_AT_ONCE = 1 << 15
#: Rounds after which an answer is taken as it is; searches end by themselves long before.
_ROUNDS = 600
#: Most times that the same offers are priced; it ends before where the last time gave less than this part of all.
_AGAIN, _LESS = 20, 0.02
#: A gain below this, relative to the whole cost, is a rounding of floating point.
_GAIN = 1e-10
#: A round that gains less than this is weak: all territories are looked at again, with other offers.
_WEAK = 1e-7
#: So many looks at everything that gain less than this end the search.
_STALLS, _LITTLE = 3, 2e-6
#: With very many units what is gained in the end is less than that of any bound: so many times more is little there.
_MANY, _HASTE = 50_000, 10.0
#: An exchange of territories that have changed meanwhile is carried out where it gains so much of what it did: of few
#: units never, since better ones are found when all are priced again.
_STILL = 0.8
#: Every so often the units nearest to a tie are offered, and any others of those near one in between.
_IN_ORDER = 3
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


def _cell_costs(cells: Floats, loads: Floats) -> Floats:
    """Give the cost of one load of some territories, a (g, a, b) array, in any number of alternatives of it."""
    low, high, target, pull, push = cells.T[..., None, None]
    beyond: Floats = np.maximum(loads - high, low - loads)
    np.maximum(beyond, 0, out=beyond)
    beyond *= push
    loads -= target
    np.abs(loads, out=loads)
    loads *= pull
    beyond += loads
    return beyond


def _sets(offers: int, *, two: bool) -> Ints:
    """Give the sets of so many offers that are priced, a (2, S) array: none, each one, each two; 0 is nothing."""
    one = np.stack([np.arange(offers + 1), np.zeros(offers + 1, dtype=np.int64)])
    return np.hstack([one, np.stack(np.triu_indices(offers, 1)) + 1]) if two else one


def _summed(values: Floats, sets: Ints) -> Floats:
    """Sum values of offers, (g, K + 1), set by set: a (g, S) array. The first offer is nothing, and has the value 0."""
    summed: Floats = values[:, sets[0]] + values[:, sets[1]]
    return summed


def improve(
    problem: Problem,
    choice: Ints,
    open_pairs: Ints,
    prices: Floats,
    *,
    most_moved: float = np.inf,
    borders: Borders | None = None,
    two: int = 0,
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
    two : int
        How many units two territories offer each other so that two of them may go each way at once; 0 for more offers,
        of which one goes.
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
    search.run(watch, offered=two or _OFFERED, two=two > 0)
    return search.choice


@dataclass(frozen=True, slots=True)
class _Offers:
    """What pairs of territories would exchange: G of them, K units each way.

    Parameters
    ----------
    low, high : (G,) array of int
        The two territories.
    pair, unit : (G, 2, K + 1) arrays of int
        Pairs that a unit of `low` would take in `high`, and the reverse, with the unit; -1 and 0 for nothing, which is
        the first offer.
    cost : (G, 2, K + 1) array
        How much dearer they are than where the unit is.
    """

    low: Ints
    high: Ints
    pair: Ints
    unit: Ints
    cost: Floats

    def among(self, those: Flags) -> _Offers:
        """Give those of some of the pairs of territories."""
        return _Offers(self.low[those], self.high[those], self.pair[those], self.unit[those], self.cost[those])


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
        self._limits = limits = problem.limits
        self._cells = np.stack([limits.low, limits.high, limits.target, limits.pull, limits.push], axis=2)
        self.choice = choice
        self._unit = problem.pairs.unit[open_pairs]
        movable = np.bincount(self._unit, minlength=problem.units)[self._unit] > 1
        movable |= open_pairs != choice[self._unit]
        self._pair = open_pairs[movable]
        self._unit = self._unit[movable]
        self._to = problem.pairs.territory[self._pair].astype(np.int64)
        self._cost = problem.pairs.cost[self._pair]
        self._priced_cost = problem.priced(self._pair, prices)
        self._at = problem.pairs.territory[choice].astype(np.int64)
        self._loads = problem.loads(choice)
        self._hasty = problem.units > _MANY and borders is None
        self._random = np.random.default_rng(_SEED)
        self._room = np.inf if np.isinf(most_moved) else most_moved - float(problem.pairs.moved[choice].sum())
        self._prices = prices
        self._priced_here = problem.priced(choice, prices)

    def run(self, watch: Watch, *, offered: int, two: bool) -> None:
        """Search until nothing is found any more among so many offers; with `two`, two units at once go each way."""
        total = max(1.0, self._problem.cost(self.choice))
        dirty = np.ones(len(self._problem.territories), dtype=bool)
        full, stalls = True, 0
        haste = _HASTE if self._problem.units > _MANY else 1.0
        for number in range(_ROUNDS):
            if watch.enough():
                break
            offers = self._offers(None if full else dirty, offered, shuffled=number % _IN_ORDER != 0)
            gained, dirty = self._exchanged(offers, _GAIN * total, two=two)
            weak = gained < _WEAK * haste * total
            stalls = stalls + 1 if full and gained < _LITTLE * haste * total else (0 if full else stalls)
            if stalls >= _STALLS:
                break
            full = weak

    def _exchanged(self, offers: _Offers, least: float, *, two: bool) -> tuple[float, Flags]:
        """Carry out exchanges of what is offered, again and again; give what they gained, and who changed."""
        total, dirty = 0.0, np.zeros(len(self._problem.territories), dtype=bool)
        # On a map an offer is good for once: what lay at a border may lie inside or beyond it after the first exchange.
        for _ in range(_AGAIN if self._borders is None else 1):
            gain, best = self._priced(offers, two=two)
            gained, changed = self._take(offers, gain, best, least)
            total, dirty = total + gained, dirty | changed
            if gained < _LESS * total:
                break
            again = changed[offers.low] | changed[offers.high]
            offers = offers.among(again & (gain > least) if self._hasty else again)
        return total, dirty

    def _offers(self, dirty: np.ndarray | None, offered: int, *, shuffled: bool) -> _Offers:
        """Gather what each two territories offer; with `dirty`, only those of which one has changed."""
        at = self._at[self._unit]
        away = at != self._to
        if dirty is not None:
            away &= dirty[at] | dirty[self._to]
        if self._borders is not None:
            away &= self._borders.open(self._unit, self._to)
        rows = np.flatnonzero(away)
        unit, to, left = self._unit[rows], self._to[rows], at[rows]
        dearer = self._cost[rows] - self._problem.pairs.cost[self.choice[unit]]
        rank = self._priced_cost[rows] - self._priced_here[unit]
        if shuffled:
            rank *= self._random.random(len(rank))
        count = len(self._problem.territories)
        way = (np.minimum(left, to) * count + np.maximum(left, to)) * 2 + (left > to)
        order = ordered(way, rank)
        way = way[order]
        starts = np.flatnonzero(np.diff(way, prepend=-1))
        place = np.arange(len(way)) - np.repeat(starts, np.diff(np.append(starts, len(way))))
        kept = np.flatnonzero(place < offered)
        way, place, rows, dearer = way[kept], place[kept], rows[order[kept]], dearer[order[kept]]
        begins = np.diff(way >> 1, prepend=-1) > 0
        groups, group = way[begins] >> 1, np.cumsum(begins) - 1
        shape, here = (len(groups), 2, offered + 1), (group, way & 1, place + 1)
        pair, whose, cost = np.full(shape, -1, dtype=np.int64), np.zeros(shape, dtype=np.int64), np.full(shape, _NEVER)
        pair[here], whose[here], cost[here] = self._pair[rows], self._unit[rows], dearer
        cost[:, :, 0] = 0
        return _Offers(groups // count, groups % count, pair, whose, cost)

    def _priced(self, offers: _Offers, *, two: bool) -> tuple[Floats, Ints]:
        """Give the best exchange of each two territories: its gain, and the (G, 4) pairs that it takes; -1 is none."""
        count = len(offers.low)
        gain, taken = np.empty(count), np.full((count, 4), -1, dtype=np.int64)
        # Most territories offer one another next to nothing: those that offer alike much are priced together.
        most = offers.pair.shape[2] - 1
        widths = [*(width for width in _WIDTHS if width < most), most]
        sets = [_sets(width, two=two) for width in widths]
        offered = np.searchsorted(widths, (offers.pair[:, :, 1:] >= 0).sum(axis=2))
        alike = offered[:, 0] * len(sets) + offered[:, 1]
        cost = self._still(offers)
        for number in np.unique(alike).tolist():
            mine, theirs = sets[number // len(sets)], sets[number % len(sets)]
            those = np.flatnonzero(alike == number)
            step = max(1, _AT_ONCE // (mine.shape[1] * theirs.shape[1]))
            for first in range(0, len(those), step):
                part = those[first : first + step]
                value = self._values(offers, cost, part, mine, theirs).reshape(len(part), -1)
                best = value.argmin(axis=1)
                # The first set of both is nothing: what it costs is what is there.
                gain[part] = value[:, 0] - value[np.arange(len(part)), best]
                one, other = mine[:, best // theirs.shape[1]].T, theirs[:, best % theirs.shape[1]].T
                taken[part, :2] = np.take_along_axis(offers.pair[part, 0], one, axis=1)
                taken[part, 2:] = np.take_along_axis(offers.pair[part, 1], other, axis=1)
        return gain, taken

    def _values(self, offers: _Offers, cost: Floats, part: Ints, mine: Ints, theirs: Ints) -> Floats:
        """Give what two territories cost after each exchange of sets of their offers, a (g, a, b) array."""
        low, high = offers.low[part], offers.high[part]
        value: Floats = _summed(cost[part, 0], mine)[:, :, None] + _summed(cost[part, 1], theirs)[:, None]
        cells_low, cells_high = self._cells[low], self._cells[high]
        weights = self._problem.weights[offers.unit[part]] * (offers.pair[part] >= 0)[..., None]
        for metric in range(weights.shape[-1]):
            weight = weights[..., metric]
            shift = _summed(weight[:, 0], mine)[:, :, None] - _summed(weight[:, 1], theirs)[:, None]
            value += _cell_costs(cells_low[:, metric], self._loads[low, metric][:, None, None] - shift)
            value += _cell_costs(cells_high[:, metric], self._loads[high, metric][:, None, None] + shift)
        if np.isfinite(self._room):
            more = self._more_moves(offers.pair[part])
            more = _summed(more[:, 0], mine)[:, :, None] + _summed(more[:, 1], theirs)[:, None]
            value[more > max(0.0, self._room)] = _NEVER
        return value

    def _still(self, offers: _Offers) -> Floats:
        """Give the cost of offers, out of reach where the unit is not there any more, a (G, 2, K + 1) array."""
        there = np.stack([offers.low, offers.high], axis=1)[:, :, None]
        return np.where((offers.pair >= 0) & (self._at[offers.unit] != there), _NEVER, offers.cost)

    def _more_moves(self, pair: Ints) -> Floats:
        """Give how many more accounts each pair moves than where its unit is; 0 where there is none."""
        pairs = self._problem.pairs
        return np.where(pair >= 0, pairs.moved[pair] - pairs.moved[self.choice[pairs.unit[pair]]], 0.0)

    def _take(self, offers: _Offers, gain: Floats, best: Ints, least: float) -> tuple[float, np.ndarray]:
        """Carry out the best exchanges; give what they gained, and which territories changed."""
        pairs, weights = self._problem.pairs, self._problem.weights
        changed = np.zeros(len(self._problem.territories), dtype=bool)
        gained = 0.0
        good = np.flatnonzero(gain > least)
        for g in good[np.lexsort((good, -gain[good]))].tolist():
            low, high = offers.low[g], offers.high[g]
            taken = [pair for pair in best[g].tolist() if pair >= 0]
            worth = float(gain[g])
            if changed[low] or changed[high]:
                now = self._gain(int(low), int(high), taken) if self._hasty else -np.inf
                if now < max(least, _STILL * worth):
                    continue
                worth = now
            more = float(self._more_moves(best[g]).sum())
            if more > max(0.0, self._room):
                continue
            if self._borders and not self._borders.move((int(pairs.unit[p]), int(pairs.territory[p])) for p in taken):
                continue
            self._room -= more
            changed[low] = changed[high] = True
            gained += worth
            for pair in taken:
                unit = pairs.unit[pair]
                self._loads[self._at[unit]] -= weights[unit]
                self._loads[pairs.territory[pair]] += weights[unit]
                self._at[unit] = pairs.territory[pair]
                self.choice[unit] = pair
                self._priced_here[unit] = pairs.cost[pair] + self._prices[pairs.territory[pair]] @ weights[unit]
        return gained, changed

    def _gain(self, low: int, high: int, taken: list[int]) -> float:
        """Give what an exchange of two territories would gain as they are now; minus infinity where a unit has left."""
        pairs = self._problem.pairs
        units, to = pairs.unit[taken], pairs.territory[taken]
        out = to == high
        if (self._at[units] != np.where(out, low, high)).any():
            return -np.inf
        shift = (np.where(out, 1.0, -1.0)[:, None] * self._problem.weights[units]).sum(axis=0)
        books = np.array([low, high])
        before = self._loads[books]
        dearer = float((pairs.cost[taken] - pairs.cost[self.choice[units]]).sum())
        costs = book_costs(self._limits, books, np.stack([before, before + np.stack([-shift, shift])], axis=1))
        return float(costs[:, 0].sum() - costs[:, 1].sum()) - dearer
