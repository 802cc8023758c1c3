"""`territory check`: whether a saved plan is the plan of this YAML, its proof holds and the policies pass.

Without CRM and without solver: the plan is composed again from the snapshot, the saved assignments and the saved
prices, and must come out the same, field by field.

Of the plan's `columns`, those that the plan used are compared with the snapshot. That the CRM offered the others, and
of what kind, is taken as said: the snapshot does not hold them, and nothing but `territory validate` reads of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from terraform_like import git
from terraform_like.config.load import Repository, Wanted, load_wanted, policies_of
from terraform_like.config.variables import Overrides
from terraform_like.diagnostics import Halt, Locate, Report, listing
from terraform_like.flow.plan import config_digest, policies_digest
from terraform_like.flow.saved_carve import REPLAN, Back, back_as_saved, carve_as_saved, load_saved
from terraform_like.flow.staffed import staff_as_saved
from terraform_like.plan.canonical import assignments_bytes, digest_of_bytes
from terraform_like.plan.compose import Parts, compose
from terraform_like.plan.file import SavedPlan
from terraform_like.plan.fresh import Check, CheckName, Current, currency, integrity, standings
from terraform_like.plan.model import Plan
from terraform_like.plan.offered import recorded
from terraform_like.policy.rule import Policies
from terraform_like.policy.verdict import Verdict

#: What a plan says of itself and its origin; the rest is recomputed and must be the same.
_TAKEN_AS_SAID = frozenset({"digest", "created", "state", "format_version", "diagnostics", "verdicts"})


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: named checks, the verdicts of the policies that count, and whose policies those are.

    There are no verdicts where the saved plan is not whole, or not of this YAML.
    """

    plan: Plan
    checks: tuple[Check, ...]
    verdicts: tuple[Verdict, ...]
    policies_from: str

    @property
    def passed(self) -> bool:
        """Whether every check passes, and every policy but advisory ones."""
        return all(check.ok for check in self.checks) and not any(verdict.blocks for verdict in self.verdicts)


def check(repository: Repository, name: str, *, base: str | None, fresh: bool = False) -> tuple[Checked, Report]:
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

    Raises
    ------
    Halt
        When the plan, the YAML or the policies cannot be read.
    """
    report = Report()
    saved = load_saved(repository, name, report)
    wanted = load_wanted(repository, name, report, Overrides(saved.plan.variables)).on(saved.plan.as_of)
    gate = _gate(repository, wanted, base, report)
    checks = [*integrity(saved), *currency(saved.plan, _current(wanted, gate.policies))]
    verdicts: tuple[Verdict, ...] = ()
    # What was edited, or made of other YAML, differs in every figure: the one cause is told, and nothing is judged.
    if all(check.ok or check.name == "policies" for check in checks):
        again, found = _again(saved, wanted, gate, report)
        checks += found
        verdicts = again.verdicts if again else ()
        if fresh:
            checks += _fresh(repository, wanted, saved.plan, gate)
    return Checked(saved.plan, tuple(checks), verdicts, gate.origin), report


@dataclass(frozen=True, slots=True)
class _Gate:
    """The policies that count, where they stand, and whose they are."""

    policies: Policies
    locate: Locate
    origin: str


def _gate(repository: Repository, wanted: Wanted, base: str | None, report: Report) -> _Gate:
    if base is None:
        return _Gate(wanted.policies, wanted.locate_policy, "the working tree")
    try:
        files = git.files_at(repository.root, base, "policies")
    except git.GitError as error:
        report.error(f'The policies of "{base}" cannot be read', str(error))
        raise Halt(report) from None
    if not files:
        report.warning(f'"{base}" has no policies', "Nothing but the plan's own soundness is checked.")
    # As in the working tree, files in folders below are none of the gate.
    gate = {file: content for file, content in files.items() if file.count("/") == 1}
    return _Gate(*policies_of(gate, report), base)


def _current(wanted: Wanted, policies: Policies) -> Current:
    return Current(config_digest(wanted), policies_digest(wanted.policies), policies.limits)


def _fresh(repository: Repository, wanted: Wanted, plan: Plan, gate: _Gate) -> Iterator[Check]:
    # What needs neither state nor CRM starts without them.
    from terraform_like.flow.current import current, records_unchanged

    now = replace(current(repository, wanted, merged=False), limits=gate.policies.limits)
    yield from standings(plan, now)
    yield records_unchanged(repository, plan)


def _again(saved: SavedPlan, wanted: Wanted, gate: _Gate, report: Report) -> tuple[Plan | None, list[Check]]:
    """Compose the plan again and compare."""
    plan, said = saved.plan, Report()
    carved = back_as_saved(saved, wanted, said) if plan.rollback else carve_as_saved(saved, wanted, said)
    if isinstance(carved, Check):
        return None, [carved]
    assert saved.snapshot.table is not None
    population = carved.population
    assert saved.assignments.table is not None
    if isinstance(carved, Back):
        staffed = carved.staffed
    else:
        staffed = staff_as_saved(wanted.carving, population, plan, saved.assignments.table, wanted.locate, said)
    # The holders of assignments.csv are those of the plan, or its digest is another.
    assigned = digest_of_bytes(assignments_bytes(staffed.desired.table))
    parts = Parts(
        wanted.carving,
        gate.policies,
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
        gate.locate,
        # What the CRM offers beyond what the plan used cannot be known from the snapshot: that is taken as said.
        {**plan.columns, **recorded(saved.snapshot.table)} if plan.columns else {},
        plan.rollback,
    )
    again = compose(parts)
    differing = list(_differences(plan.model_dump(mode="json"), again.model_dump(mode="json")))
    proof = [d for d in differing if d.startswith("proof")]
    other = [d for d in differing if not d.startswith("proof")]
    report.extend(d for d in said)
    return again, [_same("proof", proof, "the proof"), _same("figures", other, "the plan")]


def _same(name: CheckName, differing: list[str], what: str) -> Check:
    return Check(
        name,
        not differing,
        f"{what} as it is recomputed",
        "the same" if not differing else listing(differing),
        f"{what} says something else than what is recomputed from its inputs",
        REPLAN,
    )


def _differences(saved: Any, again: Any, path: str = "") -> Iterator[str]:
    """Name the fields in which two documents differ."""
    if isinstance(saved, dict) and isinstance(again, dict):
        for key in sorted(saved.keys() | again.keys()):
            if path or key not in _TAKEN_AS_SAID:
                yield from _differences(saved.get(key), again.get(key), f"{path}.{key}" if path else key)
    elif isinstance(saved, list) and isinstance(again, list) and len(saved) == len(again):
        for number, (one, other) in enumerate(zip(saved, again, strict=True)):
            yield from _differences(one, other, f"{path}[{_label(one, number)}]")
    elif saved != again:
        yield path


def _label(item: Any, number: int) -> str:
    keys = ("account", "name", "component", "policy", "territory")
    return next((str(item[key]) for key in keys if isinstance(item, dict) and key in item), str(number))
