"""A check as strangers may read it: verdicts with stand-ins and without amounts, and none of the free texts."""

from __future__ import annotations

from dataclasses import replace

from terraform_like.config.load import Repository
from terraform_like.diagnostics import Diagnostic, Report, counted
from terraform_like.flow.auto_merge import AutoMerged
from terraform_like.flow.check import Checked
from terraform_like.flow.facts import saved_facts
from terraform_like.flow.saved_carve import load_saved
from terraform_like.plan.check import Check
from terraform_like.plan.redacted import Hidden, redacted, redacted_verdicts

_WAY_OUT = "Run territory check --redact nothing where the repository is."
_HOLDS = "what the tool computes"
#: Questions that are answered by versions and digests, of which none is part of the key of the stand-ins.
_NAMELESS = {"format-version", "version", "config", "policies"}


def check_redacted(
    repository: Repository, checked: Checked, report: Report, hidden: frozenset[Hidden]
) -> tuple[Checked, Report]:
    """Leave out of a check what is hidden; whether it passes, and where the policies stand, is told all the same.

    The stand-ins are those of `territory show`.
    """
    if not hidden:
        return checked, report
    saved = load_saved(repository, checked.plan.plan, Report())
    found = redacted(checked.plan, saved_facts(repository, saved), hidden)
    changes = checked.policy_changes
    told = replace(
        checked,
        plan=found.plan,
        checks=tuple(map(_silent, checked.checks)),
        verdicts=redacted_verdicts(checked.verdicts, hidden, found.stand_ins),
        policy_changes=(f"~ {counted(len(changes), 'change')} not shown",) if changes else (),
        auto_merge=checked.auto_merge and AutoMerged(checked.auto_merge.allowed, "why is not shown"),
    )
    return told, report_redacted(report, hidden)


def report_redacted(report: Report, hidden: frozenset[Hidden]) -> Report:
    """Leave out what diagnostics say: they may name anybody and any amount. Severity and place are told."""
    if not hidden:
        return report
    silent = Report()
    for one in report:
        span = one.span and replace(one.span, source="")
        said = f"This {one.severity} is not shown"
        silent.add(Diagnostic(one.severity, said, f"It may hold names. {_WAY_OUT}", span))
    return silent


def _silent(check: Check) -> Check:
    if check.name in _NAMELESS:
        return check
    if check.ok:
        return replace(check, expected=_HOLDS, found=_HOLDS)
    return replace(
        check,
        expected=_HOLDS,
        found="something else",
        says="It is not shown in what way it differs, since that may hold names",
        way_out=_WAY_OUT,
    )
