"""Accounts as HubSpot has them: all companies as a table, and some of them as they are at this moment."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import polars as pl

from terraform_like.crm.hubspot import values
from terraform_like.crm.hubspot.session import PAGE, Session
from terraform_like.crm.hubspot.shapes import Batch, Company, Owner, Properties, Property, told
from terraform_like.crm.port import CrmError, Record
from terraform_like.domain.hubspot import HubspotConnection

#: Columns of a reading that are its own.
_PLACES = ("account", "owner", "territory", "version")
#: What HubSpot calls a record that is not there.
_GONE = "OBJECT_NOT_FOUND"


def is_id(text: str) -> bool:
    """Say whether a text may be the id of a company; HubSpot refuses a whole batch for one that cannot."""
    return re.fullmatch(r"[1-9][0-9]{0,18}", text) is not None


class Accounts:
    """The companies and owners of an account of HubSpot.

    Parameters
    ----------
    session : Session
        Where to ask.
    connection : HubspotConnection
        Which properties are which.
    """

    def __init__(self, session: Session, connection: HubspotConnection) -> None:
        self._session, self._connection = session, connection
        self._mapping = connection.accounts
        self._properties: dict[str, Property] = {}
        self._known: frozenset[str] = frozenset()
        self._by_user: dict[str, str] = {}

    def properties(self, *, anew: bool = False) -> dict[str, Property]:
        """Give what HubSpot says of the properties of companies that this key may see, by their names."""
        if anew or not self._properties:
            answer = self._session.read("GET", self._session.paths.properties)
            self._properties = {each.name: each for each in told(answer, Properties).results}
        return self._properties

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Read every company: id, owner, territory where one is mapped, version, then those columns.

        Who changed one last is a user, and told as the owner who is that user, of those that `users` read.
        """
        asked = [column for column in dict.fromkeys(columns) if column not in _PLACES]
        wanted = ",".join(dict.fromkeys([*self._mapped, *asked]))
        rows = list(self._session.pages(self._session.paths.companies, Company, {"properties": wanted}))
        records = [self._record(row) for row in rows]
        places: dict[str, list[str | None]] = {
            "account": [row.id for row in rows],
            "owner": [record.owner for record in records],
            "territory": [record.territory for record in records],
            "version": [record.version for record in records],
        }
        properties = self.properties()
        return pl.DataFrame(
            [
                *(pl.Series(place, held, dtype=pl.String) for place, held in places.items()),
                *(values.series(each, [row.properties.get(each) for row in rows], properties[each]) for each in asked),
            ]
        ).with_columns(
            pl.col(each).cast(pl.String).replace(self._by_user) for each in asked if each == self._mapping.changed_by
        )

    def users(self) -> pl.DataFrame:
        """Read owners: those who are active, and those who are not any more."""
        found: dict[str, Owner] = {}
        for archived in ("true", "false"):
            owners = self._session.pages(self._session.paths.owners, Owner, {"archived": archived})
            found |= {owner.id: owner for owner in owners}
        self._known = frozenset(found)
        self._by_user = {str(owner.user): owner.id for owner in found.values() if owner.user is not None}
        wanted = set(self._connection.users.teams)
        # Who is not active is in no team any more.
        kept = [
            owner
            for owner in found.values()
            if not wanted or owner.archived or wanted & {said for team in owner.teams for said in (team.id, team.name)}
        ]
        return pl.DataFrame(
            [
                pl.Series("user", [owner.id for owner in kept], dtype=pl.String),
                pl.Series("name", [values.text(owner.name) for owner in kept], dtype=pl.String),
                pl.Series("email", [values.text(owner.email) for owner in kept], dtype=pl.String),
                pl.Series("active", [not owner.archived for owner in kept], dtype=pl.Boolean),
            ]
        )

    def known(self, owners: Collection[str]) -> frozenset[str]:
        """Give the ids of all owners; they are read where some of those are not among those read before."""
        if not self._known.issuperset(owners):
            self.users()
        return self._known

    def look(self, accounts: Sequence[str]) -> dict[str, Record]:
        """Give what companies have at this moment; those that are gone are left out."""
        wanted = sorted({account for account in accounts if is_id(account)})
        held: dict[str, Record] = {}
        for start in range(0, len(wanted), PAGE):
            part = wanted[start : start + PAGE]
            body = {"inputs": [{"id": id_} for id_ in part], "properties": self._mapped, "propertiesWithHistory": []}
            batch = told(self._session.read("POST", f"{self._session.paths.companies}/batch/read", body=body), Batch)
            self._only_gone(batch)
            # Asked for a company that was merged into another, HubSpot gives the other.
            held |= {row.id: self._record(row) for row in batch.results if row.id in part}
        return held

    @property
    def _mapped(self) -> list[str]:
        territory = [self._mapping.territory] if self._mapping.territory else []
        return list(dict.fromkeys([self._mapping.owner, *territory]))

    def _record(self, row: Company) -> Record:
        fields: Mapping[str, str | None] = row.properties
        territory = values.text(fields.get(self._mapping.territory)) if self._mapping.territory else None
        return Record(values.text(fields.get(self._mapping.owner)), territory, row.updated)

    def _only_gone(self, batch: Batch) -> None:
        for problem in batch.errors:
            if problem.category != _GONE:
                words = self._session.words(problem.message or problem.category)
                raise CrmError(f"HubSpot does not give all companies that it was asked for: {words}")
