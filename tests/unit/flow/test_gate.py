"""The gate cannot be weakened by what it judges: each way round it is tried."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from terraform_like import git
from terraform_like.cli.options import today
from terraform_like.config.load import open_repository
from terraform_like.diagnostics import Halt
from terraform_like.flow.check import check
from terraform_like.flow.plan import make_plan, save_plan
from terraform_like.plan.canonical import seal
from terraform_like.plan.file import write_saved

TEN = Path(__file__).parents[2] / "cases" / "_repos" / "ten"
DAY = date(2027, 2, 1)
GATE = """policies:
  nobody-moves: {{level: {level}, over: changes, assert: "kind <> 'move'"}}
  even: {{level: hard, over: territories, by: segment, measure: spread(arr), at_most: 1.25}}
{more}"""
WAIVER = "{{policy: nobody-moves, {what}, owner: vp, reason: agreed, expires: {expires}}}"
EVERYTHING = WAIVER.format(what='where: "TRUE"', expires="2027-12-31")


class Company:
    """A repository on the branch main; what a pull request then changes stands in the working tree."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def policies(self, level: str = "hard", more: str = "") -> None:
        self.write("policies/fairness.yaml", GATE.format(level=level, more=more))

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def plan(self, day: date = DAY):
        repository = open_repository(self.root)
        made, _ = make_plan(repository, "fy27", day)
        save_plan(repository, made)
        return made

    def check(self, base: str | None = "HEAD", day: date = DAY):
        found, report = check(open_repository(self.root), "fy27", base=base, today=day)
        return found, [d.summary for d in report]


def verdicts(found):
    return {v.policy: ("overridden" if v.overridden else "waived" if v.waived else v.passed) for v in found.verdicts}


BLOCKED = {"even": True, "nobody-moves": False}


@pytest.fixture
def company(tmp_path):
    """Ten companies, of which two move, and a base branch whose policies let nobody move."""
    root = Path(shutil.copytree(TEN, tmp_path / "repo"))
    with closing(sqlite3.connect(root / "crm.sqlite")) as database:
        database.executescript((root / "crm.sql").read_text())
    one = Company(root)
    one.policies()
    git.init(root)
    return one


def test_a_plan_is_judged_by_the_policies_of_the_base(company):
    company.plan()
    found, told = company.check()

    assert verdicts(found) == BLOCKED
    assert not found.passed
    assert (found.policy_changes, told) == ((), [])
    assert (found.places["nobody-moves"].line, found.places["nobody-moves"].column) == (2, 3)


def test_paths_are_told_from_the_top_of_the_git_repository(company):
    company.plan()
    assert company.check()[0].prefix == ""

    shutil.rmtree(company.root / ".git")
    git.init(company.root.parent)
    found, _ = company.check()
    assert (found.prefix, found.file) == ("repo/", "plans/fy27/plan.json")
    assert verdicts(found) == BLOCKED


@pytest.mark.parametrize(
    ("edit", "change"),
    [
        (lambda c: c.policies("advisory"), "~ policies.nobody-moves.level: hard -> advisory"),
        (lambda c: c.policies(more="levels: {nobody-moves: advisory}"), "+ levels.nobody-moves: advisory"),
        (
            lambda c: c.policies(more=f"waivers:\n  - {EVERYTHING}"),
            "+ waiver of rows where TRUE from nobody-moves until 2027-12-31, vp: agreed",
        ),
        (lambda c: c.policies(more="limits: {changes: 100%, floor: 1000}"), "~ limits.floor: 10 -> 1000"),
    ],
)
def test_what_a_branch_changes_of_the_gate_is_told_and_does_not_count(company, edit, change):
    edit(company)
    company.plan()
    found, _ = company.check()

    assert verdicts(found) == BLOCKED
    assert change in found.policy_changes
    assert all(check.ok for check in found.checks)


def test_a_policy_file_that_is_deleted_still_counts_with_a_warning(company):
    (company.root / "policies" / "fairness.yaml").unlink()
    company.plan()
    found, told = company.check()

    assert verdicts(found) == BLOCKED
    assert 'This branch takes away policy "nobody-moves", once it is merged' in told


def test_a_rule_that_is_renamed_still_counts_under_its_name(company):
    company.write("policies/fairness.yaml", GATE.format(level="hard", more="").replace("nobody-moves", "few-move"))
    company.plan()
    found, told = company.check()

    assert verdicts(found) == BLOCKED
    assert 'This branch takes away policy "nobody-moves", once it is merged' in told
    assert any(change.startswith("+ policies.few-move") for change in found.policy_changes)


def test_a_base_without_policies_is_a_loud_warning(company):
    shutil.rmtree(company.root / "policies")
    shutil.rmtree(company.root / ".git")
    git.init(company.root)
    company.plan()
    found, told = company.check()

    assert found.verdicts == ()
    assert {'"HEAD" has no policies', "There are no policies"} <= set(told)


def test_policies_that_were_edited_after_the_plan_fail_the_check(company):
    company.plan()
    company.policies("advisory")
    found, _ = company.check()

    assert [check.name for check in found.checks if not check.ok] == ["policies"]
    assert verdicts(found) == BLOCKED


