"""The match is the best of all, as many territories as can be have an owner, and equals are matched by name."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terraform_like.carve.programs.matching import FITS, HAS, NEAR, SENIOR, match

UNKNOWN = np.nan


def matched(has=None, km=None, fits=None, senior=None, takes=None, room=None, people=3, territories=3):
    shape = next((np.shape(one) for one in (has, km, fits, senior, takes) if one is not None), (people, territories))
    nothing = np.zeros(shape)
    given_ones = (np.asarray(one, float) if one is not None else nothing for one in (has, km, fits, senior))
    takes = np.ones(shape) if takes is None else np.asarray(takes, float)
    return match(*given_ones, takes, np.ones(shape[0]) if room is None else np.asarray(room, float)).tolist()


def test_where_nothing_speaks_for_anybody_first_names_go_together():
    assert matched(people=4, territories=3) == [0, 1, 2]
    assert matched(people=2, territories=3) == [0, 1, -1]


def test_nobody_and_nothing_give_no_match():
    assert matched(people=0, territories=2) == [-1, -1]
    assert matched(people=2, territories=0) == []


def test_who_has_a_book_keeps_it_whatever_else_speaks_for_another():
    assert HAS > NEAR + FITS + SENIOR
    found = matched(has=[[1, 0], [0, 1]], km=[[900, 0], [0, 900]], fits=[[0, 1], [1, 0]], senior=[[0, 1], [1, 0]])
    assert found == [0, 1]


def test_who_lives_near_is_matched_and_an_unknown_home_counts_as_the_mean():
    assert matched(km=[[500, 10], [20, 400]]) == [1, 0]
    assert matched(km=[[900], [UNKNOWN], [100]]) == [2]


def test_skills_and_seniority_count():
    assert matched(fits=[[0, 0.8], [0, 0]]) == [1, 0]
    assert matched(senior=[[0.2, 0.1], [1.0, 0.5]]) == [1, 0]


def test_as_many_territories_as_can_be_have_an_owner():
    """The near one of two is the only one whom the half book suits; the other takes what is far."""
    found = matched(km=[[0, 0], [5000, 5000]], takes=[[1, 1], [np.inf, 1]])
    assert found == [0, 1]


def test_who_says_so_takes_several_books_and_never_more():
    assert matched(takes=[[1, 1, 1]], room=[2]).count(0) == 2
    assert matched(takes=[[0.5, 0.6, 0.5]], room=[1]) == [0, -1, 0]


@st.composite
def tasks(draw):
    people, territories = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    share = st.integers(0, 4).map(lambda n: n / 4)

    def table(of):
        return np.array(draw(st.lists(of, min_size=people * territories, max_size=people * territories))).reshape(
            people, territories
        )

    takes = table(st.sampled_from([0.5, 1.0, 1.5, np.inf]))
    room = np.array(draw(st.lists(st.sampled_from([1.0, 1.5, 2.0]), min_size=people, max_size=people)))
    return table(share), table(share), takes, room


@settings(max_examples=25)
@given(tasks())
def test_the_match_is_as_good_as_the_best_of_all(task):
    has, fits, takes, room = task
    people, territories = takes.shape

    def worth(at):
        """Matched territories, then what they are worth; None where somebody has too much."""
        taken = np.zeros(people)
        for territory, person in enumerate(at):
            if person >= 0:
                taken[person] += takes[person, territory]
        if (taken > room).any():
            return None
        pairs = [(person, territory) for territory, person in enumerate(at) if person >= 0]
        return len(pairs), sum(HAS * has[pair] + FITS * fits[pair] for pair in pairs)

    found = worth(matched(has=has, fits=fits, takes=takes, room=room))
    best = max(w for at in product(range(-1, people), repeat=territories) if (w := worth(at)) is not None)
    assert found is not None
    assert found[0] == best[0]
    assert found[1] == pytest.approx(best[1], abs=1e-2)
