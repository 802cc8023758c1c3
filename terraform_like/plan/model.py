"""The plan as one type, saved as plan.json and read back; the names are those of the published format.

Territories and owners are names of the plan file. An owner who is nobody in `people:` appears under the CRM's own user
id; `users` says which CRM user each person is, so that an apply needs nothing but the plan.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from terraform_like.carve.prove.proof import Proof
from terraform_like.diff import Change, Place
from terraform_like.domain.reason import ReasonCode
from terraform_like.domain.saved import Saved
from terraform_like.policy.verdict import Verdict
from terraform_like.staffing.matching import Matched
from terraform_like.staffing.timeline import Staffing

#: Readers refuse another major and ignore unknown keys of this one.
FORMAT_VERSION = "1.0"


class Inputs(Saved):
    """SHA-256 digests of what the plan was made from."""

    config: str
    """What the plan's YAML means, without comments and layout. Example: `9f2c…`."""
    policies: str
    """What the policies of the working tree mean. Example: `0b7e…`."""
    snapshot: str
    """What the CRM held. Example: `c41d…`."""
    assignments: str
    """The saved books, assignments.csv. Example: `77aa…`."""


class Created(Saved):
    """Which tool made the plan, at which commit, and who ran it, as far as that is known.

    A plan that is made again and says the same keeps what is here, so that it keeps its digest and sign-offs.
    """

    by: str
    """The tool and its version. Example: `territory 0.1.0`."""
    commit: str | None = None
    """Head of the repository, null where there is none. Example: `6bf7bce0d1e2b4a6f8091a2b3c4d5e6f708192a3`."""
    actor: str | None = None
    """Who ran it, as a CI tells (`GITHUB_ACTOR`, `GITLAB_USER_LOGIN`) or `TERRITORY_ACTOR` says. Example: `octocat`."""


class StateSeen(Saved):
    """What the state said when the plan was made: another apply of the plan since then makes it stale."""

    lineage: str | None = None
    """Which state it was, null where there was none yet. Example: `4514495f-c1d0-4056-a6b1-e23237c8ec3d`."""
    serial: int = 0
    """Serial of the last apply of this plan, 0 where there was none. Example: `3`."""


class Rollback(Saved):
    """That a plan was not carved, but puts accounts back where they were after an earlier apply."""

    serial: int
    """Serial of that apply, 0 for the time before the first. Example: `3`."""
    finished: str = ""
    """When it ended, in UTC; empty for the time before the first. Example: `2027-02-01T06:00:00Z`."""

    def __str__(self) -> str:
        return f"serial {self.serial} of {self.finished}" if self.finished else "the time before the first apply"


class Summary(Saved):
    """Accounts in scope, and how many of them change in which way."""

    accounts: int
    """Accounts in scope. Example: `4447`."""
    adds: int
    """Accounts that are new to a book. Example: `12`."""
    moves: int
    """Accounts that move between territories. Example: `50`."""
    transfers: int
    """Accounts whose owner, or whose territory's name, changes in place. Example: `80`."""
    removes: int
    """Accounts that leave every book. Example: `3`."""
    unchanged: int
    """Accounts in scope that stay as they are. Example: `4305`."""


class Load(Saved):
    """One metric of one book in the metric's own unit; `share`, `low` and `high` are null where nothing limits it."""

    before: float
    """The book's sum of the metric before the plan. Example: `730`."""
    after: float
    """The book's sum of the metric after the plan. Example: `500`."""
    share: float | None = None
    """Fair share of the territory, by size. Example: `500`."""
    low: float | None = None
    """Least that the band and `at_least` allow. Example: `450`."""
    high: float | None = None
    """Most that the band and `at_most` allow. Example: `550`."""


