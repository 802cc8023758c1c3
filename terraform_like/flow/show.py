"""`territory show`: the saved plan, whole, stale or edited; it says which."""

from __future__ import annotations

from dataclasses import dataclass

from terraform_like.config.load import Repository
from terraform_like.diagnostics import Report
from terraform_like.flow.facts import saved_facts
from terraform_like.flow.saved_carve import load_saved
from terraform_like.plan.facts import Facts
from terraform_like.plan.model import Plan
from terraform_like.plan.whole import integrity


@dataclass(frozen=True, slots=True)
class Shown:
    """A saved plan, and what is known of its accounts: null where snapshot or YAML are not those of the plan."""

    plan: Plan
    facts: Facts | None


def show(repository: Repository, name: str) -> tuple[Shown, Report]:
    """Give a saved plan; what is wrong with its files is a warning, since showing does no harm.

    Raises
    ------
    Halt
        When there is no plan that can be read.
    """
    report = Report()
    saved = load_saved(repository, name, report)
    for check in integrity(saved):
        if not check.ok:
            report.warning(check.says, f"Expected {check.expected}, found {check.found or 'nothing'}. {check.way_out}")
    return Shown(saved.plan, saved_facts(repository, saved)), report
