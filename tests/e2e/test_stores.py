"""Stores of a bicycle company: owners and territories as they are, where one store in eight has the wrong owner."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

TERRITORY_YAML = """\
project: stores
crm:
  provider: sql
  url: sqlite:///crm.sqlite
  accounts: {table: stores, key: store_id, owner: salesperson_id, territory: territory}
  users: {table: salespersons, key: salesperson_id, name: login}
"""
# Whoever sells in each territory is its owner; a second person of the same territory has a book of her own.
PLAN_YAML = """\
accounts:
  where: "annual_sales > 0"
  location: {latitude: lat, longitude: lon}

segments:
  - {name: us, where: "country = 'US'"}
  - {name: canada, where: "country = 'CA'"}
  - {name: abroad}

territories:
  Northwest: {segment: us, owner: pamela}
  Northwest-2: {segment: us, owner: david}
  Northeast: {segment: us, owner: michael}
  Central: {segment: us, owner: jillian}
  Southwest: {segment: us, owner: linda}
  Southwest-2: {segment: us, owner: shu}
  Southeast: {segment: us, owner: tsvi}
  Canada: {segment: canada, owner: jose}
  Canada-2: {segment: canada, owner: garrett}
  France: {segment: abroad, where: "country = 'FR'", owner: ranjit}
  Germany: {segment: abroad, where: "country = 'DE'", owner: rachel}
  Australia: {segment: abroad, where: "country = 'AU'", owner: lynn}
  United-Kingdom: {segment: abroad, where: "country = 'GB'", owner: jae}

people:
  michael: {user: "275"}
  linda: {user: "276"}
  jillian: {user: "277"}
  garrett: {user: "278"}
  tsvi: {user: "279"}
  pamela: {user: "280"}
  shu: {user: "281"}
  jose: {user: "282"}
  david: {user: "283"}
  lynn: {user: "286"}
  rachel: {user: "288"}
  jae: {user: "289"}
  ranjit: {user: "290"}

balance:
  us: {within: {annual_sales: 10%, accounts: 20%}}
  canada: {within: {annual_sales: 5%}}
"""
POLICIES_YAML = """\
policies:
  even:
    level: hard
    over: territories
    where: "segment <> 'abroad'"
    by: segment
    measure: spread(annual_sales)
    at_most: 1.25
  one-owner: {level: hard, over: people, assert: "territories = 1"}
limits: {changes: 100%}
"""


@pytest.fixture(scope="module")
def tables(shared_rows):
    return {name: shared_rows(f"stores/{name}.csv") for name in ("stores", "salespersons", "territories")}


@pytest.fixture
def repository(tables, company):
    names = {t["territory_id"]: t["territory"].replace(" ", "-") for t in tables["territories"]}
    columns = ("store_id", "name", "country", "annual_sales", "lat", "lon", "salesperson_id")
    return company(
        {
            "stores (store_id INTEGER PRIMARY KEY, name TEXT, country TEXT, annual_sales INTEGER, lat REAL, lon REAL,"
            " salesperson_id INTEGER, territory TEXT)": [
                (*(store[column] for column in columns), names[store["territory_id"]]) for store in tables["stores"]
            ],
            "salespersons (salesperson_id INTEGER PRIMARY KEY, login TEXT)": [
                (person["salesperson_id"], person["login"]) for person in tables["salespersons"]
            ],
        },
        {
            "territory.yaml": TERRITORY_YAML,
            "plans/stores/plan.yaml": PLAN_YAML,
            "policies/stores.yaml": POLICIES_YAML,
        },
    )


def test_every_store_comes_to_the_owner_of_its_territory_and_stays(tables, repository, carry_out):
    home = {person["salesperson_id"]: person["territory_id"] for person in tables["salespersons"]}
    assert sum(home[store["salesperson_id"]] != store["territory_id"] for store in tables["stores"]) == 84

    plan = carry_out(repository).plan

    assert plan["summary"]["adds"] == plan["summary"]["removes"] == 0
    assert plan["summary"]["moves"] > 0 < plan["summary"]["transfers"]
    sales = {segment: measures["spread(annual_sales)"] for segment, measures in plan["fairness"].items() if measures}
    assert sales["us"]["before"] > 1.25
    assert max(sales["us"]["after"], sales["canada"]["after"]) <= 1.25
    abroad = [change for change in plan["changes"] if change["after"]["territory"] in ("France", "Germany")]
    assert abroad == []
    with closing(sqlite3.connect(repository / "crm.sqlite")) as crm:
        held = dict(crm.execute("SELECT DISTINCT territory, salesperson_id FROM stores"))
        assert crm.execute("SELECT count(DISTINCT territory || salesperson_id) FROM stores").fetchone() == (13,)
        assert crm.execute("SELECT DISTINCT typeof(salesperson_id) FROM stores").fetchall() == [("integer",)]
    assert held == {t["name"]: int(plan["users"][t["owner"]]) for t in plan["territories"]}
