"""The plan as one type, saved as plan.json and read back; the names are those of the published format.

Territories and owners are names of the plan file. An owner who is nobody in `people:` appears under the CRM's own user
id; `users` says which CRM user each person is, so that an apply needs nothing but the plan.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from terraform_like.carve.proof import Proof
from terraform_like.diff import Change
from terraform_like.domain.saved import Saved
from terraform_like.policy.verdict import Verdict
from terraform_like.staffing import Staffing

#: Readers refuse another major and ignore unknown keys of this one.
FORMAT_VERSION = "1.0"


class Inputs(Saved):
    """SHA-256 digests of what the plan was made from."""

    config: str
    policies: str
    snapshot: str
    assignments: str


class Created(Saved):
    """What made the plan: `by` is the tool and its version, `commit` the head of the repository, where there is one."""

    by: str
    commit: str | None = None


class Summary(Saved):
    """Accounts in scope, and how many of them change in which way."""

    accounts: int
    adds: int
    moves: int
    transfers: int
    removes: int
    unchanged: int


class Load(Saved):
    """One metric of one book in the metric's own unit; `share`, `low` and `high` are null where nothing limits it."""

    before: float
    after: float
    share: float | None = None
    low: float | None = None
    high: float | None = None


class PlannedTerritory(Saved):
    """A book: who owns it, how many accounts it has after, and its load in every metric of its segment's balance."""

    name: str
    segment: str
    size: float
    slot: bool = False
    protect: bool = False
    owner: str | None = None
    vacant: bool = False
    accounts: int
    accounts_before: int = 0
    loads: dict[str, Load] = Field(default_factory=dict)


class BeforeAfter(Saved):
    """A figure before and after; null where it cannot be told, such as the spread of books that did not exist."""

    before: float | None
    after: float | None


class Renamed(Saved):
    """A new name, and whether the CRM had it already when the plan was made (told of swaps only)."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)

    old: Annotated[str, Field(alias="from")]
    new: Annotated[str, Field(alias="to")]
    done: bool = False


class Said(Saved):
    """A diagnostic of the plan that a reviewer should read: warnings and notes."""

    severity: Literal["warning", "note"]
    summary: str
    detail: str = ""


class Plan(Saved):
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
    moved: tuple[Renamed, ...] = ()
    """New names of territories, slots, segments and people."""
    variables: dict[str, str] = Field(default_factory=dict)
    """Variables that were set anew when the plan was made; check and apply read the YAML with the same."""
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
