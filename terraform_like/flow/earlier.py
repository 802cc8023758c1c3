"""What the plan that was saved before says of this one: swaps of names that are carried out, territories to protect."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from terraform_like.config.load import Repository, Wanted
from terraform_like.diagnostics import Halt, Report
from terraform_like.plan.file import load
from terraform_like.plan.fresh import Standing
from terraform_like.plan.model import Plan, StateSeen
from terraform_like.state.lock import StateError

if TYPE_CHECKING:
    import polars as pl


def saved_before(repository: Repository, name: str) -> Plan | None:
    """Give the plan that was saved last, where there is one that can be read."""
    saved = load(repository.plan_folder(name), Report())
    return saved.plan if saved else None


def swaps_done(repository: Repository, wanted: Wanted, before: Plan | None) -> frozenset[tuple[str, str]]:
    """Give the swaps of names that the CRM already has.

    A swap cannot be seen in the CRM, since both names are in use before and after. It is carried out when the saved
    plan says so, or has it and is the plan that was applied last.

    Raises
    ------
    Halt
        When there is a swap and the state cannot be read.
    """
    swaps = wanted.carving.swaps
    if not swaps or before is None:
        return frozenset()
    told = {(one.old, one.new) for one in before.moved if one.done}
    if _applied(repository, before):
        told |= {(one.old, one.new) for one in before.moved}
    return swaps & told


def state_seen(repository: Repository, name: str) -> StateSeen:
    """Give what the state says of a plan.

    Raises
    ------
    Halt
        When it cannot be read.
    """
    found = standing(repository, name)
    return StateSeen(lineage=found.lineage or None, serial=found.serial)


def standing(repository: Repository, name: str) -> Standing:
    """Give which state there is, and the last apply of a plan in it.

    Raises
    ------
    Halt
        When it cannot be read.
    """
    # Show and check import this module and need no database.
    from terraform_like.flow.opened import found_state

    report = Report()
    try:
        state = found_state(repository)
        if state is None:
            return Standing()
        with closing(state):
            return state.standing(name)
    except StateError as error:
        report.error("The state cannot be read", f"{error}.", repository.locate(("state",)))
        raise Halt(report) from None


def last_put(repository: Repository, name: str) -> pl.DataFrame | None:
    """Give where a plan last put its accounts: `account`, `territory`, `owner`, `holder`; None before the first apply.

    Raises
    ------
    Halt
        When the state cannot be read.
    """
    from terraform_like.flow.opened import found_state

    report = Report()
    try:
        state = found_state(repository)
        if state is None:
            return None
        with closing(state):
            return state.applied(name)
    except StateError as error:
        report.error("The state cannot be read", f"{error}.", repository.locate(("state",)))
        raise Halt(report) from None


def _applied(repository: Repository, plan: Plan) -> bool:
    # Show and check import this module and need no database.
    from terraform_like.flow.opened import opened_state
    from terraform_like.plan.applied import End

    report = Report()
    try:
        with closing(opened_state(repository)) as state:
            last = state.last(plan.plan)
    except StateError as error:
        report.error("The state cannot be read", f"{error}. It says whether names are swapped already.")
        raise Halt(report) from None
    return last is not None and last.digest == plan.digest and last.outcome is End.COMPLETE


def refuse_unprotected(plan: Plan, before: Plan | None, wanted: Wanted, report: Report) -> None:
    """Gather an error for each protected territory that a plan would empty, or that is gone from the YAML."""
    for territory in plan.territories:
        if territory.protect and territory.accounts_before and not territory.accounts:
            kind = "overcarve" if territory.slot else "territories"
            report.error(
                f"{territory.name} is protected, and the plan would empty it",
                "To let it happen, take `lifecycle: {protect: true}` away first.",
                wanted.locate((kind, territory.name, "lifecycle")),
            )
    renames = wanted.carving.renames()
    for territory in before.territories if before else ():
        gone = renames.get(territory.name, territory.name) not in wanted.carving.books
        if territory.protect and gone:
            report.error(
                f"{territory.name} is protected, and it is gone from the YAML",
                "Put it back, name its new name under `moved:`, or first save a plan with the protection lifted.",
            )
