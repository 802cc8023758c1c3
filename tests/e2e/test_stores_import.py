"""Stores of a bicycle company, imported: several people share a territory, and nobody has cleaned up."""

from __future__ import annotations

import pytest

TERRITORY_YAML = """\
project: stores
crm:
  provider: sql
  url: sqlite:///crm.sqlite
  accounts: {table: stores, key: store_id, owner: salesperson_id%s}
  users: {table: salespersons, key: salesperson_id, name: login}
"""


@pytest.fixture
def repository(shared_rows, company):
    names = {t["territory_id"]: t["territory"] for t in shared_rows("stores/territories.csv")}
    stores = [
        (s["store_id"], s["salesperson_id"], s["territory_id"], names[s["territory_id"]])
        for s in shared_rows("stores/stores.csv")
    ]
    people = [(p["salesperson_id"], p["login"]) for p in shared_rows("stores/salespersons.csv")]
    return company(
        {
            "stores (store_id TEXT, salesperson_id INTEGER, territory_id INTEGER, name TEXT)": stores,
            "salespersons (salesperson_id INTEGER PRIMARY KEY, login TEXT)": people,
        },
        {},
    )


def plan_of(repository, territory, mapping, *options):
    """Import with that territory column, plan, and give what both said."""
    (repository / "territory.yaml").write_text(TERRITORY_YAML % mapping)
    imported = territory("import", *options, cwd=repository)
    assert imported.returncode == 0, imported.stderr
    planned = territory("plan", "--detailed-exitcode", cwd=repository)
    assert planned.returncode in (0, 2), planned.stderr
    return imported, planned


def test_by_default_nothing_changes(repository, territory):
    imported, planned = plan_of(repository, territory, ", territory: territory_id")
    assert "5 territories, 5 books without one owner and 17 people, with 701 accounts." in imported.stdout
    assert "The first plan changes nothing." in imported.stdout
    assert "Several people share 5 territories of the CRM" in imported.stderr
    assert planned.returncode == 0
    assert "No changes." in planned.stdout


def test_without_territories_books_follow_owners_and_nothing_changes(repository, territory):
    imported, planned = plan_of(repository, territory, "")
    assert "13 territories and 17 people, with 701 accounts." in imported.stdout
    assert imported.stderr == ""
    assert planned.returncode == 0
    assert "No changes." in planned.stdout


@pytest.mark.parametrize(
    ("by", "footer"),
    [
        ("territory", "Plan: 0 to add, 0 to move, 193 to transfer, 0 to remove."),
        ("owner", "Plan: 0 to add, 193 to move, 0 to transfer, 0 to remove."),
    ],
)
def test_what_is_out_of_line_is_shown_by_the_first_plan_where_asked(repository, territory, by, footer):
    imported, planned = plan_of(repository, territory, ", territory: territory_id", "--by", by)
    assert "The first plan changes 193 accounts." in imported.stdout
    assert planned.returncode == 2
    assert footer in planned.stdout


def test_a_territory_that_cannot_be_named_so_is_told_and_counted(repository, territory):
    imported, planned = plan_of(repository, territory, ", territory: name")
    assert '"United Kingdom" becomes United-Kingdom.' in " ".join(imported.stderr.split())
    assert "The first plan changes 40 accounts." in imported.stdout
    assert "Plan: 0 to add, 40 to move, 0 to transfer, 0 to remove." in planned.stdout
