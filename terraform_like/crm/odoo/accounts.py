"""Accounts as Odoo has them: all of them as a table, and some of them as they are at this moment."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from terraform_like.crm.odoo import values
from terraform_like.crm.odoo.session import Session
from terraform_like.crm.port import Record
from terraform_like.domain.odoo import OdooConnection, Term, terms

ACCOUNT, USER, VERSION = "res.partner", "res.users", "write_date"

#: Columns of a reading that are its own.
_PLACES = ("account", "owner", "territory", "version")
#: Records of one page.
_PAGE = 2_000
#: Those who are archived are found as well.
_ALL: Mapping[str, Any] = {"active_test": False}
#: The largest id that a database holds.
_LARGEST = 2**31 - 1


def number(text: str) -> int | None:
    """Give the id that a text holds; None where it holds none that Odoo could have."""
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,9}", text) and int(text) <= _LARGEST else None


class Accounts:
    """The accounts and users of a database.

    Parameters
    ----------
    session : Session
        Where to ask.
    connection : OdooConnection
        Which fields are which.
    """

    def __init__(self, session: Session, connection: OdooConnection) -> None:
        self._session, self._connection = session, connection
        self._mapping = connection.accounts
        self._fields: dict[str, dict[str, Any]] = {}

    def fields(self) -> dict[str, dict[str, Any]]:
        """Give what Odoo says of the fields of accounts that this user may see, by their names."""
        if not self._fields:
            wanted = ["type", "string", "relation", "readonly", "selection"]
            self._fields = self._session.call(ACCOUNT, "fields_get", context={}, attributes=wanted)
        return self._fields

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Read every account: id, owner, territory where one is mapped, version, then those columns."""
        asked = [column for column in dict.fromkeys(columns) if column not in _PLACES]
        wanted = list(dict.fromkeys([*self._mapped, *asked]))
        rows = list(self._pages(ACCOUNT, terms(self._mapping.where), wanted, {}))
        records = [self._record(row) for row in rows]
        places: dict[str, list[str | None]] = {
            "account": [str(row["id"]) for row in rows],
            "owner": [record.owner for record in records],
            "territory": [record.territory for record in records],
            "version": [record.version for record in records],
        }
        fields = self.fields()
        return pl.DataFrame(
            [
                *(pl.Series(place, held, dtype=pl.String) for place, held in places.items()),
                *(values.series(column, [row[column] for row in rows], fields[column]) for column in asked),
            ]
        )

    def users(self, only: Collection[str] | None = None) -> pl.DataFrame:
        """Read users: those who may own accounts, or some by their ids."""
        if only is None:
            where = terms(self._connection.users.where)
        else:
            where = [("id", "in", sorted({found for one in only if (found := number(one)) is not None}))]
        rows = list(self._pages(USER, where, ["name", "email", "active"], _ALL))
        return pl.DataFrame(
            [
                pl.Series("user", [str(row["id"]) for row in rows], dtype=pl.String),
                pl.Series("name", [values.text(row["name"]) for row in rows], dtype=pl.String),
                pl.Series("email", [values.text(row["email"]) for row in rows], dtype=pl.String),
                pl.Series("active", [bool(row["active"]) for row in rows], dtype=pl.Boolean),
            ]
        )

    def look(self, accounts: Sequence[str]) -> dict[str, Record]:
        """Give what accounts have at this moment; those that are gone are left out."""
        ids = {found: account for account in accounts if (found := number(account)) is not None}
        held: dict[str, Record] = {}
        wanted = sorted(ids)
        for start in range(0, len(wanted), _PAGE):
            where: list[Term] = [("id", "in", wanted[start : start + _PAGE])]
            held |= {ids[row["id"]]: self._record(row) for row in self._pages(ACCOUNT, where, self._mapped, _ALL)}
        return held

    def takes(self, model: str, where: str) -> None:
        """Ask whether Odoo takes a domain on a model.

        Raises
        ------
        Refused
            When it does not.
        """
        self._session.call(model, "search_read", context=_ALL, domain=terms(where), fields=["id"], limit=1)

    @property
    def _mapped(self) -> list[str]:
        territory = [self._mapping.territory] if self._mapping.territory else []
        return list(dict.fromkeys([self._mapping.owner, VERSION, *territory]))

    def _record(self, row: Mapping[str, Any]) -> Record:
        territory = values.text(row[self._mapping.territory]) if self._mapping.territory else None
        return Record(values.id_of(row[self._mapping.owner]), territory, values.text(row[VERSION]))

    def _pages(
        self, model: str, where: Sequence[Term], fields: Sequence[str], context: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """Give what a domain finds, page by page.

        Each begins behind the last id, so that none is left out or told twice where others make and delete records.
        """
        last = 0
        while True:
            # Conditions that stand side by side all hold, whatever the signs in those of the domain join.
            domain = [("id", ">", last), *where]
            rows: list[dict[str, Any]] = self._session.call(
                model, "search_read", context=context, domain=domain, fields=list(fields), limit=_PAGE, order="id"
            )
            yield from rows
            if len(rows) < _PAGE:
                return
            last = rows[-1]["id"]
