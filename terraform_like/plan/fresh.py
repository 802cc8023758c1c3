"""Is a saved plan whole, still true, and within its limits? Named checks with their way out, no side effects."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from terraform_like import __version__
from terraform_like.diagnostics import Diagnostic, Severity, counted, listing
from terraform_like.diff import ChangeKind
from terraform_like.plan.edited import in_assignments, in_plan
from terraform_like.plan.file import ASSIGNMENTS_FILE, SNAPSHOT_FILE, Part, SavedPlan
from terraform_like.plan.model import FORMAT_VERSION, Plan, StateSeen
from terraform_like.policy.rule import Limits

CheckName = Literal[
    "seal",
    "format-version",
    "version",
    "state",
    "commit",
    "clean",
    "records",
    "approvals",
    "assignments",
    "snapshot",
    "config",
    "policies",
    "changes",
    "territory",
    "day",
    "accounts",
    "rules",
    "proof",
    "figures",
    "verdicts",
]

#: Limits that `--allow` lifts.
ALLOWABLE: tuple[CheckName, ...] = ("changes", "territory")

#: Edits that are named.
_EDITS = 3

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
class Standing:
    """What the state says: which it is (nothing where there is none), and the last apply of the plan in it."""

    lineage: str = ""
    serial: int = 0
    digest: str = ""
    complete: Mapping[str, int] = field(default_factory=dict)
    """Serial of the newest complete apply of each digest of the plan."""

    def __str__(self) -> str:
        return f"serial {self.serial} of the state {self.lineage}" if self.lineage else "no state"


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the repository stands.

    Parameters
    ----------
    branch : str
        The branch that a plan is applied from.
    tip : str
        Its newest commit; empty where there is no such branch.
    commit : str
        What is checked out; empty where nothing is.
    holds : bool
        Whether the commit is on the branch; before a merge, whether it holds all that is on the branch.
    uncommitted : tuple of str
        Files that the plan depends on and that differ from the commit.
    """

    branch: str
    tip: str
    commit: str
    holds: bool
    uncommitted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Current:
    """What the repository says now: digests of the plan's YAML and of the policies, and the limits of an apply.

    `standing` is what the state says, `checkout` where the repository stands; null where that is not to be checked.
    """

    config: str
    policies: str
    limits: Limits
    standing: Standing | None = None
    checkout: Checkout | None = None


def errors(checks: Iterable[Check]) -> Iterator[Diagnostic]:
    """Give a diagnostic for each check that does not pass."""
    return (check.as_error() for check in checks if not check.ok)


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
            _short(plan.digest),
            _short(saved.seal),
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


def territories_within_limits(plan: Plan, limits: Limits, allow: AbstractSet[str] = frozenset()) -> Check | None:
    """Check that no territory gains or loses more than the limits let through; None where there is no such limit.

    A territory that had no accounts is new and gains what it likes; one that is gone from the plan loses all it had.
    """
    if limits.territory is None:
        return None
    told = [
        f"territory.{name} {word} {count:,}, had {before:,}"
        for name, before, gained, lost in _flows(plan)
        for word, count in (("gains", gained), ("loses", lost))
        if before and count > limits.floor and count > limits.territory * before * (1 + 1e-12)
    ]
    over = len({line.split()[0] for line in told})
    return Check(
        "territory",
        "territory" in allow or not told,
        f"at most {limits.territory * 100:.4g}% of the accounts of a territory (limits.territory) or {limits.floor:,} "
        "(limits.floor)",
        listing(told) if told else "no more",
        f"{counted(over, 'territory', 'territories')} would change by more than the limits of the policies let through",
        "Where that is meant: territory apply --allow territory",
    )


def _flows(plan: Plan) -> Iterator[tuple[str, int, int, int]]:
    """Give each territory with its accounts before, and how many it gains and loses; a new name is no loss."""
    names, renamed = {t.name for t in plan.territories}, {one.old: one.new for one in plan.moved}
    gained, left, gone = Counter[str](), Counter[str](), Counter[str]()
    for change in plan.changes:
        if change.kind in (ChangeKind.ADD, ChangeKind.MOVE) and change.after.territory is not None:
            gained[change.after.territory] += 1
        if change.kind in (ChangeKind.MOVE, ChangeKind.REMOVE) and change.before.territory is not None:
            name, steps = change.before.territory, len(renamed)
            while name not in names and name in renamed and steps:
                name, steps = renamed[name], steps - 1
            if name not in names:
                gone[name] += 1
            elif change.kind is ChangeKind.REMOVE:
                left[name] += 1
    for one in sorted(plan.territories, key=lambda territory: territory.name):
        # The counts of a territory are of accounts in scope; those that leave the scope were its accounts too.
        lost = one.accounts_before + gained[one.name] - one.accounts + left[one.name]
        yield one.name, one.accounts_before + left[one.name], gained[one.name], lost
    yield from ((name, count, 0, count) for name, count in sorted(gone.items()))


def beyond_limits(plan: Plan, limits: Limits) -> tuple[str, ...]:
    """Name the limits that a plan is beyond: what `--allow` has to lift."""
    checks = (within_limits(plan, limits), territories_within_limits(plan, limits))
    return tuple(check.name for check in checks if check is not None and not check.ok)


