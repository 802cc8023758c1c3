"""Who hands which accounts to whom and when, with the deals that are at stake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import polars as pl

from terraform_like.carve.prove.certify import rounded
from terraform_like.diff import Change, ChangeKind
from terraform_like.domain.carving import Carving
from terraform_like.domain.scope import PROTECTED, Population
from terraform_like.plan.listed import listed
from terraform_like.plan.model import HandOver, Scheduled

_ROW = {
    "on": pl.Date,
    "from": pl.String,
    "to": pl.String,
    "account": pl.String,
    "territory_before": pl.String,
    "territory": pl.String,
    "reason": pl.String,
}


def handed_over(
    carving: Carving,
    population: Population,
    day: date,
    changes: Iterable[Change],
    scheduled: Iterable[Scheduled],
) -> pl.DataFrame:
    """Give every account that somebody hands to somebody else.

    Parameters
    ----------
    carving, population
        What the plan was made from.
    day : datetime.date
        The plan's day, on which its changes are pushed.
    changes, scheduled
        As the plan has them.

    Returns
    -------
    polars.DataFrame
        `on`, `from`, `to` (people; null is nobody), `account`, `territory_before`, `territory`, `reason`, `protected`,
        `pipeline` (null where the plan names no such column); sorted by day, people and account.
    """
    later = pl.DataFrame(list(_later(scheduled)), schema=_ROW, orient="row")
    rows = pl.concat([_now(day, changes), later])
    column = carving.accounts.pipeline
    value = pl.lit(None, pl.Float64) if column is None else pl.col(column).cast(pl.Float64).fill_nan(None).fill_null(0)
    facts = population.inside.table.select("account", pl.col(PROTECTED).alias("protected"), value.alias("pipeline"))
    joined = rows.join(facts, on="account", how="left").with_columns(pl.col("protected").fill_null(False))
    return joined.sort("on", "from", "to", "account", nulls_last=True)


def handovers(handed: pl.DataFrame) -> tuple[HandOver, ...]:
    """Group what is handed over by day and pair of people."""
    grouped = handed.group_by("on", "from", "to").agg(
        accounts=pl.len(),
        protected=pl.col("protected").sum(),
        # A sum of nothing known is not 0.
        pipeline=pl.when(pl.col("pipeline").is_not_null().any()).then(pl.col("pipeline").sum()),
    )
    return tuple(
        HandOver(
            on=row["on"],
            giver=row["from"],
            taker=row["to"],
            accounts=row["accounts"],
            protected=row["protected"],
            pipeline=None if row["pipeline"] is None else rounded(row["pipeline"]),
        )
        for row in grouped.sort("on", "from", "to", nulls_last=True).iter_rows(named=True)
    )


_Row = tuple[date, str | None, str | None, str, str | None, str | None, str]


def _now(day: date, changes: Iterable[Change]) -> pl.DataFrame:
    hands_over = pl.col("owner_before").ne_missing(pl.col("owner_after")) & (pl.col("kind") != ChangeKind.REMOVE.value)
    table = listed(changes).filter(hands_over)
    named = {"from": "owner_before", "to": "owner_after", "territory": "territory_after"}
    reason = pl.col("reason").fill_null("")
    return table.with_columns(
        reason, on=pl.lit(day, pl.Date), **{new: pl.col(old) for new, old in named.items()}
    ).select(list(_ROW))


def _later(scheduled: Iterable[Scheduled]) -> Iterator[_Row]:
    for passing in scheduled:
        before, after = passing.before, passing.after
        if before.owner != after.owner:
            for account in passing.accounts:
                place = (before.territory, after.territory, str(passing.reason))
                yield passing.on, before.owner, after.owner, account, *place
