"""Accounts that wait for their territory are where they are first, whoever comes and goes until then."""

from __future__ import annotations

from datetime import date

from terraform_like.diff import Place
from terraform_like.domain.reason import ReasonCode
from terraform_like.plan.model import Plan, Scheduled
from terraform_like.plan.scheduled import waiting_at_first


def on(day: int, reason: ReasonCode, before: Place, after: Place, *accounts: str) -> Scheduled:
    return Scheduled(
        on=date(2027, 1, day), reason=reason, before=before, after=after, accounts=accounts, protected=0, pipeline=None
    )


def test_who_waits_is_with_the_first_that_has_it_and_not_with_who_has_it_last(plan: Plan) -> None:
    dee, ann, east = (Place(territory=t, owner=o) for t, o in (("slot", "dee"), ("slot", "ann"), ("east", "ann")))
    waits = plan.model_copy(
        update={
            "scheduled": (
                on(2, ReasonCode.OWNER_LEFT, dee, ann, "A-1", "B-2"),
                on(3, ReasonCode.EFFECTIVE, ann, east, "A-1"),
            )
        }
    )
    assert waiting_at_first(waits) == {"A-1": dee}
