"""What a branch changes of the gate is told, whatever it is."""

from __future__ import annotations

import pytest

from terraform_like.policy.changed import changed, taken_away
from terraform_like.policy.rule import Policies

RULE = {"over": "territories", "by": "segment", "measure": "spread(arr)", "at_most": 1.25}
WAIVER = {"policy": "even", "subject": "territory.a", "owner": "vp", "reason": "agreed", "expires": "2027-03-31"}


def gate(**keys):
    return Policies.model_validate({"policies": {"even": RULE}, **keys})


BEFORE = gate()


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, []),
        ({"policies": {"even": {**RULE, "at_most": 99}}}, ["~ policies.even.at_most: 1.25 -> 99"]),
        ({"policies": {"even": {**RULE, "level": "advisory"}}}, ["~ policies.even.level: hard -> advisory"]),
        ({"policies": {"even": {**RULE, "where": "size > 1"}}}, ["+ policies.even.where: size > 1"]),
        ({"levels": {"even": "soft"}}, ["+ levels.even: soft"]),
        ({"waivers": [WAIVER]}, ["+ waiver of territory.a from even until 2027-03-31, vp: agreed"]),
        ({"limits": {"changes": 1.0}}, ["~ limits.changes: 0.3 -> 1"]),
    ],
)
def test_every_change_is_a_line(keys, told):
    assert list(changed(BEFORE, gate(**keys))) == told


def test_a_rule_that_is_renamed_is_one_that_is_taken_away_and_another():
    after = gate(policies={"evn": RULE})

    assert [line.split(":")[0] for line in changed(BEFORE, after)] == ["- policies.even", "+ policies.evn"]
    assert taken_away(BEFORE, after) == ("even",)
    assert taken_away(after, after) == ()


def test_what_is_taken_away_of_waivers_and_approvals_is_told():
    approval = {"when": "moves > 50", "from": ["vp"], "count": 1}
    (first, second) = changed(gate(waivers=[WAIVER, WAIVER], approvals=[approval]), gate(waivers=[WAIVER]))

    assert first.startswith("- waiver of territory.a")
    assert second.startswith("- approval {")


def test_what_is_taken_out_of_a_rule_or_of_the_levels_is_told():
    rule = {"over": "changes", "where": "kind = 'move'", "assert": "open_pipeline < 1"}
    before = {"policies": {"p": rule}, "levels": {"p": "soft"}}
    after = {"policies": {"p": {"over": "changes", "assert": "open_pipeline < 9"}}}

    assert changed(Policies.model_validate(before), Policies.model_validate(after)) == (
        "~ policies.p.assert: open_pipeline < 1 -> open_pipeline < 9",
        "- policies.p.where: kind = 'move'",
        "- levels.p: soft",
    )


def test_a_rule_that_is_gone_is_told_as_it_was_written_and_with_its_level():
    before = {"policies": {"p": {"over": "changes", "assert": "kind <> 'move'"}}}

    assert changed(Policies.model_validate(before), Policies()) == (
        '- policies.p: {"level": "hard", "over": "changes", "assert": "kind <> \'move\'"}',
    )


def test_names_in_other_letters_stay_readable():
    after = {"approvals": [{"from": ["josé"]}]}

    (told,) = changed(Policies(), Policies.model_validate(after))
    assert "josé" in told
