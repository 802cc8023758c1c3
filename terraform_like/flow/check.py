"""`territory check`: whether a saved plan is the plan of this YAML, its proof holds and the policies pass.

Without CRM and without solver: the plan is composed again from the snapshot, the saved assignments and the saved
prices, and must come out the same, field by field.

Of the plan's `columns`, those that the plan used are compared with the snapshot. That the CRM offered the others, and
of what kind, is taken as said: the snapshot does not hold them, and nothing but `territory validate` reads of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from terraform_like.config.load import Repository, Wanted, load_wanted
from terraform_like.config.variables import Overrides
from terraform_like.diagnostics import Halt, Report, Span, listing
from terraform_like.flow.approve import approval_checks
from terraform_like.flow.auto_merge import AutoMerged, auto_merged
from terraform_like.flow.gate import Gate, read_gate
from terraform_like.flow.inputs import config_digest, policies_digest
from terraform_like.flow.matched import matched_as_saved, owners_by_match
from terraform_like.flow.saved_carve import Back, back_as_saved, carve_as_saved, load_saved
from terraform_like.flow.staffed import staff_as_saved
from terraform_like.flow.teams import with_teams_as_saved
from terraform_like.plan.canonical import assignments_bytes, digest_of_bytes
from terraform_like.plan.check import REPLAN, Check, CheckName
from terraform_like.plan.compose import Composed, Parts, composed
from terraform_like.plan.file import SavedPlan
from terraform_like.plan.fresh import Current, currency, standings
from terraform_like.plan.model import Plan
from terraform_like.plan.offered import PLAN_FILE, recorded
from terraform_like.plan.ways import ways_of
from terraform_like.plan.whole import integrity
from terraform_like.policy.judge import judge
from terraform_like.policy.override import overridden
from terraform_like.policy.rule import Policies
from terraform_like.policy.verdict import Verdict
from terraform_like.staffing.matching import Matched

#: What a plan says of itself and its origin; the rest is recomputed and must be the same.
_TAKEN_AS_SAID = frozenset({"digest", "created", "state", "format_version", "diagnostics", "verdicts"})

#: Characters of a value that are shown.
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found.

    Parameters
    ----------
    plan : Plan
        The saved plan.
    checks : tuple of Check
        Named questions about the plan itself.
    verdicts : tuple of Verdict
        What the policies that count said, overrides included; none where the saved plan is not whole, or not of this
        YAML.
    policies_from : str
        Whose policies those are.
    places : dict of str to Span
        Where each of them stands.
    policy_changes : tuple of str
        What the branch at hand changes of the gate, none of which counts yet.
    file : str
        The saved plan, and `prefix`: what is before such paths, seen from the top of the git repository.
    auto_merge : AutoMerged or None
        Whether it needs no human, where the policies say of which plans that is so.
    """

    plan: Plan
    checks: tuple[Check, ...]
    verdicts: tuple[Verdict, ...]
    policies_from: str
    places: Mapping[str, Span] = field(default_factory=dict)
    policy_changes: tuple[str, ...] = ()
    file: str = ""
    prefix: str = ""
    auto_merge: AutoMerged | None = None

    @property
    def passed(self) -> bool:
        """Whether every check passes, and every policy but advisory ones."""
        return all(check.ok for check in self.checks) and not any(verdict.blocks for verdict in self.verdicts)


