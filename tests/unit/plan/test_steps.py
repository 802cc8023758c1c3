from __future__ import annotations

import pytest

from terraform_like.diff import Change, ChangeKind, Place
from terraform_like.plan.model import Plan
from terraform_like.plan.steps import steps


def with_changes(plan: Plan, *accounts: str) -> Plan:
    change = Change(
        account="",
        kind=ChangeKind.MOVE,
        before=Place(territory="west", owner="u-9"),
        after=Place(territory="slot", owner="raj"),
    )
    return plan.model_copy(update={"changes": tuple(change.model_copy(update={"account": a}) for a in accounts)})


def test_owners_are_named_as_the_crm_names_them(plan: Plan) -> None:
    (batch,) = steps(plan, 10)
    assert batch.steps[0].before == Place(territory="west", owner="u-9")
    assert batch.steps[0].after == Place(territory="slot", owner="u-2")


def test_steps_are_sorted_and_no_batch_is_larger_than_asked(plan: Plan) -> None:
    batches = steps(with_changes(plan, "C", "a", "B", "É", "A"), 2)
    assert [[step.account for step in batch.steps] for batch in batches] == [["A", "B"], ["C", "a"], ["É"]]
    assert [batch.number for batch in batches] == [1, 2, 3]


def test_a_plan_without_changes_has_no_batches(plan: Plan) -> None:
    assert steps(with_changes(plan), 5) == ()


def test_a_batch_holds_at_least_one_step(plan: Plan) -> None:
    with pytest.raises(ValueError, match="at least one"):
        steps(plan, 0)
