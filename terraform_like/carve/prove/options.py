"""Where else a unit could be, and what it would cost: alone, and once others make room for it at the saved prices."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from terraform_like.carve.arrays import Floats, Ints
from terraform_like.carve.form.problem import Problem
from terraform_like.carve.prove.certify import read_prices, useful_prices
from terraform_like.carve.prove.proof import Proof


@dataclass(frozen=True, slots=True)
class Priced:
    """A component with its answer and prices.

    Parameters
    ----------
    problem : Problem
        The component.
    choice : (N,) array of int
        The pair of each unit.
    prices : (T, M) array
        Prices of a unit of each load in solver units.
    move_price : float
        Price of a moved account in solver units, above 0 where a limit of moves was reached.
    most_moves : int or None
        That limit.
    """

    problem: Problem
    choice: Ints
    prices: Floats
    move_price: float = 0.0
    most_moves: int | None = None

    @classmethod
    def of(cls, problem: Problem, choice: Ints, proof: Proof) -> Priced:
        """Take the prices of a saved proof."""
        prices = useful_prices(problem, read_prices(problem, proof.prices))
        if proof.moves is None:
            return cls(problem, choice, prices)
        return cls(problem, choice, prices, proof.moves.price * problem.units, proof.moves.most)

    def with_all_ways(self, unit: int) -> Priced:
        """Give the same with all ways of a unit among the pairs, where only some of them were kept."""
        everywhere = np.arange(len(self.problem.territories))
        ways = everywhere[self.problem.ways.eligible.allows(np.full(len(everywhere), unit), everywhere)]
        problem = self.problem.including(np.full(len(ways), unit), ways)
        return replace(self, problem=problem, choice=problem.at(self.problem.pairs.territory[self.choice]))

    def cost(self, pairs: Ints) -> Floats:
        """Give cost plus prices of pairs, in solver units."""
        every, weights = self.problem.pairs, self.problem.weights[self.problem.pairs.unit[pairs]]
        priced = (self.prices[every.territory[pairs]] * weights).sum(axis=1)
        return np.asarray(every.cost[pairs] + priced + self.move_price * every.moved[pairs])

    def behind(self, pairs: Ints) -> Floats:
        """Give how much dearer pairs are than where their units are; about 0 is a tie."""
        return self.cost(pairs) - self.cost(self.choice[self.problem.pairs.unit[pairs]])


@dataclass(frozen=True, slots=True)
class Options:
    """The pairs of one unit against the one that it has, in solver units; P rows, its own among them.

    Parameters
    ----------
    pair : (P,) array of int
        Positions of the pairs.
    wishes : (P,) array
        How much more disruption and travel cost there.
    balance, excess : (P,) array
        How much more the distances from fair shares, and the excess over limits, of all loads cost when this unit
        alone goes there.
    priced : (P,) array
        How much more it costs at the prices, where others make room.
    """

    pair: Ints
    wishes: Floats
    balance: Floats
    excess: Floats
    priced: Floats

    @property
    def alone(self) -> Floats:
        """The exact difference of the objective where this unit goes there and nothing else changes."""
        return self.wishes + self.balance + self.excess


def options(carved: Priced, unit: int) -> Options:
    """Give where a unit could be and what it would cost.

    Parameters
    ----------
    carved : Priced
        The component.
    unit : int
        Position of the unit.
    """
    problem, at = carved.problem, int(carved.choice[unit])
    mine = np.flatnonzero(problem.pairs.unit == unit)
    balance, excess = np.zeros(len(mine)), np.zeros(len(mine))
    loads, there = problem.loads(carved.choice), problem.pairs.territory
    pull, push = _costs(problem, loads)
    # Other territories have the same units as before, and so the same loads.
    near = np.flatnonzero(np.isin(there[carved.choice], there[mine]))
    for row, pair in enumerate(mine.tolist()):
        at_pair = np.where(near == unit, pair, carved.choice[near])
        loads[there[mine]] = problem.summed(there[at_pair], problem.weights[near])[there[mine]]
        pulled, pushed = _costs(problem, loads)
        balance[row], excess[row] = pulled - pull, pushed - push
    cost = problem.pairs.cost
    return Options(mine, cost[mine] - cost[at], balance, excess, carved.behind(mine))


def _costs(problem: Problem, loads: Floats) -> tuple[float, float]:
    """Give what distances from the fair shares cost, and what excess costs."""
    limits = problem.limits
    beyond = np.maximum(0, np.maximum(loads - limits.high, limits.low - loads))
    return float((limits.pull * np.abs(loads - limits.target)).sum()), float((limits.push * beyond).sum())


def nearest_ties(carved: Priced, territory: int, most: int) -> tuple[Ints, Ints]:
    """Give pairs by which units could come to a territory, and by which its own could go, those nearest to a tie first.

    Parameters
    ----------
    carved : Priced
        The component.
    territory : int
        Position of the territory.
    most : int
        How many to give of either, each unit once.
    """
    pairs, choice = carved.problem.pairs, carved.choice
    inside = pairs.territory[choice] == territory
    come = np.flatnonzero((pairs.territory == territory) & ~inside[pairs.unit])
    go = np.flatnonzero((pairs.territory != territory) & inside[pairs.unit])
    return _nearest(carved, come, most), _nearest(carved, go, most)


def _nearest(carved: Priced, those: Ints, most: int) -> Ints:
    behind = carved.behind(those)
    order = those[np.lexsort((those, behind))]
    first = np.unique(carved.problem.pairs.unit[order], return_index=True)[1]
    return order[np.sort(first)][:most]
