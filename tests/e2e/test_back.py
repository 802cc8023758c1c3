"""There are two ways back, `git revert` and `state rollback`, and both lead to the same place."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

Territory = Callable[..., subprocess.CompletedProcess[str]]
DAY = ("--as-of", "2027-02-01")
OWNERS = "territories:\n  north: {segment: all, owner: jane}\n  south: {segment: all, owner: raj}\n"


def rows(file: Path, query: str) -> list[tuple[str | None, ...]]:
    with closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchall()


def crm(repo: Path) -> list[tuple[str | None, ...]]:
    return rows(repo / "crm.sqlite", "SELECT id, owner_id, territory FROM accounts ORDER BY id")


def applied(repo: Path, columns: str) -> list[tuple[str | None, ...]]:
    return rows(
        repo / ".territory" / "state.sqlite", f"SELECT account, territory, {columns} FROM applied ORDER BY account"
    )


@pytest.mark.parametrize(
    ("wish", "columns"),
    [
        # Accounts move, and people keep their territories.
        (
            OWNERS.replace("jane}", "jane, accounts: [A-06, A-07]}").replace("raj}", "raj, accounts: [A-01]}"),
            "owner, holder",
        ),
        # People change places. The YAML of a rollback has them as they are now, so they hold what they had.
        (OWNERS.replace("jane", "?").replace("raj", "jane").replace("?", "raj"), "coalesce(holder, owner)"),
    ],
    ids=["moves", "owners"],
)
def test_a_revert_and_a_rollback_leave_the_same_crm_and_the_same_state(
    root: Path, tmp_path: Path, territory: Territory, wish: str, columns: str
) -> None:
    repo = Path(shutil.copytree(root / "tests" / "cases" / "_repos" / "ten", tmp_path / "revert"))
    with closing(sqlite3.connect(repo / "crm.sqlite")) as database:
        database.executescript((repo / "crm.sql").read_text())
    (repo / ".gitignore").write_text("*.sqlite\n.territory/\n")

    def run(*arguments: str, cwd: Path = repo) -> None:
        done = territory(*arguments, *DAY, cwd=cwd)
        assert done.returncode == 0, done.stdout + done.stderr

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=repo, check=True, capture_output=True)

    def apply(cwd: Path = repo) -> None:
        run("apply", "--auto-approve", "--allow", "changes", "--allow", "territory", cwd=cwd)

    def commit() -> None:
        git("add", ".")
        git("commit", "-qm", "Plan")

    git("init", "-q")
    run("plan", "--save")
    commit()
    apply()
    first = crm(repo)
    wanted = repo / "plans" / "fy27" / "plan.yaml"
    text = wanted.read_text()
    assert OWNERS in text
    wanted.write_text(text.replace(OWNERS, wish))
    run("plan", "--save")
    commit()
    apply()
    assert crm(repo) != first

    other = Path(shutil.copytree(repo, tmp_path / "rollback"))
    git("revert", "--no-edit", "HEAD")
    apply()
    run("state", "rollback", "1", cwd=other)
    apply(other)
    assert crm(repo) == crm(other) == first
    assert applied(repo, columns) == applied(other, columns)
