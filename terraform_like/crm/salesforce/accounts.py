"""Accounts as the org has them: all of them as a table, and some of them as they are at this moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from terraform_like.crm.port import Record
from terraform_like.crm.salesforce import bulk, values
from terraform_like.crm.salesforce.ids import long_id
from terraform_like.crm.salesforce.session import Session
from terraform_like.crm.salesforce.shapes import Described, FieldTold, Row, told
from terraform_like.crm.salesforce.soql import among, select
from terraform_like.domain.salesforce import SalesforceConnection

ACCOUNT, USER, VERSION, PARENT = "Account", "User", "SystemModstamp", "ParentId"

#: Columns of a reading that are its own.
_PLACES = ("account", "owner", "territory", "version")

#: Records of one look, and ids that the address of one query has room for.
LOOKED, NAMED = 2_000, 400


@dataclass(frozen=True, slots=True)
class Held:
    """What an account has at this moment; `fields` are its values by the API's names."""

    record: Record
    fields: Mapping[str, Any]


class Accounts:
    """The accounts and users of an org.

    Parameters
    ----------
    session : Session
        Where to ask.
    connection : SalesforceConnection
        Which fields are which.
    sleep : callable
        Waits so many seconds.
    """

    def __init__(self, session: Session, connection: SalesforceConnection, sleep: Callable[[float], None]) -> None:
        self._session, self._connection, self._sleep = session, connection, sleep
        self._mapping = connection.accounts
        unassigned = connection.accounts.unassigned
        self.unassigned = None if unassigned is None else long_id(unassigned)
        self._described: dict[str, dict[str, FieldTold]] = {}

    def fields(self, kind: str = ACCOUNT) -> dict[str, FieldTold]:
        """Give what the org says of the fields of an object, by their names."""
        if kind not in self._described:
            described = told(self._session.ask("GET", f"/sobjects/{kind}/describe"), Described)
            self._described[kind] = {each.name: each for each in described.fields}
        return self._described[kind]

    def types(self) -> dict[str, str]:
        """Give the types of the fields of accounts that can be read."""
        return values.readable({name: each.type for name, each in self.fields().items()})

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Read every account: id, owner, territory of the field where one is mapped, version, then those columns."""
        types = self.types()
        asked = [column for column in dict.fromkeys(columns) if column not in _PLACES]
        mapped = {"account": "Id", "owner": self._mapping.owner, "version": VERSION}
        mapped |= {"territory": self._mapping.territory} if self._mapping.territory else {}
        fields = list(dict.fromkeys([*mapped.values(), *asked]))
        texts = self._texts(fields)
        places = {place: texts[field].replace("", None).alias(place) for place, field in mapped.items()}
        places.setdefault("territory", pl.Series("territory", [None] * texts.height, dtype=pl.String))
        if self.unassigned is not None:
            places["owner"] = places["owner"].replace(self.unassigned, None)
        return pl.DataFrame(
            [
                *(places[place] for place in _PLACES),
                *(values.series(texts[column], types[column]).alias(column) for column in asked),
            ]
        )

    def users(self, only: Collection[str] | None = None) -> pl.DataFrame:
        """Read users: those who may own accounts, or some by their ids."""
        fields, rows = ["Id", "Name", "Email", "IsActive"], []
        if only is None:
            rows = list(self._session.query(fields, USER, self._connection.users.where))
        else:
            ids = sorted({found for one in only if (found := long_id(one)) is not None})
            for start in range(0, len(ids), NAMED):
                rows += self._session.query(fields, USER, among("Id", ids[start : start + NAMED]))
        return pl.DataFrame(
            [
                pl.Series("user", [row["Id"] for row in rows], dtype=pl.String),
                values.text_series("name", [row["Name"] for row in rows]),
                values.text_series("email", [row["Email"] for row in rows]),
                pl.Series("active", [bool(row["IsActive"]) for row in rows], dtype=pl.Boolean),
            ]
        )

    def look(self, accounts: Sequence[str]) -> dict[str, Held]:
        """Give what accounts have at this moment, by the ids as they were given; those that are gone are left out."""
        mapping = self._mapping
        fields = ["Id", mapping.owner, VERSION, *([mapping.territory] if mapping.territory else [])]
        fields += [PARENT] if PARENT in self.fields() else []
        ids = {account: found for account in accounts if (found := long_id(account)) is not None}
        rows: dict[str, Mapping[str, Any]] = {}
        wanted = sorted(set(ids.values()))
        for start in range(0, len(wanted), LOOKED):
            body = {"ids": wanted[start : start + LOOKED], "fields": list(dict.fromkeys(fields))}
            there = told(self._session.ask("POST", f"/composite/sobjects/{ACCOUNT}", body=body), list[Row | None])
            rows |= {str(row.get("Id")): row for row in there if row is not None}
        return {account: self.held(rows[found]) for account, found in ids.items() if found in rows}

    def held(self, row: Mapping[str, Any]) -> Held:
        """Give what a row of the org says."""
        owner = row.get(self._mapping.owner) or None
        territory = row.get(self._mapping.territory) or None if self._mapping.territory else None
        return Held(Record(None if owner == self.unassigned else owner, territory, row.get(VERSION)), row)

    def count(self) -> int:
        """Count the accounts that are to be read."""
        return self._session.count(ACCOUNT, self._mapping.where)

    def _texts(self, fields: Sequence[str]) -> pl.DataFrame:
        """Read fields of every account as texts: by pages, or by the Bulk API where there are many."""
        pages = list(self._pages(fields, self._mapping.where))
        empty = pl.DataFrame({field: pl.Series(field, [], dtype=pl.String) for field in fields})
        return pl.concat([empty, *pages])

    def _pages(self, fields: Sequence[str], where: str | None) -> Iterator[pl.DataFrame]:
        if self.count() > self._connection.bulk.read_above:
            yield from bulk.read_all(self._session, select(fields, ACCOUNT, where), self._sleep)
            return
        rows = list(self._session.query(list(fields), ACCOUNT, where))
        yield pl.DataFrame([values.as_texts(field, [row[field] for row in rows]) for field in fields])
