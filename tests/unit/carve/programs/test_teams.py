"""Teams cover as much as can be, within their rules; whoever may go on covering a territory does."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from terraform_like.carve.programs.teams import spread_teams


def spread(kind, people, *, near=None, km=None, most=None, capacity=None, loads=None, before=None, kept=None):
    books = len(kind)
    nobody = np.full(books, -1)
    return spread_teams(
        np.asarray(kind),
        np.ones((people, books), dtype=bool) if near is None else np.asarray(near, dtype=bool),
        np.zeros((people, books)) if km is None else np.asarray(km, dtype=float),
        np.full(people, books) if most is None else np.asarray(most),
        np.ones(people) if capacity is None else np.asarray(capacity, dtype=float),
        np.full((books, 1), 1 / books) if loads is None else np.asarray(loads, dtype=float),
        nobody if before is None else np.asarray(before),
        nobody if kept is None else np.asarray(kept),
    ).tolist()


def test_loads_are_even_and_by_capacity():
    assert spread([0] * 4, 2, loads=[[0.4], [0.1], [0.1], [0.4]]) in ([0, 0, 1, 1], [0, 1, 0, 1])
    assert spread([0] * 3, 2, capacity=[2, 1]).count(0) == 2


def test_travel_decides_between_what_is_as_even():
    assert spread([0, 0], 2, km=[[900, 10], [20, 800]]) == [1, 0]
    assert spread([0], 2, km=[[900], [np.nan]], near=[[True], [False]]) == [0]


def test_where_all_is_alike_first_names_go_together():
    assert spread([0, 1], 2) == [0, 1]


def test_who_covered_a_territory_goes_on_though_another_suits_better():
    assert spread([0, 0], 2, km=[[900, 10], [20, 800]], before=[0, 1]) == [0, 1]


@st.composite
def tasks(draw):
    people, books = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    kind = draw(st.lists(st.integers(0, 1), min_size=books, max_size=books))
    near = draw(st.lists(st.lists(st.booleans(), min_size=books, max_size=books), min_size=people, max_size=people))
    most = draw(st.lists(st.integers(0, 3), min_size=people, max_size=people))
    return kind, near, most


def allowed(at, kind, near, most):
    for person, number in enumerate(most):
        mine = [book for book, who in enumerate(at) if who == person]
        if len(mine) > number or len({kind[b] for b in mine}) > 1 or not all(near[person][b] for b in mine):
            return False
    return True


@settings(max_examples=25)
@given(tasks(), st.data())
def test_nobody_gets_more_than_they_may_and_as_much_is_covered_as_can_be(task, data):
    kind, near, most = task
    at = spread(kind, len(most), near=near, most=most)
    assert allowed(at, kind, near, most)
    answers = [a for a in product(range(-1, len(most)), repeat=len(kind)) if allowed(a, kind, near, most)]
    assert at.count(-1) == min(a.count(-1) for a in answers)
    # Any cover that may be, be it a poor one, is gone on with.
    before = list(data.draw(st.sampled_from(answers)))
    after = spread(kind, len(most), near=near, most=most, before=before, kept=before)
    assert allowed(after, kind, near, most)
    assert all(now == was for now, was in zip(after, before, strict=True) if was >= 0)
