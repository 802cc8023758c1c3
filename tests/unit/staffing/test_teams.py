"""Who of a role covers which territory from when to when, and what is said where nobody does."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terraform_like.carve.programs.teams import spread_teams
from terraform_like.diagnostics import Report
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.staffing.teams import Earlier, team_rows

DAY = date(2027, 7, 1)
ROLE = "sales-engineer"
SEATTLE, PORTLAND, ATLANTA = (47.6, -122.3), (45.5, -122.7), (33.7, -84.4)
BOOKS = {"a": SEATTLE, "b": PORTLAND, "c": ATLANTA, "d": ATLANTA}
SEGMENTS = {"a": "west", "b": "west", "c": "east", "d": "east"}


def engineer(home=SEATTLE, **more):
    return {"user": "U1", "role": ROLE, "home": home, **more}


def plan(people, rule, order=("a", "b", "c", "d"), **more):
    return Carving.model_validate(
        {
            "name": "fy27",
            "plan": {"starts": "2027-02-01", "ends": "2028-01-31"},
            "accounts": {"location": {"latitude": "lat", "longitude": "lon"}},
            "segments": [{"name": "west"}, {"name": "east"}],
            "territories": {name: {"segment": SEGMENTS[name]} for name in order},
            "people": people,
            "coverage": {ROLE: rule},
            **more,
        }
    )


def accounts():
    """Two accounts a book; of each book most have the industry of the first letter of its name."""
    rows = [(name, n, place) for name, place in BOOKS.items() for n in range(3)]
    table = pl.DataFrame(
        {
            "account": [f"{name}-{n}" for name, n, _ in rows],
            "owner": pl.Series([None] * len(rows), dtype=pl.String),
            "industry": ["odd" if n == 2 else ("ab" if name in "ab" else "cd") for name, n, _ in rows],
            "lat": [place[0] for *_, place in rows],
            "lon": [place[1] for *_, place in rows],
        }
    )
    return Book.of(table), pl.Series([name for name, *_ in rows])


def best(duty):
    if not duty.people:
        return duty.kept()
    kept = duty.kept()
    at = spread_teams(duty.kind, duty.near, duty.km, duty.most, duty.capacity, duty.loads, duty.before, kept)
    at = duty.completed(at)
    assert duty.breach(at) is None
    return at


def rows(carving, earlier=None, day=DAY):
    report = Report()
    inside, territory = accounts()
    found = team_rows(carving, inside, territory, day, best, earlier or {}, lambda path, key=False: None, report)
    return found, [one.summary for one in report], [one.detail for one in report]


def covered(carving, earlier=None):
    return {row.territory: row.person for row in rows(carving, earlier)[0]}


def test_nobody_covers_more_than_ratio_times_capacity():
    people = {"one": engineer(), "half": engineer(capacity=0.5), "away": engineer(capacity=0)}
    found, said, _ = rows(plan(people, {"ratio": 2}))
    assert sorted(row.person for row in found) == ["half", "one", "one"]
    assert said == ["d has no sales-engineer"]


@pytest.mark.parametrize("by", ["segment", "industry"])
def test_what_one_person_covers_is_alike(by):
    found = covered(plan({"one": engineer(ATLANTA), "two": engineer(SEATTLE)}, {"ratio": 4, "by": [by]}))
    assert found == {"a": "two", "b": "two", "c": "one", "d": "one"}


def test_nobody_covers_what_is_too_far_or_whose_home_nobody_knows():
    people = {"one": engineer(SEATTLE), "lost": {"user": "U2", "role": ROLE}}
    found, said, why = rows(plan(people, {"ratio": 4, "within_km": 500}))
    assert {row.territory for row in found} == {"a", "b"}
    assert said == ["c, d have no sales-engineer"]
    assert why[0].startswith("Of 2 people with that role, 2 live beyond 500 km, or nobody knows where.")


def test_slots_are_covered_and_credit_is_as_wished():
    carving = plan({"one": engineer()}, {"ratio": 9, "credit": "20%"}, overcarve={"slot": {"segment": "west"}})
    found, said, _ = rows(carving)
    assert {row.territory for row in found} == {*BOOKS, "slot"}
    assert {(row.role, row.credit, row.team, row.interim) for row in found} == {(ROLE, 0.2, True, False)}
    assert not said


def test_who_leaves_is_replaced_from_the_day_after_and_nobody_else_changes():
    people = {
        "ann": engineer(SEATTLE, leaves="2027-09-30"),
        "bea": engineer(ATLANTA),
        "new": engineer(starts="2027-09-01"),
    }
    found, said, _ = rows(plan(people, {"ratio": 2}))
    told = {(r.territory, r.person, str(r.since), str(r.to)) for r in found}
    assert told == {
        ("a", "ann", "2027-02-01", "2027-09-30"),
        ("b", "ann", "2027-02-01", "2027-09-30"),
        ("a", "new", "2027-10-01", "2028-01-31"),
        ("b", "new", "2027-10-01", "2028-01-31"),
        ("c", "bea", "2027-02-01", "2028-01-31"),
        ("d", "bea", "2027-02-01", "2028-01-31"),
    }
    assert not said


def test_who_covered_a_territory_by_the_plan_before_goes_on_since_then():
    carving = plan({"ann": engineer(SEATTLE), "bea": engineer(ATLANTA)}, {"ratio": 2})
    swapped = {(ROLE, b): Earlier("bea" if b in "ab" else "ann", date(2027, 3, 1)) for b in BOOKS}
    found, _, _ = rows(carving, swapped)
    assert {row.territory: row.person for row in found} == {"a": "bea", "b": "bea", "c": "ann", "d": "ann"}
    assert {row.since for row in found} == {date(2027, 3, 1)}


def test_who_may_no_longer_cover_a_territory_is_replaced_on_the_day_of_the_plan():
    carving = plan({"ann": engineer(SEATTLE), "bea": engineer(ATLANTA)}, {"ratio": 2, "within_km": 500})
    found, _, _ = rows(carving, {(ROLE, "a"): Earlier("bea", date(2027, 3, 1))})
    assert {(row.territory, row.person, row.since) for row in found if row.territory == "a"} == {("a", "ann", DAY)}


def test_a_role_of_which_nobody_works_is_told_once():
    found, said, why = rows(plan({"one": engineer(starts="2028-06-01")}, {"ratio": 4}))
    assert not found
    assert said == ["a, b, c, d have no sales-engineer"]
    assert why[0].startswith("Nobody with the role sales-engineer works then.")


people_wishes = st.dictionaries(
    st.sampled_from(["ann", "bea", "cleo"]),
    st.builds(
        engineer,
        st.sampled_from([SEATTLE, ATLANTA]),
        capacity=st.sampled_from([0.5, 1, 2]),
        leaves=st.sampled_from([None, "2027-09-30"]),
    ),
    min_size=1,
)


@settings(max_examples=20)
@given(people_wishes, st.sampled_from([1, 2]), st.sampled_from([[], ["segment"]]), st.sampled_from([None, 500]))
def test_the_order_of_entries_never_matters_and_the_next_plan_says_the_same(people, ratio, by, within):
    rule = {"ratio": ratio, "by": by, "within_km": within}
    carving = plan(people, rule)
    found, said, _ = rows(carving)
    other_way = dict(reversed(people.items()))
    assert rows(plan(other_way, rule, order=("d", "c", "b", "a")))[:2] == (found, said)
    earlier = {(row.role, row.territory): Earlier(row.person, row.since) for row in found if row.since <= DAY}
    assert rows(carving, earlier)[:2] == (found, said)
    for day in (DAY, date(2027, 10, 1)):
        on_it = [row for row in found if row.since <= day <= row.to]
        assert len({row.territory for row in on_it}) == len(on_it)
        for name, person in people.items():
            mine = [row.territory for row in on_it if row.person == name]
            assert len(mine) <= ratio * person["capacity"]
            assert not by or len({SEGMENTS[book] for book in mine}) <= 1


def test_a_breach_is_named():
    carving = plan({"ann": engineer(SEATTLE), "bea": engineer(ATLANTA)}, {"ratio": 1})
    seen = []

    def assign(duty):
        seen.append(duty)
        return duty.kept()

    inside, territory = accounts()
    earlier = {(ROLE, "a"): Earlier("ann", None)}
    team_rows(carving, inside, territory, DAY, assign, earlier, lambda path, key=False: None, Report())
    duty = seen[0]
    assert duty.breach(np.array([0, 0, -1, -1])) == "ann may not cover a, b"
    assert duty.breach(np.array([1, 0, -1, -1])) == "a has another sales-engineer without need"
    assert duty.breach(np.array([0, -1, -1, -1])) == "a sales-engineer has room for a territory that has none"
    assert duty.breach(np.array([0, -1, 1, -1])) is None
