"""The keys that may stand in files: the domain's values, and what only YAML has (`count`, `balance: defaults`)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from terraform_like.domain.carving import (
    Balance,
    Horizon,
    Moved,
    Scope,
    Segment,
    Slot,
    Territory,
)
from terraform_like.domain.people import Cover, Coverage, Holdover, Person
from terraform_like.domain.quantity import Id, Name, Whole
from terraform_like.domain.wish import Wish
from terraform_like.policy.rule import Policies


class TerritoryEntry(Territory):
    """One territory, or several alike."""

    count: Annotated[Whole, Field(ge=1, le=10_000)] | None = None
    """Makes so many territories alike, named with -01, -02 ... Example: `12`."""
    pins: dict[Name, tuple[Id, ...]] = Field(default_factory=dict)
    """Accounts that are in one of the territories that `count` makes, whatever else holds, by its name.

    Example: `{smb-03: [A-17]}`.
    """

    @model_validator(mode="after")
    def _alike(self) -> Self:
        if self.count is not None and self.accounts:
            raise ValueError("`count` makes territories alike; pin an account to one of them: `pins: {name-01: [A-1]}`")
        if self.count is None and self.pins:
            raise ValueError("`pins` goes with `count`; a territory of its own name has `accounts`")
        if self.count is not None and self.count > 1 and self.rule is not None:
            raise ValueError("`rule` gives all that matches to one territory; `where` shares it out over several")
        return self


def numbered(name: str, count: int) -> list[str]:
    """Give the names of the territories that `count` makes."""
    # Two digits, and more for those beyond 99 only: a larger count renames nobody.
    return [f"{name}-{number:02d}" for number in range(1, count + 1)]


class PlanFile(Wish):
    """A file of a plan's folder; any file may hold any of these keys."""

    variables: Annotated[dict[Name, str | float | bool | None], Field(alias="vars")] = Field(default_factory=dict)
    """Values said once, used as `${vars.name}`, set anew by --var or TERRITORY_VAR_name. Example: `{floor: 2000}`."""
    plan: Horizon = Horizon()
    """The time that the plan is for. Example: `{starts: 2027-02-01, ends: 2028-01-31, currency: USD}`."""
    accounts: Scope = Scope()
    """Which accounts there are to carve, and what is known of them. Example: `{where: arr > 0, family: parent_id}`."""
    segments: tuple[Segment, ...] = ()
    """Classes of accounts, in order: the first that matches an account has it.

    Example: `[{name: large, where: employees >= 2000}, {name: rest}]`.
    """
    territories: dict[Name, TerritoryEntry] = Field(default_factory=dict)
    """Stable sets of accounts, whoever covers them, by name.

    Example: `{west: {segment: large, owner: jane.doe}, smb: {segment: rest, count: 12}}`.
    """
    overcarve: dict[Name, Slot] = Field(default_factory=dict)
    """Slots: territories carved ahead of a hire, by name.

    Example: `{west-2: {segment: large, expected: 2027-04-01}}`.
    """
    people: dict[Name, Person] = Field(default_factory=dict)
    """Who can own territories, by name. Example: `{jane.doe: {user: jane@acme.com, home: [37.77, -122.42]}}`."""
    balance: dict[Name, Balance] = Field(default_factory=dict)
    """How even the books of each segment must be; `defaults` holds for all that do not say otherwise.

    Example: `{large: {within: {arr: 10%}}}`.
    """
    cover: Cover = Cover()
    """How vacant territories are covered that do not say it themselves. Example: `{spread: nearest, credit: 50%}`."""
    holdover: Holdover | None = None
    """Accounts that change territory now and owner later. Example: `{where: open_pipeline > 0, for: 90d}`."""
    coverage: dict[Name, Coverage] = Field(default_factory=dict)
    """How other roles are spread over territories, by role.

    Example: `{sales-engineer: {ratio: 4, by: [segment], within_km: 500}}`.
    """
    moved: tuple[Moved, ...] = ()
    """New names: no account moves. Example: `[{from: ent-west, to: ent-pacific}]`."""


class PolicyFile(Policies):
    """A file of the policies folder."""


__all__ = ["PlanFile", "PolicyFile", "TerritoryEntry"]
