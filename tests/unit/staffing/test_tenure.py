"""Who owns a territory from when to when, by its owner and successor alone."""

from __future__ import annotations

from datetime import date

import pytest

from terraform_like.domain.carving import Carving
from terraform_like.staffing.lapse import lapsed
from terraform_like.staffing.tenure import tenures, turning_days


def wishes(book, people, kind="territories"):
    return Carving.model_validate(
        {
            "name": "fy27",
            "segments": [{"name": "all"}],
            kind: {"north": {"segment": "all", **book}},
            "people": {name: {"user": name, **person} for name, person in people.items()},
        }
    )


def told(carving):
    return [
        (t.person, t.since and t.since.isoformat(), t.until and t.until.isoformat())
        for t in tenures(carving.books["north"], carving)
    ]


@pytest.mark.parametrize(
    ("successor", "ann", "bob", "expected"),
    [
        (None, {}, {}, [("ann", None, None)]),
        ("bob", {"leaves": "2027-06-30"}, {}, [("ann", None, "2027-06-30"), ("bob", "2027-07-01", None)]),
        (
            "bob",
            {"leaves": "2027-06-30"},
            {"starts": "2027-08-01"},
            [("ann", None, "2027-06-30"), ("bob", "2027-08-01", None)],
        ),
        (
            {"person": "bob", "from": "2027-05-01"},
            {"leaves": "2027-06-30"},
            {},
            [("ann", None, "2027-04-30"), ("bob", "2027-05-01", None)],
        ),
        (
            {"person": "bob", "from": "2027-05-01"},
            {},
            {"starts": "2027-05-15"},
            [("ann", None, "2027-04-30"), ("bob", "2027-05-15", None)],
        ),
        # Who has left before their time comes never owns it, and who comes after the hand-over day neither.
        ({"person": "bob", "from": "2027-05-01"}, {}, {"leaves": "2027-04-01"}, [("ann", None, "2027-04-30")]),
        ({"person": "bob", "from": "2027-05-01"}, {"starts": "2027-06-01"}, {}, [("bob", "2027-05-01", None)]),
        # With a capacity of 0 somebody is away.
        (None, {"capacity": 0}, {}, []),
    ],
)
def test_one_after_the_other_and_never_two_on_a_day(successor, ann, bob, expected):
    book = {"owner": "ann"} | ({"successor": successor} if successor else {})
    assert told(wishes(book, {"ann": ann, "bob": bob})) == expected


def test_a_slot_is_the_hire_s_and_then_the_successor_s():
    book = {"filled_by": "ann", "successor": "bob"}
    people = {"ann": {"starts": "2027-04-01", "leaves": "2027-09-30"}, "bob": {}}
    expected = [("ann", "2027-04-01", "2027-09-30"), ("bob", "2027-10-01", None)]
    assert told(wishes(book, people, "overcarve")) == expected


def test_a_day_turns_when_somebody_begins_is_gone_or_passes_on():
    people = {"ann": {"starts": "2027-01-01", "leaves": "2027-06-30"}, "bob": {"starts": "2027-08-01"}}
    carving = wishes({"owner": "ann", "successor": "bob"}, people)
    assert turning_days(carving, date(2027, 1, 1)) == [date(2027, 7, 1), date(2027, 8, 1)]


@pytest.mark.parametrize(
    ("filler", "day", "gone"),
    [
        (None, "2027-10-01", False),
        (None, "2027-10-02", True),
        ({"starts": "2027-10-01"}, "2027-12-01", False),
        ({"starts": "2027-10-02"}, "2027-10-02", True),
        # Filled once, it is a territory like any other, also when the hire has left again.
        ({"starts": "2027-05-01", "leaves": "2027-06-01"}, "2027-12-01", False),
    ],
)
def test_a_slot_lapses_after_its_day_unless_somebody_owned_it_by_then(filler, day, gone):
    book = {"lapse": "2027-10-01"} | ({"filled_by": "ann"} if filler else {})
    carving = wishes(book, {"ann": filler or {}}, "overcarve")
    assert (lapsed(carving, date.fromisoformat(day)) == {"north"}) is gone
