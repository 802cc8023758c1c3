"""Ways to slip past the policies of the base without editing them, each tried."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from terraform_like import git
from terraform_like.config.load import open_repository
from terraform_like.diagnostics import Halt
from terraform_like.flow.check import check
from terraform_like.flow.plan import make_plan, save_plan

TEN = Path(__file__).parents[2] / "cases" / "_repos" / "ten"
DAY = date(2027, 2, 1)
GATE = "policies:\n  nobody-moves: {over: changes, assert: \"kind <> 'move'\"}\n"
WEAK = GATE.replace("over:", "level: advisory, over:")
FILE = "policies/fairness.yaml"


class Branch:
    """A branch of a company whose base, main, lets nobody move; its plan moves two accounts."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: str, given: str = "") -> str:
        who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        done = subprocess.run(["git", *who, *arguments], cwd=self.root, input=given, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, path: str, text: str | bytes) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(text.encode() if isinstance(text, str) else text)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")

    def plan(self) -> None:
        repository = open_repository(self.root)
        made, _ = make_plan(repository, "fy27", DAY)
        save_plan(repository, made)

    def verdicts(self, base: str = "main") -> dict[str, bool]:
        found, _ = check(open_repository(self.root), "fy27", base=base, today=DAY)
        return {verdict.policy: not verdict.blocks for verdict in found.verdicts}

    def refused(self, base: str = "main") -> list[str]:
        with pytest.raises(Halt) as halted:
            self.verdicts(base)
        return [str(one.summary) for one in halted.value.report if one.severity == "error"]


BLOCKED = {"nobody-moves": False}


@pytest.fixture
def branch(tmp_path):
    root = Path(shutil.copytree(TEN, tmp_path / "repo"))
    with closing(sqlite3.connect(root / "crm.sqlite")) as database:
        database.executescript((root / "crm.sql").read_text())
    one = Branch(root)
    one.write(FILE, GATE)
    git.init(root)
    one.git("switch", "--quiet", "--create", "more")
    return one


def test_a_tag_that_is_named_as_the_base_does_not_stand_for_it(branch):
    branch.git("update-ref", "refs/remotes/origin/main", "main")
    branch.write(FILE, WEAK)
    branch.commit()
    branch.git("tag", "origin/main")
    branch.plan()

    assert branch.refused("origin/main") == ['The policies of "origin/main" cannot be read']
    assert branch.verdicts("refs/remotes/origin/main") == BLOCKED
    branch.git("tag", "--delete", "origin/main")
    assert branch.verdicts("origin/main") == BLOCKED


def test_no_object_stands_for_another(branch):
    weak = branch.git("hash-object", "-w", "--stdin", given=WEAK)
    branch.git("replace", branch.git("rev-parse", f"main:{FILE}"), weak)
    branch.plan()

    assert branch.git("cat-file", "blob", f"main:{FILE}") == WEAK.strip()
    assert branch.verdicts() == BLOCKED


def test_no_commit_has_other_parents_than_it_was_made_with(branch):
    branch.write(FILE, WEAK)
    branch.commit()
    here, base = branch.git("rev-parse", "HEAD"), branch.git("rev-parse", "main")
    branch.write(".git/info/grafts", f"{here}\n")
    assert branch.git("rev-list", "HEAD").split() == [here]

    assert git.holds(branch.root, here, base)


def test_a_territory_repository_that_is_moved_takes_its_policies_along(branch):
    for path in ("territory.yaml", "plans", "crm.sqlite"):
        (branch.root / "new").mkdir(exist_ok=True)
        (branch.root / path).rename(branch.root / "new" / path)
    shutil.rmtree(branch.root / "policies")
    moved = Branch(branch.root / "new")
    moved.plan()

    assert moved.verdicts() == BLOCKED


def test_of_two_that_are_gone_none_is_taken_for_the_one_that_was_moved(branch):
    branch.write("other/territory.yaml", "project: other\n")
    branch.commit()
    branch.git("branch", "--force", "main")
    (branch.root / "other/territory.yaml").unlink()
    (branch.root / "new").mkdir()
    for path in ("territory.yaml", "plans", "crm.sqlite"):
        (branch.root / path).rename(branch.root / "new" / path)
    moved = Branch(branch.root / "new")
    moved.plan()

    assert moved.refused() == ['The policies of "main" cannot be told']


def test_policies_behind_a_link_are_refused_before_they_are_merged_and_after(branch):
    branch.plan()
    (branch.root / "policies").rename(branch.root / "rules")
    (branch.root / "policies").symlink_to("rules")
    assert branch.refused() == ["policies is no folder of this repository"]

    branch.commit()
    branch.git("branch", "--force", "main")
    (branch.root / "policies").unlink()
    (branch.root / "rules").rename(branch.root / "policies")
    assert branch.refused() == ['The policies of "main" are not all files']


