from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parent / "run.py"


@pytest.mark.parametrize(("backend", "runs"), [("sqlite", 8), ("postgresql", 8), ("git", 3)])
def test_an_apply_that_dies_here_and_there_and_is_continued_equals_one_that_does_not(backend: str, runs: int) -> None:
    """A few of the runs that `make faults` does a thousand of; a process of its own, since it forks."""
    command = [sys.executable, str(RUN), "--runs", str(runs), "--seed", "2", "--backend", backend]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{backend}: {runs} runs of seed 2, killed {runs} times at " in done.stdout
    assert " points, 0 wrong; " in done.stdout
