from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import polars as pl
import pytest

from terraform_like.diff import Change, ChangeKind, Place
from terraform_like.domain.reason import ReasonCode
from terraform_like.plan.model import Plan, Scheduled
from terraform_like.plan.steps import Step, batches
from terraform_like.plan.steps import steps as made
from terraform_like.plan.ways import ways_of


def steps(plan: Plan, day: date, here: Mapping[str, Place]) -> Iterator[Step]:
    rows = [(account, place.territory, place.owner) for account, place in sorted(here.items())]
    schema = dict.fromkeys(("account", "territory", "owner"), pl.String)
    return made(plan, ways_of(plan), day, pl.DataFrame(rows, schema=schema, orient="row"))


def with_changes(plan: Plan, *accounts: str) -> Plan:
    change = Change(
        account="",
        kind=ChangeKind.MOVE,
        before=Place(territory="west", owner="u-9"),
        after=Place(territory="slot", owner="raj"),
    )
    return plan.model_copy(update={"changes": tuple(change.model_copy(update={"account": a}) for a in accounts)})


def test_owners_are_named_as_the_crm_names_them(plan: Plan) -> None:
    (step,) = steps(plan, plan.as_of, {})
    assert step.before == Place(territory="west", owner="u-9")
    assert step.after == Place(territory="slot", owner="u-2")


def test_steps_are_sorted_and_no_batch_is_larger_than_asked(plan: Plan) -> None:
    found = tuple(batches(steps(with_changes(plan, "C", "a", "B", "É", "A"), plan.as_of, {}), 2))
    assert [[step.account for step in batch.steps] for batch in found] == [["A", "B"], ["C", "a"], ["É"]]
    assert [batch.number for batch in found] == [1, 2, 3]


def test_a_plan_without_changes_has_no_batches(plan: Plan) -> None:
    assert not tuple(batches(steps(with_changes(plan), plan.as_of, {}), 5))


def test_a_batch_holds_at_least_one_step(plan: Plan) -> None:
    with pytest.raises(ValueError, match="at least one"):
        batches(steps(plan, plan.as_of, {}), 0)


def passing(on: str, giver: str | None, taker: str | None, *accounts: str) -> Scheduled:
    return Scheduled(
        on=date.fromisoformat(on),
        reason=ReasonCode.OWNER_LEFT,
        before=Place(territory="slot", owner=giver),
        after=Place(territory="slot", owner=taker),
        accounts=accounts,
    )


LATER = (passing("2027-07-10", "raj", "u-9", "A", "B"), passing("2027-07-20", "u-9", "raj", "A"))


@pytest.mark.parametrize(
    ("day", "owners"),
    [
        ("2027-07-09", {"A": "u-2"}),
        ("2027-07-10", {"A": "u-9", "B": "u-9"}),
        ("2027-07-20", {"A": "u-2", "B": "u-9"}),
    ],
)
def test_what_passes_by_the_day_is_pushed_and_nothing_that_passes_later(plan, day, owners):
    dated = with_changes(plan, "A").model_copy(update={"scheduled": LATER})
    assert {step.account: step.after.owner for step in steps(dated, date.fromisoformat(day), {})} == owners


def test_where_this_plan_has_put_an_account_its_step_begins_there(plan):
    dated = with_changes(plan, "A").model_copy(update={"scheduled": LATER})
    here = {"A": Place(territory="slot", owner="u-2"), "B": Place(territory="slot", owner="u-9")}
    step, other = steps(dated, date(2027, 7, 10), here)
    assert step == Step("A", here["A"], Place(territory="slot", owner="u-9"))
    assert not step.stands
    assert other.stands and other == Step("B", here["B"], here["B"])


def test_from_where_it_was_put_an_account_may_be_anywhere_further_along_its_way(plan):
    dated = with_changes(plan, "A").model_copy(update={"scheduled": LATER})
    first, last = Place(territory="slot", owner="u-2"), Place(territory="slot", owner="u-9")
    third = dated.model_copy(update={"scheduled": (*LATER, passing("2027-07-30", "raj", None, "A"))})
    step = next(s for s in steps(third, date(2027, 7, 30), {"A": last}) if s.account == "A")
    assert step.between == (first,)
    step = next(s for s in steps(dated, date(2027, 7, 20), {"A": first}) if s.account == "A")
    assert step.stands


def test_without_receipts_an_account_may_be_anywhere_along_its_way(plan):
    dated = with_changes(plan, "A").model_copy(update={"scheduled": LATER})
    step = next(s for s in steps(dated, date(2027, 7, 20), {}) if s.account == "A")
    assert [place.owner for place in step.between] == ["u-2", "u-9"]
