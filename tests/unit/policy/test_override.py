"""An override excuses one soft policy of one saved plan, and nothing else."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from terraform_like.diagnostics import Report, nowhere
from terraform_like.policy.override import Override, overridden
from terraform_like.policy.verdict import Verdict, Waived

DIGEST = "3f5a09c1d27e" + "0" * 52


def verdict(level="soft", passed=False, **more):
    return Verdict(policy="even", level=level, passed=passed, **more)


def override(**more):
    told = {"plan": "fy27", "digest": DIGEST[:12], "policy": "even", "by": "vp.sales", "reason": "agreed", **more}
    return Override.model_validate(told)


def said(one, *overrides):
    report = Report()
    (found,) = overridden([one], overrides, "fy27", DIGEST, nowhere, report)
    return found, [(str(d.severity), d.summary) for d in report]


def test_a_soft_policy_is_excused_with_who_and_why():
    found, told = said(verdict(), override())

    assert not found.blocks
    assert not found.passed
    assert (found.overridden.by, found.overridden.reason) == ("vp.sales", "agreed")
    assert told == []


def test_a_hard_policy_is_never_overridden():
    found, told = said(verdict("hard"), override())

    assert found.blocks
    assert told == [("warning", 'Refused override of policy "even" by vp.sales')]


@pytest.mark.parametrize("digest", ["3f5a09c1d27f", "0" * 64, DIGEST[:20] + "1"])
def test_an_override_is_void_once_the_plan_is_made_again(digest):
    found, told = said(verdict(), override(digest=digest))

    assert found.blocks
    assert told == [("warning", 'Void override of policy "even" by vp.sales')]


@pytest.mark.parametrize("one", [verdict(passed=True), verdict("advisory"), verdict(passed=True, waived=None)])
def test_an_override_that_nothing_needs_is_noted(one):
    found, told = said(one, override())

    assert found == one
    assert told == [("note", 'Unused override of policy "even" by vp.sales')]


def test_a_waived_policy_needs_no_override():
    waived = Waived(owner="vp", reason="agreed", expires="2027-03-31")
    found, _ = said(verdict(passed=True, waived=waived), override())

    assert found.overridden is None


def test_an_override_of_another_policy_excuses_nothing_and_is_an_error():
    found, told = said(verdict(), override(policy="evn"))

    assert found.blocks
    assert told == [("error", 'There is no policy "evn" to override')]


def test_an_override_of_another_plan_is_none_of_this_ones_business():
    found, told = said(verdict(), override(plan="fy28"))

    assert found.blocks
    assert told == []


@pytest.mark.parametrize("wrong", [{"digest": "3f5a"}, {"digest": "x" * 12}, {"reason": ""}, {"by": ""}])
def test_an_override_names_the_digest_who_and_why(wrong):
    with pytest.raises(ValidationError):
        override(**wrong)


def test_a_digest_of_digits_only_needs_no_quotes():
    assert override(digest=123456789012).digest == "123456789012"
