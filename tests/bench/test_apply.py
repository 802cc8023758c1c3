"""What an apply takes of memory does not grow with the changes, but for their columns."""

from __future__ import annotations

import gc
import tracemalloc
from datetime import date
from pathlib import Path

import pytest
from apply import CURRENT, account, save_plan, site
from pydantic import SecretStr

from terraform_like.crm import open_crm
from terraform_like.crm.port import Capabilities
from terraform_like.crm.sql import SqlCrm
from terraform_like.diagnostics import Report
from terraform_like.diff import Place
from terraform_like.domain.connection import SqlConnection
from terraform_like.domain.reason import ReasonCode
from terraform_like.flow.apply import apply
from terraform_like.flow.outcome import Context
from terraform_like.plan.canonical import seal
from terraform_like.plan.file import load, write_saved
from terraform_like.plan.model import Scheduled
from terraform_like.plan.sealed import load_sealed
from terraform_like.state.opening import open_state

#: Changes of the smaller plan, more than are read as one piece, and how many are gathered and written at a time.
FEW, AT_ONCE = 600, 100

LATER = date(2027, 7, 1)

#: Bytes of Python objects, and of columns, that one more change may take. As objects a change takes 3,000.
OBJECTS, COLUMNS = 80, 60


def schedule(folder: Path, count: int) -> None:
    """Have every account pass on, fifty at a time."""
    saved = load(folder, Report())
    assert saved is not None and saved.assignments.table is not None
    before, after = Place(territory="west", owner="jane"), Place(territory="west", owner="u-9")
    every = [account(i) for i in range(count)]
    fifties = (tuple(every[i : i + 50]) for i in range(0, count, 50))
    later = tuple(
        Scheduled(on=LATER, reason=ReasonCode.OWNER_LEFT, before=before, after=after, accounts=fifty)
        for fifty in fifties
    )
    plan = seal(saved.plan.model_copy(update={"scheduled": later}))
    write_saved(folder, plan, saved.assignments.table, None)


def taken(root: Path, count: int) -> tuple[int, int]:
    """Give the most bytes that Python's objects take while a plan is read and applied, and the bytes of its columns."""
    root.mkdir()
    save_plan(root, count)
    schedule(root / "plans" / "fy27", count)
    with site("sqlite", root, count) as (crm_url, state_url):
        crm = open_crm(SqlConnection.model_validate({"url": crm_url, "accounts": {"territory": "territory"}}), root)
        state = open_state(SecretStr(state_url), root)
        gc.collect()
        tracemalloc.start()
        try:
            saved = load_sealed(root / "plans" / "fy27", Report())
            assert saved is not None
            applied, _ = apply(saved, crm, state, current=CURRENT, context=Context("ana", "ci"), day=LATER)
            assert applied.done == count
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        state.close()
        crm.close()
    columns = (saved.ways.changes, saved.ways.passing, saved.assignments)
    return most, int(sum(table.estimated_size() for table in columns))


def test_an_apply_of_four_times_the_changes_and_passings_takes_their_columns_more_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlCrm, "capabilities", Capabilities(AT_ONCE, territories=True, compare_and_set=True))
    for several in ("ways._CHUNK", "parts._ROWS", "placed._ROWS"):
        monkeypatch.setattr(f"terraform_like.plan.{several}", AT_ONCE)
    taken(tmp_path / "warm", FEW)
    few, few_columns = taken(tmp_path / "few", FEW)
    many, many_columns = taken(tmp_path / "many", 4 * FEW)
    assert many - few < OBJECTS * 3 * FEW
    assert many_columns - few_columns < COLUMNS * 3 * FEW
