"""The workflows that `init` makes and those that are offered for calling: one text, and nothing that linters find."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from terraform_like import __version__

SKELETON = Path("terraform_like/flow/skeleton/shared/.github")
NAMES = ("apply", "drift", "plan", "refresh")


def jobs_of(file: Path) -> str:
    """Give what follows the triggers, comments included."""
    before, mark, after = file.read_text(encoding="utf-8").partition("permissions: {}\n")
    assert mark, f"{file} gives the token of all jobs permissions"
    assert "jobs:" not in before
    return after


def read(file: Path) -> dict:
    return YAML(typ="safe").load(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_for_calling_has_the_jobs_of_the_one_that_init_makes(root, name):
    ours, theirs = (
        root / ".github/workflows" / f"territory-{name}.yml",
        root / SKELETON / "workflows" / f"{name}.yml",
    )
    assert jobs_of(ours) == jobs_of(theirs)
    called = read(ours)["on"]["workflow_call"]
    used = set()
    for job in read(theirs)["jobs"].values():
        for step in job["steps"]:
            used |= {
                value.split("secrets.")[1].split(" ")[0]
                for value in step.get("env", {}).values()
                if "secrets." in value
            }
    assert set(called.get("secrets", {})) == used


def test_every_workflow_that_init_makes_is_also_offered_for_calling(root):
    assert {file.stem for file in (root / SKELETON / "workflows").iterdir()} == set(NAMES)
    offered = {file.stem for file in (root / ".github/workflows").glob("territory-*.yml")}
    assert offered == {f"territory-{name}" for name in NAMES}


def test_the_action_is_the_same_and_installs_this_version(root):
    ours, theirs = (folder / "actions/territory/action.yml" for folder in (root / ".github", root / SKELETON))
    assert ours.read_bytes() == theirs.read_bytes()
    assert str(read(ours)["inputs"]["version"]["default"]) == __version__


def test_no_secret_is_within_reach_of_a_fork(root):
    """Jobs that a fork starts are given none, and no workflow runs its files with more rights than it has."""
    for name in NAMES:
        workflow = read(root / SKELETON / "workflows" / f"{name}.yml")
        assert "pull_request_target" not in workflow["on"]
        assert "workflow_run" not in workflow["on"]
        if "pull_request" not in workflow["on"]:
            continue
        for job in workflow["jobs"].values():
            own = "head.repo.full_name == github.repository" in job["if"]
            queued = job["if"] == "github.event_name == 'merge_group'"
            assert own or queued or "secrets." not in str(job)


def test_zizmor_finds_nothing(root):
    done = subprocess.run(
        [
            Path(sys.executable).parent / "zizmor",
            "--offline",
            "--no-progress",
            "--quiet",
            root / ".github",
            root / SKELETON,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
