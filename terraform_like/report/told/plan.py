"""A plan as reports tell it: one value that every renderer lays out in its own way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from terraform_like.diagnostics import Diagnostic, Severity
from terraform_like.plan.facts import Facts
from terraform_like.plan.model import Plan
from terraform_like.report.told.books import COUNT, ToldSegment, told_segments
from terraform_like.report.told.changes import Flow, KindOfChange, told_flows, told_kinds
from terraform_like.report.told.people import Covered, ToldPerson, told_covers, told_people
from terraform_like.report.told.proof import ToldProof, told_proofs
from terraform_like.report.told.verdicts import ToldVerdict, told_verdicts


@dataclass(frozen=True, slots=True)
class NextSteps:
    """What to do next: a sentence, and the commands as they must be typed where the user is."""

    says: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToldPlan:
    """All that reports show of a plan. Texts of users and CRMs stand in it as they are: a renderer makes them harmless.

    Parameters
    ----------
    plan : Plan
        The plan itself: its name, day, digest, summary, changes, staffing, what passes later, and who hands over to
        whom.
    verdicts : tuple of ToldVerdict
        What the policies said, what failed first.
    segments : tuple of ToldSegment
        The books, segment by segment.
    kinds : tuple of KindOfChange
        Changes by kind, with counts by reason.
    flows : tuple of Flow
        Changes by pair of territories, most accounts first.
    people : tuple of ToldPerson
        Who gains and loses accounts, most changed first.
    covers : tuple of Covered
        Territories whose accounts others hold on the plan's day.
    proofs : tuple of ToldProof
        How near to the best possible plan it is.
    said : tuple of Diagnostic
        Warnings and notes.
    next_steps : NextSteps or None
        What to do next.
    facts : Facts or None
        What is known of each account; null where the snapshot is not at hand or the YAML has changed since.
    """

    plan: Plan
    verdicts: tuple[ToldVerdict, ...]
    segments: tuple[ToldSegment, ...]
    kinds: tuple[KindOfChange, ...]
    flows: tuple[Flow, ...]
    people: tuple[ToldPerson, ...]
    covers: tuple[Covered, ...]
    proofs: tuple[ToldProof, ...]
    said: tuple[Diagnostic, ...]
    next_steps: NextSteps | None
    facts: Facts | None

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric of every segment but the count of accounts, in the order in which they are told."""
        return tuple(dict.fromkeys(m.name for s in self.segments for m in s.metrics if m.name != COUNT))

    @property
    def summary(self) -> str:
        """`Plan: 1 to add, 2 to move, 0 to transfer, 0 to remove.` or `No changes.`, and no more."""
        return summary_line(self.plan)

    @property
    def blocked(self) -> bool:
        """Whether a policy fails the check of this plan."""
        return any(told.verdict.blocks for told in self.verdicts)


def summary_line(plan: Plan) -> str:
    """Give `Plan: 1 to add, 2 to move, 0 to transfer, 0 to remove.` or `No changes.`, and no more."""
    if not plan.has_changes:
        return "No changes."
    s = plan.summary
    return f"Plan: {s.adds} to add, {s.moves} to move, {s.transfers} to transfer, {s.removes} to remove."


def told_plan(
    plan: Plan,
    facts: Facts | None = None,
    *,
    said: Iterable[Diagnostic] | None = None,
    next_steps: NextSteps | None = None,
) -> ToldPlan:
    """Reckon all that reports show of a plan.

    Parameters
    ----------
    plan : Plan
        The plan, saved or not.
    facts : Facts, optional
        What is known of its accounts.
    said : iterable of Diagnostic, optional
        What was said on the way, with its places in the YAML; a saved plan knows it without them.
    next_steps : NextSteps, optional
        What to do next.
    """
    if said is None:
        said = [Diagnostic(Severity(one.severity), one.summary, one.detail) for one in plan.diagnostics]
    return ToldPlan(
        plan=plan,
        verdicts=told_verdicts(plan.verdicts),
        segments=tuple(told_segments(plan)),
        kinds=told_kinds(plan.changes),
        flows=told_flows(plan.changes, facts),
        people=told_people(plan, facts),
        covers=told_covers(plan),
        proofs=told_proofs(plan.proof),
        said=tuple(said),
        next_steps=next_steps,
        facts=facts,
    )
