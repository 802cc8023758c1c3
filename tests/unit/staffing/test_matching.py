"""Who may be matched to a territory that names no owner, and what is said for them."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from terraform_like.diagnostics import Report
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.staffing.matching import tell_matching, vacancies
from terraform_like.staffing.tenure import owners_on

DAY = date(2027, 7, 1)
SEATTLE, DENVER = (47.6, -122.3), (39.7, -105.0)
FREE = {"user": "U9", "home": DENVER}


def plan(people, territories=None, **more):
    wishes = {
        "name": "fy27",
        "accounts": {"location": {"latitude": "lat", "longitude": "lon"}, "fit": "industry"},
        "segments": [{"name": "all"}],
        "people": {"jane": {"user": "U1"}, **people},
        "territories": territories or {"north": {"segment": "all", "owner": "jane"}, "open": {"segment": "all"}},
    }
    return Carving.model_validate(wishes | more)


def live(*rows):
    """Accounts as (territory, owner, industry), all of them in Seattle."""
    table = pl.DataFrame(
        {
            "account": [f"A-{n}" for n in range(len(rows))],
            "owner": [owner for _, owner, _ in rows],
            "industry": [industry for *_, industry in rows],
            "lat": [SEATTLE[0]] * len(rows),
            "lon": [SEATTLE[1]] * len(rows),
        },
        schema_overrides={"owner": pl.String, "industry": pl.String, "lat": pl.Float64, "lon": pl.Float64},
    )
    return Book.of(table), pl.Series([territory for territory, *_ in rows], dtype=pl.String)


def found(carving, *rows, users=None, inactive=()):
    book, territory = live(*rows)
    return vacancies(carving, book, territory, DAY, carving.people if users is None else users, inactive)


@pytest.mark.parametrize(
    "wish",
    [
        {"role": "sales-engineer"},
        {"capacity": 0},
        {"starts": "2027-07-02"},
        {"leaves": "2027-06-30"},
    ],
)
def test_who_is_no_account_executive_or_away_is_never_matched(wish):
    assert found(plan({"free": FREE})).people == ("free",)
    assert found(plan({"free": FREE | wish})).people == ()


def test_who_has_no_active_user_in_the_crm_is_never_matched():
    assert found(plan({"free": FREE}), users=["jane"]).people == ()
    assert found(plan({"free": FREE}), inactive=["free"]).people == ()


@pytest.mark.parametrize(
    "more",
    [
        {"territories": {"open": {"segment": "all"}, "other": {"segment": "all", "owner": "free"}}},
        {
            "territories": {
                "open": {"segment": "all"},
                "other": {"segment": "all", "owner": "jane", "successor": {"person": "free", "from": "2027-12-01"}},
            }
        },
        {"overcarve": {"slot": {"segment": "all", "filled_by": "free"}}},
    ],
)
def test_whom_the_plan_names_anywhere_is_not_matched_elsewhere(more):
    assert "free" not in found(plan({"free": FREE}, **more)).people


def test_a_slot_and_a_territory_whose_owner_left_are_not_open():
    territories = {"left": {"segment": "all", "owner": "gone"}, "open": {"segment": "all"}}
    people = {"free": FREE, "gone": {"user": "U7", "leaves": "2027-01-31"}}
    assert found(plan(people, territories, overcarve={"slot": {"segment": "all"}})).territories == ("open",)


def test_capacity_says_how_many_full_books_one_takes():
    territories = {
        "a": {"segment": "all"},
        "b": {"segment": "all", "size": 0.5},
        "large": {"segment": "all", "size": 2},
    }
    people = {
        "half": FREE | {"capacity": 0.5},
        "one": FREE | {"capacity": 1},
        "said-nothing": FREE,
        "two": {**FREE, "capacity": 2},
    }
    told = found(plan(people, territories))
    assert told.people == ("half", "jane", "one", "said-nothing", "two")
    assert told.takes.tolist() == [[np.inf, 0.5, np.inf], [1, 1, 1], [1, 0.5, 1], [1, 1, 1], [1, 0.5, 2]]
    assert told.room.tolist() == [0.5, 1, 1, 1, 2]


def test_what_speaks_for_a_person_is_counted_and_told():
    carving = plan({"free": FREE | {"skills": ["healthcare"]}})
    told = found(carving, ("open", "free", "healthcare"), ("open", "jane", "retail"), ("north", "free", "healthcare"))
    assert (told.accounts.tolist(), told.has.tolist(), told.fits.tolist()) == ([2], [[1]], [[1]])
    assert told.told(np.array([0]))[0].why == (
        "has 1 of its 2 accounts now; lives 1,640 km from its middle; has the skill for 1 of its 2 accounts"
    )


def test_what_is_not_known_is_not_told():
    assert found(plan({"free": {"user": "U9"}})).told(np.array([0]))[0].why == "owns nothing else"


def test_seniority_is_one_for_the_first_and_nothing_for_the_last():
    people = {
        "new": FREE | {"starts": "2027-05-01"},
        "old": FREE | {"starts": "2020-01-01"},
        "same": FREE | {"starts": "2020-01-01"},
    }
    assert found(plan(people)).seniority.tolist() == [0, 1, 1]


def test_a_match_gives_too_much_to_nobody_and_leaves_nothing_to_be_had():
    territories = {"a": {"segment": "all"}, "b": {"segment": "all"}}
    told = found(plan({"free": FREE}, {**territories, "north": {"segment": "all", "owner": "jane"}}))
    assert told.breach(np.array([0, -1])) is None
    assert told.breach(np.array([0, 0])) == "more than free can own"
    assert told.breach(np.array([-1, -1])) == "a is vacant, and free could own it"


def test_who_is_left_over_is_told_where_there_was_something_to_own():
    report, carving = Report(), plan({"free": FREE, "more": FREE})
    tell_matching(found(carving), np.array([0]), lambda path, key=False: None, report)
    assert [one.summary for one in report] == ["1 person owns nothing"]
    report, carving = Report(), plan({"free": FREE}, {"north": {"segment": "all", "owner": "jane"}})
    tell_matching(found(carving), np.array([], dtype=int), lambda path, key=False: None, report)
    assert not list(report)


def test_who_is_matched_owns_the_territory_and_changes_no_fair_share():
    carving = plan({"free": FREE | {"capacity": 0.5}}).model_copy(update={"matched": {"open": "free"}})
    assert owners_on(carving, DAY) == {"north": "jane", "open": "free"}
    assert carving.books["open"].size == 1
    assert "matched" not in carving.canonical()