class PlannedTerritory(Saved):
    """A book: who owns it, how many accounts it has after, and its load in every metric of its segment's balance."""

    name: str
    """Name in the plan's YAML. Example: `ent-west`."""
    segment: str
    """Segment whose accounts it holds. Example: `enterprise`."""
    size: float
    """Relative fair share. Example: `1.0`."""
    size_says: str = ""
    """Why that is not the size that the YAML says. Example: `jane.doe: ramp 50%`."""
    slot: bool = False
    """Whether it is an overcarve slot. Example: `false`."""
    protect: bool = False
    """Whether a plan that would empty or remove it is refused. Example: `true`."""
    owner: str | None = None
    """Who owns it on the day, null while it is vacant. Example: `jane.doe`."""
    vacant: bool = False
    """Whether it has no owner on the day. Example: `false`."""
    vacant_since: date | None = None
    """First day without an owner as far as it is known, null where it has one. Example: `2027-01-15`."""
    accounts: int
    """How many accounts it has after the plan. Example: `48`."""
    accounts_before: int = 0
    """How many accounts it had before the plan. Example: `61`."""
    loads: dict[str, Load] = Field(default_factory=dict)
    """Load for each metric. Example: `{arr: {before: 730, after: 500, share: 500, low: 450, high: 550}}`."""


class Scheduled(Saved):
    """Accounts that pass on a later day, all from one place to one other: an apply on that day pushes it."""

    on: date
    """The day. Example: `2027-07-01`."""
    reason: ReasonCode
    """Why. Example: `slot-filled`."""
    before: Place
    """Where the accounts are until then. Example: `{territory: ent-west-2, owner: jane.doe}`."""
    after: Place
    """Where they are from then on. Example: `{territory: ent-west-2, owner: raj.patel}`."""
    accounts: tuple[str, ...]
    """Their ids, sorted. Example: `[A-17, A-21]`."""
    protected: int = 0
    """How many of them are protected. Example: `2`."""
    pipeline: float | None = None
    """Value of their open deals, null where the plan names no such column. Example: `120000`."""


class HandOver(Saved):
    """Accounts that one person hands to another on a day."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)

    on: date
    """The day. Example: `2027-07-01`."""
    giver: Annotated[str | None, Field(alias="from")] = None
    """Who has them until then, null for nobody. Example: `jane.doe`."""
    taker: Annotated[str | None, Field(alias="to")] = None
    """Who has them from then on, null for nobody. Example: `raj.patel`."""
    accounts: int
    """How many. Example: `12`."""
    protected: int = 0
    """How many of them are protected. Example: `2`."""
    pipeline: float | None = None
    """Value of their open deals, null where the plan names no such column. Example: `120000`."""


class BeforeAfter(Saved):
    """A figure before and after; null where it cannot be told, such as the spread of books that did not exist."""

    before: float | None
    """The figure before the plan. Example: `4.171`."""
    after: float | None
    """The figure after the plan. Example: `1.03`."""


class Renamed(Saved):
    """A new name, and whether the CRM had it already when the plan was made (told of swaps only)."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)

    old: Annotated[str, Field(alias="from")]
    """The name until now. Example: `ent-west`."""
    new: Annotated[str, Field(alias="to")]
    """The name from now on. Example: `ent-pacific`."""
    done: bool = False
    """Whether the CRM had the new name already when the plan was made. Example: `false`."""


class Said(Saved):
    """A diagnostic of the plan that a reviewer should read: warnings and notes."""

    severity: Literal["warning", "note"]
    """How much it matters; a plan with errors is not made. Example: `warning`."""
    summary: str
    """What there is to say, in a few words. Example: `south is vacant on 2027-07-01`."""
    detail: str = ""
    """With which values, and what to do. Example: `Name another owner.`"""


