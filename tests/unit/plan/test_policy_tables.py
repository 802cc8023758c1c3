"""The tables that policies are asked over hold what their documentation says, with the types that it says."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from terraform_like.diagnostics import Report
from terraform_like.diff import Change, ChangeKind, Place, Reason
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.domain.reason import ReasonCode
from terraform_like.domain.scope import populate
from terraform_like.domain.values import kinds_of
from terraform_like.plan.model import Load, PlannedTerritory, Summary
from terraform_like.plan.policy_tables import policy_tables
from terraform_like.policy.tables import table_columns

DAY = date(2027, 2, 1)


def locate(path, *, key=False):
    return None


CARVING = Carving.model_validate(
    {
        "name": "fy27",
        "accounts": {"where": "arr > 0", "location": {"latitude": "lat", "longitude": "lon"}},
        "segments": [{"name": "big", "where": "arr > 100", "accounts": ["A-3"]}, {"name": "all"}],
        "people": {
            "jane": {"user": "U1", "groups": {"tenure": "senior"}, "home": [0, 0], "capacity": 1.5},
            "raj": {"user": "U2", "role": "sales-engineer", "quota": 900},
            "idle": {"user": "U3"},
        },
        "territories": {"a": {"segment": "all", "owner": "jane"}, "b": {"segment": "all", "owner": "raj"}},
        "overcarve": {"s": {"segment": "big", "size": 0.5, "expected": "2027-04-02", "accounts": ["A-3"]}},
        "balance": {"all": {"within": {"arr": 0.1, "accounts": 0.1}}, "big": {"at_most": {"visits": 9}}},
    }
)


@pytest.fixture
def tables():
    rows = {
        "account": ["A-1", "A-2", "A-3", "A-4"],
        "territory": ["a", "a", "b", "a"],
        "owner": ["jane", "jane", "raj", "jane"],
        "arr": [10.0, 20.0, 500.0, 0.0],
        "visits": [1.0, None, 3.0, 4.0],
        "lat": [0.0, 0.0, 1.0, 0.0],
        "lon": [0.0, 1.0, 0.0, 0.0],
        "size": [7.0, 7.0, 7.0, 7.0],
    }
    population = populate(CARVING, Book.of(pl.DataFrame(rows)), locate, Report())
    assert population is not None
    owner, holder = pl.Series(["jane", "raj", None]), pl.Series([None, None, "jane"], dtype=pl.String)
    desired = population.inside.placed(pl.Series(["a", "b", "s"]), owner, holder)
    territories = (
        PlannedTerritory(
            name="a",
            segment="all",
            size=1,
            owner="jane",
            accounts=1,
            accounts_before=3,
            loads={"arr": Load(before=30, after=10)},
        ),
        PlannedTerritory(name="b", segment="all", size=1, owner="raj", accounts=1, accounts_before=1),
        PlannedTerritory(
            name="s", segment="big", size=0.5, slot=True, vacant=True, vacant_since=date(2027, 1, 2), accounts=1
        ),
    )
    reason = Reason(code=ReasonCode.REBALANCED, text="")
    changes = (
        Change(
            account="A-2",
            kind=ChangeKind.MOVE,
            before=Place(territory="a", owner="jane"),
            after=Place(territory="b", owner="raj"),
            reasons=(reason,),
        ),
        Change(
            account="A-3",
            kind=ChangeKind.MOVE,
            before=Place(territory="b", owner="raj"),
            after=Place(territory="s", owner="jane"),
            reasons=(reason,),
        ),
        Change(
            account="A-4", kind=ChangeKind.REMOVE, before=Place(territory="a", owner="jane"), after=Place(owner="jane")
        ),
    )
    summary = Summary(accounts=3, adds=0, moves=2, transfers=0, removes=1, unchanged=1)
    return policy_tables(CARVING, population, desired, territories, changes, summary, DAY)


def row(table, address):
    (found,) = table.filter(pl.col("address") == address).iter_rows(named=True)
    return found


def test_there_is_a_table_for_everything_that_policies_may_be_over(tables):
    assert set(tables) == {"territories", "people", "accounts", "changes", "segments", "plan"}
    for table in tables.values():
        assert table["address"].is_unique().all()


@pytest.mark.parametrize("over", ["territories", "people", "accounts", "changes", "segments", "plan"])
def test_a_table_has_the_columns_that_are_told_of_it_without_it_each_of_its_kind(tables, over):
    numbers = dict.fromkeys(("arr", "visits", "lat", "lon", "size"), pl.Float64())
    accounts = kinds_of({**numbers, "holder": pl.String(), "owner": pl.String()})

    told = table_columns(over, ["tenure"], accounts)

    assert told == kinds_of(tables[over].schema)


def test_territories_have_their_loads_and_the_sums_of_every_other_column_of_numbers(tables):
    a, s = row(tables["territories"], "territory.a"), row(tables["territories"], "slot.s")
    assert (a["accounts"], a["accounts_before"], a["arr"], a["arr_before"]) == (1, 3, 10, 30)
    assert (a["visits"], a["visits_before"], a["arr_largest"], s["arr_largest"]) == (1, 1, 10, 500)
    assert (s["slot"], s["vacant"], s["owner"], s["arr"], s["arr_before"]) == (True, True, None, 500, 0)


def test_a_sum_of_which_nothing_is_known_is_not_known(tables):
    assert row(tables["territories"], "territory.b")["visits"] is None
    assert row(tables["territories"], "slot.s")["visits_before"] == 0


def test_a_column_of_the_crm_never_takes_the_name_of_one_of_the_tables_own(tables):
    assert row(tables["territories"], "slot.s")["size"] == 0.5
    assert row(tables["territories"], "slot.s")["size_largest"] == 7


def test_a_vacant_territory_says_how_long_it_has_been_and_is_to_be_held_and_what_nobody_has(tables):
    days = tables["territories"].select("address", "vacant_days", "interim_days").rows()
    assert days == [("territory.a", None, None), ("territory.b", None, None), ("slot.s", 30, 60)]
    assert set(tables["territories"]["uncovered"]) == {0}


def test_people_have_what_they_own_and_what_they_hold(tables):
    jane, raj, idle = (row(tables["people"], f"person.{name}") for name in ("jane", "raj", "idle"))
    assert (jane["territories"], jane["accounts"], jane["arr"], jane["arr_before"]) == (2, 2, 510, 30)
    assert (raj["territories"], raj["accounts"], raj["accounts_before"], raj["role"]) == (1, 1, 1, "sales-engineer")
    assert (idle["territories"], idle["accounts"], idle["arr"]) == (0, 0, 0)
    assert (jane["tenure"], raj["tenure"]) == ("senior", None)
    assert (jane["capacity"], jane["size"], raj["size"], idle["size"]) == (1.5, 1.5, 1, 0)
    assert (jane["quota"], raj["quota"]) == (None, 900)


def test_people_know_what_they_lose(tables):
    jane, raj = row(tables["people"], "person.jane"), row(tables["people"], "person.raj")
    assert (jane["accounts_lost"], jane["arr_lost"], jane["territories_before"]) == (1, 20, 1)
    assert (raj["accounts_lost"], raj["arr_lost"], raj["arr_largest"]) == (1, 500, 20)


def test_accounts_have_their_place_before_and_after_and_their_columns(tables):
    one = row(tables["accounts"], "account.A-3")
    assert (one["segment"], one["territory"], one["owner"]) == ("big", "s", "jane")
    assert (one["territory_before"], one["owner_before"], one["arr"]) == ("b", "raj", 500)
    assert "account.A-4" not in tables["accounts"]["address"]
    assert (one["named"], one["pinned_to"], one["family"], one["family_territories"]) == (True, "s", "A-3", 1)
    assert not row(tables["accounts"], "account.A-1")["named"]


def test_travel_is_from_the_home_of_whoever_has_the_account(tables):
    km = 6371.0088 * np.pi / 180
    travel = {
        a: (now, was)
        for a, now, was in tables["accounts"].select("account", "travel_km", "travel_km_before").iter_rows()
    }
    assert travel["A-1"] == (0, 0)
    assert travel["A-2"] == (None, pytest.approx(km))
    assert travel["A-3"] == (pytest.approx(km), None)


def test_changes_have_the_columns_of_their_accounts_also_of_those_out_of_scope(tables):
    moved, left = row(tables["changes"], "account.A-2"), row(tables["changes"], "account.A-4")
    assert (moved["kind"], moved["territory_after"], moved["reason"], moved["arr"]) == ("move", "b", "rebalanced", 20)
    assert (left["kind"], left["territory_after"], left["reason"], left["visits"]) == ("remove", None, None, 4)


def test_segments_count_their_accounts_moves_and_territories(tables):
    both, big = row(tables["segments"], "segment.all"), row(tables["segments"], "segment.big")
    assert (both["accounts"], both["moves"], both["territories"], both["arr"]) == (2, 1, 2, 30)
    assert (big["accounts"], big["moves"], big["territories"], big["visits"]) == (1, 1, 1, 3)
    assert (both["accounts_before"], big["accounts_before"], both["arr_before"], both["arr_moved"]) == (3, 0, 530, 20)


def test_the_plan_is_one_row(tables):
    told = row(tables["plan"], "plan.fy27")
    assert tables["plan"].height == 1
    assert (told["accounts"], told["moves"], told["removes"], told["changes"]) == (3, 2, 1, 3)
    assert (told["territories"], told["people"]) == (3, 3)
    assert (told["arr"], told["arr_moved"]) == (530, 520)


def test_figures_are_floats_also_where_there_is_nothing_to_count(tables):
    for name, figures in {
        "territories": ["accounts", "size"],
        "people": ["accounts", "arr"],
        "plan": ["moves"],
    }.items():
        assert all(tables[name].schema[figure] == pl.Float64 for figure in figures)


def test_a_plan_without_changes_has_tables_of_the_same_columns(tables):
    inside = populate(
        CARVING,
        Book.of(
            pl.DataFrame({"account": ["A-1"], "arr": [1.0], "visits": [1.0], "lat": [1.0], "lon": [1.0], "size": [1.0]})
        ),
        locate,
        Report(),
    )
    assert inside is not None
    summary = Summary(accounts=1, adds=0, moves=0, transfers=0, removes=0, unchanged=1)
    empty = policy_tables(CARVING, inside, inside.inside, (), (), summary, DAY)
    for name, table in tables.items():
        assert set(empty[name].columns) == set(table.columns), name
    assert empty["changes"].height == 0
