"""A company's first months with the loop: pull requests, gate, applies and drift, by the workflows that `init` makes.

Ops edit YAML, a reviewer merges, a forge runs the workflows (`forge.py`), people type into the CRM. The story has its
own clock: every command, of the forge and of ops, is told the day.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from forge import Forge, Run

CRM = "CRM_URL"
#: `territory` with the day of the story; an apply that is to be killed dies when the CRM has what it wrote.
COMMAND = """#!/bin/sh
command=$1
shift
case $command in plan | apply | check) set -- --as-of "$(cat {day})" "$@" ;; esac
if [ "$command" = apply ] && [ -n "$KILLED" ]; then exec {python} {killed} apply "$@"; fi
exec {territory} "$command" "$@"
"""
KILLED = """import os, signal
from terraform_like.cli import main
from terraform_like.crm.sql import SqlCrm

written = SqlCrm.write

def write(*arguments, **options):
    written(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)

SqlCrm.write = write
main()
"""
TERRITORY_YAML = """project: ten
crm:
  provider: sql
  url: ${CRM_URL}
  accounts: {table: accounts, key: id, owner: owner_id, territory: territory}
  users: {table: users, key: id, email: email, active: active}
state: git
"""
POLICIES = """policies:
  even:
    says: No book may be worth nearly twice as much as another.
    level: hard
    over: territories
    by: segment
    measure: spread(arr)
    at_most: 1.9
  few-moves:
    says: At most two accounts change their territory at once.
    level: soft
    over: plan
    assert: moves <= 2
  abalone-stays:
    says: Abalone has asked for the person whom they know.
    level: hard
    over: changes
    where: account = 'A-01' AND kind = 'move'
    assert: "false"
