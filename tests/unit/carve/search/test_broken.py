"""Which books are outside their limits, the worst first, and which share accounts near a tie with them."""

from __future__ import annotations

import numpy as np
import pytest

from terraform_like.carve.search.broken import beside, outside, pairs_about, worst_first


@pytest.fixture
def three(wish, accounts, problem):
    """Three books of 20, 9 and 1 where 10 are fair; nobody may leave `c` or come."""
    carving = wish(
        territories={name: {"segment": "all", "accounts": ["A-04"] if name == "c" else []} for name in "abc"},
        balance={"all": {"within": {"arr": 0.2}}},
    )
    return problem(carving, accounts(5, territory=["a", "a", "b", "b", "c"], arr=[10.0, 10.0, 4.0, 5.0, 1.0]))


def test_the_worst_book_comes_first_and_those_inside_are_none(three):
    assert outside(three, three.current).tolist() == [True, False, True]
    assert worst_first(three, three.current) == [0, 2]


def test_beside_a_book_are_those_that_its_accounts_may_go_to_first(three):
    near = np.flatnonzero((three.pairs.territory < 2) | (three.pairs.unit == 4))
    assert beside(three, three.current, near, [0], 2).tolist() == [0, 1]
    assert beside(three, three.current, near, [2], 1).tolist() == [2]


def test_pairs_about_a_book_lead_into_it_or_out_of_it(three):
    everything = np.arange(len(three.pairs))
    at = three.pairs.territory[three.current][three.pairs.unit]
    about = pairs_about(three, three.current, everything, np.array([False, True, False]))
    leads = (at == 1) | (three.pairs.territory == 1)
    assert about.tolist() == np.union1d(three.current, everything[leads]).tolist()
