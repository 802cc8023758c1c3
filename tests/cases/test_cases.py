"""Cases: what the command line says, to the letter, read as documentation and reviewed as a diff.

A case is a folder `tests/cases/<group>/<name>/`:

- `cmd`: lines of `territory ...` (any shell line will do), run by `sh -e` in a fresh copy of the case's repository;
  the first line that fails ends it.
- `repo/`: that repository's files. `base`, one line, names a folder of `tests/cases/` whose files are copied first.
  Each `NAME.sql` at its root is run into a database `NAME.sqlite`: first the base's, then the case's.
- `stdout`, `stderr`, `exit`: what is expected; no file means nothing, and 0.

The first case of each group starts a new process for each command, as a user does; the others fork one that has done
its imports (`tests/zygote.py`), which takes a fifth of the time.

`pytest tests/cases --regenerate` writes these three anew; read the diff before you commit it.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

CASES = Path(__file__).parent
FOLDERS = sorted(cmd.parent for cmd in CASES.glob("*/*/cmd"))
FIRST = {folder.parent: folder for folder in reversed(FOLDERS)}


@dataclass(frozen=True)
class Said:
    """What a case printed and its exit code; the path of its repository is written `<repo>`, a digest `<digest>`."""

    stdout: str
    stderr: str
    exit: int

    @classmethod
    def of(cls, folder: Path) -> Said:
        def text(name: str) -> str:
            file = folder / name
            return file.read_bytes().decode() if file.exists() else ""

        return cls(text("stdout"), text("stderr"), int(text("exit") or 0))

    def save(self, folder: Path) -> None:
        for name, text in {
            "stdout": self.stdout,
            "stderr": self.stderr,
            "exit": f"{self.exit}\n" if self.exit else "",
        }.items():
            (folder / name).unlink(missing_ok=True)
            if text:
                (folder / name).write_bytes(text.encode())


def run(folder: Path, repo: Path, path: str) -> Said:
    """Run a case in `repo`, which does not exist yet, with `territory` from the folders of `path`."""
    sources = [folder / "repo"] if (folder / "repo").exists() else []
    if (folder / "base").exists():
        sources.insert(0, CASES / (folder / "base").read_text().strip())
    repo.mkdir()
    for source in sources:
        shutil.copytree(source, repo, dirs_exist_ok=True)
        for script in sorted(repo.glob("*.sql")):
            with closing(sqlite3.connect(script.with_suffix(".sqlite"))) as database:
                database.executescript(script.read_text(encoding="utf-8"))
            script.unlink()
    done = subprocess.run(
        ["sh", "-e", folder / "cmd"],
        cwd=repo,
        env=os.environ | {"PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    out, err = (_lasting(stream.decode(), repo) for stream in (done.stdout, done.stderr))
    return Said(out, err, done.returncode)


def _lasting(said: str, repo: Path) -> str:
    """Take out what differs from run to run, or from version to version."""
    said = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<lineage>", said.replace(str(repo), "<repo>"))
    said = re.sub(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>", said)
    return re.sub(r"\b[0-9a-f]{12,64}\b", "<digest>", said)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(CASES)))
def test_case(folder, tmp_path, request, quick_bin):
    path = os.environ["PATH"]
    said = run(folder, tmp_path / "repo", path if folder == FIRST[folder.parent] else f"{quick_bin}{os.pathsep}{path}")
    if request.config.getoption("regenerate"):
        said.save(folder)
    assert said == Said.of(folder)


def test_every_case_that_the_reference_of_the_language_names_is_there(root):
    reference = (root / "plans" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:plan|validate|crm)/[a-z0-9-]+)`", reference))

    assert len(named) > 20
    assert named <= {str(folder.relative_to(CASES)) for folder in FOLDERS}
