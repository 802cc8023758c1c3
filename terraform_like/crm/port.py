"""The port: what the tool asks of a CRM and what a CRM promises."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

import polars as pl

from terraform_like.diagnostics import Diagnostic
from terraform_like.domain.kinds import Kind

#: Between the names of several territories that one account is in.
SEVERAL = " + "


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
class Calls:
    """What operations cost of a CRM that counts calls.

    Parameters
    ----------
    rows_read : int
        Accounts or users that one call reads at most when all are read.
    records_looked : int
        Records that one call looks up at most.
    batch : int
        Calls that the write of one batch takes, beside the look before it and the look after it.
    per_record : float
        Calls that each record of it takes besides, where a batch is written by several.
    fixed : int
        Calls that every command takes, whatever it does: to log in, to read what the fields are.
    """

    rows_read: int
    records_looked: int
    batch: int = 1
    fixed: int = 0
    per_record: float = 0.0

    def to_read(self, accounts: int, users: int = 0) -> int:
        """Give the calls that it takes to read so many accounts and users."""
        return self.fixed + _pages(accounts, self.rows_read) + _pages(users, self.rows_read)

    def to_write(self, records: int, batch_size: int) -> int:
        """Give the calls that it takes to write so many records batch by batch, looked at before and after each."""
        whole, rest = divmod(records, batch_size)
        looks = whole * _pages(batch_size, self.records_looked) + (_pages(rest, self.records_looked) if rest else 0)
        written = self.batch * _pages(records, batch_size) + math.ceil(self.per_record * records)
        return self.fixed + 2 * looks + written


def _pages(rows: int, size: int) -> int:
    return -(-rows // size)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do, and within which limits.

    Parameters
    ----------
    batch_size : int
        Records of one write at most.
    territories : bool
        Whether the CRM holds a territory beside an owner.
    compare_and_set : bool
        Whether the CRM itself refuses a write when the record changed since it was looked at. Where it does not, the
        provider looks just before it writes, and the tool reads back after.
    versions : bool
        Whether records carry a token that changes with every edit.
    members : bool
        Whether the CRM keeps territories as records of their own, with users as their members; see `Crm.arrange`.
    teams : bool
        Whether users of the CRM belong to teams, told by `Reading.users`.
    per_second : float or None
        Calls a second that the CRM allows, where that is known.
    calls : Calls or None
        What operations cost, where the CRM counts calls.
    atomic : bool
        Whether owner and territory of a record are written in one step. Where they are not, a write that was cut off
        may have left one of them; see `is_between`.
    side_effects : tuple of str
        What else happens in the CRM where an account gets another owner, in a sentence each; a plan says so.
    written_to : str or None
        The file that changes go to, where somebody loads it into the CRM later; until then a look shows what the CRM
        is going to hold. None where the CRM has them at once.
    """

    batch_size: int
    territories: bool
    compare_and_set: bool
    versions: bool = False
    members: bool = False
    teams: bool = False
    per_second: float | None = None
    calls: Calls | None = None
    atomic: bool = True
    side_effects: tuple[str, ...] = ()
    written_to: str | None = None

    def calls_of(self, records: int) -> int | None:
        """Give about how many calls it takes to write so many records; null where the CRM does not count them."""
        return self.calls.to_write(records, self.batch_size) if self.calls is not None and records else None


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
    members : tuple of Member
        Who is a member of which territory, where the CRM keeps that.
    """

    accounts: pl.DataFrame
    users: pl.DataFrame
    offered: Mapping[str, Kind] = field(default_factory=dict)
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """A user who belongs to a territory of the CRM in a role; territory is its name in the plan, user a CRM id."""

    territory: str
    user: str
    role: str


@dataclass(frozen=True, slots=True)
class Record:
    """What an account has in the CRM.

    Parameters
    ----------
    owner : str or None
        CRM user id of its owner.
    territory : str or None
        Its territory, where one is mapped; of an account that the CRM has in several, their names sorted, with
        `SEVERAL` between.
    version : str or None
        The token that it had when it was looked at, where it carries one; no part of what it is compared by.
    """

    owner: str | None
    territory: str | None
    version: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Write:
    """An account to change, only where the CRM still holds `before`.

    `before.version` is the token that the record had when it was looked at just before, for CRMs that take it as a
    precondition.
    """

    account: str
    before: Record
    after: Record


def is_between(found: Record, before: Record, after: Record) -> bool:
    """Say whether a record is as it was, as it is to be, or between, as a write of several steps may leave it."""
    known = {*_territories(before), *_territories(after)}
    return found.owner in (before.owner, after.owner) and known.issuperset(_territories(found))


def _territories(record: Record) -> list[str | None]:
    return [None] if record.territory is None else list(record.territory.split(SEVERAL))


@dataclass(frozen=True, slots=True)
class Needs:
    """What a plan or an apply is going to ask of a CRM.

    Parameters
    ----------
    columns : sequence of str
        Columns of accounts that are to be read.
    owners : collection of str
        CRM ids of users who are to own accounts: each must be there, and active.
    territories : collection of str
        Territories that accounts are to be in: a field that offers some values must offer each of them.
    writes : int
        Records that are to be written: whether that is permitted, and whether the calls suffice.
    """

    columns: Sequence[str] = ()
    owners: Collection[str] = ()
    territories: Collection[str] = ()
    writes: int = 0


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


@runtime_checkable
class Furnishable(Protocol):
    """A CRM in which what `crm:` of territory.yaml names can be made, where it lacks that: a field for territories."""

    def furnish(self, territories: Collection[str]) -> Iterator[str]:
        """Make what is missing, and give of each thing what it is; nothing where all is there.

        Parameters
        ----------
        territories : collection of str
            Territories that accounts may come to be in: a field that offers some values comes to offer these.
        """
        ...


class Crm(Protocol):
    """A CRM. Every method raises `CrmError` where the CRM as a whole fails."""

    @property
    def capabilities(self) -> Capabilities:
        """What this provider can do."""
        ...

    def preflight(self, needs: Needs) -> Iterator[Diagnostic]:
        """Give a diagnostic for each thing that is missing, and write nothing."""
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

    def arrange(self, territories: Sequence[str], members: Sequence[Member]) -> list[Receipt]:
        """See that the CRM has those territories, with those members, before accounts are written.

        Members whom it can tell to be of its own making, and who are not among those, are taken out.

        Gives a receipt for each territory or member that was changed or that could not be; none where the CRM keeps
        no territories of their own.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
