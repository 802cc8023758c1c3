"""Writes of owners and territories: looked at just before, sent by batches, and told record by record.

HubSpot takes some records of a batch and tells of the others, or refuses a whole batch for one that is not valid: such
a batch is halved until the ones that it minds are alone. A batch that was refused changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from terraform_like.crm.hubspot.accounts import Accounts
from terraform_like.crm.hubspot.refusal import LOCKED, Refused, plain
from terraform_like.crm.hubspot.session import PAGE, Session
from terraform_like.crm.hubspot.shapes import Batch, told
from terraform_like.crm.look import looked
from terraform_like.crm.port import Outcome, Receipt, Record, Write
from terraform_like.domain.hubspot import HubspotConnection

#: How often a record that another holds is tried, by itself.
_TRIES = 4


@dataclass(frozen=True, slots=True)
class _Ready:
    """A write that nothing stands against, and the properties to change; an empty text clears one."""

    write: Write
    found: Record
    values: Mapping[str, str]


class Writer:
    """Writes companies of one account of HubSpot."""

    def __init__(
        self, session: Session, connection: HubspotConnection, accounts: Accounts, sleep: Callable[[float], None]
    ) -> None:
        self._session, self._accounts, self._sleep = session, accounts, sleep
        self._mapping = connection.accounts

    def write(self, batch: Sequence[Write]) -> list[Receipt]:
        """Write one batch, a receipt each in the same order."""
        held = self._accounts.look([write.account for write in batch])
        owners = self._accounts.known({write.after.owner for write in batch if write.after.owner})
        territories = self._mapping.territory is not None
        receipts = {
            write.account: looked(write, held.get(write.account), owners, territories=territories) for write in batch
        }
        ready = [self._ready(w, held[w.account]) for w in batch if receipts[w.account].outcome is Outcome.DONE]
        for start in range(0, len(ready), PAGE):
            receipts |= self._written(ready[start : start + PAGE])
        return [receipts[write.account] for write in batch]

    def _ready(self, write: Write, found: Record) -> _Ready:
        values: dict[str, str] = {}
        if found.owner != write.after.owner:
            values[self._mapping.owner] = write.after.owner or ""
        if self._mapping.territory is not None and found.territory != write.after.territory:
            values[self._mapping.territory] = write.after.territory or ""
        return _Ready(write, found, values)

    def _written(self, group: Sequence[_Ready]) -> dict[str, Receipt]:
        """Write records; halve them where HubSpot refuses all for what may be one of them."""
        try:
            batch = self._sent(group)
        except Refused as error:
            if not error.of_one_record:
                raise
            if len(group) > 1:
                middle = len(group) // 2
                return self._written(group[:middle]) | self._written(group[middle:])
            return {group[0].write.account: _failed(group[0], error.words)}
        return self._receipts(group, batch)

    def _sent(self, group: Sequence[_Ready]) -> Batch:
        inputs = [
            {"id": one.write.account, "objectWriteTraceId": one.write.account, "properties": dict(one.values)}
            for one in group
        ]
        path = f"{self._session.paths.companies}/batch/update"
        # What another holds may be free in a moment; of many, the halves find out which it is.
        for _ in range(_TRIES - 1 if len(group) == 1 else 0):
            try:
                return told(self._session.write("POST", path, {"inputs": inputs}), Batch)
            except Refused as error:
                if error.status != LOCKED:
                    raise
                self._sleep(error.after or 0.0)
        return told(self._session.write("POST", path, {"inputs": inputs}), Batch)

    def _receipts(self, group: Sequence[_Ready], batch: Batch) -> dict[str, Receipt]:
        written = {row.id for row in batch.results}
        problems: dict[str, str] = {}
        others: list[str] = []
        accounts = {one.write.account for one in group}
        for problem in batch.errors:
            words = self._session.words(plain(problem.message) or problem.category)
            about = [account for account in problem.records if account in accounts]
            problems |= dict.fromkeys(about, words)
            others += [] if about else [words]
        unsaid = "; ".join(others) or "HubSpot says nothing of this record; run `territory plan` to see what it has"
        return {
            one.write.account: Receipt(one.write.account, Outcome.DONE)
            if one.write.account in written and one.write.account not in problems
            else _failed(one, problems.get(one.write.account, unsaid))
            for one in group
        }


def _failed(one: _Ready, words: str) -> Receipt:
    return Receipt(one.write.account, Outcome.FAILED, words, one.found)
