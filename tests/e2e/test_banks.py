"""The banks of the United States: real sizes, of which no band can hold the largest."""

from __future__ import annotations

import csv
import json
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
    assets: "COALESCE(assets, 0)" # a bank that is new, or a branch of a foreign one, reports none

segments:
  - {name: money-center, where: "assets >= 100000000"} # thousands: a hundred billion
  - {name: regional, where: "assets >= 1000000"}
  - {name: community}

territories:
  money-center: {segment: money-center, count: 8}
  regional-east: {segment: regional, where: "lon >= -90", owner: nina.east}
  regional-west: {segment: regional, where: "lon < -80", owner: theo.west}
  community: {segment: community, count: 10}

people:
  nina.east: {user: nina@example.com}
  theo.west: {user: theo@example.com}

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
def banks(shared_data):
    with (shared_data / "banks" / "fdic_banks_2026.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def repository(banks, tmp_path):
    def number(text):
        return float(text) if text else None

    with closing(sqlite3.connect(tmp_path / "crm.sqlite")) as crm, crm:
        crm.execute(
            "CREATE TABLE banks (cert TEXT PRIMARY KEY, name TEXT, state TEXT, assets REAL, lat REAL, lon REAL,"
            " owner_id TEXT, territory TEXT)"
        )
        crm.execute("CREATE TABLE bankers (id TEXT PRIMARY KEY, email TEXT)")
        crm.executemany(
            "INSERT INTO banks VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)",
            [
                (b["cert"], b["name"], b["state"] or None, number(b["assets_kusd"]), number(b["lat"]), number(b["lon"]))
                for b in banks
            ],
        )
        crm.executemany("INSERT INTO bankers VALUES (?, ?)", [("B1", "nina@example.com"), ("B2", "theo@example.com")])
    for file, text in {
        "territory.yaml": TERRITORY_YAML,
        "plans/banks/plan.yaml": PLAN_YAML,
        "policies/banks.yaml": POLICIES_YAML,
    }.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    return tmp_path


def test_banks_are_carved_once_and_it_is_said_which_bands_no_carve_holds(banks, repository, territory):
    planned = territory("plan", "--save", *DAY, cwd=repository)

    assert planned.returncode == 0, planned.stderr
    said = " ".join(planned.stdout.replace("│", " ").split())
    assert "books of money-center outside their limits of assets" in said
    assert "628" in said.partition("alone have more than any book is to hold")[0].rpartition(".")[2]
    assert "outside their limits of accounts" not in said
    plan = json.loads((repository / "plans" / "banks" / "plan.json").read_bytes())
    assert plan["summary"]["adds"] == len(banks) == 4339
    books = {book["name"]: book for book in plan["territories"]}
    assert len(books) == 20
    for name in ("regional-east", "regional-west"):
        load = books[name]["loads"]["assets"]
        assert load["low"] <= load["after"] <= load["high"]

    checked = territory("check", cwd=repository)
    assert checked.returncode == 0, checked.stdout
    assert "even-assets (advisory)" in checked.stdout

    assert territory("apply", "--auto-approve", cwd=repository).returncode == 0
    with closing(sqlite3.connect(repository / "crm.sqlite")) as crm:
        held = crm.execute("SELECT territory, owner_id, count(*) FROM banks GROUP BY 1, 2").fetchall()
    assert sum(count for _, _, count in held) == 4339
    assert {(name, owner) for name, owner, _ in held} == {
        (name, {"regional-east": "B1", "regional-west": "B2"}.get(name)) for name in books
    }

    again = territory("plan", "--detailed-exitcode", *DAY, cwd=repository)
    assert again.returncode == 0, again.stdout
    assert again.stdout.endswith("\nNo changes.\n")


def test_banks_without_assets_are_named_where_no_default_is_given(banks, repository, territory):
    plan = repository / "plans" / "banks" / "plan.yaml"
    without = [
        line for line in PLAN_YAML.splitlines(keepends=True) if "COALESCE" not in line and "columns:" not in line
    ]
    plan.write_text("".join(without).replace("community: {within: {accounts", "community: {within: {assets"))

    done = territory("plan", *DAY, cwd=repository)

    assert done.returncode == 1
    assert done.stdout == ""
    lost = sorted(bank["cert"] for bank in banks if not bank["assets_kusd"])
    assert len(lost) == 5
    said = " ".join(done.stderr.replace("│", " ").split())
    assert '"assets" is missing for accounts of community on plans/banks/plan.yaml line' in said
    assert f"5 accounts: {', '.join(lost)}." in said
    assert "COALESCE(assets, 0)" in said
