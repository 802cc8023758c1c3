from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import polars as pl
import pytest

from terraform_like.diagnostics import Report
from terraform_like.plan import file
from terraform_like.plan.canonical import canonical
from terraform_like.plan.file import digest_of, load, plan_bytes, seal, write_saved
from terraform_like.plan.model import BeforeAfter, Plan


def complaints(folder: Path) -> list[str]:
    report = Report()
    assert load(folder, report) is None
    return [f"{d.span or ''} {d.summary} | {d.detail}" for d in report]


def test_what_was_saved_is_what_is_loaded(folder: Path, plan: Plan, snapshot: pl.DataFrame) -> None:
    report = Report()
    saved = load(folder, report)
    assert saved is not None and not report
    assert saved.plan == plan
    assert saved.seal == plan.digest
    assert saved.assignments.table is not None and saved.snapshot.table is not None
    assert saved.assignments.table.rows() == [("A-1", "west", None), ("B-2", "west", None), ("C,3", "slot", "raj")]
    assert saved.snapshot.table.equals(snapshot.sort("account").select("account", "arr", "owner"))


def test_assignments_name_a_holder_only_where_it_is_not_the_owner(folder: Path) -> None:
    assert (folder / "assignments.csv").read_bytes() == (
        b'account,territory,holder\nA-1,west,\nB-2,west,\n"C,3",slot,raj\n'
    )


def test_plan_json_has_sorted_keys_a_line_a_value_and_a_line_end(folder: Path, plan: Plan) -> None:
    data = (folder / "plan.json").read_bytes()
    assert data == plan_bytes(plan)
    assert data.endswith(b"}\n") and b"\r" not in data
    assert list(json.loads(data)) == sorted(json.loads(data))
    assert b'\n "plan": "fy27",\n' in data


def test_names_are_written_as_people_read_them(plan: Plan) -> None:
    assert "Zürich" in plan_bytes(plan.model_copy(update={"plan": "Zürich"})).decode()


def test_a_plan_that_is_not_sealed_or_names_other_tables_is_never_written(
    tmp_path: Path, plan: Plan, assignments: pl.DataFrame, snapshot: pl.DataFrame
) -> None:
    with pytest.raises(ValueError, match="not sealed"):
        write_saved(tmp_path, plan.model_copy(update={"plan": "other"}), assignments, snapshot)
    with pytest.raises(ValueError, match=r"assignments\.csv"):
        write_saved(tmp_path, plan, assignments.head(1), snapshot)
    assert list(tmp_path.iterdir()) == []


def test_a_figure_that_is_not_finite_is_named(plan: Plan) -> None:
    odd = plan.model_copy(update={"fairness": {"smb": {"spread(arr)": BeforeAfter(before=float("inf"), after=1)}}})
    with pytest.raises(ValueError, match=r"fairness\.smb\.spread\(arr\)\.before is not a finite number"):
        seal(odd)


