"""Is a saved plan whole, still true, and within its limits? Named checks with their way out, no side effects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from terraform_like.diagnostics import Diagnostic, Severity, counted
from terraform_like.plan.file import ASSIGNMENTS_FILE, SNAPSHOT_FILE, Part, SavedPlan
from terraform_like.plan.model import FORMAT_VERSION, Plan
from terraform_like.policy.rule import Limits

CheckName = Literal[
    "seal",
    "format-version",
    "assignments",
    "snapshot",
    "config",
    "policies",
    "changes",
    "accounts",
    "rules",
    "proof",
    "figures",
]

#: Limits that `--allow` lifts.
ALLOWABLE: tuple[CheckName, ...] = ("changes",)

_TAKE_BACK = "Take the committed file back with git, or make the plan again: territory plan --save"
_REPLAN = "Make the plan again and have it approved: territory plan --save"


@dataclass(frozen=True, slots=True)
class Check:
    """One question about a saved plan: `says` is what is wrong where it is not `ok`, `way_out` what to do then."""

    name: CheckName
    ok: bool
    expected: str
    found: str
    says: str
    way_out: str

    def as_error(self) -> Diagnostic:
        """Give what to tell a person when the check does not pass."""
        return Diagnostic(
            Severity.ERROR, self.says, f"Expected {self.expected}, found {self.found or 'nothing'}. {self.way_out}"
        )


@dataclass(frozen=True, slots=True)
class Current:
    """What the repository says now: digests of the plan's YAML and of the policies, and the limits of an apply."""

    config: str
    policies: str
    limits: Limits


def errors(checks: Iterable[Check]) -> Iterator[Diagnostic]:
    """Give a diagnostic for each check that does not pass."""
    return (check.as_error() for check in checks if not check.ok)


def integrity(saved: SavedPlan) -> tuple[Check, ...]:
    """Check that the files of a plan are what was sealed; a snapshot that is not at hand does not pass."""
    plan = saved.plan
    return (
        _format_version(plan),
        Check(
            "seal",
            plan.digest == saved.seal,
            _short(plan.digest),
            _short(saved.seal),
            f"{saved.shown} was edited after it was saved",
            f"A saved plan is never edited by hand: change the YAML. {_TAKE_BACK}",
        ),
        _part("assignments", ASSIGNMENTS_FILE, plan.inputs.assignments, saved.assignments),
        _part("snapshot", SNAPSHOT_FILE, plan.inputs.snapshot, saved.snapshot),
    )


def currency(plan: Plan, current: Current) -> tuple[Check, ...]:
    """Check that the plan was made from the YAML and the policies that the repository holds now."""
    return (
        Check(
            "config",
            plan.inputs.config == current.config,
            _short(plan.inputs.config),
            _short(current.config),
            f"plans/{plan.plan} changed after the plan was saved",
            _REPLAN,
        ),
        Check(
            "policies",
            plan.inputs.policies == current.policies,
            _short(plan.inputs.policies),
            _short(current.policies),
            "the policies changed after the plan was saved",
            _REPLAN,
        ),
    )


def within_limits(plan: Plan, limits: Limits, allow: AbstractSet[str] = frozenset()) -> Check:
    """Check that a plan changes no more accounts than the limits let through; it fails only beyond both of them."""
    count, accounts = len(plan.changes), plan.summary.accounts
    # A hair of room: 29% of 100 accounts are 28.999999999999996 in binary.
    most = limits.changes * accounts * (1 + 1e-12)
    share = f"{count / accounts:.1%} of {counted(accounts, 'account')}" if accounts else "there are no accounts"
    return Check(
        "changes",
        "changes" in allow or count <= limits.floor or count <= most,
        f"at most {limits.changes * 100:.4g}% of the accounts (limits.changes) or {limits.floor:,} (limits.floor)",
        f"{counted(count, 'change')} ({share})",
        f"the plan changes {counted(count, 'account')}, more than the limits of the policies let through",
        "Where that many are meant: territory apply --allow changes",
    )


def for_apply(saved: SavedPlan, current: Current, allow: AbstractSet[str] = frozenset()) -> tuple[Check, ...]:
    """Give every check that an apply makes before it writes.

    A snapshot that is altered stops it; one that is kept elsewhere does not, since what an account has now is
    compared with the CRM itself.
    """
    whole = [c for c in integrity(saved) if c.name != "snapshot" or saved.snapshot != Part()]
    return (*whole, *currency(saved.plan, current), within_limits(saved.plan, current.limits, allow))


def _format_version(plan: Plan) -> Check:
    major = FORMAT_VERSION.partition(".")[0]
    return Check(
        "format-version",
        plan.format_version.partition(".")[0] == major,
        f"{major}.x",
        plan.format_version,
        "the plan has a format that this version of territory does not know",
        f"Use the version of territory that made it ({plan.created.by}). {_REPLAN}",
    )


def _part(name: Literal["assignments", "snapshot"], file: str, expected: str, part: Part) -> Check:
    if part == Part():
        says = f"{file} is not at hand"
    else:
        says = f"{file} is not the one that the plan was saved with" + (f": {part.problem}" if part.problem else "")
    ok = part.digest == expected and not part.problem
    return Check(name, ok, _short(expected), _short(part.digest or ""), says, _TAKE_BACK)


def _short(digest: str) -> str:
    """Name a digest as people compare them; twelve digits tell any two plans of a company apart."""
    return digest[:12]
