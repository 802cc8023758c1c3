"""Rules, waivers, limits and approvals, as they stand in policies/*.yaml."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from terraform_like.domain.carving import Day, NotNegative, Wish
from terraform_like.domain.quantity import Id, Name, Number, Share, Whole

Level = Literal["hard", "soft", "advisory"]
Over = Literal["territories", "people", "accounts", "changes", "segments", "plan"]


class Policy(Wish):
    """A rule that a plan must pass."""

    says: str = ""
    """The rule in words, shown when it is broken. Example: `No book may be worth a quarter more than another.`"""
    level: Level = "hard"
    """`hard` fails the check, `soft` fails it unless overridden by name, `advisory` only tells. Example: `soft`."""
    over: Over
    """The rows that the rule looks at. Example: `territories`."""
    where: str | None = None
    """Which of those rows; leave out for all. Example: `kind = 'move'`."""
    by: str | None = None
    """Column that parts the rows; the rule must hold in each part. Example: `segment`."""
    assertion: Annotated[str | None, Field(alias="assert")] = None
    """Expression that must hold on every row. Example: `accounts <= 80`."""
    measure: str | None = None
    """What is measured of each part. Example: `spread(potential)`."""
    at_most: Number | None = None
    """Largest value of the measure that passes. Example: `1.25`."""
    at_least: Number | None = None
    """Smallest value of the measure that passes. Example: `0.95`."""

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if (self.assertion is None) == (self.measure is None):
            raise ValueError("a policy has either `assert` or `measure`")
        if self.measure is not None and self.at_most is None and self.at_least is None:
            raise ValueError("a `measure` needs `at_most` or `at_least`")
        if self.assertion is not None and (self.at_most is not None or self.at_least is not None):
            raise ValueError("`at_most` and `at_least` go with `measure`, not with `assert`")
        return self


class Waiver(Wish):
    """A dated exception of one subject from one policy."""

    policy: Name
    """The policy. Example: `hot-deals-stay`."""
    subject: str
    """The address that is excepted. Example: `account.A-17`."""
    owner: Name
    """Who answers for it. Example: `vp.sales`."""
    reason: Annotated[str, Field(min_length=1)]
    """Why. Example: `customer asked`."""
    expires: Day
    """Last day that it holds. Example: `2027-03-31`."""

    def holds_on(self, day: date) -> bool:
        """Say whether the waiver still holds on that day; its last day counts."""
        return day <= self.expires


class Limits(Wish):
    """How much an apply may change without `--allow changes`; it refuses what is beyond both."""

    changes: Share = 0.3
    """Share of the accounts that may change. Example: `30%`."""
    floor: Annotated[Whole, Field(ge=0)] = 10
    """So many changes are always allowed. Example: `10`."""


class Approval(Wish):
    """Sign-offs that a plan needs."""

    when: str | None = None
    """Expression over the plan's counts; leave out for every plan. Example: `moves > 50`."""
    approvers: Annotated[tuple[Id, ...], Field(alias="from")]
    """Who may sign. Example: `[vp.sales]`."""
    count: Annotated[Whole, Field(ge=1)] = 1
    """How many of them must. Example: `1`."""


class Policies(Wish):
    """The whole gate."""

    policies: dict[Name, Policy] = Field(default_factory=dict)
    """Rules by name. Example: `{even: {over: territories, by: segment, measure: spread(arr), at_most: 1.25}}`."""
    waivers: tuple[Waiver, ...] = ()
    """Dated exceptions.

    Example: `[{policy: even, subject: territory.west, owner: vp, reason: hiring, expires: 2027-03-31}]`.
    """
    limits: Limits = Limits()
    """How much an apply may change unasked. Example: `{changes: 30%, floor: 10}`."""
    approvals: tuple[Approval, ...] = ()
    """Sign-offs that a plan needs. Example: `[{when: moves > 50, from: [vp.sales], count: 1}]`."""


__all__ = ["Approval", "Level", "Limits", "NotNegative", "Over", "Policies", "Policy", "Waiver"]
