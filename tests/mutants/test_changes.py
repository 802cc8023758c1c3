"""A mutant changes what runs, in one place, and nothing else."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("mutants_changes", Path(__file__).parent / "changes.py")
SOURCE = """
from __future__ import annotations

Flags = list[int | None]

def f(x: int | None, y=1) -> int | bool:
    if x is None and not y:
        return -1
    found = [z for z in (x, y) if z > 2]
    found.append(True)
    return len(found)
"""


@pytest.fixture(scope="module")
def run():
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_every_place_that_runs_is_changed_once_in_each_way_and_annotations_are_not(run):
    found = [(mutant.line, mutant.change) for mutant in run.mutants("m", SOURCE)]

    assert sorted(found) == [
        (6, "number changed"),
        (7, "comparison turned"),
        (7, "condition False"),
        (7, "condition True"),
        (7, "operator turned"),
        (7, "sign left out"),
        (8, "number changed"),
        (8, "sign left out"),
        (9, "comparison turned"),
        (9, "filter left out"),
        (9, "number changed"),
        (10, "statement left out"),
        (10, "truth turned"),
    ]


def test_each_mutant_holds_its_own_change_and_no_other(run):
    def outcome(code, *arguments):
        space: dict[str, object] = {}
        exec(code, space)
        return space["f"](*arguments)

    codes = {(mutant.line, mutant.change): mutant.code for mutant in run.mutants("m", SOURCE)}

    assert outcome(codes[8, "sign left out"], None, 0) == 1
    assert outcome(codes[8, "number changed"], None, 0) == -2
    assert outcome(codes[7, "condition True"], 5, 3) == -1
    assert [outcome(codes[9, change], 5, 2) for change in ("filter left out", "number changed")] == [3, 2]
    assert outcome(codes[10, "statement left out"], 5, 3) == 2
    # Where another line is changed, this one is as it was.
    assert {outcome(code, 5, 3) for (line, _), code in codes.items() if line == 8} == {3}