def check(
    repository: Repository, name: str, *, base: str | None, fresh: bool = False, today: date | None = None
) -> tuple[Checked, Report]:
    """Check a saved plan.

    Parameters
    ----------
    repository : Repository
        The territory repository.
    name : str
        The plan.
    base : str or None
        Branch or commit whose policies count; None for those of the working tree.
    fresh : bool
        Whether to ask state, git and CRM as well: would an apply go through, were the plan merged now?
    today : datetime.date, optional
        The day of the check. Waivers must hold on it and on the plan's day, whichever is later: a plan that is made for
        an earlier day revives none.

    Raises
    ------
    Halt
        When the plan, the YAML or the policies cannot be read.
    """
    report = Report()
    saved = load_saved(repository, name, report)
    wanted = load_wanted(repository, name, report, Overrides(saved.plan.variables))
    wanted = wanted.on(saved.plan.as_of, _put_back(saved))
    gate = read_gate(repository, wanted, base, report)
    checks = [*integrity(saved), *currency(saved.plan, _current(wanted, gate.policies))]
    verdicts: tuple[Verdict, ...] = ()
    if {check.name for check in checks if not check.ok} <= {"seal", "policies"}:
        checks = [_naming_edits(check, saved, wanted) for check in checks]
    # What was edited, or made of other YAML, differs in every figure: the one cause is told, and nothing is judged.
    if all(check.ok or check.name == "policies" for check in checks):
        again = _again(saved, wanted, report)
        if isinstance(again, Check):
            checks.append(again)
        else:
            checks += _compared(saved.plan, again.plan, same_policies=all(check.ok for check in checks))
            day = max(saved.plan.as_of, today or saved.plan.as_of)
            verdicts = _verdicts(saved, wanted, gate, again, day, today or day, report)
        checks += approval_checks(
            repository, wanted, saved.plan, len(saved.plan.changes), gate.policies.approvals, gate.signers
        )
        if fresh:
            checks += _fresh(repository, wanted, saved.plan, gate, max(saved.plan.as_of, today or saved.plan.as_of))
    places = {v.policy: span for v in verdicts if (span := gate.locate(("policies", v.policy), key=True))}
    file = repository.plan_folder(name).relative_to(repository.root) / PLAN_FILE
    checked = Checked(
        saved.plan,
        tuple(checks),
        verdicts,
        gate.origin,
        places,
        gate.changes,
        file.as_posix(),
        _prefix(repository.root),
    )
    if (rule := gate.policies.auto_merge) is not None:
        merged = auto_merged(repository, wanted, saved.plan, rule, base, passed=checked.passed)
        checked = replace(checked, auto_merge=merged)
    return checked, report


def _put_back(saved: SavedPlan) -> frozenset[str]:
    """Give the territories that a rollback puts accounts back into: among them may be slots that have lapsed since."""
    table = saved.assignments.table
    return frozenset(table["territory"].drop_nulls()) if saved.plan.rollback and table is not None else frozenset()


def _naming_edits(check: Check, saved: SavedPlan, wanted: Wanted) -> Check:
    """Name the fields of a plan.json with a broken seal that differ from what is recomputed, where any does."""
    if check.ok or check.name != "seal":
        return check
    try:
        again = _again(saved, wanted, Report())
    except Halt:
        return check
    if isinstance(again, Check):
        return check
    told = [
        f"{path} is {_value(one)}, recomputed {_value(other)}" for path, one, other in _between(saved.plan, again.plan)
    ]
    return replace(check, says=f"{saved.shown} was edited after it was saved: {listing(told, 3)}") if told else check


def _value(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)[:_LONGEST]


def _prefix(root: Path) -> str:
    """Give the path from the top of the git repository to a folder in it, with a slash at its end; else nothing."""
    absolute = root.resolve()
    top = next((folder for folder in (absolute, *absolute.parents) if (folder / ".git").exists()), absolute)
    return "" if top == absolute else f"{absolute.relative_to(top).as_posix()}/"


def _current(wanted: Wanted, policies: Policies) -> Current:
    return Current(config_digest(wanted), policies_digest(wanted.policies), policies.limits)


def _fresh(repository: Repository, wanted: Wanted, plan: Plan, gate: Gate, day: date) -> Iterator[Check]:
    # What needs neither state nor CRM starts without them.
    from terraform_like.flow.current import current, records_unchanged

    now = replace(current(repository, wanted, merged=False), limits=gate.policies.limits)
    ways = ways_of(plan)
    yield from standings(plan, ways, now)
    yield records_unchanged(repository, plan, ways, day)