def test_a_policy_file_that_is_a_link_is_refused_before_it_is_merged_and_after(branch):
    branch.plan()
    (branch.root / FILE).rename(branch.root / "rules.yaml")
    (branch.root / FILE).symlink_to("../rules.yaml")
    assert branch.refused() == [f"{FILE} is a link"]

    branch.commit()
    branch.git("branch", "--force", "main")
    (branch.root / FILE).unlink()
    (branch.root / "rules.yaml").rename(branch.root / FILE)
    assert branch.refused() == ['The policies of "main" are not all files']


def test_policies_in_a_submodule_are_refused_before_they_are_merged_and_after(branch):
    branch.plan()
    inner = Branch(branch.root / "policies")
    git.init(inner.root)
    assert branch.refused() == ["policies is no folder of this repository"]

    branch.git("rm", "--quiet", "-r", "--cached", "policies")
    branch.git("update-index", "--add", "--cacheinfo", f"160000,{inner.git('rev-parse', 'HEAD')},policies")
    branch.git("commit", "--quiet", "--message", "x")
    branch.git("branch", "--force", "main")
    shutil.rmtree(inner.root / ".git")
    assert branch.refused() == ['The policies of "main" are not all files']


@pytest.mark.parametrize("name", ["fairness.YAML", "Fairness.Yml"])
def test_a_policy_file_whose_name_ends_otherwise_is_an_error(branch, name):
    (branch.root / FILE).rename(branch.root / "policies" / name)

    with pytest.raises(Halt) as halted:
        branch.plan()
    assert [one.summary for one in halted.value.report] == [f"policies/{name} would not be read"]


def test_a_filter_of_the_branch_does_not_alter_what_the_base_says(branch):
    branch.write(".gitattributes", "policies/* text eol=crlf working-tree-encoding=UTF-16 filter=weaken ident\n")
    branch.git("config", "filter.weaken.smudge", "sed s/over:/'level: advisory, over:'/")
    branch.git("config", "filter.weaken.clean", "cat")
    branch.plan()

    assert branch.verdicts() == BLOCKED


@pytest.mark.parametrize(
    "text",
    [
        "\N{BYTE ORDER MARK}" + GATE.replace("\n", "\r\n"),
        "strict: &strict {over: changes, assert: \"kind <> 'move'\"}\n",
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n",
        "policies:\n  nobody-moves: {over: changes, assert: 'true'}\n" + GATE.removeprefix("policies:\n"),
        GATE + WEAK,
        GATE + WEAK.replace("nobody-moves", "n\N{CYRILLIC SMALL LETTER O}body-moves").removeprefix("policies:\n"),
        "policies:\n  nobody-moves: &rule {over: changes, assert: \"kind <> 'move'\"}\n"
        "  other: {<<: *rule, level: advisory}\n",
        "--- {}\n--- # two documents\n" + GATE,
    ],
    ids=["bom-and-crlf", "anchor", "lfs", "twice", "two-keys", "look-alike", "merge", "two-documents"],
)
def test_a_base_whose_text_is_odd_counts_as_it_reads_or_is_refused(branch, text):
    branch.plan()
    branch.write(FILE, text)
    branch.commit()
    branch.git("branch", "--force", "main")
    branch.write(FILE, GATE)
    try:
        told = branch.verdicts()
    except Halt as halt:
        assert {one.span.file for one in halt.report if one.span and one.severity == "error"} == {FILE}
    else:
        assert told["nobody-moves"] is False


def test_two_files_do_not_say_one_policy(branch):
    branch.write("policies/a.yaml", WEAK)

    with pytest.raises(Halt) as halted:
        branch.plan()
    assert [one.summary for one in halted.value.report] == ['"nobody-moves" is declared twice']


def test_the_environment_of_a_caller_leads_git_to_no_other_repository(branch, tmp_path, monkeypatch):
    other = Branch(tmp_path / "other")
    other.write(FILE, WEAK)
    git.init(other.root)
    branch.plan()
    monkeypatch.setenv("GIT_DIR", os.fspath(other.root / ".git"))

    assert branch.verdicts() == BLOCKED


def test_a_policy_that_a_branch_takes_away_is_shown_at_its_name(branch):
    (branch.root / FILE).unlink()
    branch.plan()
    _, report = check(open_repository(branch.root), "fy27", base="main", today=DAY)

    (span,) = [one.span for one in report if one.summary.startswith("This branch takes away policy")]
    assert (span.line, span.column, span.length) == (2, 3, len("nobody-moves"))


def test_another_repository_that_is_gone_is_not_the_one_that_was_moved(branch):
    branch.write("other/territory.yaml", "project: other\n")
    branch.commit()
    branch.git("branch", "--force", "main")
    (branch.root / "other/territory.yaml").unlink()
    branch.plan()

    assert branch.verdicts() == BLOCKED


def test_a_link_in_a_folder_below_the_policies_is_none_of_the_gate(branch):
    branch.write("rules.yaml", WEAK)
    (branch.root / "policies/standard").mkdir()
    (branch.root / "policies/standard/weak.yaml").symlink_to("../../rules.yaml")
    branch.commit()
    branch.git("branch", "--force", "main")
    branch.plan()

    assert branch.verdicts() == BLOCKED
