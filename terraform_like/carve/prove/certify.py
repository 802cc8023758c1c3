"""Re-checks an answer in plain numpy: where units are, what it costs, and how far from the best it can be.

No solver's word is taken: a time limit can give an `x` that breaks every limit with a status that says solved. The
bound holds for any prices (Lagrangian relaxation; Geoffrion, 1974), so that whoever has the saved prices can recompute
it in one pass, without a solver.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from terraform_like.carve.arrays import Floats, Ints
from terraform_like.carve.form import outside
from terraform_like.carve.form.atlas import fallen_apart, in_words
from terraform_like.carve.form.problem import EXCESS_WEIGHT, Problem
from terraform_like.carve.prove.proof import MoveLimit, Proof, ProofMethod, ProofStatus
from terraform_like.carve.watch import Stopped
from terraform_like.diagnostics import NAMED_AT_MOST

#: A gap this small counts as optimal: it is below what the figures of a report show.
OPTIMAL_GAP = 1e-4
#: Significant digits of saved figures: more than any reader needs, less than processors differ in.
DIGITS = 9


#: Parts of the published objective.
PARTS = ("disruption", "travel", "fit", "balance", "excess")


@dataclass(frozen=True, slots=True)
class Standing:
    """How an assignment stands, recomputed from nothing but the problem.

    Parameters
    ----------
    objective : float
        The published objective.
    disruption, travel, fit, balance, excess : float
        Its parts before their weights: share of accounts that move, km over the km at the nearest centers, share of
        accounts whose skill the owner lacks, mean relative distance from the fair shares (0 where evenness has no
        weight), mean relative excess over limits.
    moved : float
        Accounts that change territory.
    """

    objective: float
    disruption: float
    travel: float
    fit: float
    balance: float
    excess: float
    moved: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a proof is made of, beside the answer itself.

    Parameters
    ----------
    prices : (T, M) array
        Prices in solver units.
    method : ProofMethod
        How the answer was found, where it moves a unit; where all stay that are somewhere, it was kept.
    searched : float or None
        The least published objective that branch and bound left possible, where it was asked.
    moves : MoveLimit or None
        The limit of moves that was reached.
    stopped : Stopped or None
        Why the search ended before it was through.
    """

    prices: Floats
    method: ProofMethod
    searched: float | None = None
    moves: MoveLimit | None = None
    stopped: Stopped | None = None


def standing(problem: Problem, choice: Ints) -> Standing:
    """Recompute what a complete choice costs.

    Raises
    ------
    ValueError
        When a unit is nowhere, or at a pair of another unit.
    """
    if len(choice) != problem.units or (choice < 0).any() or (choice >= len(problem.pairs)).any():
        raise ValueError("an account has no territory, or one that it may not have")
    if (problem.pairs.unit[choice] != np.arange(problem.units)).any():
        raise ValueError("an account stands at a place of another account")
    limits, taken = problem.limits, problem.measured(choice)
    loads = problem.loads(choice)
    scale = problem.units / max(1, loads.size)
    distance = (limits.pull * np.abs(loads - limits.target)).sum()
    beyond = (limits.push * np.maximum(0, np.maximum(loads - limits.high, limits.low - loads))).sum()
    pulled = (limits.pull * np.where(limits.share > 0, limits.share, 1.0))[limits.pull > 0]
    weight = float(pulled.max()) / scale if len(pulled) else 1.0
    return Standing(
        objective=problem.cost(choice) / problem.units,
        disruption=float(taken.disruption.sum()),
        travel=float(taken.km.sum()) / problem.nearest_km if problem.nearest_km > 0 else 0.0,
        fit=float(taken.misfit.sum()),
        balance=float(distance) / problem.units / weight,
        excess=float(beyond) / problem.units / EXCESS_WEIGHT,
        moved=float(taken.moved.sum()),
    )


def bound(problem: Problem, prices: Floats, moves: MoveLimit | None = None) -> float:
    """Give a lower bound on the published objective of every assignment.

    Parameters
    ----------
    problem : Problem
        The problem.
    prices : (T, M) array
        Price of a unit of each load in solver units; any finite prices give a valid bound.
    moves : MoveLimit, optional
        A limit of moves: the bound is then on every assignment that moves no more, for any price that is not negative.

    Returns
    -------
    float
        sum over units of the cheapest priced pair, plus for each load the least of its cost less its price (over whole
        numbers, where every unit adds one), less what the moves that are let through cost at their price.
    """
    limits = problem.limits
    price = useful_prices(problem, prices)
    move_price = max(0.0, moves.price) * problem.units if moves else 0.0
    cheapest = cheapest_pairs(problem, price, move_price)
    if not problem.ways.complete:
        ways = problem.ways.at_move_price(move_price)
        cheapest = outside.cheapest(ways, problem.pairs, price, problem.weights, cheapest)
    kinks = (limits.low, limits.target, np.where(np.isfinite(limits.high), limits.high, limits.target))
    # What a load costs less its price is convex, so that the least over whole numbers is next to the least of all.
    beside = [np.where(problem.whole, side(kink), kink) for kink in kinks for side in (np.floor, np.ceil)]
    least = np.min([limits.cost(load) - price * load for load in beside], axis=0)
    let_through = move_price * moves.most if moves else 0.0
    return (float(cheapest.sum()) + float(least.sum()) - let_through) / problem.units


