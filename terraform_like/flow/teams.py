"""Who of the roles that `coverage` names is on which territory: found anew for a plan, or taken from a saved one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl

from terraform_like.diagnostics import Halt, Locate, Report
from terraform_like.domain.carving import Carving
from terraform_like.domain.scope import Population
from terraform_like.plan.model import Plan
from terraform_like.staffing.cast import NOBODY, Ints
from terraform_like.staffing.teams import Duty, Earlier, joined, team_rows
from terraform_like.staffing.timeline import Staffed, Staffing


def with_teams(
    staffed: Staffed,
    carving: Carving,
    population: Population,
    territory: pl.Series,
    day: date,
    before: Plan | None,
    locate: Locate,
    report: Report,
) -> Staffed:
    """Add who covers territories in other roles to a staffing.

    Parameters
    ----------
    staffed : Staffed
        Who owns and holds accounts.
    carving, population, territory, day
        As of `flow.staffed.staff`.
    before : Plan, optional
        The plan that was saved before: who covers a territory by it goes on while they may.
    locate, report
        Where the wishes stand, and what gathers territories that nobody covers.

    Raises
    ------
    Halt
        When the solver fails.
    """

    def assign(duty: Duty) -> Ints:
        return _best(duty, report)

    earlier = _earlier(before, carving, day) if before else {}
    rows = team_rows(carving, population.inside, territory, day, assign, earlier, locate, report)
    return joined(staffed, rows)


def with_teams_as_saved(
    staffed: Staffed,
    carving: Carving,
    population: Population,
    territory: pl.Series,
    plan: Plan,
    locate: Locate,
    report: Report,
) -> Staffed:
    """Add who covers territories by a saved plan; where that may not be, nobody does."""

    def assign(duty: Duty) -> Ints:
        position = {person: n for n, person in enumerate(duty.people)}
        covering = {row.territory: who for row, who in _covering(plan, duty.day) if row.role == duty.role}
        at = np.array([position.get(covering.get(book) or "", NOBODY) for book in duty.books], dtype=np.int64)
        return np.full(len(at), NOBODY) if duty.breach(at) else at

    earlier = _earlier(plan, carving, plan.as_of)
    rows = team_rows(carving, population.inside, territory, plan.as_of, assign, earlier, locate, report)
    return joined(staffed, rows)


def _best(duty: Duty, report: Report) -> Ints:
    kept = duty.kept()
    if not duty.people or not duty.books:
        return kept
    # A plan without teams pays for no solver.
    from terraform_like.carve.form.problem import SolverError
    from terraform_like.carve.programs.teams import spread_teams

    try:
        at = spread_teams(duty.kind, duty.near, duty.km, duty.most, duty.capacity, duty.loads, duty.before, kept)
    except SolverError as error:
        report.error(f"No {duty.role} can be found for territories", f"{error}. Nothing was changed.")
        raise Halt(report) from None
    return duty.completed(at)


def _covering(plan: Plan, day: date) -> Iterator[tuple[Staffing, str]]:
    """Give the rows of a saved plan that say who covers a territory in some role on a day, and who that is."""
    for row in plan.staffing:
        if row.team and row.person is not None and row.on(day):
            yield row, row.person


def _earlier(plan: Plan, carving: Carving, day: date) -> dict[tuple[str, str], Earlier]:
    """Give who covers each territory by a saved plan on a day, by names of now."""
    renames = carving.renames()
    return {
        (row.role, renames.get(row.territory, row.territory)): Earlier(renames.get(person, person), row.since)
        for row, person in _covering(plan, day)
    }
