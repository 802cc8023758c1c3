"""Where each account of a saved plan is, in whose hands, from when to when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import polars as pl

from terraform_like.plan.model import Plan
from terraform_like.plan.scheduled import waiting_at_first

SCHEMA = {"account": pl.String, "territory": pl.String, "person": pl.String, "from": pl.Date}


def whereabouts(plan: Plan, assignments: pl.DataFrame) -> pl.DataFrame:
    """Give where each account is and who has it, in spells that follow one another without a gap.

    Parameters
    ----------
    plan, assignments
        As saved.

    Returns
    -------
    polars.DataFrame
        `account`, `territory`, `person` (null: nobody), `from`, `to` (null: open), sorted by account and day. The first
        spell of each account begins on the plan's day.
    """
    later = _spells(
        (account, passing.after.territory, passing.after.owner, passing.on)
        for passing in plan.scheduled
        for account in passing.accounts
    )
    spells = pl.concat([at_first(plan, assignments), later]).sort("account", "from")
    ends = pl.col("from").shift(-1).over("account").dt.offset_by("-1d")
    return spells.with_columns(to=ends)


def at_first(plan: Plan, assignments: pl.DataFrame) -> pl.DataFrame:
    """Give the first spell of each account, that of the plan's day: `account`, `territory`, `person`, `from`."""
    owners = {territory.name: territory.owner for territory in plan.territories}
    has = pl.coalesce("holder", pl.col("territory").replace_strict(owners, default=None, return_dtype=pl.String))
    waiting = waiting_at_first(plan)
    first = assignments.filter(~pl.col("account").is_in(list(waiting))).select(
        "account", "territory", person=has, day=pl.lit(plan.as_of, pl.Date)
    )
    rest = _spells((account, place.territory, place.owner, plan.as_of) for account, place in waiting.items())
    return pl.concat([first.rename({"day": "from"}), rest])


def _spells(rows: Iterable[tuple[str, str | None, str | None, date]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SCHEMA, orient="row")
