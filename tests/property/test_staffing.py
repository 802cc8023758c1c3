"""Laws of staffing: who has an account on which day, and who is paid for it, whatever the people and the dates."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from terraform_like.carve.programs.evening import spread_evenly
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.domain.columns import PROTECTED
from terraform_like.domain.scope import Population
from terraform_like.plan.credit import credits
from terraform_like.plan.model import Created, Inputs, Plan, PlannedTerritory, Summary
from terraform_like.plan.scheduled import passed_by, scheduled
from terraform_like.plan.whereabouts import whereabouts
from terraform_like.staffing.schedule import Held, schedule
from terraform_like.staffing.tenure import owners_on
from terraform_like.staffing.timeline import passings, timeline

FIRST = date(2027, 1, 1)
YEAR = 365
NAMES = ["ann", "bob", "cy", "dee"]
BOOKS = ["east", "slot", "west"]
PLACES = [(47.6, -122.3), (39.7, -105.0), (33.7, -84.4)]

days = st.integers(-30, YEAR + 30).map(lambda n: FIRST + timedelta(days=n))


@st.composite
def people(draw):
    """Four people of whom the first is always there, so that somebody may hold whatever falls vacant."""
    found = {}
    for name in NAMES:
        starts, leaves = sorted([draw(days), draw(days)])
        person = {"user": name, "home": draw(st.sampled_from([None, *PLACES]))}
        if name != "ann" and draw(st.booleans()):
            person["starts"] = starts.isoformat()
        if name != "ann" and draw(st.booleans()):
            person["leaves"] = leaves.isoformat()
        if name != "ann" and draw(st.integers(0, 3)) == 0:
            person["capacity"] = 0
        found[name] = person
    return found


@st.composite
def wishes(draw):
    cover = st.fixed_dictionaries(
        {
            "spread": st.sampled_from(["current", "nearest", "balanced"]),
            "credit": st.sampled_from(["0%", "40%", "100%"]),
        },
        optional={"by": st.lists(st.sampled_from([*NAMES, "account-executive"]), max_size=3, unique=True)},
    )
    books = {}
    for name in BOOKS:
        book = {"segment": "all", "cover": draw(cover)}
        key = "filled_by" if name == "slot" else "owner"
        if draw(st.booleans()):
            book[key] = draw(st.sampled_from(NAMES))
            if draw(st.booleans()):
                follows = draw(st.sampled_from([n for n in NAMES if n != book[key]]))
                book["successor"] = {"person": follows, "from": draw(days).isoformat()}
        if draw(st.integers(0, 4)) == 0:
            book["effective"] = draw(days).isoformat()
        books[name] = book
    # Ann owns a territory at all times: there is somebody in the segment to hold the rest.
    books["home"] = {"segment": "all", "owner": "ann"}
    said = {
        "name": "fy27",
        "plan": {"starts": FIRST.isoformat(), "ends": (FIRST + timedelta(days=YEAR)).isoformat()},
        "accounts": {"location": {"latitude": "lat", "longitude": "lon"}},
        "segments": [{"name": "all"}],
        "people": draw(people()),
        "territories": {name: book for name, book in books.items() if name != "slot"},
        "overcarve": {"slot": books["slot"]},
        "balance": {"all": {"within": {"arr": "10%"}}},
    }
    if draw(st.booleans()):
        pay = draw(st.sampled_from(["split", "double"]))
        said["holdover"] = {
            "where": "deals > 0",
            "for": draw(st.sampled_from(["10d", "90d"])),
            "credit": "30%",
            "pay": pay,
        }
    return said


@st.composite
def companies(draw):
    said = draw(wishes())
    number = draw(st.integers(1, 9))
    rows = [
        (
            f"A-{n}",
            draw(st.sampled_from([None, *BOOKS, "home"])),
            draw(st.sampled_from([None, *NAMES, "stranger"])),
            *draw(st.sampled_from([(None, None), *PLACES])),
            float(draw(st.integers(1, 5))),
            draw(st.booleans()),
        )
        for n in range(number)
    ]
    wanted = [draw(st.sampled_from([*BOOKS, "home"])) for _ in range(number)]
    return said, rows, wanted


def evenly(sharing):
    return spread_evenly(sharing.own, sharing.loads, sharing.room, sharing.km)


def worked_out(said, rows, wanted, day=FIRST, until=None):
    carving = Carving.model_validate(said)
    schema = {"account": pl.String, "territory": pl.String, "owner": pl.String, "lat": pl.Float64, "lon": pl.Float64}
    table = pl.DataFrame(rows, schema={**schema, "arr": pl.Float64, "deals": pl.Boolean}, orient="row")
    inside, places = Book.of(table), pl.Series(wanted, dtype=pl.String)
    dealing = table["deals"].to_numpy() if carving.holdover else np.zeros(table.height, dtype=bool)
    return carving, inside, places, schedule(carving, inside, places, day, evenly, Held(dealing, until or {}))


def saved(said, rows, wanted):
    """Give the plan and the assignments that such a company would save, with what makes them up."""
    carving, inside, places, found = worked_out(said, rows, wanted)
    owners = owners_on(carving, FIRST)
    population = Population(inside.with_columns([pl.lit(False).alias(PROTECTED)]), inside)
    plan = Plan(
        plan="fy27",
        inputs=Inputs(config="", policies="", snapshot="", assignments=""),
        created=Created(by=""),
        as_of=FIRST,
        summary=Summary(accounts=len(rows), adds=0, moves=0, transfers=0, removes=0, unchanged=0),
        territories=tuple(
            PlannedTerritory(name=name, segment="all", size=1, owner=owners.get(name), accounts=0)
            for name in carving.books
        ),
        staffing=timeline(found),
        scheduled=scheduled(carving, population, passings(found)),
    )
    return carving, plan, found.today(inside, places).table.select("account", "territory", "holder")


@given(companies())
def test_on_every_day_every_account_has_exactly_one_owner_who_works_and_is_not_away(company):
    carving, inside, _, found = worked_out(*company)
    for stage in found.stages:
        who = found.cast.who(stage.who)
        assert who.null_count() == 0
        away = {name for name, person in carving.people.items() if not person.can_have_on(stage.day)}
        assert not away & set(who)
    assert len(inside) == len(found.stages[0].who)


@given(companies(), st.randoms())
def test_the_order_of_entries_never_matters(company, random):
    said, rows, wanted = company
    shuffled = dict(said)
    for key in ("people", "territories", "overcarve"):
        entries = list(said[key].items())
        random.shuffle(entries)
        shuffled[key] = dict(entries)
    assert passings(worked_out(said, rows, wanted)[3]) == passings(worked_out(shuffled, rows, wanted)[3])


#: The account goes to a slot whose owner leaves after a day, and waits in the book that it came from later on.
_LEFT_BEFORE_IT_WAITED = (
    {
        "name": "fy27",
        "plan": {"starts": "2027-01-01", "ends": "2028-01-01"},
        "accounts": {"location": {"latitude": "lat", "longitude": "lon"}},
        "segments": [{"name": "all"}],
        "people": {
            "ann": {"user": "ann"},
            "bob": {"user": "bob", "capacity": 0},
            "cy": {"user": "cy", "leaves": "2027-01-02", "capacity": 0},
            "dee": {"user": "dee", "leaves": "2027-01-01"},
        },
        "territories": {
            "east": {"segment": "all", "effective": "2027-01-04"},
            "west": {"segment": "all", "effective": "2027-01-01"},
            "home": {"segment": "all", "owner": "ann"},
        },
        "overcarve": {"slot": {"segment": "all", "filled_by": "dee", "effective": "2027-01-01"}},
        "balance": {"all": {"within": {"arr": "10%"}}},
    },
    [("A-0", "east", None, None, None, 1.0, False)],
    ["slot"],
)


@example(_LEFT_BEFORE_IT_WAITED, 0)
@given(companies(), st.integers(0, YEAR))
def test_applied_up_to_a_day_the_plan_of_that_day_changes_nothing(company, number):
    said, rows, wanted = company
    _, plan, assignments = saved(said, rows, wanted)
    day = FIRST + timedelta(days=number)
    spells = whereabouts(plan, assignments)
    here = spells.filter((pl.col("from") <= day) & (pl.col("to").is_null() | (pl.col("to") >= day))).sort("account")
    now = [
        (account, territory, person, *row[3:])
        for row, (account, territory, person) in zip(
            rows, here.select("account", "territory", "person").iter_rows(), strict=True
        )
    ]
    over = {a: p.on for p in plan.scheduled if p.reason == "held-over" for a in p.accounts}
    *_, again = worked_out(said, now, wanted, day, over)
    stage = again.stages[0]
    assert again.cast.who(stage.who).to_list() == here["person"].to_list()
    assert passed_by(plan, FIRST) == {}


@given(companies())
def test_credit_is_never_lost_nor_paid_twice_unless_that_is_configured(company):
    carving, plan, assignments = saved(*company)
    until = FIRST + timedelta(days=YEAR)
    table = credits(carving, plan, assignments, FIRST, until)
    edges = sorted({FIRST, *table["from"], *(d + timedelta(days=1) for d in table["to"] if d < until)})
    most = 1 + (carving.holdover.credit if carving.holdover and carving.holdover.pay == "double" else 0)
    for day in edges:
        today = table.filter((pl.col("from") <= day) & (pl.col("to") >= day))
        total = today.group_by("account").agg(pl.col("credit").sum())
        assert total.height == assignments.height
        assert all(abs(t - 1) < 1e-9 or abs(t - most) < 1e-9 for t in total["credit"])
        assert not today.select("account", "person", "role").is_duplicated().any()


@given(companies())
def test_spells_of_an_account_follow_one_another_without_a_gap(company):
    _, plan, assignments = saved(*company)
    for (_,), spells in whereabouts(plan, assignments).group_by("account"):
        ordered = spells.sort("from")
        assert ordered["from"][0] == FIRST
        ends, begins = ordered["to"].to_list(), ordered["from"].to_list()
        assert [end + timedelta(days=1) for end in ends[:-1]] == begins[1:]
        assert ends[-1] is None
