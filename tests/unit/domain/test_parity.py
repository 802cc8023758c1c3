"""Parity gives what a hand computes, and chance the same answer everywhere."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terraform_like.domain.parity import SMALL_GROUP, parity, permutation_p


def of(*groups):
    value = np.array([float(v) for group in groups for v in group])
    return value, np.repeat(np.arange(len(groups)), [len(group) for group in groups])


def test_the_ratio_is_the_lowest_mean_over_the_highest():
    found = parity(*of([10, 20], [30], [20, 25]))

    assert found.ratio == 0.5
    assert (found.lowest, found.highest) == (0, 1)
    assert found.means.tolist() == [15, 30, 22.5]


def test_rates_of_selection_are_means_of_yes_and_no():
    # The example of the Uniform Guidelines: 48 of 80 and 12 of 40 are 60% and 30%.
    found = parity(*of([1] * 48 + [0] * 32, [1] * 12 + [0] * 28))

    assert found.ratio == pytest.approx(0.5)
    assert found.p_value is None


@pytest.mark.parametrize(
    ("groups", "p_value"),
    [
        # Of six ways to halve these, two part 1 and 2 from 3 and 4.
        (([1, 2], [3, 4]), 2 / 6),
        # Of four, the one at hand.
        (([1], [9, 9, 8]), 1 / 4),
        (([5, 5], [5]), 1.0),
        (([0, 0], [0]), 1.0),
    ],
)
def test_few_ways_of_two_groups_are_all_tried(groups, p_value):
    assert permutation_p(*of(*groups)) == pytest.approx(p_value)


def test_more_ways_are_drawn_and_come_near_to_all_of_them():
    value, group = of([1, 5], [2, 8, 3], [9])
    observed = parity(value, group).ratio
    ratios = [parity(np.array(way), group).ratio for way in permutations(value)]
    exact = np.mean([ratio <= observed * (1 + 1e-9) for ratio in ratios])

    assert permutation_p(value, group) == pytest.approx(exact, abs=0.02)


def test_chance_is_weighed_where_a_group_is_small_or_where_asked():
    many = np.arange(float(2 * SMALL_GROUP))
    group = np.repeat([0, 1], SMALL_GROUP)

    assert parity(many, group).p_value is None
    assert parity(many, group, always=True).p_value == 1 / 10_000
    assert parity(many[1:], group[1:]).p_value is not None


def test_a_large_table_with_a_small_group_takes_fewer_draws():
    value = np.ones(400_000)
    value[:3] = 0.0

    assert parity(value, (np.arange(400_000) > 2).astype(np.int64)).p_value == 1 / 100


@settings(max_examples=20)
@given(st.lists(st.floats(0, 1e6), min_size=3, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_members_changes_nothing_that_counts(values, random):
    value, group = np.array(values), np.arange(len(values)) % 2
    order = np.arange(len(values))
    random.shuffle(order)
    one, other = parity(value, group), parity(value[order], group[order])

    assert one.ratio == pytest.approx(other.ratio)
    assert one.p_value == pytest.approx(other.p_value)
