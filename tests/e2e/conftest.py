"""The shipped example further on its way: planned and approved, or cut down to one segment where that is enough."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
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
def approve(
    tmp_path_factory: pytest.TempPathFactory,
    territory: Callable[..., subprocess.CompletedProcess[str]],
    commit: Callable[[Path], None],
) -> Callable[[Path], Path]:
    """Plan a copy of a repository for the first day of its plan and commit it; the copy is not to be changed."""

    def approved_copy(repository: Path) -> Path:
        folder = Path(shutil.copytree(repository, tmp_path_factory.mktemp("approved") / "repo"))
        done = territory("plan", "--save", "--as-of", "2027-02-01", cwd=folder)
        assert done.returncode == 0, done.stderr
        commit(folder)
        return folder

    return approved_copy


@pytest.fixture(scope="session")
def approved_example(pristine_example: Path, approve: Callable[[Path], Path]) -> Path:
    """Give the whole example, approved; not to be changed."""
    return approve(pristine_example)


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
def west_approved_example(west_example: Path, approve: Callable[[Path], Path]) -> Path:
    """Give the West, approved; not to be changed."""
    return approve(west_example)


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


@dataclass(frozen=True)
class CarriedOut:
    """What a plan said when it was saved, its plan.json, and what the check said of it."""

    planned: str
    plan: Plan
    checked: str


@pytest.fixture
def carry_out(territory: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[[Path], CarriedOut]:
    """Plan, check and apply in a repository of one plan, and see that a second plan finds nothing to change."""

    def all_of_it(repository: Path) -> CarriedOut:
        def said(*arguments: str) -> str:
            done = territory(*arguments, cwd=repository)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        day = ("--as-of", "2027-02-01")
        planned = said("plan", "--save", *day)
        (saved,) = repository.glob("plans/*/plan.json")
        checked = said("check")
        said("apply", *day, "--auto-approve")
        assert said("plan", "--detailed-exitcode", *day).endswith("\nNo changes.\n")
        return CarriedOut(planned, json.loads(saved.read_bytes()), checked)

    return all_of_it


@pytest.fixture(scope="session")
def shared_rows(shared_data: Path) -> Callable[[str], list[dict[str, str]]]:
    """Read a CSV file of the shared data, with every value as the text that stands there."""

    def rows(file: str) -> list[dict[str, str]]:
        with (shared_data / file).open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    return rows


@pytest.fixture
def company(tmp_path: Path) -> Callable[..., Path]:
    """Make a territory repository of files by name, with a CRM of tables: their rows by what SQL declares."""

    def made(tables: dict[str, Iterable[Sequence[Any]]], files: dict[str, str]) -> Path:
        with closing(sqlite3.connect(tmp_path / "crm.sqlite")) as crm, crm:
            for declared, rows in tables.items():
                crm.execute(f"CREATE TABLE {declared}")
                for row in rows:
                    marks = ", ".join("?" * len(row))
                    crm.execute(f"INSERT INTO {declared.partition(' ')[0]} VALUES ({marks})", row)
        for file, text in files.items():
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(text, encoding="utf-8")
        return tmp_path

    return made
