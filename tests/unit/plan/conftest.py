from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from terraform_like.diff import Change, ChangeKind, Place
from terraform_like.plan.file import assignments_bytes, digest_of, digest_of_bytes, seal, snapshot_bytes, write_saved
from terraform_like.plan.model import Created, Inputs, Plan, PlannedTerritory, Summary


@pytest.fixture
def assignments() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "account": ["B-2", "A-1", "C,3"],
            "territory": ["west", "west", "slot"],
            "owner": ["jane", "jane", None],
            "holder": [None, "jane", "raj"],
        },
        schema_overrides={"owner": pl.String, "holder": pl.String},
    )


@pytest.fixture
def snapshot() -> pl.DataFrame:
    return pl.DataFrame({"account": ["B-2", "A-1", "C,3"], "owner": ["u-1", None, "u-2"], "arr": [1.5, 2.0, None]})


@pytest.fixture
def plan(assignments: pl.DataFrame, snapshot: pl.DataFrame) -> Plan:
    return seal(
        Plan(
            plan="fy27",
            inputs=Inputs(
                config=digest_of({"a": 1}),
                policies=digest_of({"b": 2}),
                snapshot=digest_of_bytes(snapshot_bytes(snapshot)),
                assignments=digest_of_bytes(assignments_bytes(assignments)),
            ),
            created=Created(by="territory 0.1.0"),
            as_of=date(2027, 2, 1),
            summary=Summary(accounts=3, adds=0, moves=1, transfers=0, removes=0, unchanged=2),
            territories=(
                PlannedTerritory(name="slot", segment="all", size=1, slot=True, vacant=True, accounts=1),
                PlannedTerritory(name="west", segment="all", size=1, owner="jane", accounts=2),
            ),
            users={"jane": "u-1", "raj": "u-2"},
            changes=(
                Change(
                    account="C,3",
                    kind=ChangeKind.MOVE,
                    before=Place(territory="west", owner="u-9"),
                    after=Place(territory="slot", owner="raj"),
                ),
            ),
        )
    )


@pytest.fixture
def folder(tmp_path: Path, plan: Plan, assignments: pl.DataFrame, snapshot: pl.DataFrame) -> Path:
    """A folder with the saved plan."""
    write_saved(tmp_path / "plans" / "fy27", plan, assignments, snapshot)
    return tmp_path / "plans" / "fy27"
