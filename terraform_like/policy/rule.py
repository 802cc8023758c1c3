"""Rules, waivers, limits and approvals, as they stand in policies/*.yaml."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from terraform_like.domain.quantity import Duration, Id, Limit, Name, Share, Whole
from terraform_like.domain.wish import Day, NotNegative, Wish

Level = Literal["hard", "soft", "advisory"]
Over = Literal["territories", "people", "accounts", "changes", "segments", "plan"]

#: Days before a waiver ends on which its end is told.
ENDS_SOON = timedelta(days=14)
#: Tables whose rows are known as they were before the plan.
COMPARABLE: tuple[Over, ...] = ("territories", "people", "accounts", "segments")


class Policy(Wish):
    """A rule that a plan must pass."""

    says: str = ""
    """The rule in words, shown when it is broken. Example: `No book may be worth a quarter more than another.`"""
    remedy: str = ""
    """What to do where it is broken, shown then. Example: `Pin the account to its territory.`"""
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
    at_most: Limit | None = None
    """Largest value of the measure that passes. Example: `1.25`."""
    at_least: Limit | None = None
    """Smallest value of the measure that passes. Example: `0.95`."""
    compare: Literal["before"] | None = None
    """`before`: the measure may not be worse than it was before the plan, in any part. Example: `before`."""
    better: Literal["lower", "higher"] | None = None
    """Which way a measure is better, where it does not say so itself; goes with `compare`. Example: `lower`."""
    waivers_at_most: Duration = timedelta(days=365)
    """How far ahead a waiver may end and count; `0d`: no waiver counts. Example: `90d`."""

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if (self.assertion is None) == (self.measure is None):
            raise ValueError("a policy has either `assert` or `measure`")
        limits = self.at_most is not None or self.at_least is not None
        if self.measure is not None and not limits and self.compare is None:
            raise ValueError("a `measure` needs `at_most`, `at_least` or `compare: before`")
        if self.assertion is not None and (limits or self.compare is not None):
            raise ValueError("`at_most`, `at_least` and `compare` go with `measure`, not with `assert`")
        if self.compare is not None and self.over not in COMPARABLE:
            raise ValueError(f"`compare: before` goes with {', '.join(COMPARABLE)}; {self.over} have no before")
        if self.better is not None and self.compare is None:
            raise ValueError("`better` goes with `compare: before`")
        if self.at_most is not None and self.at_least is not None and self.at_most < self.at_least:
            raise ValueError(f"nothing is at most {self.at_most:g} and at least {self.at_least:g}")
        return self


class Waiver(Wish):
    """A dated exception from one policy, of one subject or of the rows that a filter matches."""

    policy: Name
    """The policy. Example: `hot-deals-stay`."""
    subject: str | None = None
    """The address that is excepted. Example: `account.A-17`."""
    where: str | None = None
    """Instead of a subject, the rows that are excepted. Example: `state = 'CA'`."""
    owner: Name
    """Who answers for it. Example: `vp.sales`."""
    reason: Annotated[str, Field(min_length=1)]
    """Why. Example: `customer asked`."""
    expires: Day
    """Last day that it holds, as the day is in UTC. Example: `2027-03-31`."""

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if (self.subject is None) == (self.where is None):
            raise ValueError("a waiver has either a `subject` or a `where`")
        return self

    @property
    def shown(self) -> str:
        """What it excepts, for people: an address, or `rows where ...`."""
        return self.subject if self.subject is not None else f"rows where {self.where}"

    def expired_on(self, day: date) -> bool:
        """Say whether the waiver is over on that day; its last day counts."""
        return day > self.expires

    def too_long_on(self, day: date, at_most: timedelta) -> bool:
        """Say whether the waiver ends farther ahead than its policy lets waivers end."""
        return not at_most or self.expires - day > at_most

    def ends_soon_on(self, day: date) -> bool:
        """Say whether the waiver ends within fourteen days."""
        return self.expires - day <= ENDS_SOON


#: Share of its accounts that a territory may gain or lose where the policies do not say.
TERRITORY_SHARE = 0.5


class Limits(Wish):
    """How much an apply may change without `--allow`; it refuses what is beyond both a share and the floor."""

    changes: Share = 0.3
    """Share of the accounts that may change. Example: `30%`."""
    floor: Annotated[Whole, Field(ge=0)] = 10
    """So many changes are always allowed, of the plan and of each territory. Example: `10`."""
    territory: Share | None = None
    """Share of the accounts of a territory that it may gain or lose. Left out, it is 50% from the second apply of a
    plan on, since the first carves every territory anew; 100% is no limit. Example: `40%`."""

    def of_territories(self, *, first: bool) -> float | None:
        """Give the share of its accounts that a territory may gain or lose; null for any."""
        share = self.territory if self.territory is not None else (None if first else TERRITORY_SHARE)
        return None if share is None or share >= 1 else share


class Approval(Wish):
    """Sign-offs that a plan needs."""

    when: str | None = None
    """Expression over the plan's counts; leave out for every plan. Example: `moves > 50`."""
    approvers: Annotated[tuple[Id, ...], Field(alias="from")]
    """Who may sign. Example: `[vp.sales]`."""
    count: Annotated[Whole, Field(ge=1)] = 1
    """How many of them must. Example: `1`."""
    by_author: bool = True
    """Whether whoever committed the plan may be one of them. Example: `false`."""
    signed: bool = False
    """Whether they sign the commit of their sign-off: with a key of theirs in policies/allowed_signers (OpenSSH) or in
    policies/NAME.asc (GnuPG). Example: `true`.
    """


class AutoMerge(Wish):
    """Refreshes that need no human."""

    when: Annotated[str, Field(min_length=1)]
    """Expression over the plan's counts. Example: `moves = 0 AND adds <= 20`."""


class Policies(Wish):
    """The whole gate."""

    policies: dict[Name, Policy] = Field(default_factory=dict)
    """Rules by name. Example: `{even: {over: territories, by: segment, measure: spread(arr), at_most: 1.25}}`."""
    levels: dict[Name, Level] = Field(default_factory=dict)
    """Levels of rules that stand elsewhere, in place of their own. Example: `{even: advisory}`."""
    waivers: tuple[Waiver, ...] = ()
    """Dated exceptions.

    Example: `[{policy: even, subject: territory.west, owner: vp, reason: hiring, expires: 2027-03-31}]`.
    """
    limits: Limits = Limits()
    """How much an apply may change unasked. Example: `{changes: 30%, floor: 10, territory: 50%}`."""
    approvals: tuple[Approval, ...] = ()
    """Sign-offs that a plan needs. Example: `[{when: moves > 50, from: [vp.sales], count: 1}]`."""
    auto_merge: AutoMerge | None = None
    """Refreshes that need no human; leave out for none. Example: `{when: moves = 0 AND adds <= 20}`."""

    def level(self, name: str) -> Level:
        """Give how much a breach of a policy matters."""
        return self.levels.get(name, self.policies[name].level)


__all__ = ["Approval", "AutoMerge", "Level", "Limits", "NotNegative", "Over", "Policies", "Policy", "Waiver"]