def begun(plan: Plan, day: date) -> Check:
    """Check that the plan's day has come: who owns what is worked out for that day and those after it."""
    return Check(
        "day",
        plan.as_of <= day,
        f"{plan.as_of} or later",
        str(day),
        f"the plan is for a later day: it is as of {plan.as_of}",
        "Apply it on that day, or make a plan as of today: territory plan --save",
    )


def for_apply(
    saved: SavedPlan, current: Current, day: date, allow: AbstractSet[str] = frozenset()
) -> tuple[Check, ...]:
    """Give every check that an apply makes before it writes.

    A snapshot that is altered stops it; one that is kept elsewhere does not, since what an account has now is
    compared with the CRM itself.
    """
    whole = [c for c in integrity(saved) if c.name != "snapshot" or saved.snapshot != Part()]
    return (*whole, *currency(saved.plan, current), begun(saved.plan, day), *standings(saved.plan, current, allow))


def standings(plan: Plan, current: Current, allow: AbstractSet[str] = frozenset()) -> tuple[Check, ...]:
    """Check a plan against what is round it: this version of the tool, the state, git, and the limits."""
    found = [_version(plan)]
    if current.standing is not None and plan.state is not None:
        found.append(state_unchanged(plan, current.standing))
    if current.checkout is not None:
        found += _committed(current.checkout)
    found.append(within_limits(plan, current.limits, allow))
    each = territories_within_limits(plan, current.limits, allow)
    return (*found, each) if each is not None else tuple(found)


def state_unchanged(plan: Plan, standing: Standing) -> Check:
    """Check that nobody applied the plan since it was made, and that the state is the one that was seen then.

    What was applied in the meantime may have been this very digest: then it is gone on with.
    """
    seen = plan.state or StateSeen()
    same = seen.lineage == standing.lineage if seen.lineage and standing.lineage else not seen.serial
    back = standing.complete.get(plan.digest)
    go_back = f"It was applied before; to go back to what it left: territory state rollback {back}"
    return Check(
        "state",
        (same and seen.serial == standing.serial) or standing.digest == plan.digest,
        str(Standing(seen.lineage or "", seen.serial)),
        str(standing),
        "the state is not the one that the plan was made with"
        if not same
        else "the plan was applied in another form after this one was made",
        _REPLAN if back is None else go_back,
    )


def records_unchanged(differing: Iterable[tuple[str, str, str]], changes: int) -> Check:
    """Check that the CRM has what the plan saw: `differing` names each account, what was seen and what is there."""
    told = [f"{account}: {seen}, now {found}" for account, seen, found in differing]
    return Check(
        "records",
        not told,
        f"what the plan saw of {counted(changes, 'account')}",
        listing(told) if told else "the same",
        f"{counted(len(told), 'account')} changed in the CRM after the plan was made",
        _REPLAN,
    )


def _version(plan: Plan) -> Check:
    """Check that no newer version of the tool made the plan; what cannot be compared is let through."""
    made, ours = (_release(text) for text in (plan.created.by, f"territory {__version__}"))
    return Check(
        "version",
        made is None or ours is None or made <= ours,
        f"territory {__version__} or older",
        plan.created.by,
        "a newer version of territory made the plan",
        "Upgrade territory to that version, or make the plan again with this one: territory plan --save",
    )


def _release(text: str) -> tuple[int, ...] | None:
    found = re.match(r"territory ([0-9]+(?:\.[0-9]+){1,3})(?:\.?dev[0-9]*)?$", text)
    return tuple(int(part) for part in found.group(1).split(".")) if found else None


def _committed(checkout: Checkout) -> Iterator[Check]:
    branch, commit = checkout.branch, checkout.commit
    yield Check(
        "commit",
        checkout.holds,
        f"a commit of {branch} ({checkout.tip[:12] or 'there is no such branch'})",
        commit[:12] or "nothing committed",
        f"what is checked out is not on {branch}",
        f"Plans are applied from {branch} (`apply: branch` in territory.yaml): merge, check {branch} out, and push or "
        "fetch where it is another's",
    )
    yield Check(
        "clean",
        not checkout.uncommitted,
        "everything that the plan depends on as committed",
        listing(checkout.uncommitted) if checkout.uncommitted else "the same",
        f"{counted(len(checkout.uncommitted), 'file')} not as committed",
        "Commit them by way of a pull request, or take the committed ones back: git checkout",
    )


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


def _part(name: Literal["assignments", "snapshot"], file: str, expected: str, part: Part, edits: str = "") -> Check:
    if part == Part():
        says = f"{file} is not at hand"
    else:
        says = f"{file} is not the one that the plan was saved with" + (f": {part.problem}" if part.problem else edits)
    ok = part.digest == expected and not part.problem
    return Check(name, ok, _short(expected), _short(part.digest or ""), says, _TAKE_BACK)


def _edits(told: Iterable[str]) -> str:
    """Name the first records that were edited, where that can be told."""
    named = listing(told, _EDITS)
    return f": {named}" if named else ""


def _short(digest: str) -> str:
    """Name a digest as people compare them; twelve digits tell any two plans of a company apart."""
    return digest[:12]
