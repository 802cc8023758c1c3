from __future__ import annotations

import json
from pathlib import Path

import pytest

from terraform_like.diagnostics import Report
from terraform_like.diff import ChangeKind, Place
from terraform_like.plan.edited import in_assignments, in_plan
from terraform_like.plan.file import SavedPlan, load, seal, write_saved


def loaded(folder: Path) -> SavedPlan:
    saved = load(folder, Report())
    assert saved is not None
    return saved


@pytest.fixture
def counted_right(folder: Path, plan, assignments, snapshot) -> Path:
    """The saved plan, with the account that it moves and counts that are those of its assignments."""
    change = plan.changes[0].model_copy(
        update={"kind": ChangeKind.MOVE, "after": Place(territory="slot", owner="raj"), "before": Place()}
    )
    whole = seal(plan.model_copy(update={"changes": (change,)}))
    write_saved(folder, whole, assignments, snapshot)
    return folder


def test_a_plan_that_nobody_edited_is_not_said_to_be(counted_right: Path) -> None:
    saved = loaded(counted_right)
    assert [*in_assignments(saved), *in_plan(saved)] == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"C,3",slot', '"C,3",west', 'account C,3 is in "west", the plan was saved with "slot"'),
        ('"C,3",slot', '"C,3",', 'account C,3 is in nothing, the plan was saved with "slot"'),
        ("slot,raj", "slot,jane", 'holder of account C,3 is "jane", the plan was saved with "raj"'),
        ("A-1,west", "A-1,slot", "territory slot has 2 accounts, the plan was saved with 1"),
        ("B-2,west", "A-1,west", "account A-1 stands 2 times"),
    ],
)
def test_an_edit_of_the_assignments_is_named_with_its_record_and_field(
    counted_right: Path, old: str, new: str, words: str
) -> None:
    file = counted_right / "assignments.csv"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    assert words in list(in_assignments(loaded(counted_right)))


def test_an_edit_of_the_plan_is_named_where_the_assignments_bear_witness(counted_right: Path) -> None:
    file = counted_right / "plan.json"
    document = json.loads(file.read_text())
    document["changes"][0]["after"]["territory"] = "west"
    document["territories"][1]["accounts"] = 7
    file.write_text(json.dumps(document))
    assert list(in_plan(loaded(counted_right))) == [
        'changes[C,3].after.territory is "west", the plan was saved with "slot" by assignments.csv',
        "territories[west].accounts is 7, the plan was saved with 2 by assignments.csv",
    ]


def test_where_both_files_were_edited_neither_bears_witness(counted_right: Path) -> None:
    for name, old, new in ("assignments.csv", '"C,3",slot', '"C,3",west'), ("plan.json", '"raj"', '"ann"'):
        file = counted_right / name
        file.write_text(file.read_text().replace(old, new))
    saved = loaded(counted_right)
    assert [*in_assignments(saved), *in_plan(saved)] == []
