"""What policies say where they are silent: the values that the reference gives."""

from __future__ import annotations

from terraform_like.policy.rule import Approval, Limits


def test_an_apply_may_change_three_accounts_in_ten_and_always_ten_of_them():
    limits = Limits()
    assert (limits.changes, limits.floor, limits.territory) == (0.3, 10, None)


def test_one_approver_must_sign_who_may_be_the_author_and_need_not_sign_by_key():
    approval = Approval.model_validate({"from": ["vp.sales"]})
    assert (approval.when, approval.count, approval.by_author, approval.signed) == (None, 1, True, False)
