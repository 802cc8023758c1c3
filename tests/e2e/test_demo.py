"""The demonstration is the main job from end to end, on a machine that knows nobody."""

from __future__ import annotations

import os
import subprocess

import pytest

NOBODY = "[user]\n\tuseConfigOnly = true\n"


def test_the_demonstration_ends_with_no_changes(root, tmp_path):
    (tmp_path / "gitconfig").write_text(NOBODY)
    done = subprocess.run(
        ["sh", root / "plans" / "demo.sh", "a demo"],
        cwd=tmp_path,
        env=os.environ | {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    asked, answer = "$ territory --chdir a demo plan\n", "No changes."
    assert answer not in done.stdout.partition(asked)[0]
    assert answer in done.stdout.partition(asked)[2]


@pytest.mark.long
def test_a_fresh_clone_sets_itself_up_and_runs_the_demonstration(root, tmp_path):
    clone = tmp_path / "a fresh clone"
    subprocess.run(["git", "clone", "--quiet", root, clone], check=True)
    (tmp_path / "gitconfig").write_text(NOBODY)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("VIRTUAL_ENV", "PYTHON"))}
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if ".venv" not in p)
    done = subprocess.run(
        ["make", "demo"],
        cwd=clone,
        env=inherited | {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"), "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (clone / "demo" / "territory.yaml").is_file()
    assert "No changes." in done.stdout
