"""`territory export`: credit and hand-overs of a saved plan as tables, for pay and for the people who hand over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from terraform_like.config.load import Repository, Wanted, load_wanted
from terraform_like.config.variables import Overrides
from terraform_like.diagnostics import Halt, Report, counted, listing
from terraform_like.flow.inputs import config_digest, populated
from terraform_like.flow.saved_carve import load_saved
from terraform_like.plan.check import REPLAN, errors
from terraform_like.plan.credit import credits
from terraform_like.plan.file import SavedPlan
from terraform_like.plan.handover import handed_over
from terraform_like.plan.routing import Routing, routing
from terraform_like.plan.whole import integrity


@dataclass(frozen=True, slots=True)
class Exported:
    """A table of a saved plan: dates are dates, people are names of the plan."""

    plan: str
    digest: str
    table: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Routed:
    """Rules of a saved plan, and the CRM user id of each person."""

    plan: str
    digest: str
    routing: Routing
    users: dict[str, str]


def export_credit(repository: Repository, name: str, since: date, until: date) -> tuple[Exported, Report]:
    """Give who earns which share of the credit for which account, from one day to another.

    Raises
    ------
    Halt
        When the plan is not whole, its YAML has changed since, or the days are not those of the plan.
    """
    report = Report()
    saved, wanted = _whole(repository, name, report)
    if until < since:
        report.error("The last day is before the first", f"--from {since} --to {until}. Exchange them.")
    if since < saved.plan.as_of:
        report.error(
            f"The plan says nothing of days before {saved.plan.as_of}",
            f"--from {since} is before it was made. Take the plan of those days back with git, and export that.",
        )
    if report.failed:
        raise Halt(report)
    assert saved.assignments.table is not None
    table = credits(wanted.carving, saved.plan, saved.assignments.table, since, until)
    return Exported(name, saved.plan.digest, table), report


def export_handover(repository: Repository, name: str) -> tuple[Exported, Report]:
    """Give every account that changes hands: when, from whom to whom, why, and what is at stake.

    Raises
    ------
    Halt
        When the plan is not whole, its YAML has changed since, or its snapshot is not at hand.
    """
    report = Report()
    saved, wanted = _whole(repository, name, report)
    plan = saved.plan
    if saved.snapshot.table is None:
        report.error("The snapshot of the plan is not at hand", f"It says which deals are at stake. {REPLAN}")
        raise Halt(report)
    done = frozenset((one.old, one.new) for one in plan.moved if one.done)
    population = populated(wanted, saved.snapshot.table, plan.users, Report(), done)
    table = handed_over(wanted.carving, population, plan.as_of, plan.changes, plan.scheduled)
    return Exported(name, plan.digest, table), report


def export_routing(repository: Repository, name: str) -> tuple[Routed, Report]:
    """Give the rules by which other programs find the same owners.

    Raises
    ------
    Halt
        When the plan is not whole, its YAML has changed since, or its snapshot is not at hand.
    """
    report = Report()
    saved, wanted = _whole(repository, name, report)
    plan, books = saved.plan, saved.assignments.table
    if saved.snapshot.table is None or books is None:
        report.error("The snapshot of the plan is not at hand", f"It says what accounts are like. {REPLAN}")
        raise Halt(report)
    done = frozenset((one.old, one.new) for one in plan.moved if one.done)
    population = populated(wanted, saved.snapshot.table, plan.users, Report(), done)
    owners = {territory.name: territory.owner for territory in plan.territories}
    rules = routing(wanted.carving, population.inside.table, books, owners)
    if rules.named:
        told = listing(f"{counted(count, 'account')} of {territory}" for territory, count in rules.named.items())
        report.note(
            f"{counted(sum(rules.named.values()), 'account')} named one by one",
            f"{told}. No condition of their own leads them to their owner: they were carved by balance, pinned, or "
            "stay with their family.",
        )
    return Routed(name, plan.digest, rules, dict(plan.users)), report


def _whole(repository: Repository, name: str, report: Report) -> tuple[SavedPlan, Wanted]:
    """Read a saved plan that nobody edited, and the YAML that it was made from."""
    saved = load_saved(repository, name, report)
    report.extend(errors(check for check in integrity(saved) if check.name != "snapshot"))
    wanted = load_wanted(repository, name, report, Overrides(saved.plan.variables)).on(saved.plan.as_of)
    if config_digest(wanted) != saved.plan.inputs.config:
        report.error(f"plans/{name} changed after the plan was saved", REPLAN)
    if report.failed:
        raise Halt(report)
    return saved, wanted
