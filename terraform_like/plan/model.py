"""The plan as one type, saved as plan.json and read back; the names are those of the published format.

Territories and owners are names of the plan file. An owner who is nobody in `people:` appears under the CRM's own user
id; `users` says which CRM user each person is, so that an apply needs nothing but the plan.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

#: Readers refuse another major and ignore unknown keys of this one.
FORMAT_VERSION = "1.0"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class ReasonCode(StrEnum):
    """Why an account changes; a closed list, so that programs can count on it."""

    NEW_ACCOUNT = "new-account"
    OUT_OF_SCOPE = "out-of-scope"
    SEGMENT_CHANGED = "segment-changed"
    NAMED = "named"
    RULE_CHANGED = "rule-changed"
    REBALANCED = "rebalanced"
    FOLLOWS_FAMILY = "follows-family"
    OWNER_LEFT = "owner-left"
    SLOT_FILLED = "slot-filled"
    SLOT_LAPSED = "slot-lapsed"
    COVERED = "covered"
    TERRITORY_ADDED = "territory-added"
    TERRITORY_REMOVED = "territory-removed"
    RENAMED = "renamed"


class Reason(_Part):
    """Why an account changes, for programs and for people."""

    code: ReasonCode
    text: str


class Place(_Part):
    """Where an account is: its territory and who has it (the holder where there is one, else the owner)."""

    territory: str | None = None
    owner: str | None = None


class ChangeKind(StrEnum):
    """What happens to an account: new to a book, to another, another owner in place, out of every book."""

    ADD = "add"
    MOVE = "move"
    TRANSFER = "transfer"
    REMOVE = "remove"


class Change(_Part):
    """One account's before and after, with its reasons, the weightiest first."""

    account: str
    kind: ChangeKind
    before: Place
    after: Place
    reasons: tuple[Reason, ...] = ()


class Inputs(_Part):
    """SHA-256 digests of what the plan was made from."""

    config: str
    policies: str
    snapshot: str
    assignments: str


class Created(_Part):
    """What made the plan: `by` is the tool and its version, `commit` the head of the repository, where there is one."""

    by: str
    commit: str | None = None


class Summary(_Part):
    """Accounts in scope, and how many of them change in which way."""

    accounts: int
    adds: int
    moves: int
    transfers: int
    removes: int
    unchanged: int


class Load(_Part):
    """One metric of one book in the metric's own unit; `share`, `low` and `high` are null where nothing limits it."""

    before: float
    after: float
    share: float | None = None
    low: float | None = None
    high: float | None = None


class PlannedTerritory(_Part):
    """A book: who owns it, how many accounts it has after, and its load in every metric of its segment's balance."""

    name: str
    segment: str
    size: float
    slot: bool = False
    owner: str | None = None
    vacant: bool = False
    accounts: int
    accounts_before: int = 0
    loads: dict[str, Load] = Field(default_factory=dict)


class Staffing(_Part):
    """Who is on a territory from when to when (null is open), with what share of the credit."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)

    territory: str
    role: str
    person: str | None
    since: Annotated[date | None, Field(alias="from")] = None
    to: date | None = None
    credit: float = 1.0
    interim: bool = False


class BeforeAfter(_Part):
    """A figure before and after; null where it cannot be told, such as the spread of books that did not exist."""

    before: float | None
    after: float | None


class Waived(_Part):
    """The exception that a verdict was excused by."""

    owner: str
    reason: str
    expires: date


class Verdict(_Part):
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


class ProofMethod(StrEnum):
    """How a component was answered."""

    KEPT = "kept"
    EXACT = "exact"
    DECOMPOSED = "decomposed"


class ProofStatus(StrEnum):
    """What is known of an answer: optimal within the tolerance, within a proven gap, or out of a band by force."""

    OPTIMAL = "optimal"
    BOUNDED = "bounded"


class Proof(_Part):
    """Everything needed to recompute the bound of a component without a solver.

    `objective` and `bound` are in the units of the published objective; `gap` is (objective - bound) over objective;
    `prices` is the price of a unit of each metric in each territory. `seconds` is null in a saved plan: the same plan
    has the same bytes on every machine.
    """

    component: str
    method: ProofMethod
    status: ProofStatus
    objective: float
    bound: float
    gap: float
    prices: dict[str, dict[str, float]] = Field(default_factory=dict)
    seconds: float | None = None


class Said(_Part):
    """A diagnostic of the plan that a reviewer should read: warnings and notes."""

    severity: Literal["warning", "note"]
    summary: str
    detail: str = ""


class Plan(_Part):
    """What would change, why, the figures before and after, the verdicts and the proof."""

    format_version: str = FORMAT_VERSION
    plan: str
    digest: str = ""
    """SHA-256 over the canonical JSON of everything else; empty until the plan is sealed."""
    inputs: Inputs
    created: Created
    as_of: date
    currency: str | None = None
    summary: Summary
    territories: tuple[PlannedTerritory, ...] = ()
    staffing: tuple[Staffing, ...] = ()
    users: dict[str, str] = Field(default_factory=dict)
    """The CRM user id of each person who appears in the plan."""
    changes: tuple[Change, ...] = ()
    fairness: dict[str, dict[str, BeforeAfter]] = Field(default_factory=dict)
    """For each segment, measures such as `spread(potential)` before and after."""
    verdicts: tuple[Verdict, ...] = ()
    proof: tuple[Proof, ...] = ()
    diagnostics: tuple[Said, ...] = ()

    @property
    def has_changes(self) -> bool:
        """Whether any account changes."""
        return bool(self.changes)
