"""What is known of accounts beside their changes, from the saved files alone."""

import sqlite3
from contextlib import closing
from datetime import date

import polars as pl
import pytest

from terraform_like.config.load import open_repository
from terraform_like.diagnostics import Report
from terraform_like.flow.facts import saved_facts
from terraform_like.flow.plan import make_plan, save_plan
from terraform_like.flow.saved_carve import load_saved
from terraform_like.plan.facts import figure_of

CRM = """
CREATE TABLE accounts (id TEXT PRIMARY KEY, owner_id TEXT, territory TEXT, arr REAL, lat REAL, lon REAL);
INSERT INTO accounts VALUES
 ('A-1', 'U1', 'north', 10, 47, -122), ('A-2', 'U1', 'north', 20, 47, -121), ('A-3', 'U1', 'north', 30, NULL, NULL),
 ('A-4', 'U9', NULL, 40, 34, -118);
CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT);
INSERT INTO users VALUES ('U1', 'jane@acme.com'), ('U2', 'raj@acme.com'), ('U9', 'kim@acme.com');
"""
PROJECT = """
project: acme
crm:
  provider: sql
  url: sqlite:///crm.sqlite
  accounts: {table: accounts, key: id, owner: owner_id, territory: territory}
  users: {table: users, key: id, email: email}
"""
PLAN = """
segments: [{name: all}]
accounts: {location: {latitude: lat, longitude: lon}, protect: "arr > 35"}
territories:
  north: {segment: all, owner: jane, center: [47.0, -122.0]}
  south: {segment: all, owner: raj}
people:
  jane: {user: U1, home: [47.6, -122.3]}
  raj: {user: U2}
balance: {all: {within: {arr: 20%}}}
"""


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "plans" / "fy27").mkdir(parents=True)
    (tmp_path / "territory.yaml").write_text(PROJECT)
    (tmp_path / "plans" / "fy27" / "plan.yaml").write_text(PLAN)
    with closing(sqlite3.connect(tmp_path / "crm.sqlite")) as database:
        database.executescript(CRM)
    return open_repository(tmp_path)


@pytest.fixture
def planned(repository):
    made, _ = make_plan(repository, "fy27", date(2027, 2, 1))
    save_plan(repository, made)
    return made


def test_before_and_after_are_those_of_the_changes_and_figures_those_of_the_snapshot(planned):
    rows = {row["account"]: row for row in planned.facts.table.iter_rows(named=True)}
    loads = {t.name: t.loads["arr"].after for t in planned.plan.territories}

    assert {a: row["before"] for a, row in rows.items()} == {
        "A-1": "north",
        "A-2": "north",
        "A-3": "north",
        "A-4": None,
    }
    assert {a: row[figure_of("arr")] for a, row in rows.items()} == {"A-1": 10, "A-2": 20, "A-3": 30, "A-4": 40}
    for change in planned.plan.changes:
        row = rows[change.account]
        assert (row["before"], row["after"]) == (change.before.territory, change.after.territory)
        assert (row["had"], row["has"]) == (change.before.owner, change.after.owner)
    summed = planned.facts.table.group_by("after").agg(pl.col(figure_of("arr")).sum())
    assert dict(summed.iter_rows()) == loads
    assert [a for a, row in rows.items() if row["protected"]] == ["A-4"]
    assert rows["A-3"]["latitude"] is None
    assert planned.facts.homes == {"jane": (47.6, -122.3)}
    assert planned.facts.centers == {"north": (47.0, -122.0)}


def test_the_saved_plan_tells_the_same(repository, planned):
    facts = saved_facts(repository, load_saved(repository, "fy27", Report()))

    assert facts.table.equals(planned.facts.table)
    assert facts.metrics == ("arr",)


def test_figures_of_other_yaml_or_of_another_snapshot_are_not_told(repository, planned):
    saved = load_saved(repository, "fy27", Report())
    yaml = saved.folder / "plan.yaml"
    yaml.write_text(PLAN.replace("20%", "30%"))
    assert saved_facts(repository, saved) is None
    yaml.write_text("segments: [")
    assert saved_facts(repository, saved) is None
    yaml.write_text(PLAN)
    (saved.folder / "assignments.csv").write_text("account,territory,holder\nA-1,south,\n")
    assert saved_facts(repository, load_saved(repository, "fy27", Report())) is None
    (saved.folder / "snapshot.parquet").unlink()
    assert saved_facts(repository, load_saved(repository, "fy27", Report())) is None
