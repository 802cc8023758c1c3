"""Users who are to own accounts: who of them is not there, and who is not active."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import polars as pl

from terraform_like.diagnostics import Diagnostic, Severity


def lacking(owners: Collection[str], users: pl.DataFrame) -> Iterator[Diagnostic]:
    """Give a warning for each owner who is no user, and for each who is not active.

    Parameters
    ----------
    owners : collection of str
        CRM ids of users.
    users : polars.DataFrame
        Users as `Reading.users` has them.
    """
    active = dict(users.select("user", "active").iter_rows())
    for owner in sorted(set(owners)):
        if owner not in active:
            yield _warning(f'The CRM has no user "{owner}"', "It cannot own accounts.")
        elif not active[owner]:
            yield _warning(f'The CRM\'s user "{owner}" is not active', "Many CRMs let such a user own nothing.")


def _warning(summary: str, detail: str) -> Diagnostic:
    return Diagnostic(Severity.WARNING, summary, detail)
