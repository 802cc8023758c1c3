"""How long a territory is without an owner: never made out longer than it is known to be."""

from __future__ import annotations

from datetime import date

import pytest

from terraform_like.domain.carving import Carving
from terraform_like.staffing.vacancy import vacant_since

DAY = date(2027, 7, 1)


def since(book, known=None, **people):
    carving = Carving.model_validate(
        {
            "name": "fy27",
            "segments": [{"name": "all"}],
            "territories": {"north": {"segment": "all", **book}},
            "people": {name: {"user": name, **person} for name, person in people.items()},
        }
    )
    found = vacant_since(carving, DAY, {"north": date.fromisoformat(known)} if known else {})
    return found["north"].isoformat() if found else None


@pytest.mark.parametrize(
    ("book", "known", "ann", "expected"),
    [
        # Nothing is known: not a day before the plan's.
        ({}, None, {}, "2027-07-01"),
        ({}, "2027-03-01", {}, "2027-03-01"),
        # A plan for a later day says nothing of this one.
        ({}, "2027-07-02", {}, "2027-07-01"),
        ({"owner": "ann"}, "2027-03-01", {}, None),
        ({"owner": "ann"}, None, {"leaves": "2027-05-31"}, "2027-06-01"),
        ({"owner": "ann"}, None, {"leaves": "2027-06-30"}, "2027-07-01"),
        # She came after the vacancy that the earlier plan knew, and is gone again.
        ({"owner": "ann"}, "2027-03-01", {"leaves": "2027-05-31"}, "2027-06-01"),
        # She has not come yet.
        ({"owner": "ann"}, "2027-03-01", {"starts": "2027-08-01"}, "2027-03-01"),
        # Until it takes effect nobody is missing.
        ({"effective": "2027-07-02"}, "2027-03-01", {}, None),
        ({"effective": "2027-07-01"}, None, {}, "2027-07-01"),
    ],
)
def test_a_vacancy_begins_when_the_last_owner_left_or_an_earlier_plan_saw_it(book, known, ann, expected):
    assert since(book, known, ann=ann) == expected


def test_of_several_owners_the_last_one_counts():
    people = {"ann": {"leaves": "2027-03-31"}, "bob": {"leaves": "2027-05-31"}}
    assert since({"owner": "ann", "successor": "bob"}, **people) == "2027-06-01"