def test_the_digest_of_a_value_does_not_depend_on_the_order_of_its_keys() -> None:
    assert digest_of({"a": 1, "b": [1.0, None]}) == digest_of({"b": [1.0, None], "a": 1})
    assert digest_of({"a": [1, 2]}) != digest_of({"a": [2, 1]})
    assert canonical({"b": 1, "ä": None}) == '{"b":1,"ä":null}'.encode()


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_crash_between_the_files_never_leaves_a_plan_whose_inputs_are_not_there(
    at: int,
    tmp_path: Path,
    plan: Plan,
    assignments: pl.DataFrame,
    snapshot: pl.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = 0

    def crash(descriptor: int) -> None:
        nonlocal calls
        calls += not stat.S_ISDIR(os.fstat(descriptor).st_mode)
        if calls == at:
            raise OSError("the power went")

    monkeypatch.setattr(file.os, "fsync", crash)
    with pytest.raises(OSError, match="power"):
        write_saved(tmp_path, plan, assignments, snapshot)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["assignments.csv", "snapshot.parquet"][: at - 1]


def test_a_snapshot_that_is_kept_elsewhere_is_found_by_its_digest(
    folder: Path, plan: Plan, assignments: pl.DataFrame, snapshot: pl.DataFrame
) -> None:
    write_saved(folder, plan, assignments, None)
    assert not (folder / "snapshot.parquet").exists()
    kept = folder.parent.parent / ".territory" / "snapshots"
    without = load(folder, Report(), kept=kept)
    assert without is not None and without.snapshot == file.Part()
    assert file.keep_snapshot(kept, snapshot).name == f"{plan.inputs.snapshot}.parquet"
    found = load(folder, Report(), kept=kept)
    assert found is not None and found.snapshot.digest == plan.inputs.snapshot


def test_a_plan_that_is_missing_says_how_to_make_one(tmp_path: Path) -> None:
    assert complaints(tmp_path / "plans" / "fy27") == [
        " there is no plans/fy27/plan.json | Nothing has been saved yet: run `territory plan --save`."
    ]


def test_a_merge_conflict_is_recognised_and_has_a_way_out(folder: Path) -> None:
    data = (folder / "plan.json").read_text()
    head, tail = data[:40], data[40:]
    (folder / "plan.json").write_text(f"{head}\n<<<<<<< HEAD\n{tail}=======\n{tail}>>>>>>> feature\n")
    (said,) = complaints(folder)
    assert "plans/fy27/plan.json:" in said
    assert "git merge conflict" in said
    assert "re-plan: territory plan --save" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"{", "plan.json:1:2 plans/fy27/plan.json is not JSON"),
        (b'{\n "a": x\n}', "plan.json:2:7"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"[]", "is not a plan"),
        (b'{"a": NaN}', "NaN is not a number in JSON"),
        (b'{"a": 1e999}', "a is not a finite number"),
        (b'{"a": ' + b"1" * 5000 + b"}", "is not a plan"),
        (b'{"a": "\\ud800"}', "is not UTF-8"),
        (b"[" * 200_000, "nests too deep"),
        (b'{"plan": "x", "plan": "y"}', 'the key "plan" stands twice'),
        (b"{}", "has no format_version"),
        (b'{"format_version": 1.0}', "has no format_version"),
        (b'{"format_version": "2.0"}', "has format version 2.0; this version of territory reads 1.0"),
        (b'{"format_version": "1.0"}', "Field required"),
        (b'{"format_version": "1.7"}', "A newer version of territory made it"),
    ],
)
def test_a_file_that_is_no_plan_is_one_error_with_a_way_out(folder: Path, content: bytes, said: str) -> None:
    (folder / "plan.json").write_bytes(content)
    (complaint,) = complaints(folder)
    assert said in complaint
    assert "territory plan --save" in complaint


def test_a_plan_beyond_all_measure_is_not_read(folder: Path) -> None:
    with (folder / "plan.json").open("r+b") as huge:
        huge.truncate(file.LARGEST + 1)
    assert "too large" in complaints(folder)[0]


def test_a_folder_in_place_of_the_plan_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "plan.json").mkdir()
    assert "cannot be read" in complaints(tmp_path)[0]


def test_unknown_keys_of_the_same_major_are_ignored_but_break_the_seal(folder: Path, plan: Plan) -> None:
    document = json.loads((folder / "plan.json").read_text())
    document["territories"][0]["color"] = "red"
    (folder / "plan.json").write_text(json.dumps(document))
    saved = load(folder, Report())
    assert saved is not None
    assert saved.plan == plan
    assert saved.seal != plan.digest


def test_a_later_minor_version_that_is_sealed_as_it_is_reads_whole(folder: Path) -> None:
    document = json.loads((folder / "plan.json").read_text()) | {"format_version": "1.9", "mood": "good"}
    document["digest"] = digest_of({key: value for key, value in document.items() if key != "digest"})
    (folder / "plan.json").write_text(json.dumps(document))
    saved = load(folder, Report())
    assert saved is not None and saved.seal == saved.plan.digest


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not a table"),
        (b"account,territory\nA,b\n", "not a table"),
        (b"account,territory,holder\nA,b\n", "not a table"),
        (b"account,territory,holder\n<<<<<<< HEAD\nA,b,\n=======\nA,c,\n>>>>>>> x\n", "merge conflict"),
        (b"account,territory,holder\n\xff,b,\n", "not UTF-8"),
        (b'account,territory,holder\n"A"x,b,\n', "expected after"),
    ],
)
def test_assignments_that_cannot_be_read_leave_the_plan_readable(folder: Path, content: bytes, problem: str) -> None:
    (folder / "assignments.csv").write_bytes(content)
    report = Report()
    saved = load(folder, report)
    assert saved is not None and not report
    assert saved.assignments.table is None
    assert problem in saved.assignments.problem


def test_a_snapshot_that_is_not_the_plans_is_not_decoded(folder: Path) -> None:
    (folder / "snapshot.parquet").write_bytes(b"PAR1 and then nothing good")
    saved = load(folder, Report())
    assert saved is not None and saved.snapshot.table is None
    assert "not the snapshot" in saved.snapshot.problem
