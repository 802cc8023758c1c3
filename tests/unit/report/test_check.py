import re
from dataclasses import replace
from datetime import date

from terraform_like.diagnostics import Span
from terraform_like.policy.verdict import Overridden
from terraform_like.report.check import check_text
from terraform_like.report.check_github import github_text
from terraform_like.report.check_junit import junit_text
from terraform_like.report.check_sarif import sarif_text
from terraform_like.report.check_view import CheckView, Integrity

SEALED = Integrity("sealed", True, "plan.json is as it was saved")
STALE = Integrity("inputs", False, "plans/fy27/plan.yaml changed since; run `territory plan fy27 --save`")
VIEW = CheckView(plan="fy27", digest="0123456789abcdef" * 4, as_of=date(2027, 2, 1), integrity=[SEALED])


def text(view):
    return re.sub(r"\s+", " ", check_text(view, color=False))


def test_a_reviewer_can_tell_what_is_unfair_to_whom_by_how_much_and_what_to_do(plan):
    places = {"even-workload": Span("policies/fairness.yaml", 17, 3)}
    told = text(replace(VIEW, verdicts=plan.verdicts, places=places))

    assert "FAILED even-workload (hard)" in told
    assert "it is 1.5004 in town" in told
    assert "`spread` is the highest divided by the lowest, 1 where all are alike; in brackets workload of each" in told
    assert "slot.town-04 (88.1), territory.town-01 (132)" in told
    assert "policies/fairness.yaml, line 17" in told
    assert "look at town" in told
    assert "{policy: even-workload, subject: slot.town-04, owner: WHO, reason: WHY, expires: DATE}" in told
    assert told.endswith("Check failed: 1 hard policy broken.")


def test_what_holds_is_told_to_whoever_never_saw_a_seal():
    told = text(
        replace(VIEW, integrity=[Integrity("seal", True, "0123456789ab"), Integrity("proof", True, "the same one")])
    )

    assert "holds seal: nobody edited plan.json after it was saved (0123456789ab)" in told
    assert "holds proof: the carve is as good as its proof says" in told
    assert "the same one" not in told


def test_a_fault_in_the_saved_plan_fails_the_check_and_says_the_way_out(plan):
    passing = [v for v in plan.verdicts if not v.blocks]
    view = replace(VIEW, integrity=[SEALED, STALE], verdicts=passing)
    told = text(view)

    assert "BROKEN inputs: plans/fy27/plan.yaml changed since; run `territory plan fy27 --save`" in told
    assert told.endswith("Check failed: 1 fault in the saved plan.")
    assert not view.passes


def test_advice_and_waivers_do_not_fail_a_check(plan):
    view = replace(VIEW, verdicts=[v for v in plan.verdicts if not v.blocks])

    assert view.passes
    assert text(view).endswith("Check passed.")
    assert "What to do" not in text(view)


def test_a_soft_policy_that_is_broken_shows_the_override_to_sign(plan):
    soft = plan.verdicts[1].model_copy(update={"level": "soft"})
    told = text(replace(VIEW, verdicts=[soft]))

    assert "{plan: fy27, digest: 0123456789ab, policy: even-workload, by: WHO, reason: WHY}" in told
    assert told.endswith("Check failed: 1 soft policy broken.")


def test_what_a_policy_says_to_do_is_told_in_every_format(plan):
    advised = plan.verdicts[1].model_copy(update={"remedy": "Narrow the band."})
    view = replace(VIEW, verdicts=[advised])

    assert "- even-workload (look at town): Narrow the band." in text(view)
    for formatted in (github_text, junit_text, sarif_text):
        assert "What to do: Narrow the band." in formatted(view)


def test_each_part_is_told_with_its_figure_and_its_rows(plan):
    verdict = plan.verdicts[1].model_copy(
        update={
            "subjects": ("slot.town-04", "territory.town-01", "territory.city-01"),
            "values": (88.1, 132.0, 7.0),
            "parts": ("town", "town", "city"),
            "part_figures": {"town": 1.5004, "city": 1.52},
        }
    )
    told = text(replace(VIEW, verdicts=[verdict]))

    assert "in town it is 1.5004: slot.town-04 (88.1), territory.town-01 (132);" in told
    assert "in city it is 1.52: territory.city-01 (7)" in told


def test_an_override_is_told_with_who_and_why(plan):
    signed = Overridden(by="vp.sales", reason="two hires start in March")
    soft = plan.verdicts[1].model_copy(update={"level": "soft", "overridden": signed})
    view = replace(VIEW, verdicts=[soft])

    assert view.passes
    assert "overridden even-workload (soft)" in text(view)
    assert "overridden by vp.sales: two hires start in March" in text(view)


def test_what_a_branch_changes_of_the_gate_is_told_as_a_diff():
    told = check_text(replace(VIEW, policy_changes=["~ policies.even.at_most: 1.25 -> 99"]), color=False)

    assert "Changes of the gate in this branch: none of them counts before it is merged" in told
    assert "  ~ policies.even.at_most: 1.25 -> 99" in told.splitlines()
