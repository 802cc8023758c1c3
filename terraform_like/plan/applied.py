"""What is remembered of applies: how each ended, what it was about to write, and what became of each account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from terraform_like.diff import Place


class End(StrEnum):
    """How an apply ended: as approved, with accounts that are not as approved, or before its last batch."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Entry:
    """One apply that came to an end; times are UTC in ISO 8601, counts are accounts."""

    run: int
    plan: str
    digest: str
    commit: str | None
    who: str
    host: str
    started: str
    finished: str
    outcome: End
    done: int
    unchanged: int
    conflicts: int
    failed: int
    pending: int
    lifted: tuple[str, ...] = ()
    """Limits that the plan was beyond, and that whoever applied lifted by name."""
    merge: str | None = None
    """The commit that brought the plan to its branch."""
    approved: tuple[str, ...] = ()
    """Who signed this digest."""
    ran: str | None = None
    """Address of the CI run that applied."""
    serial: int = 0
    """Counts the applies of this state from 1; given when the entry is recorded."""


@dataclass(frozen=True, slots=True)
class Run:
    """One apply of one plan; `receipts` counts the accounts it had settled before it was cut off and continued."""

    number: int
    plan: str
    digest: str
    receipts: int = 0
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Intent:
    """An account that is about to be written: what the CRM has, and what it is to have (owners are CRM user ids)."""

    account: str
    before: Place
    after: Place


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one account, for the journal."""

    account: str
    outcome: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """Where an account was last put, in which plan and by which digest of it; owner and holder are CRM user ids."""

    plan: str
    account: str
    territory: str | None
    owner: str | None
    holder: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class AppliedBook:
    """The accounts of a territory as they were last put: how many, and who has them (CRM user ids, sorted)."""

    plan: str
    territory: str | None
    accounts: int
    has_them: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the journal about one account.

    Parameters
    ----------
    plan, digest : str
        What was applied.
    run : int
        The apply.
    serial : int or None
        Its number in the history; null while it came to no end.
    at : str
        When, in UTC.
    outcome : str
        What became of it; empty before it was written.
    message : str
        The CRM's words.
    before, after : Place or None
        What the CRM had and was to have; null where an older version of the tool journalled it.
    """

    plan: str
    digest: str
    run: int
    serial: int | None
    at: str
    outcome: str
    message: str
    before: Place | None
    after: Place | None


def timestamp(moment: datetime) -> str:
    """Give a moment in UTC, to the second: `2027-02-01T06:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
