"""Users who are to own accounts: who of them is not there, and who is not active."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import polars as pl

from terraform_like.diagnostics import Diagnostic, Severity, listing


def lacking(
    owners: Collection[str], users: pl.DataFrame, severity: Severity = Severity.WARNING
) -> Iterator[Diagnostic]:
    """Give a diagnostic for owners who are no users, and one for those who are not active.

    Parameters
    ----------
    owners : collection of str
        CRM ids of users.
    users : polars.DataFrame
        Users as `Reading.users` has them.
    severity : Severity
        A warning where the CRM may take such an owner all the same, an error where it never does.
    """
    wanted = set(owners)
    if strangers := sorted(wanted - set(users["user"])):
        yield Diagnostic(severity, f"The CRM has no user {listing(strangers)}", "They cannot own accounts.")
    idle = users.filter(~pl.col("active") & pl.col("user").is_in(sorted(wanted)))["user"].sort().to_list()
    if idle:
        yield Diagnostic(
            severity, f"The CRM's user {listing(idle)} is not active", "Many CRMs let such a user own nothing."
        )
