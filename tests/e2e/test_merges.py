"""Ways in which a pull request comes to main, and how an apply takes each: real clones of a bare remote, one CRM."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

Territory = Callable[..., subprocess.CompletedProcess[str]]
DAY = "2027-02-01"


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout.strip()


@dataclass(frozen=True)
class Company:
    """A bare remote, clones of it, and one CRM and state that all of them use."""

    folder: Path
    territory: Territory

    @property
    def remote(self) -> Path:
        return self.folder / "remote.git"

    def clone(self, name: str) -> Path:
        git(self.folder, "clone", "--quiet", str(self.remote), name)
        return self.folder / name

    def ran(self, folder: Path, *arguments: str) -> tuple[int, str]:
        done = self.territory(*arguments, cwd=folder)
        assert "Traceback" not in done.stderr
        return done.returncode, " ".join((done.stdout + done.stderr).replace("│", "").split())

    def proposed(self, folder: Path, branch: str, old: str, new: str) -> None:
        """Edit the plan on a branch, plan, and push it, as a pull request does."""
        git(folder, "switch", "--quiet", "--create", branch, "origin/main")
        yaml = folder / "plans" / "fy27" / "plan.yaml"
        text = yaml.read_text()
        assert old in text
        yaml.write_text(text.replace(old, new))
        self.saved(folder)
        git(folder, "push", "--quiet", "--set-upstream", "origin", branch)

    def saved(self, folder: Path) -> None:
        code, said = self.ran(folder, "plan", "--save", "--as-of", DAY)
        assert code == 0, said
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", "Plan")

    def owners(self) -> dict[str, str]:
        with closing(sqlite3.connect(self.folder / "crm.sqlite")) as crm:
            return dict(crm.execute("SELECT id, owner_id FROM accounts"))


@pytest.fixture
def company(root: Path, tmp_path: Path, territory: Territory) -> Company:
    shutil.copytree(root / "tests" / "cases" / "_repos" / "ten", tmp_path / "first")
    with closing(sqlite3.connect(tmp_path / "crm.sqlite")) as crm:
        crm.executescript((tmp_path / "first" / "crm.sql").read_text())
    project = tmp_path / "first" / "territory.yaml"
    said = project.read_text().replace("sqlite:///crm.sqlite", f"sqlite:///{tmp_path}/crm.sqlite")
    project.write_text(f"{said}state: sqlite:///{tmp_path}/state.sqlite\napply: {{branch: main}}\n")
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch", "main", "remote.git")
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", "first")
    git(tmp_path / "first", "add", "--all")
    git(tmp_path / "first", "commit", "--quiet", "--message", "Start")
    git(tmp_path / "first", "push", "--quiet", str(tmp_path / "remote.git"), "main")
    return Company(tmp_path, territory)


WIDER = ("arr: 10%", "arr: 12%")
HIRE = ("raj: {user: raj@example.com", "li: {user: li@example.com, starts: 2027-06-01}\n  raj: {user: raj@example.com")


@pytest.mark.parametrize("way", [["--no-ff"], ["--squash"], ["--ff-only"]], ids=["merge", "squash", "rebase"])
def test_however_a_pull_request_is_merged_its_plan_is_applied(company: Company, way: list[str]) -> None:
    ops, forge, ci = (company.clone(name) for name in ("ops", "forge", "ci"))
    company.proposed(ops, "even-books", *WIDER)
    code, said = company.ran(ops, "apply", "--auto-approve", "--as-of", DAY)
    assert code == 1
    assert "main" in said, said

    git(forge, "fetch", "--quiet")
    git(forge, "merge", "--quiet", *way, "origin/even-books", *(["-m", "Merge"] if way == ["--no-ff"] else []))
    if way == ["--squash"]:
        git(forge, "commit", "--quiet", "--message", "Even books (#1)")
    git(forge, "push", "--quiet")
    git(ci, "pull", "--quiet")
    assert company.ran(ci, "apply", "--auto-approve", "--as-of", DAY)[0] == 0
    assert company.owners()["A-10"] == "U2"
    assert "No changes." in company.ran(ci, "plan", "--as-of", DAY)[1]


def test_a_commit_that_a_force_push_took_away_from_main_is_not_applied(company: Company) -> None:
    ops, ci = company.clone("ops"), company.clone("ci")
    before = company.owners()
    company.proposed(ops, "even-books", *WIDER)
    git(ops, "push", "--quiet", "origin", "even-books:main")
    git(ci, "pull", "--quiet")
    git(ops, "push", "--quiet", "--force", "origin", "even-books~1:main")
    git(ci, "fetch", "--quiet")
    code, said = company.ran(ci, "apply", "--auto-approve", "--as-of", DAY)
    assert code == 1
    assert "main" in said
    assert company.owners() == before


def test_of_two_that_plan_at_once_the_second_is_told_what_changed_and_how_to_plan_again(company: Company) -> None:
    ann, bob, ci = (company.clone(name) for name in ("ann", "bob", "ci"))
    company.proposed(ann, "wider", *WIDER)
    company.proposed(bob, "hire", *HIRE)
    git(ann, "push", "--quiet", "origin", "wider:main")
    git(ci, "pull", "--quiet")
    assert company.ran(ci, "apply", "--auto-approve", "--as-of", DAY)[0] == 0

    # What the merge queue builds: main with the second branch. Only saved files conflict; its own are taken.
    git(ci, "fetch", "--quiet")
    clash = subprocess.run(["git", "merge", "--quiet", "origin/hire"], cwd=ci, capture_output=True, check=False)
    assert clash.returncode != 0
    code, said = company.ran(ci, "check", "--fresh")
    assert code == 1
    assert "conflict" in said.lower()
    assert "territory plan --save" in said
    git(ci, "checkout", "--quiet", "--theirs", "plans/fy27/plan.json", "plans/fy27/assignments.csv")
    code, said = company.ran(ci, "check", "--fresh")
    assert code == 1
    assert "territory plan --save" in said

    git(bob, "fetch", "--quiet")
    git(bob, "merge", "--quiet", "--strategy-option", "ours", "origin/main", "-m", "Take main in")
    company.saved(bob)
    code, said = company.ran(bob, "check", "--base", "origin/main", "--fresh")
    assert code == 0, said
    git(bob, "push", "--quiet", "origin", "hire:main")
    git(ci, "merge", "--abort")
    git(ci, "pull", "--quiet")
    assert company.ran(ci, "apply", "--auto-approve", "--as-of", DAY)[0] == 0


def test_a_revert_of_an_applied_plan_puts_owners_back(company: Company) -> None:
    ops, ci = company.clone("ops"), company.clone("ci")
    company.saved(ops)
    git(ops, "push", "--quiet")
    git(ci, "pull", "--quiet")
    assert company.ran(ci, "apply", "--auto-approve", "--as-of", DAY)[0] == 0
    even = company.owners()
    company.proposed(ops, "one-owner", "south: {segment: all, owner: raj}", "south: {segment: all, owner: jane}")
    git(ops, "push", "--quiet", "origin", "one-owner:main")
    git(ci, "pull", "--quiet")
    assert company.ran(ci, "apply", "--auto-approve", "--as-of", DAY, "--allow", "changes")[0] == 0
    assert company.owners() != even

    git(ops, "revert", "--no-edit", "HEAD")
    git(ops, "push", "--quiet", "origin", "one-owner:main")
    git(ci, "pull", "--quiet")
    code, said = company.ran(ci, "apply", "--auto-approve", "--as-of", DAY, "--allow", "changes")
    assert code == 0, said
    assert company.owners() == even
