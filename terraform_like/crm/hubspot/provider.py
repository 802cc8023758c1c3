"""The `hubspot` provider."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence

from terraform_like.crm.http import SILENCE_SECONDS
from terraform_like.crm.hubspot import budget, preflight, values
from terraform_like.crm.hubspot.accounts import Accounts
from terraform_like.crm.hubspot.furnishing import furnish
from terraform_like.crm.hubspot.session import Session
from terraform_like.crm.hubspot.writing import Writer
from terraform_like.crm.owners import lacking
from terraform_like.crm.port import Capabilities, Member, Needs, Reading, Receipt, Record, Write
from terraform_like.diagnostics import Diagnostic
from terraform_like.domain.hubspot import HubspotConnection

#: What HubSpot does beside a change of owner; the API has no option for it.
_SIDE_EFFECTS = (
    "HubSpot tells the new owner of a company, where that user's settings ask for it, and runs workflows that wait for "
    "another owner.",
)


class HubspotCrm:
    """An account of HubSpot.

    Parameters
    ----------
    connection : HubspotConnection
        `crm:` of territory.yaml.
    sleep : callable
        Waits so many seconds, for a limit of calls or a record that another holds.
    silence : float
        Seconds until an API that says nothing counts as not to be had.
    clock : callable
        Seconds that go by.

    Raises
    ------
    CrmError
        When the address cannot be read.
    """

    def __init__(
        self,
        connection: HubspotConnection,
        *,
        sleep: Callable[[float], None] = time.sleep,
        silence: float = SILENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._session = Session(connection, sleep, silence=silence, clock=clock)
        self._accounts = Accounts(self._session, connection)
        self._writer = Writer(self._session, connection, self._accounts, sleep)

    @property
    def capabilities(self) -> Capabilities:
        """What this provider can do."""
        return Capabilities(
            budget.BATCH,
            territories=self._connection.accounts.territory is not None,
            compare_and_set=False,
            versions=True,
            calls=budget.CALLS,
            side_effects=_SIDE_EFFECTS,
        )

    def preflight(self, needs: Needs) -> Iterator[Diagnostic]:
        """Give a diagnostic for each thing that is missing."""
        unread = list(preflight.lacking_reads(self._session))
        yield from unread
        if unread:
            return
        connection, accounts = self._connection, self._accounts
        yield from preflight.lacking_properties(connection, accounts, writes=needs.writes > 0)
        yield from preflight.lacking_values(connection, accounts, needs.territories)
        yield from preflight.lacking_columns(needs.columns, accounts)
        if needs.owners:
            yield from lacking(needs.owners, accounts.users())
        if needs.writes:
            yield from preflight.lacking_writes(self._session)
            yield from budget.too_dear(self._session, needs.writes)

    def read(self, columns: Sequence[str]) -> Reading:
        """Read every company, with those columns, and every owner."""
        offered = {name: values.kind_of(each) for name, each in values.readable(self._accounts.properties()).items()}
        users = self._accounts.users()
        return Reading(self._accounts.read(columns), users, offered)

    def records(self, accounts: Sequence[str]) -> dict[str, Record]:
        """Read what those companies have now; those that are gone are left out."""
        return self._accounts.look(accounts)

    def write(self, batch: Sequence[Write]) -> list[Receipt]:
        """Write one batch."""
        return self._writer.write(batch)

    def arrange(self, territories: Sequence[str], members: Sequence[Member]) -> list[Receipt]:
        """Give nothing: HubSpot keeps no territories of its own."""
        return []

    def furnish(self, territories: Collection[str]) -> Iterator[str]:
        """Make the property of territories, and the values that it lacks; give of each what it is."""
        return furnish(self._session, self._connection, self._accounts, territories)

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()
