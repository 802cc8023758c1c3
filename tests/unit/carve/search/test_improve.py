"""Local search only ever makes answers cheaper, and stays among the pairs that are open."""

from __future__ import annotations

import numpy as np
import pytest

from terraform_like.carve.search.improve import _Search, improve


@pytest.fixture
def one(towns_plan, towns, problem):
    return problem(towns_plan, towns)


def anywhere(problem, seed):
    start = np.searchsorted(problem.pairs.unit, np.arange(problem.units))
    count = np.bincount(problem.pairs.unit)
    return start + np.random.default_rng(seed).integers(0, count)


@pytest.mark.parametrize("seed", range(4))
def test_an_answer_gets_cheaper_and_cannot_be_bettered_by_a_move(one, seed):
    choice = anywhere(one, seed)
    before = choice.copy()
    better = improve(one, choice, np.arange(len(one.pairs)), np.zeros(one.limits.share.shape))
    assert (choice == before).all()
    assert one.cost(better) < one.cost(choice)
    for pair in range(len(one.pairs)):
        moved = better.copy()
        moved[one.pairs.unit[pair]] = pair
        assert one.cost(moved) >= one.cost(better) * (1 - 1e-9)


def test_only_a_swap_helps_where_both_books_are_full(wish, accounts, problem):
    carving = wish(
        territories={"a": {"segment": "all"}, "b": {"segment": "all"}},
        balance={"all": {"within": {"arr": 0.0, "accounts": 0.0}, "prefer": {"disruption": 0}}},
    )
    one = problem(carving, accounts(4, territory=["a", "a", "b", "b"], arr=[3.0, 3.0, 1.0, 1.0]))
    swapped = improve(one, one.current, np.arange(len(one.pairs)), np.zeros(one.limits.share.shape))
    assert one.excess(one.current) > 0
    assert one.loads(swapped).tolist() == [[2, 4], [2, 4]]


def test_only_two_at_once_help_where_neither_a_move_nor_a_swap_does(wish, accounts, problem):
    carving = wish(
        territories={"a": {"segment": "all"}, "b": {"segment": "all"}},
        balance={"all": {"within": {"arr": 0.0, "accounts": 0.0}, "prefer": {"disruption": 0}}},
    )
    one = problem(
        carving, accounts(8, territory=["a"] * 4 + ["b"] * 4, arr=[8.0, 13.0, 14.0, 6.0, 12.0, 18.0, 12.0, 3.0])
    )
    everything, prices = np.arange(len(one.pairs)), np.zeros(one.limits.share.shape)
    assert one.excess(improve(one, one.current, everything, prices)) > 0
    assert one.excess(improve(one, one.current, everything, prices, two=16)) == 0


def test_closed_pairs_are_never_taken(one):
    choice = anywhere(one, 0)
    open_pairs = np.union1d(choice, np.flatnonzero(one.pairs.territory == 0))
    better = improve(one, choice, open_pairs, np.zeros(one.limits.share.shape))
    assert np.isin(better, open_pairs).all()
    assert one.cost(better) < one.cost(choice)


def test_without_metrics_everybody_goes_where_it_is_cheapest(wish, towns, problem):
    carving = wish(
        accounts={"location": {"latitude": "lat", "longitude": "lon"}},
        territories={
            "a": {"segment": "all", "center": [47.6, -122.3]},
            "b": {"segment": "all", "center": [33.7, -84.4]},
        },
    )
    one = problem(carving, towns)
    better = improve(one, anywhere(one, 1), np.arange(len(one.pairs)), np.zeros((2, 0)))
    assert one.pairs.cost[better] == pytest.approx(np.minimum(one.pairs.cost[::2], one.pairs.cost[1::2]))


@pytest.mark.parametrize("seed", range(4))
def test_with_very_many_units_each_round_gains_what_it_says_and_all_lead_about_as_far(one, seed, monkeypatch):
    choice = anywhere(one, seed)
    everything, prices = np.arange(len(one.pairs)), np.zeros(one.limits.share.shape)
    patient = improve(one, choice, everything, prices)
    exchanged = _Search._exchanged

    def checked(search, *arguments, **named):
        before = one.cost(search.choice)
        gained, dirty = exchanged(search, *arguments, **named)
        assert before - one.cost(search.choice) == pytest.approx(gained, rel=1e-6, abs=1e-6)
        return gained, dirty

    monkeypatch.setattr("terraform_like.carve.search.improve._MANY", 0)
    monkeypatch.setattr(_Search, "_exchanged", checked)
    hasty = improve(one, choice, everything, prices)
    assert one.cost(hasty) == pytest.approx(one.cost(patient), rel=0.05)
    assert one.excess(hasty) == one.excess(patient) == 0
