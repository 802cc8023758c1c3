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
#: Calls of a bulk job: to make, fill and start it, to look at it a dozen times, and to get its results.
_JOB = 17
#: Calls to come in, to learn the fields, the model and its territories.
_FIXED = 10


def batch_size(connection: SalesforceConnection) -> int:
    """Give the records of one write: few where each takes calls of its own."""
    return _COLLECTION if connection.precondition == "strict" else BATCH


def calls(connection: SalesforceConnection) -> Calls:
    """Give what operations cost at most."""
    size = batch_size(connection)
    if connection.precondition == "strict":
        batch = 2 * size
    else:
        batch = max(_pages(min(size, connection.bulk.write_above), _COLLECTION), _JOB)
    batch += _pages(size, LOOKED)
    looked = LOOKED
    if connection.territory_management is not None:
        # Rows are made, rows are deleted, and some accounts excluded; a look is one of rows as well.
        batch += 3 * _pages(size, _COLLECTION) + 2 * _pages(size, NAMED)
        looked = NAMED
    return Calls(rows_read=_PAGE, records_looked=looked, batch=batch, fixed=_FIXED)


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


def _pages(rows: int, size: int) -> int:
    return -(-rows // size)
