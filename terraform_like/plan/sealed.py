"""A saved plan whose files are what was sealed: what an apply takes, and all that it takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from terraform_like.diagnostics import Report
from terraform_like.plan.check import Check, errors
from terraform_like.plan.file import SavedPlan, load
from terraform_like.plan.model import Head
from terraform_like.plan.offered import PLAN_FILE
from terraform_like.plan.parts import Part, is_altered, read_assignments, snapshot_file
from terraform_like.plan.streamed import streamed
from terraform_like.plan.ways import Ways, ways_of
from terraform_like.plan.whole import integrity


@dataclass(frozen=True, slots=True)
class Sealed:
    """A saved plan as it was sealed, with what there is of each account in columns.

    Parameters
    ----------
    plan : Head
        All of it that does not grow with its accounts.
    ways : Ways
        Its changes, and what passes on later days.
    assignments : polars.DataFrame
        The saved books: `account`, `territory`, `holder`.
    """

    plan: Head
    ways: Ways
    assignments: pl.DataFrame


def load_sealed(folder: Path, report: Report, *, kept: Path | None = None) -> Sealed | None:
    """Read a saved plan that is what was sealed, as a stream where its layout is that of this tool.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of the plan.
    report : Report
        Gathers why it cannot be read, or what of it is not what was sealed, with the way out.
    kept : pathlib.Path, optional
        Where snapshots are kept by digest; looked at where none lies beside the plan.

    Returns
    -------
    Sealed or None
        None where there is no such plan. A snapshot that is not at hand is no fault: what an account has now is
        compared with the CRM itself.
    """
    found = streamed(folder / PLAN_FILE)
    if found is not None and (sealed := _beside(folder, kept, *found)) is not None:
        return sealed
    saved = load(folder, report, kept=kept)
    return sealed_of(saved, report) if saved is not None else None


def sealed_of(saved: SavedPlan, report: Report) -> Sealed | None:
    """Give a plan that was read whole, where it is what was sealed; what of it is not goes to the report."""
    faults = list(errors(check for check in integrity(saved) if not _is_away(check, saved)))
    report.extend(faults)
    table = saved.assignments.table
    return Sealed(saved.plan, ways_of(saved.plan), table) if table is not None and not faults else None


def _is_away(check: Check, saved: SavedPlan) -> bool:
    return check.name == "snapshot" and saved.snapshot == Part()


def _beside(folder: Path, kept: Path | None, plan: Head, ways: Ways) -> Sealed | None:
    """Add the assignments, where those and the snapshot are what the plan names."""
    part = read_assignments(folder, plan.inputs.assignments)
    try:
        altered = is_altered(snapshot_file(folder, kept, plan.inputs.snapshot), plan.inputs.snapshot)
    except OSError:
        return None
    if altered or part.table is None or part.digest != plan.inputs.assignments:
        return None
    return Sealed(plan, ways, part.table)
