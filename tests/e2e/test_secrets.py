"""Planted credentials, looked for in all that a full run writes and says, in the state, and where it fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
from postgres import Server

PLANTED = {"CRM_PASSWORD": "pl4nted-crm-p@ss", "STATE_PASSWORD": "pl4nted-state-p@ss"}

TERRITORY = """
project: ten
crm:
  provider: sql
  url: postgresql+psycopg://postgres:${{CRM_PASSWORD}}@/{database}?host={host}
  accounts: {{table: accounts, key: id, owner: owner_id, territory: territory}}
  users: {{table: users, key: id, email: email, active: active}}
state: postgresql://postgres:${{STATE_PASSWORD}}@/{database}?host={host}
"""

COMMANDS = (
    "plan --save --as-of 2027-02-01",
    "check --fresh --json",
    "approve --as cfo",
    "apply --auto-approve --as-of 2027-02-01 --json",
    "drift",
    "state list --json",
    "state show account.A-07",
    "state rollback 0 --as-of 2027-02-01",
)


def test_no_credential_is_written_or_said_anywhere(root: Path, tmp_path: Path, postgresql: Server) -> None:
    repo, url = tmp_path / "repo", postgresql.make_database()
    shutil.copytree(root / "tests" / "cases" / "_repos" / "ten", repo)
    with psycopg.connect(url) as server:
        server.execute((repo / "crm.sql").read_text().replace("BOOLEAN", "INT"))
    (repo / "crm.sql").unlink()
    database = url.partition("?")[0].rpartition("/")[2]
    project = TERRITORY.format(database=database, host=postgresql.folder)
    said = []

    def territory(*arguments: str, text: str = project) -> int:
        (repo / "territory.yaml").write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "terraform_like", *arguments],
            cwd=repo,
            env={**os.environ, **PLANTED},
            capture_output=True,
            text=True,
            check=False,
        )
        said.append(done.stdout + done.stderr)
        return done.returncode

    ended = {command: territory(*command.split()) for command in COMMANDS}
    assert set(ended.values()) == {0}, said
    nowhere = project.replace(f"host={postgresql.folder}", "host=127.0.0.1&port=1")
    assert territory("drift", text=nowhere) == 1
    assert territory("state", "list", text=project.replace("state: postgresql:", "state: nonsense:")) == 1

    with psycopg.connect(url) as server:
        tables = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'territory'").fetchall()
        assert len(tables) == 5
        said += [str(server.execute(f"SELECT * FROM territory.{name}").fetchall()) for (name,) in tables]
    files = [path for path in repo.rglob("*") if path.is_file()]
    assert {"plan.json", "snapshot.parquet", "cfo.yaml"} <= {path.name for path in files}
    kept = [path.read_bytes() for path in files] + [text.encode() for text in said]
    for secret in PLANTED.values():
        assert not [content for content in kept if b"pl4nted" in content or secret.encode() in content]
