"""What a policy said."""

from __future__ import annotations

from datetime import date
from typing import Literal

from terraform_like.domain.saved import Saved


class Waived(Saved):
    """The exception that a verdict was excused by."""

    owner: str
    reason: str
    expires: date


class Verdict(Saved):
    """What a policy said: what was measured, the limit, and the addresses that break it (ten at most)."""

    policy: str
    level: Literal["hard", "soft", "advisory"]
    passed: bool
    says: str = ""
    measured: float | str | None = None
    limit: float | str | None = None
    subjects: tuple[str, ...] = ()
    more_subjects: int = 0
    waived: Waived | None = None
