"""The calls of the day: what a plan needs of them, and what is left."""

from __future__ import annotations

from collections.abc import Iterator

from terraform_like.crm.port import Calls
from terraform_like.crm.salesforce.accounts import LOOKED, NAMED
from terraform_like.crm.salesforce.session import Session
from terraform_like.crm.salesforce.shapes import Limits, told
from terraform_like.diagnostics import Diagnostic, Severity
from terraform_like.domain.salesforce import SalesforceConnection

#: Records of one page of a query, of one collection, and of one write of the port.
_PAGE, _COLLECTION, BATCH = 2_000, 200, 10_000
#: Calls to come in, to learn the fields, the model and its territories.
_FIXED = 10


def batch_size(connection: SalesforceConnection) -> int:
    """Give the records of one write: few where each takes calls of its own."""
    return _COLLECTION if connection.precondition == "strict" else BATCH


def calls(connection: SalesforceConnection) -> Calls:
    """Give what operations cost at most; a bulk job costs less than the collections that it stands for."""
    each = 2.0 if connection.precondition == "strict" else 1 / _COLLECTION
    batch, looked = 2, LOOKED
    if connection.territory_management is not None:
        # Rows are made, rows are deleted, and some accounts excluded; a look is one at such rows as well.
        each += 3 / _COLLECTION + 2 / NAMED
        batch, looked = 7, NAMED
    return Calls(_PAGE, looked, batch, fixed=_FIXED, per_record=each + 1 / LOOKED)


def too_dear(session: Session, connection: SalesforceConnection, writes: int) -> Iterator[Diagnostic]:
    """Say where the writes of a plan need more calls than are left of the day."""
    left = told(session.ask("GET", "/limits"), Limits).DailyApiRequests
    needed = calls(connection).to_write(writes, batch_size(connection))
    if needed > left.Remaining:
        yield Diagnostic(
            Severity.ERROR,
            f"{writes:,} accounts take about {needed:,} calls of Salesforce, and {left.Remaining:,} are left of the "
            f"day's {left.Max:,}",
            "Calls come back within 24 hours. Try again then, or have an administrator buy more.",
        )
