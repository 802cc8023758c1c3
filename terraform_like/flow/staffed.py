"""The staffing of a plan: worked out anew from the live CRM, or taken from a saved plan and worked out around it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache, partial

import numpy as np
import polars as pl

from terraform_like.diagnostics import Halt, Locate, Report
from terraform_like.domain.carving import Carving
from terraform_like.domain.reason import ReasonCode
from terraform_like.domain.scope import Population
from terraform_like.plan.model import Plan
from terraform_like.plan.scheduled import passed_by
from terraform_like.staffing.cast import Ints
from terraform_like.staffing.cover import Share, Sharing
from terraform_like.staffing.schedule import Held, as_told, schedule
from terraform_like.staffing.tell import tell
from terraform_like.staffing.tenure import ONE_DAY
from terraform_like.staffing.timeline import Staffed, passings, timeline
from terraform_like.staffing.vacancy import vacant_since

#: A day before any plan: held over once, and passed.
_LONG_AGO = date.min


def staff(
    carving: Carving,
    population: Population,
    territory: pl.Series,
    day: date,
    earlier: Plan | None,
    locate: Locate,
    report: Report,
) -> Staffed:
    """Say who has each account on a day and on every later one, from the wishes and who has them now.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    population : Population
        The accounts in scope.
    territory : polars.Series
        The territory of each, as carved.
    day : datetime.date
        The plan's day.
    earlier : Plan, optional
        The plan that was saved before: what it holds over goes on, and who holds accounts has held them since then.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers what a reviewer must know.

    Raises
    ------
    Halt
        When the solver fails.
    """
    over = _held_over(earlier, carving, day) if earlier else {}
    return _staffed(carving, population, territory, day, _evenly(report), over, earlier, locate, report)


def staff_as_saved(
    carving: Carving,
    population: Population,
    plan: Plan,
    assignments: pl.DataFrame,
    locate: Locate,
    report: Report,
) -> Staffed:
    """Say the same around a saved plan: whoever it gives accounts that are spread evenly has them, if they may.

    Parameters
    ----------
    carving, population
        As the plan's YAML and snapshot give them.
    plan, assignments
        As saved.
    locate, report
        As of `staff`.
    """
    ordered = assignments.sort("account")
    dealing = population.dealing
    over: dict[str, date] = {}
    if dealing is not None:
        passed = dict.fromkeys(population.inside.accounts.filter(dealing), _LONG_AGO)
        over = passed | _held_over(plan, carving, plan.as_of)
    share = _as_saved(plan, ordered)
    return _staffed(carving, population, ordered["territory"], plan.as_of, share, over, plan, locate, report)


def staff_as_told(
    carving: Carving, population: Population, territory: pl.Series, has_it: pl.Series, day: date
) -> Staffed:
    """Give accounts to whom they are told to be on a day, as a rollback does; nothing is said of later days.

    Parameters
    ----------
    carving, population
        As of `staff`.
    territory, has_it : polars.Series
        Territory of each account, and who has it; null is its territory's owner.
    day : datetime.date
        The day that owners are for.
    """
    found = as_told(carving, population.inside, territory, has_it, day)
    desired = found.today(population.inside, territory)
    return Staffed(desired, desired, timeline(found), (), vacant_since(carving, day, {}))


def _staffed(
    carving: Carving,
    population: Population,
    territory: pl.Series,
    day: date,
    share: Share,
    over: Mapping[str, date],
    earlier: Plan | None,
    locate: Locate,
    report: Report,
) -> Staffed:
    inside, dealing = population.inside, population.dealing
    flags = np.zeros(len(inside), dtype=bool) if dealing is None else dealing.to_numpy()
    found = schedule(carving, inside, territory, day, share, Held(flags, over))
    tell(found, locate, report)
    since = _since(earlier, day) if earlier else {}
    vacant = vacant_since(carving, day, _vacant_since(earlier, carving, day) if earlier else {})
    desired, shown = found.today(inside, territory), found.shown(inside, territory)
    return Staffed(desired, shown, timeline(found, since), passings(found), vacant)


def _evenly(report: Report) -> Share:
    """Give the accounts of a vacant territory evenly to those who may hold them.

    Raises
    ------
    Halt
        When the solver fails.
    """

    def share(sharing: Sharing) -> Ints:
        # A plan that spreads nothing pays for no solver.
        from terraform_like.carve.form.problem import SolverError
        from terraform_like.carve.programs.evening import spread_evenly

        try:
            return spread_evenly(sharing.own, sharing.loads, sharing.room, sharing.km)
        except SolverError as error:
            who = f"Nobody can be found to hold {sharing.book} from {sharing.day} on"
            report.error(who, f"{error}. Nothing was changed.")
            raise Halt(report) from None

    return share


def _as_saved(plan: Plan, assignments: pl.DataFrame) -> Share:
    """Give the holders that a saved plan names."""
    holder = dict(assignments.filter(pl.col("holder").is_not_null()).select("account", "holder").iter_rows())
    passed = cache(partial(passed_by, plan))

    def share(sharing: Sharing) -> Ints:
        later = passed(sharing.day)
        named = [later[account].owner if account in later else holder.get(account) for account in sharing.accounts]
        position = {person: n for n, person in enumerate(sharing.people)}
        return np.array([position.get(who or "", -1) for who in named], dtype=np.int64)

    return share


def _held_over(plan: Plan, carving: Carving, day: date) -> dict[str, date]:
    """Give the accounts that a plan holds over by a day, and when each passes."""
    if carving.holdover is None:
        return {}
    begun: timedelta = carving.holdover.period
    return {
        account: passing.on
        for passing in plan.scheduled
        if passing.reason is ReasonCode.HELD_OVER and passing.on <= day + begun
        for account in passing.accounts
    }


def _since(plan: Plan, day: date) -> dict[tuple[str, str], date]:
    """Give since when people hold accounts of a territory, of those who do on a day."""
    return {
        (row.territory, row.person): row.since
        for row in plan.staffing
        if row.interim and row.person and row.since and row.on(day)
    }


def _vacant_since(plan: Plan, carving: Carving, day: date) -> dict[str, date]:
    """Give since when territories are vacant that a plan has as vacant, and that nobody was to own until a day."""
    new = carving.renames()
    found = {new.get(one.name, one.name): one.vacant_since for one in plan.territories if one.vacant_since}
    for row in plan.staffing:
        owns = row.person is not None and not row.interim and not row.team
        if owns and row.since and plan.as_of < row.since <= day:
            # Somebody came meanwhile, and is gone again: since when, only that plan can say.
            name = new.get(row.territory, row.territory)
            found.pop(name, None)
            if row.to and row.to < day:
                found[name] = row.to + ONE_DAY
    return found
