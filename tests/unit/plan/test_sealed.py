from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from terraform_like.diagnostics import Report
from terraform_like.diff import ChangeKind, Place
from terraform_like.plan.canonical import seal_of
from terraform_like.plan.model import Plan
from terraform_like.plan.offered import PLAN_FILE
from terraform_like.plan.sealed import load_sealed
from terraform_like.plan.streamed import streamed
from terraform_like.plan.ways import ways_of


def complaints(folder: Path) -> str:
    report = Report()
    assert load_sealed(folder, report) is None
    return "\n".join(d.summary for d in report)


def test_a_plan_is_read_without_reasons_and_says_the_same_otherwise(folder: Path, plan: Plan) -> None:
    report = Report()
    saved = load_sealed(folder, report)
    assert saved is not None and not report
    assert saved.plan.model_dump() == {k: v for k, v in plan.model_dump().items() if k not in ("changes", "scheduled")}
    assert saved.ways.changes.rows() == [("C,3", "move", 0, 1)]
    assert saved.ways.places == (Place(territory="west", owner="u-9"), Place(territory="slot", owner="raj"))
    assert saved.ways.flows() == {(ChangeKind.MOVE, *saved.ways.places): 1}
    assert saved.assignments.rows() == [("A-1", "west", None), ("B-2", "west", None), ("C,3", "slot", "raj")]


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("plan.json", b'"raj": "u-2"', b'"raj": "u-9"', "plan.json was edited after it was saved"),
        ("plan.json", b'"move"', b'"add"', "plan.json was edited after it was saved"),
        ("plan.json", b'"digest": "', b'"digest": "0', "plan.json was edited after it was saved"),
        ("plan.json", b'"C,3"', b'"C,3', "plan.json is not JSON"),
        ("assignments.csv", b"B-2,west", b"B-2,slot", "assignments.csv is not the one"),
        ("assignments.csv", b"B-2,west,", b"B-2,west", "assignments.csv is not the one"),
        ("snapshot.parquet", b"PAR1", b"PAR2", "snapshot.parquet is not the one"),
    ],
)
def test_a_plan_that_was_tampered_with_is_none_and_says_which_file(
    folder: Path, file: str, old: bytes, new: bytes, words: str
) -> None:
    data = (folder / file).read_bytes()
    assert old in data
    (folder / file).write_bytes(data.replace(old, new))
    assert words in complaints(folder)


def test_a_snapshot_that_is_kept_elsewhere_stops_no_apply_and_assignments_that_are_gone_do(folder: Path) -> None:
    (folder / "snapshot.parquet").unlink()
    assert load_sealed(folder, Report()) is not None
    (folder / "assignments.csv").unlink()
    assert complaints(folder) == "assignments.csv is not at hand"


def test_what_is_laid_out_otherwise_is_read_whole_and_is_the_same(folder: Path) -> None:
    path = folder / PLAN_FILE
    as_saved = load_sealed(folder, Report())
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n   "))
    assert streamed(path) is None
    otherwise = load_sealed(folder, Report())
    assert as_saved is not None and otherwise is not None
    assert otherwise.plan.digest == as_saved.plan.digest
    assert otherwise.ways.changes.equals(as_saved.ways.changes)
    assert otherwise.assignments.equals(as_saved.assignments.cast(pl.String))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (' "changes": [\n', ' "changes": [\n "changes": [\n'),
        (' "changes": [\n', ' 5 "changes": [\n'),
        (' "changes": [\n', ' "changes" [\n'),
        (' "changes": [\n', ' "changes": [],\n "changes": [\n'),
        ("  }\n ],\n", "  },\n ],\n"),
        ("  }\n ],\n", "  },\n\n ],\n"),
        ("  }\n ],\n", "  }\n ]\n"),
        ("\n}\n", ",\n}\n"),
        ("\n}\n", "\n}\n}\n"),
        ("\n}\n", "\n}"),
        ('"C,3"', "NaN"),
        ('"C,3"', '"C,3", "account": "C,3"'),
        ('"C,3"', '"\\ud800"'),
        ('"format_version": "1.0"', '"format_version": "2.0"'),
    ],
)
def test_what_a_whole_reading_would_refuse_or_read_otherwise_is_never_streamed(
    folder: Path, old: str, new: str
) -> None:
    path = folder / PLAN_FILE
    text = path.read_text()
    assert text.count(old) == 1 or old == "  }\n ],\n"
    path.write_text(text.replace(old, new, 1))
    assert streamed(path) is None


def test_a_key_of_a_later_version_is_sealed_and_ignored(folder: Path, plan: Plan) -> None:
    path = folder / PLAN_FILE
    document = json.loads(path.read_text()) | {"changed": [{"a": [1.5e300, None]}], "later": {"x": "é"}, "zeal": []}
    document["digest"] = seal_of(document)
    path.write_text(json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False) + "\n")
    found = streamed(path)
    assert found is not None
    assert found[0].digest == document["digest"] and found[1].changes.equals(ways_of(plan).changes)


def test_changes_that_are_no_list_are_no_changes_that_are_ignored(folder: Path) -> None:
    path = folder / PLAN_FILE
    document = json.loads(path.read_text()) | {"changes": {"account": "A-1"}}
    document["digest"] = seal_of(document)
    path.write_text(json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False) + "\n")
    assert streamed(path) is None
    assert "is not a plan" in complaints(folder)
