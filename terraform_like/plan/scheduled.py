"""What passes on later days, as a plan saves it; and where accounts are on any day of a saved plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from terraform_like.carve.certify import rounded
from terraform_like.diff import Place
from terraform_like.domain.carving import Carving
from terraform_like.domain.reason import ReasonCode
from terraform_like.domain.scope import PROTECTED, Population
from terraform_like.plan.model import Plan, Scheduled
from terraform_like.staffing.timeline import Passing


def scheduled(carving: Carving, population: Population, passings: tuple[Passing, ...]) -> tuple[Scheduled, ...]:
    """Give what passes on later days, with the deals that are at stake."""
    inside = population.inside.table
    pipeline = carving.accounts.pipeline
    value = pl.lit(0.0) if pipeline is None else pl.col(pipeline).cast(pl.Float64).fill_nan(None).fill_null(0)
    facts = inside.select("account", PROTECTED, value=value)
    found = []
    for passing in passings:
        theirs = facts.join(pl.DataFrame({"account": passing.accounts}), on="account", how="semi")
        found.append(
            Scheduled(
                on=passing.on,
                reason=ReasonCode(passing.code.value),
                before=Place(territory=passing.territory_before, owner=passing.giver),
                after=Place(territory=passing.territory, owner=passing.taker),
                accounts=passing.accounts,
                protected=int(theirs[PROTECTED].sum()),
                pipeline=None if pipeline is None else rounded(float(theirs["value"].sum())),
            )
        )
    return tuple(found)


def as_crm(place: Place, users: Mapping[str, str]) -> Place:
    """Name the owner as the CRM does; who is nobody in the plan is a CRM user id already."""
    owner = place.owner
    return place if owner is None else Place(territory=place.territory, owner=users.get(owner, owner))


def passed_by(plan: Plan, day: date) -> Mapping[str, Place]:
    """Give where each account is on a day that passes after the plan's own day and by that day."""
    return {account: passing.after for passing in plan.scheduled if passing.on <= day for account in passing.accounts}


def waiting_at_first(plan: Plan) -> dict[str, Place]:
    """Give where accounts are on the plan's own day whose territory takes effect later."""
    return {a: p.before for p in reversed(plan.scheduled) if p.reason is ReasonCode.EFFECTIVE for a in p.accounts}


def places_until(plan: Plan, day: date) -> Mapping[str, tuple[Place, ...]]:
    """Give the places that each account passes through by a day, in order, where it passes on a later day at all."""
    places: dict[str, list[Place]] = {}
    for passing in plan.scheduled:
        if passing.on <= day:
            for account in passing.accounts:
                places.setdefault(account, [passing.before]).append(passing.after)
    return {account: tuple(those) for account, those in places.items()}


def places_on(plan: Plan, assignments: pl.DataFrame | None, day: date) -> pl.DataFrame:
    """Give where every account of a plan is on a day: `account`, `territory`, `owner`, `holder`, sorted by account.

    Owner and holder are CRM user ids; the CRM has the holder where there is one. Of an account that has passed by that
    day, `owner` is who has it then.

    Parameters
    ----------
    plan, assignments
        As saved.
    day : datetime.date
        The plan's day, or a later one.

    Raises
    ------
    ValueError
        When there are no assignments.
    """
    if assignments is None:
        raise ValueError("the plan was loaded without its assignments")
    owners = {territory.name: plan.users.get(territory.owner or "", territory.owner) for territory in plan.territories}
    text = {"territory": pl.String, "owner": pl.String, "holder": pl.String, "user": pl.String}
    owned = pl.DataFrame({"territory": list(owners), "owner": list(owners.values())}, schema_overrides=text)
    users = pl.DataFrame({"holder": list(plan.users), "user": list(plan.users.values())}, schema_overrides=text)
    table = assignments.join(owned, on="territory", how="left").join(users, on="holder", how="left")
    table = table.select("account", "territory", "owner", holder=pl.coalesce("user", "holder")).sort("account")
    passed = {**waiting_at_first(plan), **passed_by(plan, day)}
    if not passed:
        return table
    places = [(account, as_crm(place, plan.users)) for account, place in passed.items()]
    later = pl.DataFrame(
        [(account, place.territory, place.owner, None) for account, place in places],
        schema={"account": pl.String, "territory": pl.String, "owner": pl.String, "holder": pl.String},
        orient="row",
    )
    return pl.concat([table.join(later, on="account", how="anti"), later]).sort("account")
