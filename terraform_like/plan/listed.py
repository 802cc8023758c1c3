"""Changes as columns: what sums and joins over all of them are made of."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from terraform_like.diff import Change


def listed(changes: Iterable[Change]) -> pl.DataFrame:
    """Give one row a change, in their order.

    Returns
    -------
    polars.DataFrame
        `account`, `kind`, `territory_before`, `territory_after`, `owner_before`, `owner_after` and `reason` (the code
        of the weightiest one, null where there is none), all text.
    """
    all_of = tuple(changes)
    columns: dict[str, list[str | None]] = {
        "account": [one.account for one in all_of],
        "kind": [one.kind.value for one in all_of],
        "territory_before": [one.before.territory for one in all_of],
        "territory_after": [one.after.territory for one in all_of],
        "owner_before": [one.before.owner for one in all_of],
        "owner_after": [one.after.owner for one in all_of],
        "reason": [one.reasons[0].code.value if one.reasons else None for one in all_of],
    }
    return pl.DataFrame([pl.Series(name, values, pl.String) for name, values in columns.items()])