#: Pairs that are priced at once, which bounds the memory.
_AT_ONCE = 1 << 18


def cheapest_pairs(problem: Problem, price: Floats, move_price: float = 0.0) -> Floats:
    """Give what the cheapest priced pair of each unit costs, an (N,) array in solver units."""
    pairs = problem.pairs
    starts = np.searchsorted(pairs.unit, np.arange(problem.units + 1))
    cheapest = np.empty(problem.units)
    unit = 0
    while unit < problem.units:
        last = max(unit + 1, int(np.searchsorted(starts, starts[unit] + _AT_ONCE, side="right")) - 1)
        part = slice(starts[unit], starts[last])
        territory, weights = pairs.territory[part], problem.weights[pairs.unit[part]]
        priced = pairs.cost[part] + (price[territory] * weights).sum(axis=1)
        if move_price:
            priced += move_price * pairs.moved[part]
        cheapest[unit:last] = np.minimum.reduceat(priced, starts[unit:last] - starts[unit])
        unit = last
    return cheapest


def useful_prices(problem: Problem, prices: Floats) -> Floats:
    """Give the nearest prices that are of use: none above what an excess costs, nor below what a shortfall costs.

    Above, a load without limit would pay for itself; below, the bound only falls.
    """
    limits = problem.limits
    top = limits.pull + np.where(np.isfinite(limits.high), limits.push, 0.0)
    bottom = limits.pull + np.where(limits.low > 0, limits.push, 0.0)
    return np.clip(np.nan_to_num(prices), -bottom, top)


def certify(problem: Problem, choice: Ints, evidence: Evidence) -> Proof:
    """Check an answer and give its proof.

    Parameters
    ----------
    problem : Problem
        The problem.
    choice : (N,) array of int
        The pair of each unit.
    evidence : Evidence
        What shows how good it is.

    Raises
    ------
    ValueError
        When the answer is no answer, moves more than it may, or leaves a territory unconnected, or a figure is not
        finite.
    """
    figures = standing(problem, choice)
    if faults := fallen_apart(problem, choice):
        raise ValueError("; ".join(in_words(problem, fault) for fault in faults[:NAMED_AT_MOST]))
    saved = saved_prices(problem, useful_prices(problem, evidence.prices))
    moves = evidence.moves and evidence.moves.model_copy(update={"price": rounded(evidence.moves.price)})
    lowest = bound(problem, read_prices(problem, saved), moves)
    if moves and figures.moved > moves.most:
        raise ValueError(f"{figures.moved:,.0f} accounts would move, and {moves.most:,} may")
    if not (np.isfinite(figures.objective) and np.isfinite(lowest)):
        raise ValueError("the objective or its bound is not a finite number")
    # Of the rounded figures, since the last digits of a small difference are noise that differs between processors.
    objective, below = rounded(figures.objective), rounded(lowest)
    gap = max(0.0, objective - below) / objective if objective > 0 else 0.0
    searched = None if evidence.searched is None else rounded(min(evidence.searched, objective))
    proven = searched is not None and objective - searched <= OPTIMAL_GAP * objective
    return Proof(
        component=problem.component,
        method=_method(problem, choice, evidence.method),
        status=ProofStatus.OPTIMAL if gap <= OPTIMAL_GAP or proven else ProofStatus.BOUNDED,
        objective=objective,
        bound=below,
        gap=rounded(gap),
        parts={name: rounded(getattr(figures, name)) for name in PARTS},
        prices=saved,
        searched=searched,
        stopped=evidence.stopped,
        moves=moves,
    )


def _method(problem: Problem, choice: Ints, method: ProofMethod) -> ProofMethod:
    """Say that an answer was kept where it was, and never where it was not."""
    somewhere = problem.current >= 0
    if somewhere.any() and (choice == problem.current)[somewhere].all():
        return ProofMethod.KEPT
    return ProofMethod.DECOMPOSED if method is ProofMethod.KEPT else method


def rounded(value: float) -> float:
    """Round to the significant digits in which processors agree."""
    return float(f"{value:.{DIGITS}g}") + 0.0


def saved_prices(problem: Problem, prices: Floats) -> dict[str, dict[str, float]]:
    """Give prices by territory and metric, in units of the published objective."""
    per_unit = np.nan_to_num(prices) / problem.units
    return {
        territory: {metric: rounded(float(per_unit[t, m])) for m, metric in enumerate(problem.metrics)}
        for t, territory in enumerate(problem.territories)
    }


def read_prices(problem: Problem, saved: dict[str, dict[str, float]]) -> Floats:
    """Give saved prices as a (T, M) array in solver units; a price that is not saved is 0."""
    rows = [[saved.get(t, {}).get(m, 0.0) for m in problem.metrics] for t in problem.territories]
    return np.array(rows, dtype=float).reshape(len(problem.territories), len(problem.metrics)) * problem.units
