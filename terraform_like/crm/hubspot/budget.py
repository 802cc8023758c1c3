"""The calls of the day: what a plan needs of them, and what is left."""

from __future__ import annotations

from collections.abc import Iterator

from terraform_like.crm.hubspot.refusal import Refused
from terraform_like.crm.hubspot.session import PAGE, Daily, Session
from terraform_like.crm.hubspot.shapes import Usages, told
from terraform_like.crm.port import Calls
from terraform_like.diagnostics import Diagnostic, Severity

#: Records of one write of the port: ten batches.
BATCH = 1_000
#: Calls to come in, to learn the properties and the owners, to ask for what is missing.
_FIXED = 12

#: What operations cost: a batch is looked at by the provider as well, just before it is written.
CALLS = Calls(PAGE, PAGE, batch=0, fixed=_FIXED, per_record=2 / PAGE)


def too_dear(session: Session, writes: int) -> Iterator[Diagnostic]:
    """Say where the writes of a plan need more calls than are left of the day."""
    left, needed = _left(session), CALLS.to_write(writes, BATCH)
    if left is not None and needed > left.left:
        yield Diagnostic(
            Severity.ERROR,
            f"{writes:,} accounts take about {needed:,} calls of HubSpot, and {left.left:,} are left of the day's "
            f"{left.most:,}",
            "They come back at midnight, by the clock of the account. Try again then, or have more bought.",
        )


def _left(session: Session) -> Daily | None:
    """Give the calls that are left, as answers or else the account tell; apps of OAuth have no such limit."""
    if session.daily is not None or session.renewable:
        return session.daily
    try:
        usages = told(session.read("GET", session.paths.usage), Usages).results
    except Refused:
        # A key that may not ask may still write: that the calls of the day are spent is then told when they are.
        return None
    return min((Daily(one.most, max(one.most - one.made, 0)) for one in usages), key=lambda one: one.left, default=None)
