"""Order and sets of positions."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from terraform_like.carve.arrays import linked, ordered, stretches


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


@given(st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_nodes_are_drawn_together_along_links_as_scipy_does_it(links):
    count, pairs = links
    one, other = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    found = linked(one, other, count)
    parts = connected_components(coo_array((np.ones(len(one)), (one, other)), shape=(count, count)), directed=False)[1]

    assert [found[np.flatnonzero(parts == part)].tolist() for part in np.unique(parts)] == [
        [np.flatnonzero(parts == part)[0]] * int((parts == part).sum()) for part in np.unique(parts)
    ]
