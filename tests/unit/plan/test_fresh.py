from __future__ import annotations

from pathlib import Path

import pytest

from terraform_like.diagnostics import Report
from terraform_like.plan import fresh
from terraform_like.plan.file import SavedPlan, load, write_saved
from terraform_like.plan.fresh import Check, Current
from terraform_like.plan.model import Plan
from terraform_like.policy.rule import Limits


def loaded(folder: Path) -> SavedPlan:
    saved = load(folder, Report())
    assert saved is not None
    return saved


def current(plan: Plan, **changed: str) -> Current:
    return Current(**({"config": plan.inputs.config, "policies": plan.inputs.policies} | changed), limits=Limits())


def broken(checks: tuple[Check, ...]) -> list[str]:
    return [check.name for check in checks if not check.ok]


def changing(plan: Plan, count: int, accounts: int) -> Plan:
    change = plan.changes[0]
    summary = plan.summary.model_copy(update={"accounts": accounts})
    changes = tuple(change.model_copy(update={"account": f"A-{i}"}) for i in range(count))
    return plan.model_copy(update={"changes": changes, "summary": summary})


def test_a_plan_that_nobody_touched_passes_every_check(folder: Path, plan: Plan) -> None:
    checks = fresh.for_apply(loaded(folder), current(plan))
    assert broken(checks) == []
    assert [c.name for c in checks] == [
        "format-version",
        "seal",
        "assignments",
        "snapshot",
        "config",
        "policies",
        "changes",
    ]
    assert list(fresh.errors(checks)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "check"),
    [
        ("plan.json", b'"raj"', b'"mallory"', "seal"),
        ("plan.json", b'"plan": "fy27"', b'"plan": "fy27", "more": 1', "seal"),
        ("plan.json", b'"digest": "', b'"digest": "0', "seal"),
        ("assignments.csv", b"B-2,west", b"B-2,slot", "assignments"),
        ("assignments.csv", b"\n", b"\r\n", "assignments"),
        ("snapshot.parquet", b"PAR1", b"PAR2", "snapshot"),
    ],
)
def test_a_file_that_was_edited_by_hand_is_named(folder: Path, file: str, old: bytes, new: bytes, check: str) -> None:
    data = (folder / file).read_bytes()
    assert old in data
    (folder / file).write_bytes(data.replace(old, new))
    checks = fresh.integrity(loaded(folder))
    assert broken(checks) == [check]
    (error,) = fresh.errors(checks)
    assert file in error.summary
    assert "territory plan --save" in error.detail


def test_layout_alone_does_not_break_the_seal(folder: Path) -> None:
    path = folder / "plan.json"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n   "))
    assert broken(fresh.integrity(loaded(folder))) == []


@pytest.mark.parametrize("file", ["assignments.csv", "snapshot.parquet"])
def test_a_file_that_is_missing_does_not_pass(folder: Path, file: str) -> None:
    (folder / file).unlink()
    (error,) = fresh.errors(fresh.integrity(loaded(folder)))
    assert error.summary == f"{file} is not at hand"


def test_an_apply_needs_no_snapshot_but_refuses_a_wrong_one(folder: Path, plan: Plan) -> None:
    (folder / "snapshot.parquet").unlink()
    assert broken(fresh.for_apply(loaded(folder), current(plan))) == []
    (folder / "snapshot.parquet").write_bytes(b"")
    assert broken(fresh.for_apply(loaded(folder), current(plan))) == ["snapshot"]


def test_yaml_or_policies_that_changed_make_a_plan_stale(folder: Path, plan: Plan) -> None:
    assert broken(fresh.for_apply(loaded(folder), current(plan, config="0" * 64))) == ["config"]
    assert broken(fresh.for_apply(loaded(folder), current(plan, policies="0" * 64))) == ["policies"]


def test_a_plan_of_another_major_does_not_pass(folder: Path, plan: Plan) -> None:
    saved = loaded(folder)
    other = SavedPlan(
        folder, plan.model_copy(update={"format_version": "2.0"}), saved.seal, saved.assignments, saved.snapshot
    )
    assert broken(fresh.integrity(other)) == ["format-version"]


@pytest.mark.parametrize(
    ("count", "accounts", "ok"),
    [
        (10, 10, True),  # not beyond the floor
        (11, 30, False),  # beyond both
        (30, 100, True),  # at the share
        (31, 100, False),
        (11, 0, False),  # every account leaves
        (0, 0, True),
    ],
)
def test_limits_stop_what_is_beyond_both_share_and_floor(plan: Plan, count: int, accounts: int, ok: bool) -> None:
    assert fresh.within_limits(changing(plan, count, accounts), Limits(changes=0.3, floor=10)).ok is ok


def test_a_share_is_not_missed_by_a_rounding(plan: Plan) -> None:
    assert fresh.within_limits(changing(plan, 29, 100), Limits(changes=0.29, floor=0)).ok


def test_a_limit_names_itself_the_count_and_how_to_go_on(plan: Plan) -> None:
    check = fresh.within_limits(changing(plan, 60, 100), Limits())
    error = check.as_error()
    assert "60 accounts" in error.summary
    for part in ("limits.changes", "limits.floor", "60 changes (60.0% of 100 accounts)", "--allow changes"):
        assert part in error.detail


def test_a_limit_is_lifted_by_its_name_only(plan: Plan) -> None:
    large = changing(plan, 60, 100)
    assert fresh.within_limits(large, Limits(), {"changes"}).ok
    assert not fresh.within_limits(large, Limits(), {"config"}).ok


def test_allowing_a_limit_lifts_no_other_check(folder: Path, plan: Plan) -> None:
    checks = fresh.for_apply(loaded(folder), current(plan, config="0" * 64), {"changes", "config", "seal"})
    assert broken(checks) == ["config"]


def test_saving_anew_passes_again(folder: Path, plan: Plan, assignments: object, snapshot: object) -> None:
    (folder / "plan.json").write_text("{}")
    write_saved(folder, plan, assignments, snapshot)  # type: ignore[arg-type]
    assert broken(fresh.for_apply(loaded(folder), current(plan))) == []