def test_verdicts_that_were_written_by_hand_fail_the_check(company):
    made = company.plan()
    bent = tuple(v.model_copy(update={"passed": True}) for v in made.plan.verdicts)
    plan = seal(made.plan.model_copy(update={"verdicts": bent}))
    write_saved(company.root / "plans" / "fy27", plan, made.assignments, made.snapshot)
    found, _ = company.check()

    assert [check.name for check in found.checks if not check.ok] == ["verdicts"]
    assert verdicts(found) == BLOCKED


OVERRIDE = "overrides:\n  - {{plan: fy27, digest: '{digest}', policy: {policy}, by: vp.sales, reason: agreed}}\n"


def override(company, made, policy="nobody-moves"):
    told = OVERRIDE.format(digest=made.plan.digest[:12], policy=policy)
    company.write("policies/overrides/january.yaml", told)


@pytest.fixture
def soft(company):
    company.policies("soft")
    shutil.rmtree(company.root / ".git")
    git.init(company.root)
    return company


def test_a_soft_policy_is_overridden_in_the_branch_and_void_after_the_next_plan(soft):
    override(soft, soft.plan())
    assert verdicts(soft.check()[0])["nobody-moves"] == "overridden"
    assert soft.check()[0].passed

    soft.plan(date(2027, 2, 2))
    found, told = soft.check()
    assert verdicts(found) == BLOCKED
    assert 'Void override of policy "nobody-moves" by vp.sales' in told


def test_a_hard_policy_is_not_overridden_whatever_level_the_branch_gives_it(company):
    company.policies("soft")
    override(company, company.plan())
    found, told = company.check()

    assert verdicts(found) == BLOCKED
    assert 'Refused override of policy "nobody-moves" by vp.sales' in told


def test_an_override_that_cannot_be_read_is_an_error_at_its_line(soft):
    soft.plan()
    soft.write("policies/overrides/january.yaml", OVERRIDE.format(digest="3f5a", policy="nobody-moves"))
    with pytest.raises(Halt) as halted:
        soft.check(base=None)

    assert [str(d.span).split(":")[0] for d in halted.value.report] == ["policies/overrides/january.yaml"]


@pytest.fixture
def waived(company):
    """Accounts A-06 and A-07 may move until the last of January."""
    waivers = "".join(
        f"\n  - {WAIVER.format(what=f'subject: account.{account}', expires='2027-01-31')}"
        for account in ("A-06", "A-07")
    )
    company.policies(more=f"waivers:{waivers}")
    shutil.rmtree(company.root / ".git")
    git.init(company.root)
    return company


def test_a_plan_for_an_earlier_day_revives_no_waiver(waived):
    waived.plan(date(2027, 1, 31))

    assert verdicts(waived.check(day=date(2027, 1, 31))[0])["nobody-moves"] == "waived"
    assert verdicts(waived.check(day=date(2027, 2, 1))[0]) == BLOCKED


def test_a_plan_for_a_later_day_makes_no_waiver_shorter(waived):
    waived.plan(date(2027, 1, 31))

    assert verdicts(waived.check(day=date(2026, 1, 31))[0])["nobody-moves"] == "waived"
    assert verdicts(waived.check(day=date(2026, 1, 30))[0]) == BLOCKED


def test_a_check_on_an_earlier_day_revives_no_waiver(waived):
    waived.plan(date(2027, 2, 1))

    assert verdicts(waived.check(day=date(2027, 1, 31))[0]) == BLOCKED


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Asia/Tokyo", "America/Los_Angeles", "Etc/GMT+12"])
def test_the_day_of_a_check_is_that_of_utc_in_every_time_zone(zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        before, day, after = (datetime.fromtimestamp(time.time(), UTC).date(), today(), today())
    finally:
        monkeypatch.undo()
        time.tzset()

    assert before <= day <= after


@pytest.mark.parametrize(
    "expression",
    [
        "(SELECT 1) = 1",
        "read_csv('/etc/passwd') IS NULL",
        "pg_read_file('/etc/passwd') IS NULL",
        "LENGTH(REPEAT('a', 1000000000)) > 0",
        "generate_series(1, 1000000000) > 0",
        "pg_sleep(1000) IS NULL",
        "(" * 200 + "TRUE" + ")" * 200,
        " OR ".join(["kind = 'move'"] * 2_000),
    ],
)
def test_an_expression_reads_no_file_and_takes_neither_time_nor_memory(company, expression):
    company.write("policies/more.yaml", f'policies:\n  odd: {{over: changes, assert: "{expression}"}}\n')
    with pytest.raises(Halt) as halted:
        company.plan()

    assert {d.span.file for d in halted.value.report if d.span} == {"policies/more.yaml"}


def test_a_base_that_does_not_exist_ends_the_check_and_is_named(company):
    company.plan()

    with pytest.raises(Halt) as halted:
        company.check("nowhere")
    assert [told.summary for told in halted.value.report if told.severity == "error"] == [
        'The policies of "nowhere" cannot be read'
    ]


def test_files_in_folders_below_the_policies_of_the_base_are_none_of_the_gate(company):
    company.write("policies/standard/strict.yaml", "policies:\n  never: {over: plan, assert: 'false'}\n")
    git.init(company.root)
    company.plan()

    assert verdicts(company.check()[0]) == BLOCKED
