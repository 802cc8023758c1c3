"""`territory show`: the saved plan, whole, stale or edited; it says which."""

from __future__ import annotations

from terraform_like.config.load import Repository
from terraform_like.diagnostics import Report
from terraform_like.flow.saved_carve import load_saved
from terraform_like.plan.fresh import integrity
from terraform_like.plan.model import Plan


def show(repository: Repository, name: str) -> tuple[Plan, Report]:
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
    return saved.plan, report
