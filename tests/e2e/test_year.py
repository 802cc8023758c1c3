"""A year of the example: a fifth of all people leave on a day, one is followed, a hire fills a slot, day by day."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

PLAN = Path("plans/us-municipalities")
LEAVE = ("amara.okafor", "daniel.kim", "ingrid.larsen", "liam.gallagher", "rosa.mendoza", "kenji.tanaka", "wei.zhang")
SUCCESSOR = "grace.hopper"
HIRE = "alan.turing"


@pytest.fixture
def year(approved, territory):
    """The example after its first apply, with the year's leavers, a late successor and a hire in the YAML."""
    folder = approved
    applied = territory("apply", "--as-of", "2027-02-01", "--auto-approve", "--allow", "changes", cwd=folder)
    assert applied.returncode == 0, applied.stderr
    people = folder / PLAN / "people.yaml"
    text = people.read_text(encoding="utf-8")
    for name in LEAVE:
        text = re.sub(rf"(  {re.escape(name)}: {{[^}}]*)}}", r"\1, leaves: 2027-06-30}", text)
    # Two who own nothing yet stand in the CRM of the example under their e-mail addresses from now on.
    text += f"  {SUCCESSOR}: {{user: U-901, starts: 2027-08-02}}\n  {HIRE}: {{user: U-902, starts: 2027-09-01}}\n"
    people.write_text(text, encoding="utf-8")
    books = folder / PLAN / "territories.yaml"
    named = books.read_text(encoding="utf-8")
    books.write_text(
        named.replace("owner: amara.okafor}", f"owner: amara.okafor, successor: {SUCCESSOR}}}"), encoding="utf-8"
    )
    slots = folder / PLAN / "overcarve.yaml"
    slots.write_text(
        slots.read_text(encoding="utf-8").replace("    expected: 2027-04-01", f"    filled_by: {HIRE}"),
        encoding="utf-8",
    )
    with closing(sqlite3.connect(folder / "crm.sqlite")) as crm, crm:
        columns = [row[1] for row in crm.execute("PRAGMA table_info(users)")]
        for user in ("U-901", "U-902"):
            values = {"id": user, "name": user, "email": f"{user}@example.com", "active": 1}
            crm.execute(
                f"INSERT INTO users ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
                [values.get(column) for column in columns],
            )
    planned = territory("plan", "--save", "--as-of", "2027-06-01", cwd=folder)
    assert planned.returncode == 0, planned.stderr
    return folder, planned.stdout


def apply(territory, folder, day):
    allowed = ("--allow", "changes", "--allow", "territory")
    done = territory("apply", "--as-of", day, "--auto-approve", *allowed, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_fifth_of_all_people_leaves_and_no_account_changes_territory(year, territory, in_crm):
    folder, told = year
    plan = json.loads((folder / PLAN / "plan.json").read_bytes())
    assert plan["summary"]["moves"] == plan["summary"]["adds"] == plan["summary"]["removes"] == 0
    assert "No changes." in told
    by_day = Counter()
    for passing in plan["scheduled"]:
        assert passing["before"]["territory"] == passing["after"]["territory"]
        by_day[passing["on"], passing["reason"]] += len(passing["accounts"])
    assert set(by_day) == {
        ("2027-07-01", "owner-left"),
        ("2027-08-02", "owner-started"),
        ("2027-09-01", "slot-filled"),
    }
    checked = territory("check", cwd=folder)
    assert checked.returncode == 0, checked.stdout

    users = plan["users"]
    before = in_crm(folder)
    for day, owners in (
        ("2027-06-30", set()),
        ("2027-07-01", None),
        ("2027-08-02", {users[SUCCESSOR]}),
        ("2027-09-01", {users[HIRE]}),
    ):
        told = apply(territory, folder, day)
        after = in_crm(folder)
        changed = {account for account in before if before[account] != after[account]}
        assert len(changed) == sum(count for (on, _), count in by_day.items() if on == day), told
        assert {account: place[0] for account, place in before.items()} == {a: place[0] for a, place in after.items()}
        if owners is not None:
            assert {after[account][1] for account in changed} == owners
        gone = {users[name] for name in LEAVE} if day > "2027-06-30" else set()
        assert not gone & {owner for _, owner in after.values()}
        before = after
    again = territory("plan", "--as-of", "2027-09-01", "--detailed-exitcode", cwd=folder)
    assert again.returncode == 0, again.stdout


def test_a_slot_lapses_and_a_territory_gets_another_name(approved, territory, in_crm):
    apply(territory, approved, "2027-02-01")
    before = in_crm(approved)
    in_slot = {account for account, (place, _) in before.items() if place == "town-south-4"}
    books = approved / PLAN / "territories.yaml"
    named = books.read_text(encoding="utf-8")
    books.write_text(
        f"{named.replace('metro-denver:', 'metro-rockies:')}\nmoved:\n  - {{from: metro-denver, to: metro-rockies}}\n",
        encoding="utf-8",
    )
    planned = territory("plan", "--save", "--as-of", "2027-09-02", cwd=approved)
    assert planned.returncode == 0, planned.stderr
    plan = json.loads((approved / PLAN / "plan.json").read_bytes())
    reasons = {change["account"]: change["reasons"][0]["code"] for change in plan["changes"]}
    assert {account for account, code in reasons.items() if code == "slot-lapsed"} == in_slot
    # Bands come first: in the slot's own segment others may move for them, and nobody elsewhere.
    for change in plan["changes"]:
        if change["reasons"][0]["code"] == "rebalanced":
            assert change["after"]["territory"].startswith("town-")
    renamed = {account for account, code in reasons.items() if code == "renamed"}
    assert renamed == {account for account, (place, _) in before.items() if place == "metro-denver"}

    told = apply(territory, approved, "2027-09-02")
    after = in_crm(approved)
    assert "complete" in told
    assert not [account for account, (place, _) in after.items() if place in ("town-south-4", "metro-denver")]
    assert {account: after[account] for account in renamed} == {a: ("metro-rockies", before[a][1]) for a in renamed}
    again = territory("plan", "--as-of", "2027-09-02", "--detailed-exitcode", cwd=approved)
    assert again.returncode == 0, again.stdout
