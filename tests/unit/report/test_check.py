import re
from datetime import date

from terraform_like.report.check import Integrity, check_passes, check_text

SEALED = Integrity("sealed", True, "plan.json is as it was saved")
STALE = Integrity("inputs", False, "plans/fy27/plan.yaml changed since; run `territory plan fy27 --save`")


def text(integrity, verdicts):
    told = check_text("fy27", date(2027, 2, 1), integrity, verdicts, color=False)
    return re.sub(r"\s+", " ", told)


def test_a_reviewer_can_tell_what_is_unfair_to_whom_by_how_much_and_what_to_do(plan):
    told = text([SEALED], plan.verdicts)

    assert "FAILED even-workload (hard)" in told
    assert "it is 1.5004 in town" in told
    assert "slot.town-04 (88.1), territory.town-01 (132)" in told
    assert "look at town" in told
    assert "{policy: even-workload, subject: slot.town-04, owner: WHO, reason: WHY, expires: DATE}" in told
    assert told.endswith("Check failed: 1 hard policy broken.")


def test_a_fault_in_the_saved_plan_fails_the_check_and_says_the_way_out(plan):
    passing = [v for v in plan.verdicts if not v.blocks]
    told = text([SEALED, STALE], passing)

    assert "BROKEN inputs: plans/fy27/plan.yaml changed since; run `territory plan fy27 --save`" in told
    assert told.endswith("Check failed: 1 fault in the saved plan.")
    assert not check_passes([SEALED, STALE], passing)


def test_advice_and_waivers_do_not_fail_a_check(plan):
    passing = [v for v in plan.verdicts if not v.blocks]

    assert check_passes([SEALED], passing)
    assert text([SEALED], passing).endswith("Check passed.")
    assert "What to do" not in text([SEALED], passing)
