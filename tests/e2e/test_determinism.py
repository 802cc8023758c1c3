"""The same wishes and the same CRM give the same bytes, wherever and however they are read."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from ruamel.yaml import YAML

PLAN = Path("plans/us-municipalities")
SAVED = ("plan.json", "assignments.csv", "snapshot.parquet")
DAY = ("--as-of", "2027-02-01")


def saved(repository: Path) -> dict[str, bytes]:
    return {name: (repository / PLAN / name).read_bytes() for name in SAVED}


def shuffle_rows(repository: Path) -> None:
    """Write the rows of the CRM anew in another order, each table in the same transaction."""
    with closing(sqlite3.connect(repository / "crm.sqlite")) as crm:
        for table in ("users", "accounts"):
            rows = crm.execute(f"SELECT * FROM {table}").fetchall()
            random.Random(7).shuffle(rows)
            crm.execute(f"DELETE FROM {table}")
            crm.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        crm.commit()


@pytest.fixture(scope="module")
def first(west_example, territory, tmp_path_factory):
    """Give what a plan of the West saves."""
    repository = Path(shutil.copytree(west_example, tmp_path_factory.mktemp("first") / "repo"))
    done = territory("plan", "--save", *DAY, cwd=repository)
    assert done.returncode == 0, done.stderr
    return saved(repository)


def test_a_plan_made_again_is_the_same_to_the_byte(first, west, territory):
    territory("plan", "--save", "--as-of", "2027-06-30", cwd=west)
    assert saved(west) != first

    territory("plan", "--save", *DAY, cwd=west)
    assert saved(west) == first


def test_the_order_of_keys_and_the_split_into_files_do_not_matter(first, west, territory, write_yaml):
    def turned(value, path=()):
        if isinstance(value, list):
            return [turned(item, path) for item in value]
        if not isinstance(value, dict):
            return value
        # Derived columns may use those above them: their order is meant.
        order = list(value) if path == ("accounts", "columns") else list(value)[::-1]
        return {key: turned(value[key], (*path, key)) for key in order}

    plan = turned(YAML(typ="safe").load((west / PLAN / "plan.yaml").read_text(encoding="utf-8")))
    (west / PLAN / "plan.yaml").unlink()
    for number, key in enumerate(plan):
        write_yaml(west / PLAN / f"{number}.yaml", {key: plan[key]})

    assert list(plan) != sorted(plan)
    assert territory("plan", "--save", *DAY, cwd=west).returncode == 0
    assert saved(west) == first


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu"},
        {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "LC_ALL": "C", "PYTHONUTF8": "0", "COLUMNS": "200"},
    ],
    ids=["language", "threads"],
)
def test_the_machine_does_not_matter(first, west, territory, monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert territory("plan", "--save", *DAY, cwd=west).returncode == 0
    assert saved(west) == first


def test_the_path_of_the_repository_does_not_matter(first, west, territory, tmp_path):
    elsewhere = west.rename(tmp_path / "the territories of  Müller & Søn #1")

    done = territory("--chdir", elsewhere.name, "plan", "--save", *DAY, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert saved(elsewhere) == first


def test_the_whole_example_comes_out_the_same_with_its_rows_shuffled(approved_example, example, territory):
    shuffle_rows(example)

    assert territory("plan", "--save", *DAY, cwd=example).returncode == 0
    assert saved(example) == saved(approved_example)
