"""`territory plan`: read, carve, certify, compare, judge; save where asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from terraform_like import __version__, git
from terraform_like.carve.settle import Carved, carve
from terraform_like.carve.watch import UNWATCHED, Watch
from terraform_like.config.load import NOTHING_SET, Repository, Wanted, load_wanted
from terraform_like.config.variables import Overrides
from terraform_like.diagnostics import Halt, Report, counted
from terraform_like.domain.scope import Population
from terraform_like.flow.arranged import tell_side_effects
from terraform_like.flow.earlier import refuse_unprotected, saved_before, state_seen, swaps_done
from terraform_like.flow.inputs import SNAPSHOTS, config_digest, policies_digest, populated
from terraform_like.flow.live import Live, read_live
from terraform_like.flow.matched import match_people, owners_by_match
from terraform_like.flow.provenance import actor
from terraform_like.flow.staffed import staff
from terraform_like.flow.teams import with_teams
from terraform_like.plan.canonical import assignments_bytes, digest_of_bytes, seal, snapshot_bytes
from terraform_like.plan.compose import Parts, compose
from terraform_like.plan.facts import Facts, facts
from terraform_like.plan.file import keep_snapshot, write_saved
from terraform_like.plan.limits import beyond_limits
from terraform_like.plan.model import Created, Inputs, Plan, Rollback
from terraform_like.plan.ways import ways_of
from terraform_like.staffing.matching import Matched
from terraform_like.staffing.timeline import Staffed


@dataclass(frozen=True, slots=True)
class Planned:
    """A sealed plan, the tables saved beside it, what is known of its accounts, and the limits that it goes beyond."""

    plan: Plan
    assignments: pl.DataFrame
    snapshot: pl.DataFrame
    facts: Facts
    beyond: tuple[str, ...]


def make_plan(
    repository: Repository,
    name: str,
    as_of: date,
    *,
    overrides: Overrides = NOTHING_SET,
    tell: Callable[[str], None] = lambda _: None,
    watch: Watch = UNWATCHED,
    executor: str | None = None,
    refresh: bool = False,
) -> tuple[Planned, Report]:
    """Make a plan from the live CRM.

    Parameters
    ----------
    repository : Repository
        The territory repository.
    name : str
        The plan.
    as_of : datetime.date
        The day that owners and holders are for.
    overrides : Overrides
        Texts that set `vars:` anew.
    tell : callable, optional
        Told what is being done, before each part that takes time.
    watch : Watch
        Looks on while accounts are carved, and may end that early.
    executor : str, optional
        Where components are carved, as `carve.executor.run_apart` takes it.
    refresh : bool
        Whether accounts stay wherever they may, so that only the others are placed.

    Raises
    ------
    Halt
        When no plan can be made; its report holds all the errors.
    """
    report = Report()
    wanted = load_wanted(repository, name, report, overrides).on(as_of)
    before = saved_before(repository, name)
    done = swaps_done(repository, wanted, before)
    tell("Reading the CRM")
    live = read_live(repository, wanted, as_of, report, before=before)
    population = populated(wanted, live.snapshot, live.users, report, done)
    tell(f"Carving {counted(len(population.inside), 'account')}")
    carved = carve(wanted.carving, population.inside, wanted.locate, report, watch, executor, keep=refresh)
    if carved is None or report.failed:
        raise Halt(report)
    tell("Comparing and judging")
    matched = match_people(
        wanted.carving, population, carved.territory, as_of, live.users, live.inactive, wanted.locate, report
    )
    wanted = wanted.matching(owners_by_match(matched))
    staffed = staff(wanted.carving, population, carved.territory, as_of, before, wanted.locate, report)
    staffed = with_teams(staffed, wanted.carving, population, carved.territory, as_of, before, wanted.locate, report)
    if report.failed:
        raise Halt(report)
    planned = planned_of(
        repository, wanted, live, population, carved, staffed, as_of, report, done, None, matched, before
    )
    _tell_calls(planned.plan, live, report)
    refuse_unprotected(planned.plan, before, wanted, report)
    if report.failed:
        raise Halt(report)
    return planned, report


def _tell_calls(plan: Plan, live: Live, report: Report) -> None:
    """Say what an apply takes of a CRM that counts calls."""
    can, records = live.capabilities, len(plan.changes)
    if (calls := can.calls_of(records)) is not None:
        rate = f"; at {can.per_second:g} a second" if can.per_second is not None else ""
        report.note(
            f"An apply of this plan takes about {counted(calls, 'call')} of the CRM",
            f"{counted(records, 'account')} in {counted(-(-records // can.batch_size), 'batch', 'batches')}, looked "
            f"at before and after{rate}.",
        )


def save_plan(repository: Repository, planned: Planned) -> Path:
    """Write plan.json, assignments.csv and the snapshot; give the plan's folder."""
    folder = repository.plan_folder(planned.plan.plan)
    committed = repository.project.snapshot == "commit"
    if not committed:
        keep_snapshot(repository.root / SNAPSHOTS, planned.snapshot)
    write_saved(folder, planned.plan, planned.assignments, planned.snapshot if committed else None)
    return folder


def head_commit(repository: Repository) -> str | None:
    """Give the commit that is checked out, or None where there is none, or no git repository.

    Raises
    ------
    Halt
        When git cannot be asked.
    """
    try:
        return git.head(repository.root) if git.is_repository(repository.root) else None
    except git.GitError as error:
        report = Report()
        report.error("Git cannot be asked", str(error))
        raise Halt(report) from None


def planned_of(
    repository: Repository,
    wanted: Wanted,
    live: Live,
    population: Population,
    carved: Carved,
    staffed: Staffed,
    as_of: date,
    report: Report,
    done: frozenset[tuple[str, str]],
    rollback: Rollback | None = None,
    matched: tuple[Matched, ...] = (),
    before: Plan | None = None,
) -> Planned:
    """Compose and seal a plan of accounts that have their places; one that says what `before` said is the same plan."""
    tell_side_effects(population.inside.table, staffed.desired.table, live.capabilities.side_effects, report)
    assignments = staffed.desired.table.select("account", "territory", "owner", "holder")
    inputs = Inputs(
        config=config_digest(wanted),
        policies=policies_digest(wanted.policies),
        snapshot=digest_of_bytes(snapshot_bytes(live.snapshot)),
        assignments=digest_of_bytes(assignments_bytes(assignments)),
    )
    plan = compose(
        Parts(
            carving=wanted.carving,
            policies=wanted.policies,
            population=population,
            staffed=staffed,
            problems=carved.problems,
            proofs=carved.proofs,
            users=live.users,
            inputs=inputs,
            created=Created(by=f"territory {__version__}", commit=head_commit(repository), actor=actor()),
            as_of=as_of,
            locate=wanted.locate,
            report=report,
            done=done,
            variables=wanted.variables,
            locate_policy=wanted.locate_policy,
            columns=live.columns,
            rollback=rollback,
            refresh=carved.refresh,
            matched=matched,
            inactive=live.inactive,
        )
    )
    plan = plan.model_copy(update={"state": state_seen(repository, wanted.carving.name)})
    known = facts(wanted.carving, population, plan, assignments)
    beyond = beyond_limits(plan, ways_of(plan), wanted.policies.limits)
    return Planned(_sealed(plan, before), assignments, live.snapshot, known, beyond)


def _sealed(plan: Plan, before: Plan | None) -> Plan:
    if before is not None:
        again = seal(plan.model_copy(update={"created": before.created}))
        if again.digest == before.digest:
            return again
    return seal(plan)
