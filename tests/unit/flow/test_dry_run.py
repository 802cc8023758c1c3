"""What an apply takes of a CRM that counts calls is said before it: by the plan and by the dry run."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from terraform_like.config.load import open_repository
from terraform_like.crm.port import Calls, Capabilities
from terraform_like.crm.sql import SqlCrm
from terraform_like.flow.apply_saved import load_for_apply
from terraform_like.flow.dry_run import dry_run
from terraform_like.flow.plan import make_plan, save_plan

TEN = Path(__file__).parents[2] / "cases" / "_repos" / "ten"
DAY = date(2027, 2, 1)


@pytest.mark.parametrize(("calls", "expected"), [(Calls(100, 100, fixed=2), 8), (None, None)])
def test_plan_and_dry_run_say_how_many_calls_an_apply_takes_where_they_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: Calls | None, expected: int | None
) -> None:
    root = Path(shutil.copytree(TEN, tmp_path / "repo"))
    with closing(sqlite3.connect(root / "crm.sqlite")) as database:
        database.executescript((root / "crm.sql").read_text())
    can = Capabilities(2, territories=True, compare_and_set=True, calls=calls, per_second=5)
    monkeypatch.setattr(SqlCrm, "capabilities", can)
    repository = open_repository(root)
    made, report = make_plan(repository, "fy27", DAY)
    save_plan(repository, made)

    told = [f"{d.summary}: {d.detail}" for d in report if "calls" in d.summary]
    note = (
        "An apply of this plan takes about 8 calls of the CRM: "
        "3 accounts in 2 batches, looked at before and after; at 5 a second."
    )
    assert told == ([note] if calls else [])
    assert dry_run(repository, load_for_apply(repository, "fy27", DAY, frozenset()), DAY)[0].calls == expected
