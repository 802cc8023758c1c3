"""Writes of owners and territories: looked at just before, sent in the cheapest way, told record by record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from terraform_like.crm.port import Outcome, Receipt, Record, Write, is_between
from terraform_like.crm.salesforce import bulk, collections
from terraform_like.crm.salesforce.accounts import ACCOUNT, PARENT, Accounts, Held
from terraform_like.crm.salesforce.ids import long_id
from terraform_like.crm.salesforce.refusal import GONE, LOCKED, NOT_AS_SEEN, Problem, Refused
from terraform_like.crm.salesforce.session import Session
from terraform_like.crm.salesforce.shapes import Row, told
from terraform_like.crm.salesforce.territories import Move, Territories
from terraform_like.domain.salesforce import SalesforceConnection

_GONE = "the CRM has no such account any more"
_CHANGED = "the record was changed meanwhile"
#: Seconds that one waits at most for a record that another holds, before it is tried for the last time.
_LONGEST_PAUSE = 8.0


@dataclass(frozen=True, slots=True)
class Ready:
    """A write that nothing stands against: the account's id in 18 characters, and the fields to change."""

    write: Write
    id: str
    held: Held
    values: Mapping[str, str | None]


class Writer:
    """Writes accounts of one org; `look` gives what they have, with territories of whatever kind."""

    def __init__(
        self,
        session: Session,
        connection: SalesforceConnection,
        accounts: Accounts,
        territories: Territories | None,
        look: Callable[[Sequence[str]], dict[str, Held]],
        sleep: Callable[[float], None],
    ) -> None:
        self._session, self._connection = session, connection
        self._accounts, self._territories = accounts, territories
        self._look, self._sleep = look, sleep

    def write(self, batch: Sequence[Write]) -> list[Receipt]:
        """Write one batch, a receipt each in the same order."""
        held = self._look([write.account for write in batch])
        judged = {write.account: self._judged(write, held.get(write.account)) for write in batch}
        ready = [one for one in judged.values() if isinstance(one, Ready)]
        # Beside its siblings, an account shares the lock of the parent with them alone.
        ready.sort(key=lambda one: (str(one.held.fields.get(PARENT) or one.id), one.id))
        settled = {one.write.account: receipt for one, receipt in zip(ready, self._written(ready), strict=True)}
        return [settled[a] if isinstance(one, Ready) else one for a, one in judged.items()]

    def _judged(self, write: Write, held: Held | None) -> Ready | Receipt:
        """Say what will become of a write by what the org holds."""
        if held is None:
            return Receipt(write.account, Outcome.FAILED, _GONE)
        found, before, after = held.record, self._mapped(write.before), self._mapped(write.after)
        if found == after:
            return Receipt(write.account, Outcome.UNCHANGED, found=found)
        if not is_between(found, before, after):
            return Receipt(write.account, Outcome.CONFLICT, _CHANGED, found)
        mapping, values = self._connection.accounts, {}
        if found.owner != after.owner:
            owner = self._accounts.unassigned if after.owner is None else long_id(after.owner)
            if owner is None and after.owner is not None:
                return Receipt(write.account, Outcome.FAILED, f'the CRM has no user "{after.owner}"', found)
            if owner is None and not self._accounts.fields()[mapping.owner].nillable:
                words = "Salesforce lets no account be without an owner; name a user in crm.accounts.unassigned"
                return Receipt(write.account, Outcome.FAILED, words, found)
            values[mapping.owner] = owner
        if mapping.territory and found.territory != after.territory:
            values[mapping.territory] = after.territory
        return Ready(write, str(held.fields["Id"]), held, values)

    def _mapped(self, record: Record) -> Record:
        """Give a record with what the org has of it, and with ids of 18 characters."""
        owner = None if record.owner is None else long_id(record.owner) or record.owner
        knows = bool(self._connection.accounts.territory or self._territories)
        return Record(owner, record.territory if knows else None)

    def _written(self, ready: Sequence[Ready]) -> list[Receipt]:
        with_fields = [one for one in ready if one.values]
        if self._connection.precondition == "strict":
            found = {one.id: self._strictly(one) for one in with_fields}
        else:
            found = {id_: _receipt(one, problem) for id_, one, problem in self._sent(with_fields)}
        right = [one for one in ready if one.id not in found or found[one.id].outcome is Outcome.DONE]
        if self._territories is not None:
            found |= self._put(right, self._territories)
        return [found.get(one.id, Receipt(one.write.account, Outcome.DONE)) for one in ready]

    def _sent(self, ready: Sequence[Ready]) -> list[tuple[str, Ready, Problem | None]]:
        """Send fields: many by a bulk job, and those that the job left or found locked by collections, as few are."""
        problems: dict[str, Problem | None] = {}
        if len(ready) > self._connection.bulk.write_above:
            for fields in sorted({tuple(one.values) for one in ready}):
                alike = [one for one in ready if tuple(one.values) == fields]
                rows = [[one.id, *one.values.values()] for one in alike]
                problems |= bulk.update_all(self._session, ACCOUNT, ["Id", *fields], rows, self._sleep)
            problems = {id_: problem for id_, problem in problems.items() if not problem or problem.code not in LOCKED}
        rest = [one for one in ready if one.id not in problems]
        rows_ = [{"Id": one.id, **one.values} for one in rest]
        sent = collections.update(self._session, ACCOUNT, rows_, self._sleep)
        problems |= {one.id: problem for one, problem in zip(rest, sent, strict=True)}
        return [(one.id, one, problems[one.id]) for one in ready]

    def _strictly(self, one: Ready, pause: float = 1.0) -> Receipt:
        """Write one record only where it is as it was when its tag was given."""
        path, write = f"/sobjects/{ACCOUNT}/{one.id}", one.write
        try:
            answer = self._session.ask("GET", path)
            now = self._accounts.held(told(answer, Row)).record
            if (now.owner, now.version) != (one.held.record.owner, one.held.record.version):
                return self._conflict(write)
            headers = {"If-Match": answer.headers.get("etag", ""), "Sforce-Auto-Assign": "FALSE"}
            self._session.ask("PATCH", path, body=dict(one.values), headers=headers)
        except Refused as error:
            if error.problem.code in LOCKED and pause <= _LONGEST_PAUSE:
                self._sleep(pause)
                return self._strictly(one, 2 * pause)
            if error.problem.code == NOT_AS_SEEN:
                return self._conflict(write)
            if not error.of_one_record:
                raise
            return _receipt(one, error.problem)
        return Receipt(write.account, Outcome.DONE)

    def _conflict(self, write: Write) -> Receipt:
        found = self._look([write.account]).get(write.account)
        if found is None:
            return Receipt(write.account, Outcome.FAILED, _GONE)
        return Receipt(write.account, Outcome.CONFLICT, _CHANGED, found.record)

    def _put(self, ready: Sequence[Ready], territories: Territories) -> dict[str, Receipt]:
        """Put accounts into their territories, where they are not there."""
        moving = [one for one in ready if one.held.record.territory != one.write.after.territory]
        names = {str(one.write.after.territory) for one in moving if one.write.after.territory}
        lacking = {name: problem for name, problem in territories.ensure(names).items() if problem is not None}
        able = [one for one in moving if one.write.after.territory not in lacking]
        problems = territories.put([Move(one.id, one.write.after.territory) for one in able])
        # What the org put into no territory, since it could not make one, has the reason of that territory.
        told = ((one, problems.get(one.id, lacking.get(str(one.write.after.territory)))) for one in moving)
        return {one.id: _receipt(one, problem) for one, problem in told}


def _receipt(one: Ready, problem: Problem | None) -> Receipt:
    if problem is None:
        return Receipt(one.write.account, Outcome.DONE)
    if problem.code in GONE:
        return Receipt(one.write.account, Outcome.FAILED, _GONE)
    return Receipt(one.write.account, Outcome.FAILED, problem.told, one.held.record)
