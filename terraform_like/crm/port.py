"""The port: what the tool asks of a CRM and what a CRM promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import polars as pl

from terraform_like.diagnostics import Diagnostic
from terraform_like.domain.kinds import Kind


class CrmError(Exception):
    """The CRM cannot be reached or refuses as a whole; the message is fit for a person and holds no credential.

    Parameters
    ----------
    message : str
        What is wrong, and the way out.
    passing : bool
        Whether the same may succeed when it is tried again: a lost connection, a deadlock, a limit of calls.
    after : float or None
        Seconds that the CRM asks to be left alone for, where it says so.
    """

    def __init__(self, message: str, *, passing: bool = False, after: float | None = None) -> None:
        super().__init__(message)
        self.passing = passing
        self.after = after


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do.

    Parameters
    ----------
    batch_size : int
        Records of one write at most.
    territories : bool
        Whether the CRM holds a territory beside an owner.
    compare_and_set : bool
        Whether the CRM itself refuses a write when the record changed since it was read.
    """

    batch_size: int
    territories: bool
    compare_and_set: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What the CRM holds now.

    Parameters
    ----------
    accounts : polars.DataFrame
        One row an account in any order: `account` (text), `owner` (CRM user id, text or null), `territory` (text or
        null; all null where none is mapped), `version` (text or null), then the columns asked for.
    users : polars.DataFrame
        One row a user: `user` (CRM id), `name`, `email` (text or null), `active` (boolean).
    offered : mapping of str to Kind
        Every column that one may ask for, with its kind, unknown where the CRM does not tell.
    """

    accounts: pl.DataFrame
    users: pl.DataFrame
    offered: Mapping[str, Kind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """What an account has in the CRM: CRM user id of its owner, and its territory where one is mapped."""

    owner: str | None
    territory: str | None


@dataclass(frozen=True, slots=True)
class Write:
    """An account to change, only where the CRM still holds `before`."""

    account: str
    before: Record
    after: Record


class Outcome(StrEnum):
    """What became of one write."""

    DONE = "done"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one write: `found` is what the CRM held instead, `message` the CRM's own words."""

    account: str
    outcome: Outcome
    message: str = ""
    found: Record | None = None


class Crm(Protocol):
    """A CRM. Every method raises `CrmError` where the CRM as a whole fails."""

    @property
    def capabilities(self) -> Capabilities:
        """What this provider can do."""
        ...

    def preflight(self, columns: Sequence[str]) -> Iterator[Diagnostic]:
        """Give a diagnostic for each thing that is missing: a table, a column, a permission."""
        ...

    def read(self, columns: Sequence[str]) -> Reading:
        """Read every account, with those columns, and every user."""
        ...

    def records(self, accounts: Sequence[str]) -> dict[str, Record]:
        """Read what those accounts have now; accounts that are gone are left out."""
        ...

    def write(self, batch: Sequence[Write]) -> list[Receipt]:
        """Write one batch (`batch_size` at most), a receipt each in the same order; one bad record stops no other."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
