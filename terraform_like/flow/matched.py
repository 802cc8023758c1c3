"""Who owns territories that name no owner: found anew for a plan, or taken from a saved one and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np
import polars as pl

from terraform_like.diagnostics import Halt, Locate, Report
from terraform_like.domain.carving import Carving
from terraform_like.domain.scope import Population
from terraform_like.plan.model import Plan
from terraform_like.staffing.cast import NOBODY, Ints
from terraform_like.staffing.matching import Matched, Vacancies, tell_matching, vacancies


def match_people(
    carving: Carving,
    population: Population,
    territory: pl.Series,
    day: date,
    users: Iterable[str],
    inactive: Iterable[str],
    locate: Locate,
    report: Report,
) -> tuple[Matched, ...]:
    """Match people who own nothing to territories that name no owner.

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
    users, inactive : iterable of str
        People whom the CRM knows, and those of them whose user is not active.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers who is left over.

    Raises
    ------
    Halt
        When the solver fails.
    """
    found = vacancies(carving, population.inside, territory, day, users, inactive)
    at = _best(found, report)
    tell_matching(found, at, locate, report)
    return found.told(at)


def matched_as_saved(
    carving: Carving, population: Population, territory: pl.Series, plan: Plan
) -> tuple[Matched, ...] | str:
    """Take who a saved plan matched, told anew; or say in words why that may not be.

    Parameters
    ----------
    carving, population, territory
        As of `match_people`.
    plan : Plan
        As saved; who of its people has no active user is taken as said.
    """
    found = vacancies(carving, population.inside, territory, plan.as_of, plan.users, plan.inactive)
    owners = {one.territory: one.person for one in plan.matched}
    if len(owners) < len(plan.matched):
        return "two owners of one territory"
    for name, person in owners.items():
        if name not in found.territories:
            return f"an owner for {name}, which is not open"
        if person not in found.people:
            return f"{person} for {name}, who may not be matched"
    position = {person: n for n, person in enumerate(found.people)}
    at = np.array([position.get(owners.get(name, ""), NOBODY) for name in found.territories], dtype=np.int64)
    return found.breach(at) or found.told(at)


def owners_by_match(matched: Iterable[Matched]) -> dict[str, str]:
    """Give the owner of each territory that was matched."""
    return {one.territory: one.person for one in matched}


def matched_before(carving: Carving, before: Plan | None) -> Mapping[str, str]:
    """Give who the plan that was saved before matched to territories that still name no owner, by names of now."""
    if before is None:
        return {}
    renames = carving.renames()
    owners = {renames.get(one.territory, one.territory): renames.get(one.person, one.person) for one in before.matched}
    return {name: person for name, person in owners.items() if name in carving.territories and person in carving.people}


def _best(found: Vacancies, report: Report) -> Ints:
    if not found.territories or not found.people:
        return np.full(len(found.territories), NOBODY)
    # A plan in which nobody is matched pays for no solver.
    from terraform_like.carve.form.problem import SolverError
    from terraform_like.carve.programs.matching import match

    accounts = np.maximum(1, found.accounts)
    senior = found.seniority[:, None] * found.large[None, :]
    try:
        return match(found.has / accounts, found.km, found.fits / accounts, senior, found.takes, found.room)
    except SolverError as error:
        report.error("Nobody can be matched to territories without an owner", f"{error}. Name their owners.")
        raise Halt(report) from None
