"""What a policy said."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from terraform_like.domain.saved import Saved


class Waived(Saved):
    """The exception that a verdict was excused by; of several, the one that expires first."""

    owner: str
    """Who answers for the exception. Example: `vp.sales`."""
    reason: str
    """Why there is one. Example: `customer asked`."""
    expires: date
    """Last day that it holds. Example: `2027-03-31`."""


class Overridden(Saved):
    """Who let a plan break a soft policy, and why."""

    by: str
    """Who answers for it. Example: `vp.sales`."""
    reason: str
    """Why. Example: `two hires start in March`."""


class Verdict(Saved):
    """What a policy said: what was measured, the limit, and the addresses that break it (ten at most)."""

    policy: str
    """Name of the policy. Example: `even-potential`."""
    level: Literal["hard", "soft", "advisory"]
    """How much a breach matters. Example: `hard`."""
    passed: bool
    """Whether the plan keeps to it. Example: `true`."""
    says: str = ""
    """The policy in words. Example: `No book may be worth a quarter more than another.`"""
    remedy: str = ""
    """What to do where it is broken, as the policy says. Example: `Add a territory.`"""
    rule: str = ""
    """The question that was asked. Example: `territories by segment: spread(arr) at most 1.25`."""
    measured: float | str | None = None
    """The worst part's figure; text where it is no number or a rule on rows. Example: `1.14`."""
    before: float | str | None = None
    """That part's figure before the plan, where the policy compares. Example: `1.31`."""
    p_value: float | None = None
    """Of parity between small groups: how often chance alone would part them as far. Example: `0.31`."""
    remark: str = ""
    """What a person wants to know beside the figure. Example: `junior 120, senior 162 on average`."""
    part: str | None = None
    """The part that was worst, where the policy parts its rows. Example: `enterprise`."""
    limit: float | str | None = None
    """What the figure was compared with. Example: `1.25`."""
    subjects: tuple[str, ...] = ()
    """Addresses that break it, ten at most. Example: `[territory.ent-west]`."""
    values: tuple[float, ...] = ()
    """What each subject has of the measured column (territories: per size), aligned with `subjects`.

    Example: `[132.5]`.
    """
    details: tuple[str, ...] = ()
    """What an assertion reads of each subject, aligned with `subjects`. Example: `["accounts 107, lost 93"]`."""
    parts: tuple[str, ...] = ()
    """The part of each subject, aligned with `subjects`, where the policy parts its rows. Example: `[enterprise]`."""
    part_figures: dict[str, float | str] = Field(default_factory=dict)
    """The figure of each of these parts. Example: `{enterprise: 1.31}`."""
    more_subjects: int = 0
    """How many more break it. Example: `2`."""
    waived: Waived | None = None
    """The exception that excuses it. Example: `{owner: vp.sales, reason: customer asked, expires: 2027-03-31}`."""

    overridden: Overridden | None = None
    """Who let this plan break it; never in a saved plan. Example: `{by: vp.sales, reason: hires in March}`."""

    @property
    def blocks(self) -> bool:
        """Whether it fails the check: a soft policy does too, until somebody overrides it by name."""
        return not self.passed and self.level != "advisory" and self.overridden is None
