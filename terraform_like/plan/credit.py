"""Who earns which share of the credit for an account on which days: what pay is reckoned from.

On every day the shares of an account and role add up to 1; where `holdover` pays `double`, to 1 and what whoever had
the account before earns beside. A share that is nobody's stands in a row without a person, so that none is lost. A role
beside the owners' has rows for the days only on which somebody covers the territory.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from terraform_like.domain.carving import Carving
from terraform_like.domain.people import OWNING_ROLE
from terraform_like.plan.model import Plan
from terraform_like.plan.whereabouts import whereabouts
from terraform_like.staffing.tenure import ONE_DAY
from terraform_like.staffing.timeline import Staffing

COLUMNS = ("account", "territory", "person", "role", "credit", "from", "to")

_SCHEMA = {"territory": pl.String, "owner": pl.String, "since": pl.Date, "until": pl.Date}


def credits(carving: Carving, plan: Plan, assignments: pl.DataFrame, since: date, until: date) -> pl.DataFrame:
    """Give the credit for every account from one day to another.

    Parameters
    ----------
    carving : Carving
        What the plan was made from: covers and hold-over say the shares.
    plan, assignments
        As saved.
    since, until : datetime.date
        First and last day, not before the plan's day.

    Returns
    -------
    polars.DataFrame
        `account`, `territory`, `person` (null: nobody earns it), `role`, `credit` (above 0), `from`, `to`; sorted.
    """
    overlay = [row for row in plan.staffing if row.team]
    owning = [row for row in plan.staffing if not row.interim and not row.team]
    spells = whereabouts(plan, assignments).with_columns(pl.col("to").fill_null(until))
    spells = _cut(spells, "from", "to", since, until)
    roles = {name: person.role for name, person in carving.people.items()}
    return pl.concat([_owned(carving, plan, spells, owning, roles, until), _overlaid(spells, overlay)]).sort(
        "account", "from", "role", "person", nulls_last=True
    )


def _owned(
    carving: Carving, plan: Plan, spells: pl.DataFrame, owning: list[Staffing], roles: dict[str, str], until: date
) -> pl.DataFrame:
    times = pl.DataFrame(list(_times(plan, owning, until)), schema=_SCHEMA, orient="row")
    parts = spells.join(times, on="territory", how="left", nulls_equal=True).with_columns(
        pl.col("since").fill_null(pl.col("from")), pl.col("until").fill_null(pl.col("to"))
    )
    parts = parts.filter((pl.col("since") <= pl.col("to")) & (pl.col("until") >= pl.col("from"))).with_columns(
        pl.max_horizontal("from", "since").alias("from"), pl.min_horizontal("to", "until").alias("to")
    )
    books = carving.books
    covers = {name: (book.cover or carving.cover).credit for name, book in books.items()}
    cover = pl.col("territory").replace_strict(covers, default=1.0, return_dtype=pl.Float64)
    over, double = (carving.holdover.credit, carving.holdover.pay == "double") if carving.holdover else (1.0, False)
    owned, theirs = pl.col("owner").is_not_null(), pl.col("owner").eq_missing(pl.col("person"))
    share = pl.when(theirs).then(1.0).when(owned).then(over).otherwise(cover)
    parts = parts.with_columns(share=pl.when(pl.col("person").is_null()).then(0.0).otherwise(share))
    rest = 1.0 if double else 1 - pl.col("share")
    rest = (
        pl.when(theirs & pl.col("person").is_not_null()).then(0.0).when(owned).then(rest).otherwise(1 - pl.col("share"))
    )
    first = parts.select("account", "territory", "person", credit="share", since="from", until="to")
    other = parts.select("account", "territory", person="owner", credit=rest, since="from", until="to")
    both = pl.concat([first, other]).filter(pl.col("credit") > 0)
    role = pl.col("person").replace_strict(roles, default=OWNING_ROLE, return_dtype=pl.String)
    both = both.with_columns(role=pl.when(pl.col("person").is_null()).then(pl.lit(OWNING_ROLE)).otherwise(role))
    return both.rename({"since": "from", "until": "to"}).select(COLUMNS)


def _times(plan: Plan, owning: list[Staffing], until: date) -> Iterator[tuple[str, str | None, date, date]]:
    """Give who owns each territory from when to when, and when nobody does, from the plan's day on without a gap."""
    of: dict[str, list[Staffing]] = {territory.name: [] for territory in plan.territories}
    for row in owning:
        if row.person is not None and row.territory in of:
            of[row.territory].append(row)
    for name, rows in of.items():
        day = plan.as_of
        for row in sorted(rows, key=lambda row: row.since or date.min):
            since, last = max(row.since or plan.as_of, plan.as_of), min(row.to or until, until)
            if since > last:
                continue
            if since > day:
                yield name, None, day, since - ONE_DAY
            yield name, row.person, since, last
            day = last + ONE_DAY
        if day <= until:
            yield name, None, day, until


def _overlaid(spells: pl.DataFrame, overlay: list[Staffing]) -> pl.DataFrame:
    """Give the credit of other roles for every account of the territories that they cover, the rest to nobody."""
    schema = {"territory": pl.String, "by": pl.String, "role": pl.String, "credit": pl.Float64}
    rows = pl.DataFrame(
        [(row.territory, row.person, row.role, row.credit, row.since, row.to) for row in overlay if row.person],
        schema=schema | {"since": pl.Date, "until": pl.Date},
        orient="row",
    )
    parts = spells.join(rows, on="territory").with_columns(
        pl.col("since").fill_null(pl.col("from")), pl.col("until").fill_null(pl.col("to"))
    )
    parts = parts.filter((pl.col("since") <= pl.col("to")) & (pl.col("until") >= pl.col("from")))
    from_, to = pl.max_horizontal("from", "since"), pl.min_horizontal("to", "until")
    theirs = parts.select("account", "territory", person="by", role="role", credit="credit", since=from_, until=to)
    rest = theirs.with_columns(person=pl.lit(None, pl.String), credit=1 - pl.col("credit"))
    return pl.concat([theirs, rest]).filter(pl.col("credit") > 0).rename({"since": "from", "until": "to"})


def _cut(spells: pl.DataFrame, begins: str, ends: str, since: date, until: date) -> pl.DataFrame:
    """Keep what lies between two days."""
    inside = spells.filter((pl.col(begins) <= until) & (pl.col(ends) >= since))
    return inside.with_columns(
        pl.max_horizontal(pl.col(begins), pl.lit(since, pl.Date)).alias(begins),
        pl.min_horizontal(pl.col(ends), pl.lit(until, pl.Date)).alias(ends),
    )
