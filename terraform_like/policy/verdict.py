"""What a policy said."""

from __future__ import annotations

from datetime import date
from typing import Literal

from terraform_like.domain.saved import Saved


class Waived(Saved):
    """The exception that a verdict was excused by; of several, the one that expires first."""

    owner: str
    reason: str
    expires: date


class Verdict(Saved):
    """What a policy said: what was measured, the limit, and the addresses that break it (ten at most)."""

    policy: str
    level: Literal["hard", "soft", "advisory"]
    passed: bool
    says: str = ""
    rule: str = ""
    """The question that was asked, in the policy's own words: `territories by segment: spread(arr) at most 1.25`."""
    measured: float | str | None = None
    """The worst part's figure; text where it is no number (`infinite`, `unknown`, `not judged`) or a rule on rows."""
    part: str | None = None
    """The part that was worst, such as a segment, where the policy parts its rows."""
    limit: float | str | None = None
    subjects: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    """What each subject has of the measured column (territories: per size), aligned with `subjects`, or nothing."""
    more_subjects: int = 0
    waived: Waived | None = None

    @property
    def blocks(self) -> bool:
        """Whether it fails the check: a soft policy does too, until somebody overrides it by name."""
        return not self.passed and self.level != "advisory"
