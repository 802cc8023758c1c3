"""A check that leaves out names or amounts holds none of them, in any format, and says as much of what is broken."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from terraform_like.cli.commands import territory
from terraform_like.config.load import open_repository
from terraform_like.flow.plan import make_plan, save_plan

TEN = Path(__file__).parents[2] / "cases" / "_repos" / "ten"
DAY = "2027-02-01"
GATE = """policies:
  nobody-moves: {says: Ask raj of A-07., over: changes, where: "arr > 99", assert: "kind <> 'move'"}
  small: {over: people, assert: "arr <= 12"}
  large: {over: territories, measure: min(arr), at_least: 777}
  north-stays: {level: advisory, over: changes, assert: "territory_before <> 'north'"}
waivers:
  - {policy: north-stays, subject: account.A-06, owner: jane, reason: raj asked for A-06, expires: 2027-12-31}
  - {policy: small, subject: person.ghost, owner: raj, reason: A-05 is theirs, expires: 2027-12-31}
"""
FORMATS = ("text", "json", "github", "junit", "sarif")


@pytest.fixture
def repository(tmp_path):
    """Ten companies, with policies that are broken by people and accounts, and waivers that name them."""
    root = Path(shutil.copytree(TEN, tmp_path / "repo"))
    with closing(sqlite3.connect(root / "crm.sqlite")) as database:
        database.executescript((root / "crm.sql").read_text())
    (root / "policies" / "fairness.yaml").write_text(GATE)
    opened = open_repository(root)
    made, _ = make_plan(opened, "fy27", date.fromisoformat(DAY))
    save_plan(opened, made)
    return root


def checked(root, *options, form="text"):
    arguments = ["--chdir", str(root), "check", "--as-of", DAY, "--format", form, *options]
    done = CliRunner().invoke(territory, arguments, standalone_mode=False)
    assert not isinstance(done.exception, click.ClickException), done.exception
    return done.return_value, done.output


def names(text):
    return {name for name in ("jane", "raj", "ghost", "A-05", "A-06", "A-07") if name in text}


@pytest.mark.parametrize("form", FORMATS)
def test_no_name_is_left_in_any_format_and_the_check_fails_all_the_same(repository, form):
    code, whole = checked(repository, form=form)
    hidden_code, hidden = checked(repository, "--redact", "names", form=form)

    assert names(whole) >= {"jane", "raj", "A-06", "A-07"}
    assert names(hidden) == set()
    assert code == hidden_code == 1
    assert all(policy in hidden for policy in ("nobody-moves", "small", "large", "north-stays"))


@pytest.mark.parametrize("form", FORMATS)
def test_what_territory_yaml_hides_is_hidden_unless_nothing_is_asked_for(repository, form):
    with (repository / "territory.yaml").open("a") as file:
        file.write("\nreport: {redact: [names]}\n")

    assert names(checked(repository, form=form)[1]) == set()
    assert names(checked(repository, "--redact", "nothing", form=form)[1]) >= {"jane", "raj", "A-06"}


def test_what_is_wrong_with_the_plan_and_what_the_branch_changes_is_told_without_names(repository):
    text = (repository / "plans/fy27/plan.json").read_text()
    (repository / "plans/fy27/plan.json").write_text(text.replace('"jane"', '"mallory"'))
    _, whole = checked(repository)
    code, hidden = checked(repository, "--redact", "names")

    assert "mallory" in whole
    assert names(hidden) == set()
    assert "mallory" not in hidden
    assert "BROKEN  seal" in hidden
    assert code == 1


def test_what_cannot_be_read_is_an_error_without_names(repository):
    (repository / "plans/fy27/plan.yaml").write_text("territories: {raj: {segment: all, owner: jame}}\n")
    for form in FORMATS:
        code, hidden = checked(repository, "--redact", "names", form=form) if form != "text" else (1, "")
        assert (code, names(hidden)) == (1, set())


def test_an_amount_is_left_out_and_so_is_what_may_hold_one(repository):
    _, whole = checked(repository)
    _, hidden = checked(repository, "--redact", "amounts")

    assert "it is 500" in whole
    assert "person.jane (arr 500)" in whole
    assert "min(arr) at least 777; it is not shown" in hidden
    assert not re.search(r"\b500\b", hidden)


def test_the_stand_ins_are_those_of_show(repository):
    runner = CliRunner()
    shown = runner.invoke(
        territory, ["--chdir", str(repository), "show", "--redact", "names"], standalone_mode=False
    ).output
    _, hidden = checked(repository, "--redact", "names")

    moving = {line.split()[1] for line in shown.splitlines() if "will move" in line}
    assert moving
    assert all(account in hidden for account in moving)
