"""The `odoo` provider."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from terraform_like.crm.http import SILENCE_SECONDS
from terraform_like.crm.odoo import preflight, values
from terraform_like.crm.odoo.accounts import Accounts
from terraform_like.crm.odoo.session import Session
from terraform_like.crm.odoo.writing import Writer
from terraform_like.crm.owners import lacking
from terraform_like.crm.port import Capabilities, Member, Needs, Reading, Receipt, Record, Write
from terraform_like.diagnostics import Diagnostic
from terraform_like.domain.odoo import OdooConnection

#: Records of one write of the port.
_BATCH = 1_000

_LOUD = (
    "Odoo posts a message on each account that gets another owner, and sends the new owner an e-mail; "
    "`silent: true` under `crm:` keeps it from both.",
)
_SILENT = ("Odoo notes no change of an owner on the account, and tells nobody (`silent: true` under `crm:`).",)


class OdooCrm:
    """A database of Odoo.

    Parameters
    ----------
    connection : OdooConnection
        `crm:` of territory.yaml.
    sleep : callable
        Waits so many seconds, for a record that another holds.
    silence : float
        Seconds until a server that says nothing counts as not to be had.

    Raises
    ------
    CrmError
        When the address cannot be read.
    """

    def __init__(
        self,
        connection: OdooConnection,
        *,
        sleep: Callable[[float], None] = time.sleep,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        self._connection = connection
        self._session = Session(connection, silence=silence)
        self._accounts = Accounts(self._session, connection)
        self._writer = Writer(self._session, connection, self._accounts, sleep)

    @property
    def capabilities(self) -> Capabilities:
        """What this provider can do."""
        return Capabilities(
            _BATCH,
            territories=self._connection.accounts.territory is not None,
            compare_and_set=False,
            versions=True,
            side_effects=_SILENT if self._connection.silent else _LOUD,
        )

    def preflight(self, needs: Needs) -> Iterator[Diagnostic]:
        """Give a diagnostic for each thing that is missing."""
        connection, accounts = self._connection, self._accounts
        yield from preflight.lacking_fields(connection, accounts)
        yield from preflight.lacking_columns(needs.columns, accounts)
        yield from preflight.lacking_conditions(connection, accounts)
        if needs.owners:
            yield from lacking(needs.owners, accounts.users(needs.owners))
        if needs.writes:
            yield from preflight.lacking_rights(connection, accounts, self._session)

    def read(self, columns: Sequence[str]) -> Reading:
        """Read every account, with those columns, and every user who may own one."""
        accounts = self._accounts.read(columns)
        fields = self._accounts.fields()
        readable = values.readable(fields)
        offered = {name: values.kind_of(field) for name, field in readable.items()}
        return Reading(accounts, self._accounts.users(), offered)

    def records(self, accounts: Sequence[str]) -> dict[str, Record]:
        """Read what those accounts have now; accounts that are gone are left out."""
        return self._accounts.look(accounts)

    def write(self, batch: Sequence[Write]) -> list[Receipt]:
        """Write one batch."""
        return self._writer.write(batch)

    def arrange(self, territories: Sequence[str], members: Sequence[Member]) -> list[Receipt]:
        """Give nothing: Odoo keeps no territories of its own."""
        return []

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()
