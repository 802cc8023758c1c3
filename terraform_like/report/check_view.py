"""What a check shows, whatever the format: the plan, the questions about it, the verdicts and where policies stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from terraform_like.diagnostics import Diagnostic, Severity, Span, counted
from terraform_like.policy.verdict import Verdict
from terraform_like.report.escape import escaped


@dataclass(frozen=True, slots=True)
class Integrity:
    """One question about the saved plan itself.

    Parameters
    ----------
    question : str
        What was looked at, such as `sealed` or `proof`.
    holds : bool
        Whether it is as it must be.
    message : str
        What was found; where it does not hold, also what to do.
    """

    question: str
    holds: bool
    message: str


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check, or why there is none: then `diagnostics` hold errors, and there is nothing else.

    Parameters
    ----------
    plan, digest, as_of
        The saved plan.
    integrity : sequence of Integrity
        Questions about it.
    verdicts : sequence of Verdict
        What the policies said.
    policies_from : str
        Whose policies they are, such as a branch.
    places : mapping of str to Span
        Where each policy stands.
    policy_changes : sequence of str
        What the branch changes of the gate, none of which counts yet.
    file, prefix : str
        The saved plan's path, and what stands before every path from the top of the git repository.
    auto_merge : tuple of bool and str, or None
        Whether it needs no human and why, where the policies say of which plans that is so.
    diagnostics : sequence of Diagnostic
        What there is to say beside.
    """

    plan: str = ""
    digest: str = ""
    as_of: date | None = None
    integrity: Sequence[Integrity] = ()
    verdicts: Sequence[Verdict] = ()
    policies_from: str = ""
    places: Mapping[str, Span] = field(default_factory=dict)
    policy_changes: Sequence[str] = ()
    file: str = "territory.yaml"
    prefix: str = ""
    auto_merge: tuple[bool, str] | None = None
    diagnostics: Sequence[Diagnostic] = ()

    @property
    def passes(self) -> bool:
        """Whether nothing blocks: the plan is whole, no hard or soft policy is broken, and there is no error."""
        whole = all(i.holds for i in self.integrity) and not any(v.blocks for v in self.verdicts)
        return whole and not any(d.severity is Severity.ERROR for d in self.diagnostics)

    @property
    def conclusion(self) -> str:
        """The line that sums it up."""
        faults = []
        if broken := sum(not i.holds for i in self.integrity):
            faults.append(f"{counted(broken, 'fault')} in the saved plan")
        for level in ("hard", "soft"):
            if failed := sum(v.blocks and v.level == level for v in self.verdicts):
                faults.append(f"{counted(failed, f'{level} policy', f'{level} policies')} broken")
        if not faults and not self.passes:
            faults.append(counted(sum(d.severity is Severity.ERROR for d in self.diagnostics), "error"))
        return f"Check failed: {', '.join(faults)}." if faults else "Check passed."

    @property
    def told_changes(self) -> str:
        """What the branch changes of the gate, line by line and harmless; nothing where it changes nothing."""
        return "\n".join(escaped(change) for change in self.policy_changes)

    def path(self, file: str) -> str:
        """Give a file's path from the top of the git repository, with forward slashes."""
        return f"{self.prefix}{file}"


#: Stands above what a branch changes of the gate.
CHANGES_TITLE = "This branch changes the gate; none of it counts before it is merged"


class Format(Protocol):
    """Writes a check as text of one format; the last line has no line end."""

    def __call__(self, view: CheckView) -> str:
        """Give the whole output."""
        ...
