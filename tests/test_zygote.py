"""What the tests run in place of the installed command is that command, and no run is seen by the next."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

INSTALLED = Path(sys.executable).parent


def ran(folder: Path, *arguments: str, cwd: Path, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [folder / "territory", *arguments],
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("arguments", [("--version",), ("plan", "--help"), ("aply",), ("validate",), ()])
def test_a_fork_says_what_a_new_process_says(arguments, quick_bin, tmp_path):
    assert ran(quick_bin, *arguments, cwd=tmp_path) == ran(INSTALLED, *arguments, cwd=tmp_path)


def test_a_run_leaves_nothing_to_the_next(quick_bin, tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "territory.yaml").write_text("project: ${WHAT}\n")
    before = ran(quick_bin, "--json", "validate", cwd=tmp_path, WHAT="one")

    ran(quick_bin, "--chdir", "one", "validate", cwd=tmp_path, WHAT="two", COLUMNS="200", TZ="Asia/Tokyo")

    assert ran(quick_bin, "--json", "validate", cwd=tmp_path, WHAT="one") == before


def test_what_an_interpreter_reads_at_its_start_starts_one(quick_bin, tmp_path):
    _, version, forked = ran(quick_bin, "--version", cwd=tmp_path)
    assert forked == ""

    _, again, imports = ran(quick_bin, "--version", cwd=tmp_path, PYTHONVERBOSE="1")
    assert again == version
    assert "import 'terraform_like'" in imports
