"""Two applies at once, real processes with their state on a PostgreSQL server: one wins, the other says who it is."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from postgres import Server
from pydantic import SecretStr

from terraform_like.state.opening import open_state

Territory = Callable[..., subprocess.CompletedProcess[str]]


def test_the_second_apply_is_told_who_holds_the_lock_and_the_first_is_not_disturbed(
    root: Path, tmp_path: Path, territory: Territory, postgresql: Server
) -> None:
    repo, url = tmp_path / "repo", postgresql.make_database()
    shutil.copytree(root / "tests" / "cases" / "_repos" / "ten", repo)
    with (repo / "territory.yaml").open("a") as project:
        project.write(f"state: {url}\n")
    with closing(sqlite3.connect(repo / "crm.sqlite")) as crm:
        crm.executescript((repo / "crm.sql").read_text())
    assert territory("plan", "--save", "--as-of", "2027-02-01", cwd=repo).returncode == 0

    with closing(open_state(SecretStr(url), repo)) as state, closing(sqlite3.connect(repo / "crm.sqlite")) as crm:
        # Whoever writes to a CRM that somebody else is writing to waits.
        crm.execute("BEGIN IMMEDIATE")
        command = [sys.executable, "-m", "terraform_like", "--json", "apply", "--auto-approve", "--as-of", "2027-02-01"]
        with subprocess.Popen(command, cwd=repo, stdout=subprocess.PIPE, text=True) as first:
            while state.holder is None:
                assert first.poll() is None
                time.sleep(0.05)
            second = territory("apply", "--auto-approve", "--as-of", "2027-02-01", cwd=repo)
            crm.rollback()
            said, _ = first.communicate()

    assert second.returncode == 1
    refusal = " ".join(second.stderr.replace("│", "").split())
    assert "the state is locked: held by Tester <tester@example.com> on" in refusal
    assert f"(process {first.pid}), since 20" in refusal
    assert first.returncode == 0
    assert json.loads(said)["result"]["done"] == 3
