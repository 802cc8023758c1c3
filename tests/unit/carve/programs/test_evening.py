"""Accounts spread over people so that what each has in all is even, and nobody has more than they have room for."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.carve.programs.evening import spread_evenly

EVERYWHERE = np.inf


def unevenness(own, loads, at):
    total = own.astype(float).copy()
    np.add.at(total, at[at >= 0], loads[at >= 0])
    mean = (own.sum(axis=0) + loads.sum(axis=0)) / len(own)
    return np.abs(total / np.where(mean > 0, mean, 1) - 1).sum()


def spread(own, loads, room=None, km=None):
    own, loads = np.array(own, float), np.array(loads, float)
    room = np.full(own.shape, EVERYWHERE) if room is None else np.array(room, float)
    km = np.full((len(loads), len(own)), np.nan) if km is None else np.array(km, float)
    return spread_evenly(own, loads, room, km)


def test_who_has_less_gets_more():
    at = spread([[10], [4], [1]], [[3], [3], [3], [3]])
    assert sorted(at.tolist()) == [1, 1, 2, 2]


def test_of_answers_that_are_as_even_the_nearer_is_taken():
    at = spread([[5], [5]], [[2], [2]], km=[[900, 10], [10, 900]])
    assert at.tolist() == [1, 0]


def test_nobody_gets_more_than_they_have_room_for():
    at = spread([[0], [0]], [[2], [2], [2]], room=[[2], [EVERYWHERE]])
    assert sorted(at.tolist()) == [0, 1, 1]


def test_what_nobody_has_room_for_is_nobody_s():
    assert spread([[0]], [[2], [2]], room=[[2]]).tolist().count(-1) == 1


@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=3),
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
)
def test_it_is_near_the_best_that_trying_all_gives(own, loads):
    own, loads = np.array(own, float)[:, None], np.array(loads, float)[:, None]
    at = spread(own, loads)
    best = min(unevenness(own, loads, np.array(p)) for p in product(range(len(own)), repeat=len(loads)))
    heaviest = loads.max() / ((own.sum() + loads.sum()) / len(own))
    # No single move makes it better; what is left is less than the heaviest account is worth.
    assert unevenness(own, loads, at) <= best + 2 * heaviest + 1e-9
    assert (at >= 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_thirty_accounts_come_out_even_and_the_same_again(seed):
    rng = np.random.default_rng(seed)
    own, loads = rng.uniform(0, 50, (4, 2)), rng.uniform(1, 10, (30, 2))
    km = rng.uniform(0, 500, (30, 4))
    at = spread(own, loads, km=km)
    assert unevenness(own, loads, at) < 0.6
    assert at.tolist() == spread(own, loads, km=km).tolist()