limits: {changes: 80%}
auto_merge: {when: moves = 0 AND adds <= 5}
"""


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (arguments, done.stdout + done.stderr)
    return done.stdout.strip()


@dataclass
class Company:
    """Two clones of one remote, for ops and for the reviewer; the forge; the CRM."""

    folder: Path
    forge: Forge
    command: Path
    pulls: dict[str, int] = field(default_factory=dict)

    @property
    def ops(self) -> Path:
        return self.folder / "ops"

    def day(self, day: str) -> None:
        (self.folder / "day").write_text(day)

    def crm(self, statement: str) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(self.folder / "crm.sqlite")) as crm, crm:
            return crm.execute(statement).fetchall()

    def books(self) -> dict[str, tuple[str | None, str | None]]:
        return {a: (t, u) for a, t, u in self.crm("SELECT id, territory, owner_id FROM accounts")}

    def types(self, *arguments: str) -> str:
        """Ops run `territory` on their own machine, with a login of their own."""
        done = subprocess.run(
            [self.command / "territory", *arguments],
            cwd=self.ops,
            env={**os.environ, CRM: f"sqlite:///{self.folder}/crm.sqlite", "KILLED": ""},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.ops / file
        text = path.read_text() if path.exists() else ""
        assert old in text
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(old, new, 1))

    def plan(self) -> dict[str, Any]:
        return json.loads((self.ops / "plans/fy27/plan.json").read_bytes())

    def wanted(self) -> dict[str, tuple[str | None, str | None]]:
        """What the plan that ops see wants the CRM to hold."""
        plan = self.plan()
        owners = {territory["name"]: territory["owner"] for territory in plan["territories"]}
        with (self.ops / "plans/fy27/assignments.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        who = {row["account"]: (row["territory"], row["holder"] or owners[row["territory"]]) for row in rows}
        return {account: (book, plan["users"].get(person)) for account, (book, person) in who.items()}

    def branch(self, name: str) -> None:
        git(self.ops, "fetch", "--quiet")
        git(self.ops, "checkout", "--quiet", "-B", name, "origin/main")
        self.pulls[name] = len(self.pulls) + 1

    def push(self, *, fork: bool = False) -> Run:
        """Push what ops have edited, and have the forge run what a pull request runs."""
        name = git(self.ops, "branch", "--show-current")
        git(self.ops, "add", "--all")
        git(self.ops, "commit", "--quiet", "--allow-empty", "--message", f"Edit for {name}")
        git(self.ops, "push", "--quiet", "--force-with-lease", "origin", name)
        run = self.forge.pull_request(name, self.pulls[name], fork=fork)
        git(self.ops, "pull", "--quiet", "--rebase", "origin", name)
        return run

    def gate(self, name: str) -> str:
        """What the forge says of the newest commit of a branch: the reviewer merges where it is success."""
        commit = self.forge.git("rev-parse", name)
        found = [one["state"] for one in self.forge.kept("statuses") if one["commit"] == commit]
        return found[-1] if found else "nothing"

    def merge(self, name: str, **environment: str) -> Run:
        """The reviewer merges a branch whose gate is open; the forge runs what a push to main runs."""
        assert self.gate(name) == "success"
        git(self.folder / "reviewer", "fetch", "--quiet")
        git(self.folder / "reviewer", "checkout", "--quiet", "-B", "main", "origin/main")
        git(self.folder / "reviewer", "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{name}")
        git(self.folder / "reviewer", "push", "--quiet", "origin", "main")
        return self.apply(**environment)

    def gives_to_jane(self, book: str) -> None:
        path = self.ops / "plans/fy27/plan.yaml"
        line = re.search(rf"^  {book}: .*$", path.read_text(), re.MULTILINE)
        assert line
        self.edit("plans/fy27/plan.yaml", line[0], re.sub(r"owner: \w+(, successor: \w+)?", "owner: jane", line[0]))

    def takes_main(self, name: str) -> None:
        """Merge main into a branch as `.gitattributes` says: saved plans from either side, to be made anew."""
        git(self.ops, "fetch", "--quiet")
        merged = subprocess.run(
            ["git", "merge", "--quiet", "origin/main"], cwd=self.ops, capture_output=True, check=False
        )
        if merged.returncode:
            git(self.ops, "checkout", "--theirs", "plans")
            git(self.ops, "add", "--all")
            git(self.ops, "commit", "--quiet", "--no-edit")

    def queued(self, name: str) -> Run | None:
        """Let the merge queue try a branch on top of main; None where git cannot merge it."""
        git(self.ops, "fetch", "--quiet")
        git(self.ops, "checkout", "--quiet", "--detach", "origin/main")
        tried = ["git", "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{name}"]
        merged = subprocess.run(tried, cwd=self.ops, capture_output=True, check=False)
        if merged.returncode:
            git(self.ops, "merge", "--abort")
            git(self.ops, "checkout", "--quiet", name)
            return None
        commit = git(self.ops, "rev-parse", "HEAD")
        git(self.ops, "push", "--quiet", "--force", "origin", "HEAD:refs/heads/queue")
        git(self.ops, "checkout", "--quiet", name)
        event = {"merge_group": {"base_sha": self.forge.git("rev-parse", "main")}}
        return self.forge.run("plan", {"event_name": "merge_group", "sha": commit, "event": event})

    def apply(self, event: str = "push", **environment: str) -> Run:
        return self.forge.run("apply", {"event_name": event}, **environment)

    def nightly(self, workflow: str) -> Run:
        run = self.forge.run(workflow, {"event_name": "schedule"})
        assert run.passed, run.log
        return run

    def comment(self, name: str) -> str:
        (only,) = (one for one in self.forge.kept("comments") if one["pull"] == str(self.pulls[name]))
        return only["body"]


@pytest.fixture
def company(tmp_path: Path, root: Path, quick_bin: Path, territory: Callable[..., object]) -> Company:
    """A company on its first day: what `init` made, its YAML, an empty repository on a forge, and the CRM as it was."""
    command = tmp_path / "command"
    command.mkdir()
    url = {CRM: f"sqlite:///{tmp_path}/crm.sqlite"}
    forge = Forge(tmp_path / "forge", command, {"territory-plan": url, "territory-apply": url})
    repos = root / "tests/cases/_repos/ten"
    with closing(sqlite3.connect(tmp_path / "crm.sqlite")) as crm:
        crm.executescript((repos / "crm.sql").read_text())
    (tmp_path / "killed.py").write_text(KILLED)
    names = {"day": tmp_path / "day", "killed": tmp_path / "killed.py", "territory": quick_bin / "territory"}
    (command / "territory").write_text(COMMAND.format(python=sys.executable, **names))
    (command / "territory").chmod(0o755)
    made = Company(tmp_path, forge, command)
    for clone in ("ops", "reviewer"):
        git(tmp_path, "clone", "--quiet", str(forge.remote), clone)
    territory("init", "ops", cwd=tmp_path)
    shutil.rmtree(made.ops / "plans/first")
    shutil.copytree(repos / "plans/fy27", made.ops / "plans/fy27")
    (made.ops / "territory.yaml").write_text(TERRITORY_YAML)
    (made.ops / "policies/fairness.yaml").write_text(POLICIES)
    made.types("fmt")
    git(made.ops, "add", "--all")
    git(made.ops, "commit", "--quiet", "--message", "Our territories")
    git(made.ops, "push", "--quiet", "origin", "main")
    made.day("2027-02-01")
    return made


def test_a_hire_for_whom_somebody_signs_a_leaver_and_an_edit_that_the_gate_stops(company: Company) -> None:
    the_first_carve(company)
    a_hire_for_whom_somebody_signs(company)
    a_leaver(company)
    an_unfair_edit(company)


@pytest.mark.long
def test_a_waiver_two_that_race_and_an_apply_that_is_killed(company: Company) -> None:
    the_first_carve(company)
    a_hire_for_whom_somebody_signs(company)
    a_waiver(company)
    two_race_and_an_apply_is_killed(company)


def test_somebody_types_into_the_crm_new_accounts_come_and_a_company_goes_back(company: Company) -> None:
    the_first_carve(company)
    somebody_types_into_the_crm(company)
    new_accounts_need_no_human(company)
    back_to_an_earlier_apply(company)


def the_first_carve(company: Company) -> None:
    company.branch("first-carve")
    run = company.push()

    assert run.passed, run.log
    assert company.gate("first-carve") == "success"
    assert company.comment("first-carve").startswith("<!-- territory: fy27 -->\n")
    assert set(run.artifacts["territory"]) == {f"fy27.{kind}" for kind in ("html", "md", "sarif", "xml")}
    assert "fy27" in run.summary
    assert git(company.ops, "log", "-1", "--format=%an of %s by %cn") == "Tester of Save the plan by territory"
    digest = company.plan()["digest"]

    assert company.push().passed
    assert company.plan()["digest"] == digest
    assert len(company.forge.kept("comments")) == 1

    applied = company.merge("first-carve")
    assert "Apply of fy27 complete: 3 done." in applied.log
    assert company.books() == company.wanted()
    assert "applied already" in company.apply("schedule").log


def a_hire_for_whom_somebody_signs(company: Company) -> None:
    company.branch("li-joins")
    company.edit("plans/fy27/plan.yaml", "territories:\n", "territories:\n  bay: {segment: all, owner: li}\n")
    li = "people:\n  li: {user: li@example.com, home: [37.8, -122.4]}\n"
    company.edit("plans/fy27/plan.yaml", "people:\n", li)
    company.types("fmt")
    run = company.push()

    assert run.results["check"] == "failure"
    assert company.gate("li-joins") == "failure"
    assert "::error" in run.log
    assert "few-moves" in company.comment("li-joins")

    saved = company.plan()["digest"]
    sign = f"{{plan: fy27, digest: {saved[:12]}, policy: few-moves, by: vp.sales, reason: Li starts}}"
    company.edit("policies/overrides/li.yaml", "", f"overrides: [{sign}]\n")
    company.types("fmt")
    run = company.push()

    assert run.passed, run.log
    assert company.plan()["digest"] == saved
    assert company.merge("li-joins").passed
    assert company.books() == company.wanted()
    assert {user for _, user in company.books().values()} == {"U1", "U2", "U3"}


def a_leaver(company: Company) -> None:
    company.branch("raj-leaves")
    company.edit("plans/fy27/plan.yaml", "raj: {", "raj: {leaves: 2027-06-30, ")
    company.edit("plans/fy27/plan.yaml", "owner: raj", "owner: raj, successor: li")
    company.types("fmt")
    assert company.push().passed
    assert company.merge("raj-leaves").passed
    had = [account for account, (_, user) in company.books().items() if user == "U2"]
    assert had

    company.day("2027-06-30")
    assert company.apply("schedule").passed
    assert [company.books()[account][1] for account in had] == ["U2"] * len(had)
    company.day("2027-07-01")
    assert company.apply("schedule").passed
    assert [company.books()[account][1] for account in had] == ["U3"] * len(had)


def an_unfair_edit(company: Company) -> None:
    company.branch("jane-first")
    company.edit("plans/fy27/plan.yaml", "arr: 10%", "arr: 90%")
    company.edit("plans/fy27/plan.yaml", "north: {", "north: {accounts: [A-07, A-08, A-09, A-10], ")
    company.edit("policies/fairness.yaml", "at_most: 1.9", "at_most: 99")
    company.types("fmt")
    before = company.books()
    run = company.push()

    assert run.results == {"plan": "success", "check": "failure", "queue": "skipped"}
    assert company.gate("jane-first") == "failure"
    assert "at most 1.9" in run.log, "the policy of main judges"
    assert "99" in company.comment("jane-first"), "and what becomes of it is shown"
    assert '"policy/even"' in run.artifacts["territory"]["fy27.sarif"]

    stranger = company.push(fork=True)
    assert stranger.results == {"plan": "skipped", "check": "failure", "queue": "skipped"}
    assert len(company.forge.kept("comments")) == len({one["pull"] for one in company.forge.kept("comments")})
    assert company.books() == before


def a_waiver(company: Company) -> None:
    company.branch("abalone-moves")
    (south,) = ({"north": "south"}.get(company.books()["A-01"][0] or "", "north"),)
    company.edit("plans/fy27/plan.yaml", f"{south}: {{", f"{south}: {{accounts: [A-01], ")
    company.edit("plans/fy27/plan.yaml", "arr: 10%", "arr: 40%")
    company.types("fmt")
    refused = company.push()
    assert refused.results["check"] == "failure"
    assert "abalone-stays" in refused.log

    company.branch("abalone-may-move")
    waiver = "{policy: abalone-stays, subject: account.A-01, owner: vp.sales, reason: they asked, expires: 2027-12-31}"
    company.edit("policies/fairness.yaml", "limits:", f"waivers: [{waiver}]\nlimits:")
    company.types("fmt")
    assert company.push().passed
    assert company.merge("abalone-may-move").passed

    git(company.ops, "checkout", "--quiet", "abalone-moves")
    company.takes_main("abalone-moves")
    run = company.push()
    assert run.passed, run.log
    assert company.merge("abalone-moves").passed
    assert company.books()["A-01"][0] == south


def two_race_and_an_apply_is_killed(company: Company) -> None:
    account = min(account for account, (book, _) in company.books().items() if book == "south")
    for name, book in (("first", "bay"), ("second", "south")):
        company.branch(name)
        company.gives_to_jane(book)
        run = company.push()
        assert run.passed, run.log

    killed = company.merge("first", KILLED="1")
    assert killed.results == {"apply": "failure"}
    lock = re.search(r"ID (\S+)", company.types("state", "list"))
    assert lock
    company.types("state", "unlock", lock[1].rstrip("."))
    resumed = company.apply()
    assert resumed.passed, resumed.log
    git(company.ops, "checkout", "--quiet", "first")
    assert company.books() == company.wanted()

    git(company.ops, "checkout", "--quiet", "second")
    assert company.queued("second") is None, "both have written the plan: git merges none of them into the other"
    company.takes_main("second")
    run = company.push()
    assert run.passed, run.log
    assert "Plan fy27 as of" in run.log, "it was planned anew"

    company.crm(f"UPDATE accounts SET territory = 'elsewhere' WHERE id = '{account}'")
    told = company.queued("second")
    assert told is not None
    assert told.results["queue"] == "failure"
    assert account in told.log
    assert "territory plan" in told.log

    (company.ops / "plans/fy27/plan.json").unlink()
    assert company.push().passed
    queued = company.queued("second")
    assert queued is not None
    assert queued.passed, queued.log
    assert company.merge("second").passed
    assert company.books() == company.wanted()


def somebody_types_into_the_crm(company: Company) -> None:
    company.nightly("drift")
    assert company.forge.kept("issues") == []
    book, user = company.books()["A-03"]
    company.crm("UPDATE accounts SET owner_id = 'U9', territory = 'mine' WHERE id = 'A-03'")
    for _ in range(2):
        company.nightly("drift")
    (issue,) = company.forge.kept("issues")
    assert issue["state"] == "open"
    assert "A-03" in issue["body"]

    company.branch("put-back")
    (company.ops / "plans/fy27/plan.json").unlink()
    run = company.push()
    assert run.passed, run.log
    assert company.merge("put-back").passed
    assert company.books()["A-03"] == (book, user)
    company.nightly("drift")
    (issue,) = company.forge.kept("issues")
    assert issue["state"] == "closed"


def new_accounts_need_no_human(company: Company) -> None:
    company.crm(
        "INSERT INTO accounts VALUES "
        "('A-11', 'Kapok', 'CA', 50, 5, NULL, 34.1, -118.3, NULL, NULL),"
        "('A-12', 'Larch', 'OR', 50, 5, NULL, 44.0, -123.0, NULL, NULL)"
    )
    before = company.books()
    company.nightly("refresh")
    (pull,) = company.forge.kept("pulls")
    assert pull["auto"] == company.forge.git("rev-parse", "territory/refresh-fy27")
    company.pulls["territory/refresh-fy27"] = 99
    assert company.merge("territory/refresh-fy27").passed
    after = company.books()
    assert {account for account in after if after[account] != before[account]} == {"A-11", "A-12"}
    assert all(user for _, user in after.values())


def back_to_an_earlier_apply(company: Company) -> None:
    serials = [int(s) for s in re.findall(r"^ *(\d+) ", company.types("state", "history"), re.MULTILINE)]
    company.branch("back")
    company.types("state", "rollback", str(max(serials) - 1))
    run = company.push()
    assert run.passed, run.log
    assert "Plan fy27 as of" not in run.log, "the plan that was saved is the one that is judged"
    assert company.merge("back").passed
    assert company.books()["A-11"] == (None, None)
