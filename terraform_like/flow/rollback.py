"""`territory state rollback`: a plan that puts accounts back where they were after an earlier apply."""

from __future__ import annotations

from contextlib import closing
from datetime import date

import polars as pl

from terraform_like.carve.settle import Carved
from terraform_like.config.load import Repository, Wanted, load_wanted
from terraform_like.config.variables import Overrides
from terraform_like.diagnostics import Halt, Report, counted, listing
from terraform_like.diff import Place
from terraform_like.domain.scope import Population
from terraform_like.flow.earlier import saved_before, swaps_done
from terraform_like.flow.inputs import populated
from terraform_like.flow.live import Live, read_live
from terraform_like.flow.opened import found_state
from terraform_like.flow.plan import Planned, planned_of
from terraform_like.flow.staffed import staff_as_told
from terraform_like.flow.teams import with_teams
from terraform_like.plan.applied import Entry
from terraform_like.plan.model import Rollback
from terraform_like.state.lock import StateError


def roll_back(repository: Repository, serial: int, plan: str | None, day: date) -> tuple[Planned, Report]:
    """Make a plan that puts accounts back where they were after an apply; nothing is carved.

    Parameters
    ----------
    repository : Repository
        The territory repository.
    serial : int
        Serial of that apply; 0 for the time before the first.
    plan : str or None
        The plan; where left out, the one that was applied then, or the only one.
    day : datetime.date
        The day that the owners of territories are for.

    Raises
    ------
    Halt
        When there was no such apply, what was before is not known, or territories of that day are gone from the YAML.
    """
    report = Report()
    name, rollback, befores = _remembered(repository, serial, plan, report)
    before = saved_before(repository, name)
    wanted = load_wanted(repository, name, report, Overrides(before.variables if before else {}))
    done = swaps_done(repository, wanted, before)
    live = read_live(repository, wanted, day, report, before=before)
    population = populated(wanted, live.snapshot, live.users, report, done)
    territory, has_it = _places(wanted, live, population, befores, done, report)
    if report.failed:
        raise Halt(report)
    # A slot that has lapsed is a book only where accounts go back to it, or still are in it: so does check see it.
    wanted = wanted.on(day, frozenset(territory.drop_nulls()))
    staffed = staff_as_told(wanted.carving, population, territory, has_it, day)
    staffed = with_teams(staffed, wanted.carving, population, territory, day, before, wanted.locate, report)
    carved = Carved(territory, (), ())
    planned = planned_of(repository, wanted, live, population, carved, staffed, day, report, done, rollback=rollback)
    return planned, report


def _remembered(
    repository: Repository, serial: int, plan: str | None, report: Report
) -> tuple[str, Rollback, dict[str, Place]]:
    """Give the plan, the apply to go back to, and what the CRM had then of each account that was changed since."""
    try:
        state = found_state(repository)
        if state is None:
            report.error("Nothing was applied yet", "There is nothing to go back to.")
            raise Halt(report)
        with closing(state):
            history = state.history()
            entry = _entry(history, serial, report)
            name = repository.choose(entry.plan if entry is not None else plan)
            if entry is not None and plan not in (None, entry.plan):
                report.error(
                    f"Serial {serial} is an apply of {entry.plan}", f"Leave {plan} out, or name another serial."
                )
                raise Halt(report)
            since = state.since(name, serial).select("account", "territory_before", "owner_before")
            befores = {account: Place(territory=territory, owner=owner) for account, territory, owner in since.rows()}
    except StateError as error:
        report.error("It cannot be rolled back", f"{error}.")
        raise Halt(report) from None
    return name, Rollback(serial=serial, finished=entry.finished if entry else ""), befores


def _entry(history: list[Entry], serial: int, report: Report) -> Entry | None:
    if serial == 0:
        return None
    entry = next((entry for entry in history if entry.serial == serial), None)
    if entry is None:
        known = f"There are 1 to {len(history)}, and 0 for the time before the first." if history else ""
        report.error(f"There was no apply with serial {serial}", f"{known} territory state history shows them.")
        raise Halt(report)
    return entry


def _places(
    wanted: Wanted,
    live: Live,
    population: Population,
    befores: dict[str, Place],
    done: frozenset[tuple[str, str]],
    report: Report,
) -> tuple[pl.Series, pl.Series]:
    """Give territory and who has it of each account in scope: as it was where that was changed since, else as it is."""
    inside, carving = population.inside, wanted.carving
    people = {user: person for person, user in live.users.items()}
    renames = carving.renames(done)
    territories: list[str | None] = []
    users: list[str | None] = []
    lost: dict[str, list[str]] = {}
    for account, territory, owner in inside.table.select("account", "territory", "owner").iter_rows():
        if (was := befores.get(account)) is not None:
            territory = renames.get(was.territory, was.territory) if was.territory is not None else None
            owner = people.get(was.owner, was.owner) if was.owner is not None else None
        if territory is not None and territory not in carving.books:
            lost.setdefault(territory, []).append(account)
        territories.append(territory)
        users.append(owner)
    for territory, accounts in sorted(lost.items()):
        report.error(
            f'The YAML has no territory "{territory}"',
            f"{counted(len(accounts), 'account')} would be in it: {listing(accounts)}. Take the YAML of that day back "
            "with git first.",
        )
    if away := sorted(befores.keys() - set(inside.accounts)):
        report.warning(
            f"{counted(len(away), 'account')} no longer in scope, and left as they are",
            f"{listing(away)}. Later applies changed them; the YAML or the CRM has them out of scope now.",
        )
    return pl.Series(territories, dtype=pl.String), pl.Series(users, dtype=pl.String)
