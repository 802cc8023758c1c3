"""A heavy unit is moved where light ones answer, and where that mends what no exchange of light ones does."""

from __future__ import annotations

import numpy as np
import pytest

from terraform_like.carve.prove.certify import standing
from terraform_like.carve.search.broken import worst_first
from terraform_like.carve.search.improve import improve
from terraform_like.carve.search.relocate import relocate
from terraform_like.carve.watch import UNWATCHED


@pytest.fixture
def filled(wish, accounts, problem):
    """A book of a whale and four pinned accounts, which is over; light accounts could come once the whale has left."""
    carving = wish(
        territories={"a": {"segment": "all", "accounts": [f"A-{n:02d}" for n in range(1, 5)]}, "b": {"segment": "all"}},
        balance={"all": {"within": {"arr": 0.05}, "prefer": {"disruption": 0}}},
    )
    arr = [8.0, *[1.0] * 4, *[1.0] * 8]
    return problem(carving, accounts(13, territory=["a"] * 5 + ["b"] * 8, arr=arr))


def test_a_whale_leaves_the_book_that_it_fills_and_light_accounts_come_instead(filled):
    everything, prices = np.arange(len(filled.pairs)), np.zeros(filled.limits.share.shape)
    stuck = improve(filled, filled.current, everything, prices)
    assert filled.excess(stuck) > 0
    mended = relocate(filled, stuck, everything, prices, 1, UNWATCHED)
    assert filled.excess(mended) == 0
    assert filled.loads(mended).ravel().tolist() == [10, 10]
    assert standing(filled, mended).moved == 7
    assert worst_first(filled, stuck) == [0, 1]
    assert worst_first(filled, mended) == []


def test_nothing_moves_where_no_way_of_a_heavy_unit_helps(filled):
    prices = np.zeros(filled.limits.share.shape)
    stuck = improve(filled, filled.current, np.arange(len(filled.pairs)), prices)
    only_the_whale = np.union1d(stuck, np.flatnonzero(filled.pairs.unit == 0))
    assert (relocate(filled, stuck, only_the_whale, prices, 8, UNWATCHED) == stuck).all()


def test_no_book_is_looked_at_where_none_is_asked_for(filled):
    everything, prices = np.arange(len(filled.pairs)), np.zeros(filled.limits.share.shape)
    assert (relocate(filled, filled.current, everything, prices, 0, UNWATCHED) == filled.current).all()
