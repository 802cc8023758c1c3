"""What stands at the head of a page and a picture: how much the plan is of, what the policies say, and the counts."""

from __future__ import annotations

from terraform_like.diagnostics import counted
from terraform_like.report.told.plan import ToldPlan
from terraform_like.report.told.verdicts import verdict_counts


def heading(told: ToldPlan) -> str:
    """Give how much the plan is of."""
    territories = counted(len(told.plan.territories), "territory", "territories")
    segments = counted(len(told.segments), "segment")
    return f"{counted(told.plan.summary.accounts, 'account')} in {territories} of {segments}"


def verdict(told: ToldPlan) -> dict[str, str]:
    """Give what the policies say in a sentence, its tone and the counts behind it."""
    words = [v.word for v in told.verdicts]
    if not words:
        return {"tone": "advice", "says": "No policy judges this plan.", "counts": ""}
    counts = verdict_counts(v.verdict for v in told.verdicts)
    if told.blocked:
        return {"tone": "failed", "says": "Policies keep this plan from being applied.", "counts": counts}
    if set(words) == {"passed"}:
        return {"tone": "passed", "says": "All policies pass.", "counts": counts}
    return {"tone": "advice", "says": "No policy keeps this plan from being applied.", "counts": counts}


def tiles(told: ToldPlan) -> list[dict[str, str]]:
    """Give the figures of the summary with their names."""
    s = told.plan.summary
    named = (
        ("accounts", s.accounts),
        ("new to a book", s.adds),
        ("move between territories", s.moves),
        ("change owner in place", s.transfers),
        ("leave every book", s.removes),
        ("stay as they are", s.unchanged),
    )
    return [{"name": name, "value": f"{value:,}"} for name, value in named]
