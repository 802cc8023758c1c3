from __future__ import annotations

from datetime import date

from terraform_like.diff import Place
from terraform_like.plan.steps import Step, batches
from terraform_like.report.dry_run import dry_run_text

DAY = date(2027, 2, 1)


def told(count: int, *, all_changes: bool = False, name: str = "A") -> str:
    steps = (Step(f"{name}-{n:02}", Place(owner="U1", territory="west"), Place(owner="U2")) for n in range(count))
    return dry_run_text("fy27", DAY, batches(steps, 8), color=False, all_changes=all_changes)


def test_more_than_twenty_steps_fold_across_batches_until_all_are_asked_for() -> None:
    folded = told(23)
    assert folded.count("U1 in west") == 20
    assert "... and 3 more: --all-changes shows them all" in folded
    assert "Batch 3 of 3: 7 accounts" in folded
    assert told(23, all_changes=True).count("U1 in west") == 23
    assert "more" not in told(20)


def test_an_account_steers_no_terminal() -> None:
    assert "\x1b" not in told(1, name="\x1b[31mA")
