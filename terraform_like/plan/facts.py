"""What is known of each account of a plan beside its change: where it was and will be, its figures, where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from terraform_like.domain.carving import Balance, Carving
from terraform_like.domain.columns import PROTECTED, SEGMENT
from terraform_like.domain.quantity import Point
from terraform_like.domain.scope import Population
from terraform_like.plan.listed import listed
from terraform_like.plan.model import Plan
from terraform_like.plan.whereabouts import at_first


@dataclass(frozen=True, slots=True)
class Facts:
    """Accounts in scope with what the snapshot says of them, from which reports reckon sums, ranks and maps.

    Parameters
    ----------
    table : polars.DataFrame
        One row an account, sorted by `account`: `account`, `segment`, `before` and `after` (its territory before the
        plan and on its day; null is none), `had` and `has` (who has it before and on the day; null is nobody),
        `territory` (the one that it is carved into, in which it may be later than `after`), `protected` (boolean),
        `pipeline` (value of open deals, null where the plan names no such column), `latitude`, `longitude` (degrees,
        null where the plan names no location), and `figure:NAME` for each metric (float, in the metric's own unit; null
        where the balance of the account's segment does not limit it).
    metrics : tuple of str
        Every metric but `accounts` that the balance of any segment limits, sorted.
    homes : mapping of str to (float, float)
        Latitude and longitude of people's homes, where they are known.
    centers : mapping of str to (float, float)
        Latitude and longitude of territories' centers, where the YAML names them.
    """

    table: pl.DataFrame
    metrics: tuple[str, ...]
    homes: Mapping[str, Point]
    centers: Mapping[str, Point]


def figure_of(metric: str) -> str:
    """Give the column of a metric; the prefix keeps it apart from all others, whatever the metric is called."""
    return f"figure:{metric}"


def facts(carving: Carving, population: Population, plan: Plan, assignments: pl.DataFrame) -> Facts:
    """Give what is known of each account in scope.

    Parameters
    ----------
    carving, population
        What the plan was made from.
    plan, assignments
        As saved.
    """
    inside = population.inside.table
    place = carving.accounts.location
    pipeline, nothing = carving.accounts.pipeline, pl.lit(None, pl.Float64)
    limited = {segment.name: carving.balance.get(segment.name, Balance()).metrics for segment in carving.segments}
    metrics = tuple(sorted({m for of in limited.values() for m in of} - {"accounts"}))
    known = inside.select(
        "account",
        segment=pl.col(SEGMENT),
        protected=pl.col(PROTECTED),
        pipeline=nothing if pipeline is None else _number(pipeline),
        latitude=nothing if place is None else _number(place.latitude),
        longitude=nothing if place is None else _number(place.longitude),
        **{figure_of(m): _figure(m, [s for s, of in limited.items() if m in of]) for m in metrics},
    )
    today = at_first(plan, assignments).select("account", after="territory", has="person")
    was = listed(plan.changes).select("account", "kind", old="territory_before", who="owner_before")
    table = known
    for more in (assignments.select("account", "territory"), today, was):
        table = table.join(more, on="account", how="left", maintain_order="left")
    same = pl.col("kind").is_null()
    table = table.with_columns(
        before=pl.when(same).then("after").otherwise("old"), had=pl.when(same).then("has").otherwise("who")
    )
    names = ("account", "segment", "before", "after", "had", "has", "territory", "protected", "pipeline")
    return Facts(
        table=table.select(*names, "latitude", "longitude", *map(figure_of, metrics)),
        metrics=metrics,
        homes={name: person.home for name, person in carving.people.items() if person.home is not None},
        centers={name: book.center for name, book in carving.books.items() if book.center is not None},
    )


def _number(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64, strict=False).fill_nan(None)


def _figure(metric: str, segments: list[str]) -> pl.Expr:
    return pl.when(pl.col(SEGMENT).is_in(segments)).then(_number(metric))
