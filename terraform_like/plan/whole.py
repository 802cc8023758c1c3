"""Whether the files of a saved plan are what was sealed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from terraform_like.diagnostics import listing
from terraform_like.plan.check import REPLAN, Check, short
from terraform_like.plan.edited import in_assignments, in_plan
from terraform_like.plan.file import SavedPlan
from terraform_like.plan.model import FORMAT_VERSION, Plan
from terraform_like.plan.parts import ASSIGNMENTS_FILE, SNAPSHOT_FILE, Part

#: Edits that are named.
_EDITS = 3

_TAKE_BACK = "Take the committed file back with git, or make the plan again: territory plan --save"


def integrity(saved: SavedPlan) -> tuple[Check, ...]:
    """Check that the files of a plan are what was sealed; a snapshot that is not at hand does not pass."""
    plan = saved.plan
    sealed = plan.digest == saved.seal
    kept = plan.inputs.assignments == saved.assignments.digest
    return (
        _format_version(plan),
        Check(
            "seal",
            sealed,
            short(plan.digest),
            short(saved.seal),
            f"{saved.shown} was edited after it was saved" + ("" if sealed else _edits(in_plan(saved))),
            f"A saved plan is never edited by hand: change the YAML. {_TAKE_BACK}",
        ),
        _part(
            "assignments",
            ASSIGNMENTS_FILE,
            plan.inputs.assignments,
            saved.assignments,
            "" if kept else _edits(in_assignments(saved)),
        ),
        _part("snapshot", SNAPSHOT_FILE, plan.inputs.snapshot, saved.snapshot),
    )


def _format_version(plan: Plan) -> Check:
    major = FORMAT_VERSION.partition(".")[0]
    return Check(
        "format-version",
        plan.format_version.partition(".")[0] == major,
        f"{major}.x",
        plan.format_version,
        "the plan has a format that this version of territory does not know",
        f"Use the version of territory that made it ({plan.created.by}). {REPLAN}",
    )


def _part(name: Literal["assignments", "snapshot"], file: str, expected: str, part: Part, edits: str = "") -> Check:
    if part == Part():
        says = f"{file} is not at hand"
    else:
        says = f"{file} is not the one that the plan was saved with" + (f": {part.problem}" if part.problem else edits)
    ok = part.digest == expected and not part.problem
    return Check(name, ok, short(expected), short(part.digest or ""), says, _TAKE_BACK)


def _edits(told: Iterable[str]) -> str:
    """Name the first records that were edited, where that can be told."""
    named = listing(told, _EDITS)
    return f": {named}" if named else ""