class Head(Saved):
    """A plan without what there is of each account: what all of it says, the figures, the verdicts and the proof."""

    format_version: str = FORMAT_VERSION
    """Version of this format; readers refuse another major. Example: `"1.0"`."""
    plan: str
    """Name of the plan: its folder below plans/. Example: `fy27`."""
    digest: str = ""
    """SHA-256 over the canonical JSON of everything else; empty until the plan is sealed. Example: `3f5a…`."""
    inputs: Inputs
    """Digests of what the plan was made from.

    Example: `{config: 9f2c…, policies: 0b7e…, snapshot: c41d…, assignments: 77aa…}`.
    """
    created: Created
    """What made the plan. Example: `{by: territory 0.1.0, commit: null}`."""
    state: StateSeen | None = None
    """What the state said, null in plans of older versions. Example: `{lineage: 4514495f…, serial: 3}`."""
    rollback: Rollback | None = None
    """What it goes back to, null where it was carved. Example: `{serial: 3, finished: "2027-02-01T06:00:00Z"}`."""
    refresh: bool = False
    """Whether accounts stay wherever they may, so that only the others were placed. Example: `true`."""
    as_of: date
    """The day that owners and holders are for. Example: `2027-02-01`."""
    currency: str | None = None
    """ISO 4217 code that amounts are in. Example: `USD`."""
    summary: Summary
    """How many accounts change, and how.

    Example: `{accounts: 10, adds: 1, moves: 2, transfers: 0, removes: 0, unchanged: 7}`.
    """
    territories: tuple[PlannedTerritory, ...] = ()
    """Every territory and slot. Example: `[{name: north, segment: all, size: 1.0, accounts: 5}]`."""
    staffing: tuple[Staffing, ...] = ()
    """Who is on each territory from when to when.

    Example: `[{territory: north, role: account-executive, person: jane}]`.
    """
    matched: tuple[Matched, ...] = ()
    """Who was found for territories that name no owner, sorted by territory.

    Example: `[{territory: north, person: jane, why: lives 12 km from its middle}]`.
    """
    users: dict[str, str] = Field(default_factory=dict)
    """The CRM user id of each person who appears in the plan. Example: `{jane: U1}`."""
    inactive: tuple[str, ...] = ()
    """Those of them whose user is not active in the CRM, sorted: they are matched to nothing. Example: `[jane]`."""
    moved: tuple[Renamed, ...] = ()
    """New names of territories, slots, segments and people. Example: `[{from: ent-west, to: ent-pacific}]`."""
    variables: dict[str, str] = Field(default_factory=dict)
    """Variables that were set anew when the plan was made; check and apply read the YAML with the same.

    Example: `{floor: "1500"}`.
    """
    columns: dict[str, str] = Field(default_factory=dict)
    """Every column of the CRM's accounts: `number`, `text`, `boolean`, `date`, `time` or `unknown`.

    `territory validate` judges expressions by them. Example: `{arr: number, state: text}`.
    """
    handovers: tuple[HandOver, ...] = ()
    """Who hands how many accounts to whom and when, on the plan's day and later ones.

    Example: `[{on: 2027-07-01, from: jane.doe, to: raj.patel, accounts: 12, pipeline: 120000}]`.
    """
    fairness: dict[str, dict[str, BeforeAfter]] = Field(default_factory=dict)
    """For each segment, measures before and after. Example: `{all: {spread(arr): {before: 4.171, after: 1.03}}}`."""
    verdicts: tuple[Verdict, ...] = ()
    """What each policy said. Example: `[{policy: even, level: hard, passed: true}]`."""
    proof: tuple[Proof, ...] = ()
    """What is needed to check each component without a solver.

    Example: `[{component: all, method: exact, status: bounded, objective: 10, bound: 9.9, gap: 0.01}]`.
    """
    diagnostics: tuple[Said, ...] = ()
    """Warnings and notes for reviewers. Example: `[{severity: warning, summary: south is vacant on 2027-07-01}]`."""


class Plan(Head):
    """What would change, why, the figures before and after, the verdicts and the proof."""

    changes: tuple[Change, ...] = ()
    """Every account that changes, sorted by account.

    Example: `[{account: A-06, kind: move, before: {territory: north}, after: {territory: south}}]`.
    """
    scheduled: tuple[Scheduled, ...] = ()
    """What passes on later days, as people come, go and pass it on; sorted by day.

    Example: `[{on: 2027-07-01, reason: owner-left, before: {territory: north, owner: jane}, accounts: [A-1]}]`.
    """

    @property
    def has_changes(self) -> bool:
        """Whether any account changes."""
        return bool(self.changes)
