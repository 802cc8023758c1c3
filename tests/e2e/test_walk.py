"""The main job as a user does it: real command, real git, real files, real CRM."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

PLAN = Path("plans/us-municipalities")
DAY = ("--as-of", "2027-02-01")
APPLY = ("apply", *DAY, "--auto-approve", "--allow", "changes")


def plan_of(repository: Path) -> dict:
    return json.loads((repository / PLAN / "plan.json").read_bytes())


def assigned(repository: Path) -> dict[str, tuple[str | None, str | None]]:
    """Give what the saved plan wants the CRM to hold: territory and user of each account."""
    plan = plan_of(repository)
    owners = {territory["name"]: territory["owner"] for territory in plan["territories"]}
    with (repository / PLAN / "assignments.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["account"], row["territory"], row["holder"] or None) for row in csv.DictReader(file)]
    people = {account: (territory, holder or owners[territory]) for account, territory, holder in rows}
    return {account: (territory, plan["users"].get(who, who)) for account, (territory, who) in people.items()}


def test_from_uneven_books_to_even_ones_that_stay(approved, territory, in_crm):
    before = in_crm(approved)
    fairness = plan_of(approved)["fairness"]
    assert set(fairness) == {"metro", "city", "town"}
    assert all(measures["spread(potential)"]["before"] > 5 for measures in fairness.values())
    assert all(measures["spread(potential)"]["after"] <= 1.35 for measures in fairness.values())

    checked = territory("check", cwd=approved)
    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.endswith("\nCheck passed.\n")

    refused = territory("apply", *DAY, "--auto-approve", cwd=approved)
    assert refused.returncode == 1
    assert "--allow changes" in refused.stderr
    assert in_crm(approved) == before

    applied = territory(*APPLY, cwd=approved)
    assert applied.returncode == 0, applied.stderr
    changes = len(plan_of(approved)["changes"])
    assert applied.stdout == f"Apply of us-municipalities complete: {changes:,} done.\n"
    wanted = assigned(approved)
    after = in_crm(approved)
    assert {account: after[account] for account in wanted} == wanted
    assert {account: place for account, place in after.items() if account not in wanted} == {
        account: place for account, place in before.items() if account not in wanted
    }

    for _ in range(2):
        planned = territory("plan", "--detailed-exitcode", *DAY, cwd=approved)
        assert planned.returncode == 0
        assert planned.stdout.endswith("\nNo changes.\n")


def test_a_second_apply_writes_nothing(west_approved, territory):
    assert territory(*APPLY, cwd=west_approved).returncode == 0
    once = (west_approved / "crm.sqlite").read_bytes()

    again = territory(*APPLY, cwd=west_approved)

    assert again.returncode == 0
    assert "applied already" in again.stderr
    assert (west_approved / "crm.sqlite").read_bytes() == once


def test_changes_end_with_two_where_asked(west, territory):
    assert territory("plan", *DAY, cwd=west).returncode == 0
    assert territory("plan", *DAY, "--detailed-exitcode", cwd=west).returncode == 2


@pytest.mark.parametrize("file", ["plan.json", "assignments.csv", "snapshot.parquet"])
def test_what_was_tampered_with_is_neither_passed_nor_applied(west_approved, territory, in_crm, file):
    before = in_crm(west_approved)
    path = west_approved / PLAN / file
    content = path.read_bytes()
    if file == "snapshot.parquet":
        path.write_bytes(content[:-100] + bytes([content[-100] ^ 1]) + content[-99:])
    else:
        edited = content.replace(b"city-west-1", b"city-west-2", 1)
        assert edited != content
        path.write_bytes(edited)

    checked = territory("check", cwd=west_approved)
    applied = territory(*APPLY, cwd=west_approved)

    assert (checked.returncode, applied.returncode) == (1, 1)
    assert f"{file} " in checked.stdout + checked.stderr
    assert f"{file} " in applied.stderr
    assert in_crm(west_approved) == before


@pytest.mark.parametrize("file", ["plans/us-municipalities/plan.yaml", "policies/fairness.yaml"])
def test_a_plan_of_other_wishes_is_neither_passed_nor_applied(west_approved, territory, in_crm, file):
    before = in_crm(west_approved)
    path = west_approved / file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("25%", "26%").replace("1.35", "1.36"), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text

    checked = territory("check", cwd=west_approved)
    applied = territory(*APPLY, cwd=west_approved)

    assert (checked.returncode, applied.returncode) == (1, 1)
    assert "changed after the plan was saved" in checked.stdout
    assert "changed after the plan was saved" in applied.stderr
    assert in_crm(west_approved) == before


def test_what_somebody_changed_meanwhile_is_left_alone_and_the_rest_is_done(west_approved, territory, in_crm):
    account = next(change["account"] for change in plan_of(west_approved)["changes"] if change["kind"] == "move")
    with closing(sqlite3.connect(west_approved / "crm.sqlite")) as crm, crm:
        crm.execute("UPDATE accounts SET territory = 'elsewhere' WHERE id = ?", [account])

    applied = territory(*APPLY, cwd=west_approved)

    assert applied.returncode == 1
    assert f"account.{account}" in applied.stdout
    assert "territory elsewhere" in " ".join(applied.stdout.split())
    wanted, held = assigned(west_approved), in_crm(west_approved)
    assert held[account][0] == "elsewhere"
    assert [other for other in wanted if held[other] != wanted[other]] == [account]

    replanned = territory("plan", "--save", *DAY, cwd=west_approved)
    assert replanned.stdout.count("  # account.") == 1
    assert territory(*APPLY, cwd=west_approved).returncode == 0
    assert in_crm(west_approved)[account] == assigned(west_approved)[account]


def test_every_command_gives_one_json_object(west_approved, territory):
    commands = (["version"], ["validate"], ["schema"], ["check"], ["show"], ["plan", *DAY], [*APPLY], ["plan", "none"])
    said = {}
    for command in commands:
        done = territory("--json", *command, cwd=west_approved)
        assert done.stderr == ""
        said[" ".join(command)] = result = json.loads(done.stdout)
        assert set(result) == {"format_version", "command", "ok", "result", "diagnostics"}
        assert result["command"] == command[0]
        assert result["ok"] is (done.returncode == 0)
    assert said["check"]["result"]["passed"] is True
    assert said["show"]["result"] == plan_of(west_approved)
    assert said["plan none"]["diagnostics"][0]["severity"] == "error"


def test_machine_output_can_go_to_a_file_beside_the_text(west_approved, territory):
    done = territory("show", "--json-into", "plan.out.json", cwd=west_approved)

    assert done.stdout.startswith("Plan us-municipalities as of 2027-02-01\n")
    assert json.loads((west_approved / "plan.out.json").read_bytes())["result"] == plan_of(west_approved)


@pytest.mark.parametrize("command", [["show", "--out", "none/plan.txt"], ["version", "--json-into", "none/v.json"]])
def test_a_file_that_cannot_be_written_is_named(west_approved, territory, command):
    done = territory(*command, cwd=west_approved)

    assert done.returncode == 1
    assert f"{command[-1]}: No such file or directory." in done.stderr
    assert "Traceback" not in done.stderr
