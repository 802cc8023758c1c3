"""What passes on later days, as a plan saves it, and where that puts accounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from terraform_like.carve.prove.certify import rounded
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
    wait = {a for passing in plan.scheduled if passing.reason is ReasonCode.EFFECTIVE for a in passing.accounts}
    # Whoever has them meanwhile may leave before that.
    return {a: passing.before for passing in reversed(plan.scheduled) for a in passing.accounts if a in wait}