def _again(saved: SavedPlan, wanted: Wanted, report: Report) -> Composed | Check:
    """Compose the plan again, judged by the policies at hand on its own day, as it was when it was saved."""
    plan, said = saved.plan, Report()
    carved = back_as_saved(saved, wanted, said) if plan.rollback else carve_as_saved(saved, wanted, said)
    if isinstance(carved, Check):
        return carved
    assert saved.snapshot.table is not None
    population = carved.population
    assert saved.assignments.table is not None
    matched: tuple[Matched, ...] = ()
    if isinstance(carved, Back):
        staffed = carved.staffed
    else:
        found = matched_as_saved(wanted.carving, population, carved.territory, plan)
        if isinstance(found, str):
            says = "people are matched to territories that they may not own"
            return Check("rules", False, "owners who may be matched", found, says, REPLAN)
        matched = found
        wanted = wanted.matching(owners_by_match(matched))
        staffed = staff_as_saved(wanted.carving, population, plan, saved.assignments.table, wanted.locate, said)
    territory = saved.assignments.table.sort("account")["territory"]
    staffed = with_teams_as_saved(staffed, wanted.carving, population, territory, plan, wanted.locate, said)
    # The holders of assignments.csv are those of the plan, or its digest is another.
    assigned = digest_of_bytes(assignments_bytes(staffed.desired.table))
    parts = Parts(
        wanted.carving,
        wanted.policies,
        population,
        staffed,
        () if isinstance(carved, Back) else carved.problems,
        () if isinstance(carved, Back) else carved.proofs,
        plan.users,
        plan.inputs.model_copy(update={"assignments": assigned}),
        plan.created,
        plan.as_of,
        wanted.locate,
        said,
        carved.done,
        plan.variables,
        wanted.locate_policy,
        # What the CRM offers beyond what the plan used cannot be known from the snapshot: that is taken as said.
        {**plan.columns, **recorded(saved.snapshot.table)} if plan.columns else {},
        plan.rollback,
        plan.refresh,
        matched,
        plan.inactive,
    )
    again = composed(parts)
    # What counts of the policies is said by those that count, on the day of the check.
    report.extend(d for d in said if d not in set(again.said))
    return again


def _verdicts(
    saved: SavedPlan, wanted: Wanted, gate: Gate, again: Composed, day: date, today: date, report: Report
) -> tuple[Verdict, ...]:
    """Ask the policies that count, and let overrides excuse the soft ones."""
    if gate.policies is wanted.policies and day == today == saved.plan.as_of:
        verdicts, said = again.plan.verdicts, again.said
    else:
        verdicts, said = judge(gate.policies, again.tables, day, wanted.carving.accounts.location, gate.locate, today)
    report.extend(said)
    return overridden(verdicts, gate.overrides, saved.plan.plan, saved.plan.digest, gate.locate_override, report)


def _compared(saved: Plan, again: Plan, *, same_policies: bool) -> Iterator[Check]:
    differing = [path for path, *_ in _between(saved, again)]
    yield _same("proof", [d for d in differing if d.startswith("proof")], "the proof")
    yield _same("figures", [d for d in differing if not d.startswith("proof")], "the plan")
    if same_policies:
        # Another version may measure in more words; who passes is the same in all of them.
        was, will = ({v.policy: v.passed for v in plan.verdicts} for plan in (saved, again))
        names = sorted(name for name in was.keys() | will.keys() if was.get(name) != will.get(name))
        yield _same("verdicts", names, "every verdict")


def _same(name: CheckName, differing: list[str], what: str) -> Check:
    return Check(
        name,
        not differing,
        f"{what} as it is recomputed",
        "the same" if not differing else listing(differing),
        f"{what} says something else than what is recomputed from its inputs",
        REPLAN,
    )


def _between(saved: Plan, again: Plan) -> Iterator[tuple[str, Any, Any]]:
    """Give the fields in which two plans differ, with both values."""
    # What is equal is not taken apart: a large plan is nearly all changes, and most of the time they are.
    unlike = {name for name in Plan.model_fields if getattr(saved, name) != getattr(again, name)}
    yield from _differences(
        saved.model_dump(mode="json", include=unlike), again.model_dump(mode="json", include=unlike)
    )


def _differences(saved: Any, again: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Give the fields in which two documents differ, with both values."""
    if isinstance(saved, dict) and isinstance(again, dict):
        for key in sorted(saved.keys() | again.keys()):
            if path or key not in _TAKEN_AS_SAID:
                yield from _differences(saved.get(key), again.get(key), f"{path}.{key}" if path else key)
    elif isinstance(saved, list) and isinstance(again, list) and len(saved) == len(again):
        for number, (one, other) in enumerate(zip(saved, again, strict=True)):
            yield from _differences(one, other, f"{path}[{_label(one, number)}]")
    elif saved != again:
        yield path, saved, again


def _label(item: Any, number: int) -> str:
    keys = ("account", "name", "component", "policy", "territory")
    return next((str(item[key]) for key in keys if isinstance(item, dict) and key in item), str(number))
