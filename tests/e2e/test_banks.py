"""The banks of the United States: real sizes, of which no band can hold the largest."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

DAY = ("--as-of", "2027-02-01")
TERRITORY_YAML = """\
project: banks
crm:
  provider: sql
  url: sqlite:///crm.sqlite
  accounts: {table: banks, key: cert, owner: owner_id, territory: territory}
  users: {table: bankers, key: id, email: email}
"""
PLAN_YAML = """\
plan: {currency: USD}

accounts:
  location: {latitude: lat, longitude: lon}
  columns:
    lat: "TRY_CAST(lat AS DOUBLE)"
    lon: "TRY_CAST(lon AS DOUBLE)"
    assets: "COALESCE(TRY_CAST(assets_kusd AS DOUBLE), 0)" # a branch of a foreign bank reports none

segments:
  - {name: money-center, where: "assets >= 100000000"} # thousands: a hundred billion
  - {name: regional, where: "assets >= 1000000"}
  - {name: community}

territories:
  money-center: {segment: money-center, count: 8}
  regional-east: {segment: regional, where: "lon >= -90", owner: nina.east}
  regional-west: {segment: regional, where: "lon < -80", owner: theo.west}
  savings: {segment: community, rule: "bank_class = 'SB'", owner: sam.savings}
  community: {segment: community, count: 10}

overcarve:
  community-new: {segment: community, size: 0.5, expected: 2027-06-01, cover: {by: [sam.savings], spread: nearest}}

people:
  nina.east: {user: nina@example.com}
  theo.west: {user: theo@example.com}
  sam.savings: {user: sam@example.com, home: [39.95, -75.17]}

balance:
  money-center: {within: {assets: 10%}}
  regional: {within: {assets: 10%}}
  community: {within: {accounts: 10%}}
"""
POLICIES_YAML = """\
policies:
  even:
    level: hard
    over: territories
    where: "segment <> 'money-center'"
    by: segment
    measure: spread(accounts)
    at_most: 4
  even-assets: {level: advisory, over: territories, by: segment, measure: spread(assets), at_most: 1.25}
limits: {changes: 100%}
"""


@pytest.fixture(scope="module")
def banks(shared_rows):
    return shared_rows("banks/fdic_banks_2026.csv")


@pytest.fixture
def repository(banks, company):
    """As `plans/README.md` leads there from a CSV file: all columns are text."""
    return company(
        {
            f"banks ({', '.join(f'{column} TEXT' for column in banks[0])}, owner_id TEXT, territory TEXT)": [
                (*bank.values(), None, None) for bank in banks
            ],
            "bankers (id TEXT PRIMARY KEY, email TEXT)": [
                ("B1", "nina@example.com"),
                ("B2", "theo@example.com"),
                ("B3", "sam@example.com"),
            ],
        },
        {
            "territory.yaml": TERRITORY_YAML,
            "plans/banks/plan.yaml": PLAN_YAML,
            "policies/banks.yaml": POLICIES_YAML,
        },
    )


def test_banks_are_carved_once_and_it_is_said_which_bands_no_carve_holds(banks, repository, carry_out):
    done = carry_out(repository)

    said = " ".join(done.planned.replace("│", " ").split())
    assert "books of money-center outside their limits of assets" in said
    assert "628 alone has 3,813,431,000, and no book that may hold it is to have more than" in said
    assert "outside their limits of accounts" not in said
    assert "even-assets (advisory)" in done.checked
    assert done.plan["summary"]["adds"] == len(banks) == 4339
    books = {book["name"]: book for book in done.plan["territories"]}
    assert len(books) == 22
    for name in ("regional-east", "regional-west"):
        load = books[name]["loads"]["assets"]
        assert load["low"] <= load["after"] <= load["high"]
    with closing(sqlite3.connect(repository / "crm.sqlite")) as crm:
        held = crm.execute("SELECT territory, owner_id, count(*) FROM banks GROUP BY 1, 2").fetchall()
        savings = crm.execute(
            "SELECT DISTINCT territory FROM banks WHERE bank_class = 'SB' AND assets_kusd + 0 < 1000000"
        )
        assert savings.fetchall() == [("savings",)]
    assert sum(count for _, _, count in held) == 4339
    # Sam is the only owner in the segment community, and so holds what nobody has.
    owners = {"regional-east": "B1", "regional-west": "B2", "savings": "B3"}
    owners |= {name: "B3" for name in books if name.startswith("community")}
    assert {(name, owner) for name, owner, _ in held} == {(name, owners.get(name)) for name in books}


def test_banks_without_assets_are_named_where_no_default_is_given(banks, repository, territory):
    plan = repository / "plans" / "banks" / "plan.yaml"
    without = PLAN_YAML.replace("COALESCE(TRY_CAST(assets_kusd AS DOUBLE), 0)", "TRY_CAST(assets_kusd AS DOUBLE)")
    plan.write_text(without.replace("community: {within: {accounts", "community: {within: {assets"))

    done = territory("plan", *DAY, cwd=repository)

    assert done.returncode == 1
    assert done.stdout == ""
    lost = sorted(bank["cert"] for bank in banks if not bank["assets_kusd"])
    assert len(lost) == 5
    said = " ".join(done.stderr.replace("│", " ").split())
    assert '"assets" is missing for accounts of community on plans/banks/plan.yaml line' in said
    assert f"5 accounts: {', '.join(lost)}." in said
    assert "COALESCE(assets, 0)" in said
