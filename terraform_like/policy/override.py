"""Overrides: named sign-offs of soft policies that one plan breaks, void once that plan is made again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from terraform_like.diagnostics import Locate, Report, did_you_mean
from terraform_like.domain.quantity import Id, Name
from terraform_like.domain.wish import Wish
from terraform_like.policy.verdict import Overridden, Verdict


class Override(Wish):
    """One plan, as it was saved, may break one soft policy."""

    plan: Name
    """The plan. Example: `fy27`."""
    digest: Annotated[Id, Field(pattern="^[0-9a-f]{12,64}$")]
    """Digest of the saved plan, or its first twelve digits or more. Example: `3f5a09c1d27e`."""
    policy: Name
    """The soft policy. Example: `even-overall`."""
    by: Name
    """Who answers for it. Example: `vp.sales`."""
    reason: Annotated[str, Field(min_length=1)]
    """Why. Example: `two hires start in March`."""


class OverrideFile(Wish):
    """A file of policies/overrides/."""

    overrides: tuple[Override, ...] = ()
    """Sign-offs of soft policies.

    Example: `[{plan: fy27, digest: 3f5a09c1d27e, policy: even-overall, by: vp.sales, reason: two hires in March}]`.
    """


def overridden(
    verdicts: Sequence[Verdict],
    overrides: Sequence[Override],
    plan: str,
    digest: str,
    locate: Locate,
    report: Report,
) -> tuple[Verdict, ...]:
    """Let overrides excuse the soft policies that a plan breaks.

    Parameters
    ----------
    verdicts : sequence of Verdict
        What the policies said.
    overrides : sequence of Override
        Every override at hand, also of other plans.
    plan, digest : str
        The plan that was judged, and its digest.
    locate : Locate
        Where the overrides stand.
    report : Report
        Gathers overrides that excuse nothing, and why.

    Returns
    -------
    tuple of Verdict
        The verdicts in their order; those that an override excuses say who and why.
    """
    by_name = {verdict.policy: verdict for verdict in verdicts}
    for number, override in enumerate(overrides):
        if override.plan != plan:
            continue
        span = locate(("overrides", number))
        title = f'override of policy "{override.policy}" by {override.by}'
        verdict = by_name.get(override.policy)
        if not digest.startswith(override.digest):
            now = f"the saved plan is {digest[:12]}"
            detail = f"It is of plan {override.digest[:12]}; {now}. Sign again, or remove it."
            report.warning(f"Void {title}", detail, span)
        elif verdict is None:
            hint = did_you_mean(override.policy, by_name).strip() or "It excuses nothing."
            report.error(f'There is no policy "{override.policy}" to override', hint, span)
        elif verdict.level == "hard":
            detail = "A hard policy is never overridden: change the plan, or have a waiver merged to the base branch."
            report.warning(f"Refused {title}", detail, span)
        elif not verdict.blocks:
            report.note(f"Unused {title}", "The plan is not stopped by it; the override can be removed.", span)
        else:
            said = Overridden(by=override.by, reason=override.reason)
            by_name[override.policy] = verdict.model_copy(update={"overridden": said})
    return tuple(by_name[verdict.policy] for verdict in verdicts)
