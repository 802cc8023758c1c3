"""An example of a provider that another package brings: a CRM in one JSON file.

{"users": {"u-1": {"name": "Jane", "active": true}},
 "accounts": {"A-1": {"owner": "u-1", "territory": "west", "name": "Acme"}}}
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import polars as pl

from terraform_like.crm.owners import lacking
from terraform_like.crm.port import Capabilities, CrmError, Member, Needs, Outcome, Reading, Receipt, Record, Write
from terraform_like.diagnostics import Diagnostic, Severity
from terraform_like.domain.connection import Connection
from terraform_like.domain.kinds import Kind
from terraform_like.providers import Provider


class AcmeConnection(Connection):
    """What `crm:` of territory.yaml says."""

    provider: Literal["acme"]
    """Kind of CRM. Example: `acme`."""
    file: str
    """The JSON file, relative to the repository. Example: `acme.json`."""


class AcmeCrm:
    """A CRM in a JSON file."""

    capabilities = Capabilities(batch_size=100, territories=True, compare_and_set=False)

    def __init__(self, connection: AcmeConnection, root: Path) -> None:
        self._path = root / connection.file

    def preflight(self, needs: Needs) -> Iterator[Diagnostic]:
        """Give a diagnostic for each column or owner that is missing."""
        reading = self.read([])
        for column in needs.columns:
            if column not in reading.offered:
                yield Diagnostic(Severity.ERROR, f'no account has "{column}"')
        yield from lacking(needs.owners, reading.users)

    def read(self, columns: Sequence[str]) -> Reading:
        """Read every account, with those columns, and every user."""
        held = self._held()
        offered = sorted({column for account in held["accounts"].values() for column in account})
        accounts = [
            {"account": key, "owner": fields["owner"], "territory": fields["territory"], "version": None}
            | {column: fields.get(column) for column in columns}
            for key, fields in held["accounts"].items()
        ]
        users = [{"user": key, "email": None, **fields} for key, fields in held["users"].items()]
        texts = dict.fromkeys(("account", "owner", "territory", "version", "user", "name", "email"), pl.String)
        return Reading(
            pl.DataFrame(accounts, schema_overrides=texts),
            pl.DataFrame(users, schema_overrides=texts).select("user", "name", "email", "active"),
            dict.fromkeys(offered, Kind.UNKNOWN),
        )

    def records(self, accounts: Sequence[str]) -> dict[str, Record]:
        """Read what those accounts have now; accounts that are gone are left out."""
        held = self._held()["accounts"]
        return {key: Record(held[key]["owner"], held[key]["territory"]) for key in accounts if key in held}

    def write(self, batch: Sequence[Write]) -> list[Receipt]:
        """Write one batch, each record only where it still is as it was seen."""
        held = self._held()
        receipts = [self._written(write, held) for write in batch]
        self._path.write_text(json.dumps(held), encoding="utf-8")
        return receipts

    def arrange(self, territories: Sequence[str], members: Sequence[Member]) -> list[Receipt]:
        """Do nothing: a territory is what an account says."""
        return []

    def close(self) -> None:
        """Hold nothing open."""

    def _written(self, write: Write, held: dict[str, Any]) -> Receipt:
        fields = held["accounts"].get(write.account)
        if fields is None:
            return Receipt(write.account, Outcome.FAILED, "there is no such account")
        found = Record(fields["owner"], fields["territory"])
        if found == write.after:
            return Receipt(write.account, Outcome.UNCHANGED, found=found)
        if found != write.before:
            return Receipt(write.account, Outcome.CONFLICT, "the record was changed meanwhile", found)
        if write.after.owner is not None and write.after.owner not in held["users"]:
            return Receipt(write.account, Outcome.FAILED, f"there is no user {write.after.owner}", found)
        fields |= {"owner": write.after.owner, "territory": write.after.territory}
        return Receipt(write.account, Outcome.DONE)

    def _held(self) -> dict[str, Any]:
        try:
            held: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CrmError(f"{self._path.name} cannot be read: {error}") from None
        return held


PROVIDER = Provider(AcmeConnection, AcmeCrm)
