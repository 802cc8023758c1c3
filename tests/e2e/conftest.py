"""The shipped example further on its way: planned and approved, or cut down to one segment where that is enough."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

EXAMPLE = "us-municipalities"
Plan = dict[str, Any]


@pytest.fixture(scope="session")
def commit() -> Callable[[Path], None]:
    """Commit everything in a repository, as a merged pull request does."""

    def all_of_it(repository: Path) -> None:
        subprocess.run(["git", "add", "--all"], cwd=repository, check=True)
        subprocess.run(["git", "commit", "--quiet", "--message", "Approve the plan"], cwd=repository, check=True)

    return all_of_it


@pytest.fixture(scope="session")
def write_yaml() -> Callable[[Path, Plan], None]:
    """Write YAML as plain as it gets; the keys stay in their order."""

    def write(file: Path, content: Plan) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        yaml = YAML(typ="safe")
        yaml.sort_base_mapping_type_on_output = False  # type: ignore[attr-defined]
        with file.open("w", encoding="utf-8") as stream:
            yaml.dump(content, stream)

    return write


@pytest.fixture(scope="session")
def approved_example(
    pristine_example: Path,
    tmp_path_factory: pytest.TempPathFactory,
    territory: Callable[..., subprocess.CompletedProcess[str]],
    commit: Callable[[Path], None],
) -> Path:
    """Give the whole example, planned for its first day and committed; not to be changed."""
    folder = Path(shutil.copytree(pristine_example, tmp_path_factory.mktemp("approved") / "repo"))
    done = territory("plan", "--save", "--as-of", "2027-02-01", cwd=folder)
    assert done.returncode == 0, done.stderr
    commit(folder)
    return folder


@pytest.fixture
def approved(approved_example: Path, tmp_path: Path) -> Path:
    """Give a copy of the approved example that a test may change."""
    return Path(shutil.copytree(approved_example, tmp_path / "repo"))


@pytest.fixture(scope="session")
def west_example(
    pristine_example: Path,
    tmp_path_factory: pytest.TempPathFactory,
    commit: Callable[[Path], None],
    write_yaml: Callable[[Path, Plan], None],
) -> Path:
    """Give the example with nothing but the team of mid-sized cities in the West, in one file; not to be changed."""
    folder = Path(shutil.copytree(pristine_example, tmp_path_factory.mktemp("west") / "repo"))
    yaml = YAML(typ="safe")
    plan: Plan = {}
    for file in sorted((folder / "plans" / EXAMPLE).glob("*.yaml")):
        plan |= yaml.load(file.read_text(encoding="utf-8"))
        file.unlink()
    plan["accounts"]["where"] = (
        "kind IN ('customer', 'prospect') AND population >= 30000 AND population < 100000"
        " AND state IN ('AK', 'AZ', 'CA', 'CO', 'HI', 'ID', 'MT', 'NV', 'OR', 'UT', 'WA', 'WY')"
    )
    plan["segments"] = [{"name": "city"}]
    for kind in ("territories", "overcarve"):
        plan[kind] = {name: book for name, book in plan[kind].items() if name.startswith("city-west")}
    plan["balance"] = {name: plan["balance"][name] for name in ("defaults", "city")}
    write_yaml(folder / "plans" / EXAMPLE / "plan.yaml", plan)
    commit(folder)
    return folder


@pytest.fixture(scope="session")
def west_approved_example(
    west_example: Path,
    tmp_path_factory: pytest.TempPathFactory,
    territory: Callable[..., subprocess.CompletedProcess[str]],
    commit: Callable[[Path], None],
) -> Path:
    """Give the West planned and committed; not to be changed."""
    folder = Path(shutil.copytree(west_example, tmp_path_factory.mktemp("west-approved") / "repo"))
    done = territory("plan", "--save", "--as-of", "2027-02-01", cwd=folder)
    assert done.returncode == 0, done.stderr
    commit(folder)
    return folder


@pytest.fixture
def west_approved(west_approved_example: Path, tmp_path: Path) -> Path:
    """Give a copy of the approved West that a test may change."""
    return Path(shutil.copytree(west_approved_example, tmp_path / "repo"))


@pytest.fixture
def west(west_example: Path, tmp_path: Path) -> Path:
    """Give a copy of the example's West that a test may change."""
    return Path(shutil.copytree(west_example, tmp_path / "repo"))


@pytest.fixture(scope="session")
def in_crm() -> Callable[[Path], dict[str, tuple[str | None, str | None]]]:
    """Read what the embedded CRM of a repository holds: for each account its territory, and the user who owns it."""

    def read(repository: Path) -> dict[str, tuple[str | None, str | None]]:
        with closing(sqlite3.connect(repository / "crm.sqlite")) as crm:
            rows = crm.execute("SELECT id, territory, owner_id FROM accounts")
            return {account: (territory, owner) for account, territory, owner in rows}

    return read
