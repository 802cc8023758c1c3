"""What else there would be for a unit is told as the objective itself would tell it."""

from __future__ import annotations

import numpy as np
import pytest

from terraform_like.carve.decompose import prices_of
from terraform_like.carve.prove.options import Priced, nearest_ties, options
from terraform_like.carve.prove.proof import MoveLimit, Proof, ProofMethod, ProofStatus


@pytest.fixture
def carved(towns_plan, towns, problem):
    one = problem(towns_plan, towns)
    return Priced(one, one.current, prices_of(one))


def test_moved_alone_is_the_difference_of_the_objective(carved):
    problem, choice = carved.problem, carved.choice
    for unit in range(0, problem.units, 7):
        found = options(carved, unit)
        assert found.pair.tolist() == np.flatnonzero(problem.pairs.unit == unit).tolist()
        for pair, alone in zip(found.pair, found.alone, strict=True):
            elsewhere = choice.copy()
            elsewhere[unit] = pair
            assert alone == pytest.approx(problem.cost(elsewhere) - problem.cost(choice), abs=1e-6)


def test_staying_costs_nothing_more(carved):
    found = options(carved, 3)
    (stay,) = np.flatnonzero(found.pair == carved.choice[3])
    assert (found.wishes[stay], found.balance[stay], found.excess[stay], found.priced[stay]) == (0, 0, 0, 0)


def test_with_room_made_it_is_cost_and_prices_of_loads_and_moves(carved):
    problem = carved.problem
    dear = Priced(problem, carved.choice, carved.prices, move_price=2.0, most_moves=1)
    found = options(dear, 0)
    for pair, priced in zip(found.pair.tolist(), found.priced, strict=True):
        by_hand = 0.0
        for sign, place in ((1, pair), (-1, int(carved.choice[0]))):
            t = problem.pairs.territory[place]
            loads = sum(carved.prices[t, m] * problem.weights[0, m] for m in range(len(problem.metrics)))
            by_hand += sign * (problem.pairs.cost[place] + loads + 2.0 * problem.pairs.moved[place])
        assert priced == pytest.approx(by_hand)


def test_ties_come_nearest_first_and_each_unit_once(carved):
    problem = carved.problem
    for territory in range(len(problem.territories)):
        come, go = nearest_ties(carved, territory, 4)
        for pairs, inside in ((come, False), (go, True)):
            units = problem.pairs.unit[pairs]
            assert len(set(units.tolist())) == len(units)
            at = problem.pairs.territory[carved.choice[units]]
            assert ((at == territory) == inside).all()
            assert (np.diff(carved.behind(pairs)) >= 0).all()
        assert (problem.pairs.territory[come] == territory).all()
        assert (problem.pairs.territory[go] != territory).all()


def test_prices_and_the_limit_of_moves_are_those_of_the_proof(carved):
    problem = carved.problem
    proof = Proof(
        component="all",
        method=ProofMethod.DECOMPOSED,
        status=ProofStatus.BOUNDED,
        objective=1.0,
        bound=0.5,
        gap=0.5,
        prices={"west": {"arr": 0.001}},
        moves=MoveLimit(most=7, price=0.01),
    )
    told = Priced.of(problem, carved.choice, proof)

    arr, west = problem.metrics.index("arr"), problem.territories.index("west")
    assert told.prices[west, arr] == pytest.approx(0.001 * problem.units)
    assert np.count_nonzero(told.prices) == 1
    assert told.move_price == pytest.approx(0.01 * problem.units)
    assert told.most_moves == 7
