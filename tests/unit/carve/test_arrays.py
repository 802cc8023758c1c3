"""Order and sets of positions."""

from __future__ import annotations

import numpy as np

from terraform_like.carve.arrays import ordered, stretches


def test_groups_come_in_order_and_their_ranks_in_them_whatever_their_sign():
    random = np.random.default_rng(0)
    rank = np.concatenate([random.normal(size=500), [0.0, 1e15, -1e15, np.inf, -np.inf, 1e-30, -1e-30]])
    groups = random.integers(0, 9, len(rank))
    order = ordered(groups, rank)
    assert order.tolist() == np.lexsort((rank, groups)).tolist()


def test_equals_stay_in_the_order_that_they_had():
    assert ordered(np.array([1, 0, 1, 0]), np.array([2.0, 5.0, 2.0, 5.0])).tolist() == [1, 3, 0, 2]


def test_stretches_lie_one_behind_the_other():
    whose, positions = stretches(np.array([3, 7, 7]), np.array([5, 7, 9]))
    assert whose.tolist() == [0, 0, 2, 2]
    assert positions.tolist() == [3, 4, 7, 8]
