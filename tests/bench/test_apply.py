"""What an apply takes of memory does not grow with the changes, but for their columns."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

import pytest
from apply import CURRENT, save_plan, site
from pydantic import SecretStr

from terraform_like.crm import open_crm
from terraform_like.crm.port import Capabilities
from terraform_like.crm.sql import SqlCrm
from terraform_like.diagnostics import Report
from terraform_like.domain.connection import SqlConnection
from terraform_like.flow.apply import apply
from terraform_like.flow.outcome import Context
from terraform_like.plan.sealed import load_sealed
from terraform_like.state.opening import open_state

#: Changes of the smaller plan, and how many of them are in memory as objects at a time.
FEW, AT_ONCE = 600, 100

#: Bytes of Python objects, and of columns, that one more change may take. A change as an object takes some 800.
OBJECTS, COLUMNS = 40, 60


def taken(root: Path, count: int) -> tuple[int, int]:
    """Give the most bytes that Python's objects take while a plan is read and applied, and the bytes of its columns."""
    root.mkdir()
    save_plan(root, count)
    with site("sqlite", root, count) as (crm_url, state_url):
        crm = open_crm(SqlConnection.model_validate({"url": crm_url, "accounts": {"territory": "territory"}}), root)
        state = open_state(SecretStr(state_url), root)
        gc.collect()
        tracemalloc.start()
        try:
            saved = load_sealed(root / "plans" / "fy27", Report())
            assert saved is not None
            applied, _ = apply(saved, crm, state, current=CURRENT, context=Context("ana", "ci"))
            assert applied.done == count
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        state.close()
        crm.close()
    return most, int(saved.ways.changes.estimated_size() + saved.assignments.estimated_size())


def test_an_apply_of_four_times_the_changes_takes_their_columns_more_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlCrm, "capabilities", Capabilities(AT_ONCE, territories=True, compare_and_set=True))
    for several in ("streamed._TOGETHER", "ways._CHUNK", "parts._ROWS", "placed._ROWS"):
        monkeypatch.setattr(f"terraform_like.plan.{several}", AT_ONCE)
    taken(tmp_path / "warm", FEW)
    few, few_columns = taken(tmp_path / "few", FEW)
    many, many_columns = taken(tmp_path / "many", 4 * FEW)
    assert many - few < OBJECTS * 3 * FEW
    assert many_columns - few_columns < COLUMNS * 3 * FEW
