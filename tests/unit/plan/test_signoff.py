from __future__ import annotations

import pytest

from terraform_like.plan.model import Plan
from terraform_like.plan.signoff import Signed, approvals_held
from terraform_like.policy.rule import Approval

ASKED = {"when": "changes > 0", "from": ["vp", "cfo"], "count": 2}


def asked(**changed: object) -> Approval:
    return Approval.model_validate({**ASKED, **changed})


@pytest.mark.parametrize(
    ("signed", "ok", "found"),
    [
        ([], False, ""),
        ([("vp", "this", False)], False, "vp"),
        ([("vp", "this", False), ("vp", "this", False)], False, "vp, vp"),
        ([("vp", "this", False), ("intern", "this", False)], False, "vp"),
        ([("vp", "this", False), ("cfo", "old", False)], False, "vp, cfo (another digest)"),
        ([("vp", "this", False), ("cfo", "this", False)], True, "cfo, vp"),
        ([("vp", "this", True), ("cfo", "this", False)], True, "cfo, vp"),
    ],
)
def test_only_sign_offs_of_this_digest_by_those_who_may_count_each_person_once(
    plan: Plan, signed: list[tuple[str, str, bool]], ok: bool, found: str
) -> None:
    sealed = plan.model_copy(update={"digest": "this"})
    (check,) = approvals_held([asked()], sealed, 1, 3, [Signed(*one) for one in signed])
    assert (check.ok, check.found) == (ok, found)
    assert check.expected == "2 of vp, cfo, as changes > 0"


def test_whoever_made_the_plan_does_not_count_where_the_policies_say_so(plan: Plan) -> None:
    sealed = plan.model_copy(update={"digest": "this"})
    mine = [Signed("vp", "this", own=True)]
    (check,) = approvals_held([asked(count=1, by_author=False)], sealed, 1, 3, mine)
    assert (check.ok, check.found) == (False, "vp (made the plan)")


def test_what_does_not_concern_the_plan_is_not_asked_and_what_cannot_be_judged_fails(plan: Plan) -> None:
    assert list(approvals_held([asked(when="moves > 1000"), asked(when="people = 4")], plan, 1, 3, [])) == []
    (check,) = approvals_held([asked(when="nonsense > 1")], plan, 1, 3, [])
    assert not check.ok
    assert "nonsense" in check.found
