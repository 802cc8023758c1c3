"""The `salesforce` provider."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import polars as pl

from terraform_like.crm.http import SILENCE_SECONDS
from terraform_like.crm.owners import lacking
from terraform_like.crm.port import SEVERAL, Capabilities, Member, Needs, Outcome, Reading, Receipt, Record, Write
from terraform_like.crm.salesforce import budget, preflight, values
from terraform_like.crm.salesforce.accounts import Accounts, Held
from terraform_like.crm.salesforce.ids import long_id
from terraform_like.crm.salesforce.members import members, set_members
from terraform_like.crm.salesforce.session import Session
from terraform_like.crm.salesforce.territories import Seat, Territories
from terraform_like.crm.salesforce.writing import Writer
from terraform_like.diagnostics import Diagnostic
from terraform_like.domain.salesforce import SalesforceConnection

#: What the platform does beside a change of owner; REST and Bulk have no option for it.
_SIDE_EFFECTS = (
    "Salesforce deletes the account team of an account that gets another owner.",
    "Open opportunities, contacts and other records of the old owner go to the new one as the defaults of the org say.",
)


class SalesforceCrm:
    """An org of Salesforce.

    Parameters
    ----------
    connection : SalesforceConnection
        `crm:` of territory.yaml.
    sleep : callable
        Waits so many seconds, for a lock or a bulk job.
    silence : float
        Seconds until an org that says nothing counts as not to be had.

    Raises
    ------
    CrmError
        When the address cannot be read.
    """

    def __init__(
        self,
        connection: SalesforceConnection,
        *,
        sleep: Callable[[float], None] = time.sleep,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        self._connection, self._sleep = connection, sleep
        self._session = Session(connection, silence=silence)
        self._accounts = Accounts(self._session, connection, sleep)
        management = connection.territory_management
        many = connection.bulk.read_above
        self._territories = None if management is None else Territories(self._session, management, many, sleep)
        self._capabilities = Capabilities(
            budget.batch_size(connection),
            territories=bool(connection.accounts.territory or management),
            compare_and_set=connection.precondition == "strict",
            versions=True,
            members=management is not None,
            calls=budget.calls(connection),
            atomic=management is None,
            side_effects=_SIDE_EFFECTS,
        )
        self._writer = Writer(self._session, connection, self._accounts, self._territories, self._look, sleep)

    @property
    def capabilities(self) -> Capabilities:
        """What this provider can do."""
        remarks = () if self._territories is None else self._territories.remarks
        return replace(self._capabilities, side_effects=(*_SIDE_EFFECTS, *remarks)) if remarks else self._capabilities

    def preflight(self, needs: Needs) -> Iterator[Diagnostic]:
        """Give a diagnostic for each thing that is missing."""
        connection, accounts = self._connection, self._accounts
        yield from preflight.lacking_fields(connection, accounts)
        yield from preflight.lacking_columns(needs.columns, accounts)
        yield from preflight.lacking_conditions(connection, self._session)
        if self._territories is not None and connection.territory_management is not None:
            management = connection.territory_management
            yield from preflight.lacking_territories(management, accounts, self._territories, self._session)
        if needs.owners:
            yield from lacking({long_id(owner) or owner for owner in needs.owners}, accounts.users(needs.owners))
        if needs.writes:
            yield from preflight.lacking_rights(connection, accounts)
            yield from budget.too_dear(self._session, connection, needs.writes)

    def read(self, columns: Sequence[str]) -> Reading:
        """Read every account, with those columns, and every user who may own one."""
        accounts = self._accounts.read(columns)
        there: tuple[Member, ...] = ()
        if self._territories is not None:
            names = _names(self._territories.seats())
            told = pl.DataFrame({"account": list(names), "name": list(names.values())}, schema=_NAMED)
            joined = accounts.join(told, on="account", how="left", maintain_order="left")
            accounts = joined.with_columns(pl.col("name").alias("territory")).drop("name")
            held = members(self._session, self._territories.ids(), self._roles)
            there = tuple(sorted(held.values(), key=lambda one: (one.territory, one.user, one.role)))
        offered = {field: values.kind_of(type_) for field, type_ in self._accounts.types().items()}
        return Reading(accounts, self._accounts.users(), offered, there)

    def records(self, accounts: Sequence[str]) -> dict[str, Record]:
        """Read what those accounts have now; accounts that are gone are left out."""
        return {account: held.record for account, held in self._look(accounts).items()}

    def write(self, batch: Sequence[Write]) -> list[Receipt]:
        """Write one batch; assignment rules of the org are not run."""
        return self._writer.write(batch)

    def arrange(self, territories: Sequence[str], members: Sequence[Member]) -> list[Receipt]:
        """See that the model has those territories, with those members, and no others in the roles of ours."""
        if self._territories is None:
            return []
        made = self._territories.ensure(territories)
        ids = {name: id_ for name, id_ in self._territories.ids().items() if name in set(territories)}
        wanted = [one for one in members if one.territory in ids]
        told = dict(made)
        changed = set_members(self._session, ids, self._roles, wanted, self._sleep)
        told |= {f"{one.territory}: {one.user} as {one.role or 'member'}": problem for one, problem in changed.items()}
        return [
            Receipt(what, Outcome.DONE) if problem is None else Receipt(what, Outcome.FAILED, problem.told)
            for what, problem in told.items()
        ]

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()

    @property
    def _roles(self) -> dict[str, str]:
        management = self._connection.territory_management
        return {} if management is None else management.roles

    def _look(self, accounts: Sequence[str]) -> dict[str, Held]:
        """Give what accounts have at this moment, territories of a model with it."""
        held = self._accounts.look(accounts)
        if self._territories is None or not held:
            return held
        names = _names(self._territories.seats([str(one.fields["Id"]) for one in held.values()]))
        return {
            account: replace(one, record=replace(one.record, territory=names.get(str(one.fields["Id"]))))
            for account, one in held.items()
        }


_NAMED = {"account": pl.String, "name": pl.String}


def _names(seats: Sequence[Seat]) -> dict[str, str]:
    """Give the territory of each account; of an account in several, all their names in order."""
    found: dict[str, set[str]] = {}
    for seat in seats:
        found.setdefault(seat.account, set()).add(seat.territory)
    return {account: SEVERAL.join(sorted(names)) for account, names in found.items()}
