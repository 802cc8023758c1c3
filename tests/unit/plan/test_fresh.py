from __future__ import annotations

from pathlib import Path

import pytest

from terraform_like import __version__
from terraform_like.diagnostics import Report
from terraform_like.plan import fresh
from terraform_like.plan.check import Check, errors
from terraform_like.plan.file import SavedPlan, load, write_saved
from terraform_like.plan.fresh import Checkout, Current, Standing
from terraform_like.plan.model import Created, Plan, StateSeen
from terraform_like.plan.sealed import Sealed, load_sealed
from terraform_like.plan.ways import ways_of
from terraform_like.plan.whole import integrity
from terraform_like.policy.rule import Limits


def loaded(folder: Path) -> SavedPlan:
    saved = load(folder, Report())
    assert saved is not None
    return saved


def sealed(folder: Path) -> Sealed:
    found = load_sealed(folder, Report())
    assert found is not None
    return found


def standings(plan: Plan, now: Current) -> tuple[Check, ...]:
    return fresh.standings(plan, ways_of(plan), now)


def current(plan: Plan, **changed: str) -> Current:
    return Current(**({"config": plan.inputs.config, "policies": plan.inputs.policies} | changed), limits=Limits())


def broken(checks: tuple[Check, ...]) -> list[str]:
    return [check.name for check in checks if not check.ok]


def test_a_plan_that_nobody_touched_passes_every_check(folder: Path, plan: Plan) -> None:
    checks = fresh.for_apply(sealed(folder), current(plan), plan.as_of)
    assert broken(checks) == []
    assert [c.name for c in checks] == [
        "config",
        "policies",
        "day",
        "version",
        "changes",
    ]
    assert list(errors(checks)) == []


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
    checks = integrity(loaded(folder))
    assert broken(checks) == [check]
    (error,) = errors(checks)
    assert file in error.summary
    assert "territory plan --save" in error.detail


def test_layout_alone_does_not_break_the_seal(folder: Path) -> None:
    path = folder / "plan.json"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n   "))
    assert broken(integrity(loaded(folder))) == []


@pytest.mark.parametrize("file", ["assignments.csv", "snapshot.parquet"])
def test_a_file_that_is_missing_does_not_pass(folder: Path, file: str) -> None:
    (folder / file).unlink()
    (error,) = errors(integrity(loaded(folder)))
    assert error.summary == f"{file} is not at hand"


def test_yaml_or_policies_that_changed_make_a_plan_stale(folder: Path, plan: Plan) -> None:
    assert broken(fresh.for_apply(sealed(folder), current(plan, config="0" * 64), plan.as_of)) == ["config"]
    assert broken(fresh.for_apply(sealed(folder), current(plan, policies="0" * 64), plan.as_of)) == ["policies"]


def test_a_plan_of_another_major_does_not_pass(folder: Path, plan: Plan) -> None:
    saved = loaded(folder)
    other = SavedPlan(
        folder, plan.model_copy(update={"format_version": "2.0"}), saved.seal, saved.assignments, saved.snapshot
    )
    assert broken(integrity(other)) == ["format-version"]


def test_allowing_a_limit_lifts_no_other_check(folder: Path, plan: Plan) -> None:
    checks = fresh.for_apply(sealed(folder), current(plan, config="0" * 64), plan.as_of, {"changes", "config", "seal"})
    assert broken(checks) == ["config"]


def test_saving_anew_passes_again(folder: Path, plan: Plan, assignments: object, snapshot: object) -> None:
    (folder / "plan.json").write_text("{}")
    write_saved(folder, plan, assignments, snapshot)  # type: ignore[arg-type]
    assert broken(fresh.for_apply(sealed(folder), current(plan), plan.as_of)) == []


def test_state_and_branch_are_checked_where_they_are_known(plan: Plan) -> None:
    seen = plan.model_copy(update={"state": StateSeen()})
    checkout = Checkout("main", "c" * 40, "c" * 40, True, ())
    now = Current(plan.inputs.config, plan.inputs.policies, Limits(), Standing(), checkout)
    assert [c.name for c in standings(seen, now)] == ["version", "state", "commit", "clean", "changes"]
    assert [c.name for c in standings(plan, now)] == ["version", "commit", "clean", "changes"]


@pytest.mark.parametrize(
    ("made_by", "ok"),
    [
        ("territory 0.0.1", True),
        (f"territory {__version__}", True),
        ("territory 999.0.0", False),
        ("somebody's own", True),
    ],
)
def test_a_plan_of_a_newer_version_is_not_applied(plan: Plan, made_by: str, ok: bool) -> None:
    made = plan.model_copy(update={"created": Created(by=made_by)})
    (check, *_) = standings(made, current(plan))
    assert (check.name, check.ok, check.found) == ("version", ok, made_by)


@pytest.mark.parametrize(
    ("seen", "now", "says"),
    [
        (StateSeen(), Standing(), ""),
        (StateSeen(), Standing("l-1"), ""),
        (StateSeen(lineage="l-1", serial=3), Standing("l-1", 3, "other"), ""),
        (StateSeen(lineage="l-1", serial=3), Standing("l-1", 4, "this"), ""),
        (StateSeen(), Standing("l-1", 1, "other"), "the plan was applied in another form"),
        (StateSeen(lineage="l-1", serial=3), Standing("l-1", 4, "other"), "the plan was applied in another form"),
        (StateSeen(lineage="l-1", serial=3), Standing("l-2", 3, "other"), "the state is not the one"),
        (StateSeen(lineage="l-1", serial=3), Standing(), "the state is not the one"),
        (StateSeen(lineage="l-1"), Standing("l-2"), "the state is not the one"),
    ],
)
def test_an_apply_of_another_digest_makes_a_plan_stale_and_one_of_its_own_does_not(
    plan: Plan, seen: StateSeen, now: Standing, says: str
) -> None:
    check = fresh.state_unchanged(plan.model_copy(update={"state": seen, "digest": "this"}), now)
    assert check.ok == (not says)
    assert check.says.startswith(says)
    assert str(seen.serial) in check.expected or check.expected == "no state"


def test_a_commit_that_is_not_on_the_branch_and_files_that_are_not_committed_are_named(plan: Plan) -> None:
    checkout = Checkout("main", "a" * 40, "b" * 40, False, ("plans/fy27/plan.yaml",))
    now = Current(plan.inputs.config, plan.inputs.policies, Limits(), checkout=checkout)
    wrong = {c.name: (c.expected, c.found) for c in standings(plan, now) if not c.ok}
    assert wrong == {
        "commit": ("a commit of main (aaaaaaaaaaaa)", "bbbbbbbbbbbb"),
        "clean": ("everything that the plan depends on as committed", "plans/fy27/plan.yaml"),
    }


def test_records_that_changed_are_named_with_what_was_seen_and_what_is_there() -> None:
    check = fresh.records_unchanged([("A-7", "owner u-1", "owner u-2")], 12)
    assert (check.ok, check.expected, check.found) == (
        False,
        "what the plan saw of 12 accounts",
        "A-7: owner u-1, now owner u-2",
    )
    assert fresh.records_unchanged([], 12).ok
