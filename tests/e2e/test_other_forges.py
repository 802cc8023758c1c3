"""What the page on other forges says is true: its scripts run as they stand, on a company with a remote."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from ruamel.yaml import YAML

DAY = "2027-02-01"


def page(root: Path, language: str) -> str:
    text = (root / ".github/OTHER_FORGES.md").read_text(encoding="utf-8")
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return block


@pytest.fixture
def checkout(tmp_path: Path, root: Path, territory: Callable[..., object]) -> Path:
    """A repository with a saved plan on main of its remote, and an open branch: what CI and a server check out."""
    source = root / "tests/cases/_repos/ten"
    shutil.copytree(source, tmp_path / "repo")
    folder = tmp_path / "repo"
    with closing(sqlite3.connect(folder / "crm.sqlite")) as crm:
        crm.executescript((folder / "crm.sql").read_text())
    (folder / ".gitignore").write_text("*.sqlite\n.territory/\nterritory.*ml\n!territory.yaml\n")
    territory("fmt", cwd=folder)
    territory("plan", "--save", "--as-of", DAY, cwd=folder)
    for command in (
        ["git", "init", "--quiet", "--bare", str(tmp_path / "remote")],
        ["git", "init", "--quiet"],
        ["git", "remote", "add", "origin", str(tmp_path / "remote")],
        ["git", "add", "--all"],
        ["git", "commit", "--quiet", "--message", "Plan"],
        ["git", "push", "--quiet", "--set-upstream", "origin", "main"],
    ):
        subprocess.run(command, cwd=folder, check=True)
    return folder


def ran(folder: Path, script: str, quick_bin: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script as both do, by `sh -e`; its applies are of the plan's day."""
    shim = folder.parent / "bin"
    shim.mkdir(exist_ok=True)
    asked = f'case $1 in apply) shift; set -- apply --as-of {DAY} "$@" ;; esac\n'
    (shim / "territory").write_text(f'#!/bin/sh\n{asked}exec {quick_bin / "territory"} "$@"\n')
    (shim / "territory").chmod(0o755)
    env = os.environ | {"PATH": f"{shim}{os.pathsep}{os.environ['PATH']}"} | environment
    return subprocess.run(["sh", "-ec", script], cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_the_jobs_of_gitlab_check_apply_and_look_for_drift(checkout, root, quick_bin):
    jobs = YAML(typ="safe").load(page(root, "yaml"))
    scripts = {name: "\n".join(jobs[name]["script"]) for name in ("check", "apply", "drift")}
    variables = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}

    for name, said in {"check": "Check passed.", "apply": "complete: 3 done.", "drift": "No drift"}.items():
        done = ran(checkout, scripts[name], quick_bin, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        assert said in done.stdout
    for file in ("territory.xml", "territory.html"):
        assert (checkout / file).stat().st_size > 100

    (checkout / "plans/fy27/plan.yaml").write_text(
        (checkout / "plans/fy27/plan.yaml").read_text().replace("10%", "11%")
    )
    assert ran(checkout, scripts["check"], quick_bin, **variables).returncode == 1


def test_the_lines_of_the_crontab_apply_and_look_for_drift(checkout, root, quick_bin):
    lines = [line for line in page(root, "crontab").splitlines() if not line.startswith("#")]
    assert len(lines) == 2
    for line, said in zip(lines, ("complete: 3 done.", "No drift"), strict=True):
        done = ran(checkout, line.split(maxsplit=5)[5], quick_bin, TERRITORY_CHECKOUT=str(checkout))
        assert done.returncode == 0, done.stdout + done.stderr
        assert said in done.stdout
