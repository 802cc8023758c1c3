"""Writes of owners and territories: looked at just before, sent in groups, and told record by record.

Odoo writes all records of a call or none, and says not which of them it minds: such a group is halved until the ones
that it minds are alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from terraform_like.crm.odoo.accounts import ACCOUNT, Accounts, number
from terraform_like.crm.odoo.refusal import Cause, Refused
from terraform_like.crm.odoo.session import Session
from terraform_like.crm.port import CrmError, Outcome, Receipt, Record, Write, is_between
from terraform_like.domain.odoo import OdooConnection

_GONE = "the CRM has no such account any more"
_CHANGED = "the record was changed meanwhile"
#: Records of one call: where Odoo posts a message for each, a call with more may take longer than one waits.
_QUIET, _LOUD = 1_000, 200
#: How often a record that another holds is tried, and seconds before the second try; each further wait is doubled.
_TRIES, _PAUSE = 4, 0.5


@dataclass(frozen=True, slots=True)
class Ready:
    """A write that nothing stands against: the account's id, and the fields to change."""

    write: Write
    id: int
    found: Record
    values: Mapping[str, Any]


class Writer:
    """Writes accounts of one database."""

    def __init__(
        self, session: Session, connection: OdooConnection, accounts: Accounts, sleep: Callable[[float], None]
    ) -> None:
        self._session, self._accounts, self._sleep = session, accounts, sleep
        self._mapping = connection.accounts
        self._context = {"tracking_disable": True} if connection.silent else {}
        self._size = _QUIET if connection.silent else _LOUD

    def write(self, batch: Sequence[Write]) -> list[Receipt]:
        """Write one batch, a receipt each in the same order."""
        users = set(self._accounts.users({write.after.owner for write in batch if write.after.owner})["user"])
        held = self._accounts.look([write.account for write in batch])
        judged = {write.account: self._judged(write, held.get(write.account), users) for write in batch}
        groups: dict[tuple[tuple[str, Any], ...], list[Ready]] = {}
        for one in judged.values():
            if isinstance(one, Ready):
                groups.setdefault(tuple(one.values.items()), []).append(one)
        written: dict[str, Receipt] = {}
        for group in groups.values():
            for start in range(0, len(group), self._size):
                written |= self._written(group[start : start + self._size])
        return [written[account] if isinstance(one, Ready) else one for account, one in judged.items()]

    def _judged(self, write: Write, found: Record | None, users: set[str]) -> Ready | Receipt:
        """Say what will become of a write by what Odoo holds."""
        id_ = number(write.account)
        if found is None or id_ is None:
            return Receipt(write.account, Outcome.FAILED, _GONE)
        before, after = self._mapped(write.before), self._mapped(write.after)
        if found == after:
            return Receipt(write.account, Outcome.UNCHANGED, found=found)
        if not is_between(found, before, after):
            return Receipt(write.account, Outcome.CONFLICT, _CHANGED, found)
        if after.owner is not None and after.owner not in users:
            return Receipt(write.account, Outcome.FAILED, f'the CRM has no user "{after.owner}"', found)
        values: dict[str, Any] = {}
        if found.owner != after.owner:
            values[self._mapping.owner] = False if after.owner is None else int(after.owner)
        if self._mapping.territory and found.territory != after.territory:
            values[self._mapping.territory] = after.territory or False
        return Ready(write, id_, found, values)

    def _mapped(self, record: Record) -> Record:
        """Give a record with what Odoo has of it."""
        return Record(record.owner, record.territory if self._mapping.territory else None)

    def _written(self, group: Sequence[Ready]) -> dict[str, Receipt]:
        """Write records that get the same values; halve them where Odoo minds one of them."""
        try:
            self._send(group)
        except Refused as error:
            if not error.of_one_record:
                raise
            # Who may write no account at all is told once, and not account by account.
            if error.cause is Cause.ACCESS and not self._session.may(ACCOUNT, "write"):
                raise
            if len(group) > 1:
                middle = len(group) // 2
                return self._written(group[:middle]) | self._written(group[middle:])
            return {group[0].write.account: _refused(group[0], error)}
        return {one.write.account: Receipt(one.write.account, Outcome.DONE) for one in group}

    def _send(self, group: Sequence[Ready]) -> None:
        # What another holds may be free in a moment; of many, the halves find out which it is.
        tries = _TRIES if len(group) == 1 else 1
        for attempt in range(1, tries + 1):
            try:
                ids = [one.id for one in group]
                done = self._session.call(ACCOUNT, "write", ids, context=self._context, vals=dict(group[0].values))
            except Refused as error:
                if error.cause is not Cause.LOCKED or attempt == tries:
                    raise
                self._sleep(_PAUSE * 2 ** (attempt - 1))
                continue
            if done is not True:
                raise CrmError("Odoo answers a write with neither yes nor no; check what it wrote and run this again")
            return


def _refused(one: Ready, error: Refused) -> Receipt:
    if error.cause is Cause.MISSING:
        return Receipt(one.write.account, Outcome.FAILED, _GONE)
    return Receipt(one.write.account, Outcome.FAILED, error.words, one.found)
