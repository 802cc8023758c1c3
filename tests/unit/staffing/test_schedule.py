"""Who owns a territory on a day; who holds the accounts of a vacant one, and that holding them changes nothing."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.carve.programs.evening import spread_evenly
from terraform_like.diagnostics import Report
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.staffing.schedule import Held, schedule
from terraform_like.staffing.tell import tell
from terraform_like.staffing.tenure import owner_on, owners_on
from terraform_like.staffing.timeline import passings, timeline

DAY = date(2027, 7, 1)
SEATTLE, DENVER, ATLANTA = (47.6, -122.3), (39.7, -105.0), (33.7, -84.4)
PEOPLE = {
    "jane": {"user": "U1", "home": SEATTLE, "role": "account-manager", "starts": "2024-03-01"},
    "raj": {"user": "U2", "home": ATLANTA},
    "left": {"user": "U3", "home": DENVER, "leaves": "2027-06-30"},
    "next": {"user": "U4", "home": DENVER, "starts": "2027-08-01"},
}
TERRITORIES = {
    "north": {"segment": "all", "owner": "jane"},
    "south": {"segment": "all", "owner": "raj"},
    "vacant": {"segment": "all"},
    "other": {"segment": "else", "owner": "jane"},
}


def locate(path, *, key=False):
    return None


def plan(people=PEOPLE, territories=TERRITORIES, slot=None, located=True, **more):
    return Carving.model_validate(
        {
            "name": "fy27",
            "accounts": {"location": {"latitude": "lat", "longitude": "lon"}} if located else {},
            "segments": [{"name": "all"}, {"name": "else"}],
            "people": people,
            "territories": territories,
            "overcarve": {} if slot is None else {"slot": {"segment": "all", **slot}},
            **more,
        }
    )


def live(*rows, places=None):
    """Accounts as (owner, point), A-00, A-01 ... in this order."""
    points = [point or (None, None) for _, point in rows]
    return Book.of(
        pl.DataFrame(
            {
                "account": [f"A-{n:02d}" for n in range(len(rows))],
                "territory": places or [None] * len(rows),
                "owner": [owner for owner, _ in rows],
                "lat": [point[0] for point in points],
                "lon": [point[1] for point in points],
            },
            schema_overrides={"territory": pl.String, "owner": pl.String, "lat": pl.Float64, "lon": pl.Float64},
        )
    )


def nobody_evenly(sharing):
    raise AssertionError("nothing here is spread evenly")


def staff(carving, inside, places, day=DAY, share=nobody_evenly):
    """Give the book of the day, what was said, and the whole schedule."""
    report = Report()
    found = schedule(carving, inside, places, day, share, Held(np.zeros(len(inside), dtype=bool)))
    tell(found, locate, report)
    return found.today(inside, places), report, found


def evenly(sharing):
    return spread_evenly(sharing.own, sharing.loads, sharing.room, sharing.km)


def staffed(carving, inside, *places, day=DAY, share=nobody_evenly):
    """Give who has each account, and what was said."""
    book, report, _ = staff(carving, inside, pl.Series(places, dtype=pl.String), day, share)
    return book.table.select(book.covered_by).to_series().to_list(), report


@pytest.mark.parametrize(
    ("day", "owner"), [("2024-02-29", None), ("2024-03-01", "jane"), ("2027-06-30", "jane"), ("2027-07-01", None)]
)
def test_first_and_last_day_count(day, owner):
    people = {"jane": {"user": "U1", "starts": "2024-03-01", "leaves": "2027-06-30"}}
    carving = plan(people, {"north": {"segment": "all", "owner": "jane"}})
    assert owner_on(carving.books["north"], carving, date.fromisoformat(day)) == owner


def test_a_slot_has_who_fills_it_from_the_day_they_start():
    carving = plan(slot={"filled_by": "next"})
    assert "slot" not in owners_on(carving, DAY)
    assert owners_on(carving, date(2027, 8, 1))["slot"] == "next"


def test_accounts_of_a_territory_are_its_owner_s():
    carving = plan()
    assert staffed(carving, live(("raj", None), (None, None)), "north", "south")[0] == ["jane", "raj"]


@pytest.mark.parametrize("slot", [{}, {"cover": {"spread": "current"}}])
def test_who_has_an_account_of_a_vacant_territory_goes_on_holding_it(slot):
    inside = live(("raj", SEATTLE), ("someone-of-the-crm", SEATTLE), ("jane", ATLANTA))
    carving = plan(slot=slot)
    book, _, _ = staff(carving, inside, pl.Series(["slot", "slot", "vacant"]))
    assert book.table["holder"].to_list() == ["raj", "someone-of-the-crm", "jane"]
    assert book.table["owner"].to_list() == [None, None, None]


def test_where_the_cover_names_people_only_they_go_on_holding():
    carving = plan(slot={"cover": {"by": ["jane"], "spread": "current"}})
    assert staffed(carving, live(("raj", ATLANTA), ("jane", ATLANTA)), "slot", "slot")[0] == ["jane", "jane"]


def test_a_cover_may_name_a_role():
    carving = plan(slot={"cover": {"by": ["account-manager"], "spread": "nearest"}})
    assert staffed(carving, live(("raj", ATLANTA)), "slot")[0] == ["jane"]


def test_a_territory_says_how_it_is_covered_else_the_plan_does():
    carving = plan(
        territories={**TERRITORIES, "own": {"segment": "all", "cover": {"by": ["jane"], "spread": "nearest"}}},
        cover={"by": ["raj"], "spread": "nearest"},
    )
    inside = live(("jane", SEATTLE), ("raj", ATLANTA))
    assert staffed(carving, inside, "vacant", "own")[0] == ["raj", "jane"]


def test_an_account_that_nobody_has_goes_to_the_nearest_whom_the_slot_names():
    carving = plan(slot={"cover": {"by": ["raj", "jane"]}})
    held, report = staffed(carving, live((None, SEATTLE), (None, ATLANTA), ("raj", SEATTLE)), *["slot"] * 3)
    assert held == ["jane", "raj", "raj"]
    assert not len(report)


def test_without_names_it_goes_to_the_nearest_owner_of_the_segment():
    people = {**PEOPLE, "elsewhere": {"user": "U5", "home": DENVER}}
    carving = plan(people, {**TERRITORIES, "other": {"segment": "else", "owner": "elsewhere"}})
    assert staffed(carving, live((None, (39.7, -100.0)), (None, SEATTLE)), "vacant", "vacant")[0] == ["raj", "jane"]


@pytest.mark.parametrize("away", ["left", "next"])
@pytest.mark.parametrize("spread", ["current", "nearest"])
def test_who_does_not_work_on_that_day_never_holds(away, spread):
    carving = plan(slot={"cover": {"by": [away, "raj"], "spread": spread}})
    assert staffed(carving, live((away, DENVER), (None, DENVER)), "slot", "slot")[0] == ["raj", "raj"]
    only = plan(slot={"cover": {"by": [away], "spread": spread}})
    assert staffed(only, live((away, SEATTLE), (None, ATLANTA)), "slot", "slot")[0] == ["jane", "raj"]


def test_nearest_gives_every_account_of_the_slot_to_the_nearest_named():
    carving = plan(slot={"cover": {"by": ["jane", "raj"], "spread": "nearest"}})
    inside = live(("raj", SEATTLE), ("someone-of-the-crm", ATLANTA), ("jane", ATLANTA), ("raj", DENVER))
    held, report = staffed(carving, inside, *["slot"] * 4)
    assert held == ["jane", "raj", "raj", "jane"]
    assert not len(report)


def test_of_two_who_are_as_near_the_first_name_holds():
    people = {name: {"user": name, "home": SEATTLE} for name in ("zoe", "amy", "kim")}
    carving = plan(people, {}, slot={"cover": {"by": ["zoe", "amy", "kim"], "spread": "nearest"}})
    assert staffed(carving, live((None, DENVER), ("zoe", SEATTLE)), "slot", "slot")[0] == ["amy", "amy"]


@pytest.mark.parametrize("spread", ["balanced", "nearest"])
def test_nothing_is_said_of_a_slot_without_accounts(spread):
    carving = plan(slot={"cover": {"by": ["jane"], "spread": spread}})
    assert not len(staffed(carving, live(("raj", SEATTLE)), "south")[1])


def test_without_locations_the_one_with_the_fewest_accounts_holds_and_the_first_name_on_a_tie():
    carving = plan(located=False)
    inside = live(*[(None, None)] * 7)
    places = ["north", "north", "south", *["vacant"] * 4]
    assert staffed(carving, inside, *places)[0] == ["jane", "jane", "raj", "raj", "jane", "raj", "jane"]


def test_accounts_held_before_count_as_well():
    carving = plan(located=False)
    inside = live(("jane", None), ("jane", None), (None, None), (None, None))
    assert staffed(carving, inside, *["vacant"] * 4)[0] == ["jane", "jane", "raj", "raj"]


def test_an_account_of_unknown_place_stays_with_a_named_holder_also_under_nearest():
    carving = plan(slot={"cover": {"by": ["jane", "raj"], "spread": "nearest"}})
    inside = live(("raj", None), ("raj", SEATTLE), ("someone-of-the-crm", None))
    # The third goes to jane: both would have one account, and her name comes first.
    assert staffed(carving, inside, *["slot"] * 3)[0] == ["raj", "jane", "jane"]


def test_who_has_no_home_is_far_from_everything():
    people = {"amy": {"user": "U1"}, "zoe": {"user": "U2", "home": ATLANTA}}
    carving = plan(people, {}, slot={"cover": {"by": ["amy", "zoe"]}})
    assert staffed(carving, live((None, SEATTLE)), "slot")[0] == ["zoe"]


def test_accounts_that_nobody_may_hold_are_named_once():
    carving = plan({}, {"vacant": {"segment": "all"}, "empty": {"segment": "all"}})
    held, report = staffed(carving, live((None, SEATTLE), (None, None)), "vacant", "empty")
    assert held == [None, None]
    (said,) = report
    assert said.summary == "Nobody has 2 accounts"
    assert "A-00, A-01" in said.detail


def test_an_owner_who_is_away_is_told_with_the_day():
    carving = plan(territories={"a": {"segment": "all", "owner": "left"}, "b": {"segment": "all", "owner": "next"}})
    _, report = staffed(carving, live(("left", SEATTLE)), "a")
    told = {d.summary: d.detail for d in report if "vacant on" in d.summary}
    assert told["a is vacant on 2027-07-01"].startswith("left left on 2027-06-30.")
    assert told["b is vacant on 2027-07-01"].startswith("next starts on 2027-08-01.")


def test_who_has_a_capacity_of_0_is_away_and_others_hold_their_accounts():
    people = {**PEOPLE, "jane": {**PEOPLE["jane"], "capacity": 0}}
    held, report = staffed(plan(people), live(("jane", SEATTLE), ("jane", ATLANTA)), "north", "vacant")
    assert held == ["raj", "raj"]
    told = {d.summary: d.detail for d in report}
    assert told["north is vacant on 2027-07-01"].startswith("jane is away, by a `capacity` of 0.")


def test_what_is_held_over_in_a_vacant_territory_is_told_so_that_the_next_plan_knows():
    """Raj ends his deal although next, who alone may hold, has started meanwhile."""
    cover = {"by": ["next"]}
    carving = plan(
        territories={"south": TERRITORIES["south"], "vacant": {"segment": "all", "cover": cover}},
        holdover={"where": "true", "for": "10d"},
    )
    inside = live(("raj", SEATTLE))
    deals = Held(np.ones(1, dtype=bool))
    found = schedule(carving, inside, pl.Series(["vacant"]), DAY, nobody_evenly, deals)
    (passing,) = passings(found)
    assert (passing.on, passing.code, passing.taker) == (date(2027, 8, 11), "held-over", "next")


def test_accounts_in_no_territory_have_nobody():
    book, _, _ = staff(plan(), live(("raj", SEATTLE)), pl.Series([None], dtype=pl.String))
    assert book.table.select("owner", "holder").row(0) == (None, None)


people_of = st.sampled_from([None, "jane", "raj", "left", "next", "someone-of-the-crm"])
points = st.one_of(st.none(), st.sampled_from([SEATTLE, DENVER, ATLANTA]))
companies = st.lists(
    st.tuples(people_of, points, st.sampled_from(["north", "vacant", "slot"])), min_size=1, max_size=12
)


@given(companies, st.sampled_from(["current", "nearest", "balanced"]), st.booleans(), st.booleans())
def test_once_applied_nobody_changes_again(rows, spread, named, located):
    carving = plan(slot={"cover": {"by": ["raj", "left", "jane"] if named else [], "spread": spread}}, located=located)
    places = [place for *_, place in rows]
    held, _ = staffed(carving, live(*[(owner, point) for owner, point, _ in rows]), *places, share=evenly)
    after = [(has, point) for has, (_, point, _) in zip(held, rows, strict=True)]
    again, _ = staffed(carving, live(*after, places=places), *places, share=evenly)
    assert again == held
    assert not {"left", "next", None} & set(held)


def test_the_timeline_says_who_is_on_what_from_when_for_what_credit():
    inside = live(("raj", None), ("jane", None), ("someone-of-the-crm", None), ("jane", None))
    carving = plan(slot={"cover": {"credit": "50%"}})
    _, _, found = staff(carving, inside, pl.Series(["slot", "slot", "slot", "north"]))
    rows = {(r.territory, r.person): r for r in timeline(found)}
    assert list(rows) == [
        ("north", "jane"),
        ("other", "jane"),
        ("slot", "jane"),
        ("slot", "raj"),
        ("slot", "someone-of-the-crm"),
        ("south", "raj"),
        ("vacant", None),
    ]
    owner, holder, nobody = rows["north", "jane"], rows["slot", "jane"], rows["vacant", None]
    assert (owner.since, owner.to, owner.credit, owner.interim) == (date(2024, 3, 1), None, 1.0, False)
    assert (holder.since, holder.credit, holder.interim, holder.role) == (DAY, 0.5, True, "account-manager")
    assert (nobody.credit, nobody.interim) == (0.0, False)
    assert rows["slot", "raj"].model_dump()["from"] == DAY
