"""A check of a plan on a map: what falls apart is told, and so is a file of neighbours that has changed."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from terraform_like.config.load import open_repository
from terraform_like.flow.check import check
from terraform_like.flow.plan import make_plan, save_plan
from terraform_like.plan.canonical import assignments_bytes, digest_of_bytes, seal
from terraform_like.plan.file import write_saved

GRID = Path(__file__).parents[2] / "cases" / "_repos" / "grid"
DAY = date(2027, 2, 1)


@pytest.fixture
def repository(tmp_path):
    """Nineteen accounts in sixteen ZIPs, and which of them touch."""
    folder = Path(shutil.copytree(GRID, tmp_path / "repo"))
    with closing(sqlite3.connect(folder / "crm.sqlite")) as database:
        database.executescript((folder / "crm.sql").read_text())
    return open_repository(folder)


@pytest.fixture
def planned(repository):
    made, _ = make_plan(repository, "fy27", DAY)
    save_plan(repository, made)
    return made


def failing(repository):
    found, _ = check(repository, "fy27", base=None)
    return [(told.name, told.found) for told in found.checks if not told.ok]


def rewritten(repository, change):
    file = repository.plan_folder("fy27") / "zips.csv"
    file.write_text(change(file.read_text()))


def test_what_the_tool_made_passes(repository, planned):
    assert failing(repository) == []


def test_a_territory_that_falls_apart_is_told_with_its_parts(repository, planned):
    # The ZIPs at opposite corners change places, also those of the accounts' other half.
    territory = dict(planned.assignments.select("account", "territory").iter_rows())
    swap = {"Z11": territory["Z44-a"], "Z44": territory["Z11-a"]}
    table = planned.assignments.with_columns(
        pl.col("account")
        .str.slice(0, 3)
        .replace_strict(swap, default=None)
        .fill_null(pl.col("territory"))
        .alias("territory")
    )
    inputs = planned.plan.inputs.model_copy(update={"assignments": digest_of_bytes(assignments_bytes(table))})
    changed = replace(planned, plan=seal(planned.plan.model_copy(update={"inputs": inputs})), assignments=table)
    write_saved(repository.plan_folder("fy27"), changed.plan, table, planned.snapshot)

    ((name, found),) = failing(repository)

    assert name == "rules"
    assert "falls into 2 parts" in found
    assert "z44 apart from" in found or "z11 apart from" in found


def test_a_zip_that_is_divided_is_told(repository, planned):
    territory = dict(planned.assignments.select("account", "territory").iter_rows())
    other = next(name for name in sorted(set(territory.values())) if name != territory["Z22-a"])
    chosen = pl.when(pl.col("account") == "Z22-b").then(pl.lit(other)).otherwise("territory")
    table = planned.assignments.with_columns(chosen.alias("territory"))
    inputs = planned.plan.inputs.model_copy(update={"assignments": digest_of_bytes(assignments_bytes(table))})
    write_saved(
        repository.plan_folder("fy27"),
        seal(planned.plan.model_copy(update={"inputs": inputs})),
        table,
        planned.snapshot,
    )

    ((name, found),) = failing(repository)

    assert name == "rules"
    assert "z22 is divided between" in found


def test_a_pair_that_is_taken_away_or_added_makes_another_plan(repository, planned):
    rewritten(repository, lambda text: text.replace("z11,z12\n", ""))
    assert [name for name, _ in failing(repository)] == ["config"]

    rewritten(repository, lambda text: text + "z11,z12\nz11,z44\n")
    assert [name for name, _ in failing(repository)] == ["config"]


def test_the_layout_of_the_file_does_not_matter(repository, planned):
    def turned(text):
        header, *lines = text.splitlines()
        return "\n".join([header.upper(), *(",".join(reversed(line.split(","))) for line in reversed(lines))])

    rewritten(repository, turned)

    assert failing(repository) == []
