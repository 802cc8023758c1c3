"""The tables that policies are asked over, made of a plan's parts; `policy.tables` says what stands in them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl

from terraform_like.address import Address
from terraform_like.diff import Change, ChangeKind
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.domain.measure import loads
from terraform_like.domain.scope import FAMILY, PROTECTED, RECORDED, SEGMENT, Population
from terraform_like.plan.model import PlannedTerritory, Summary
from terraform_like.policy.rule import Over

_OWN = ("account", "territory", "owner", "holder", FAMILY, PROTECTED, RECORDED)


def policy_tables(
    carving: Carving,
    population: Population,
    desired: Book,
    territories: tuple[PlannedTerritory, ...],
    changes: tuple[Change, ...],
    summary: Summary,
) -> dict[Over, pl.DataFrame]:
    """Give one table for each thing that policies may be over."""
    metrics = tuple(sorted({m for balance in carving.balance.values() for m in balance.metrics} - {"accounts"}))
    accounts = _accounts(population, desired)
    return {
        "territories": _territories(territories, metrics),
        "people": _people(carving, population, desired, metrics),
        "accounts": accounts,
        "changes": _changes(population, changes),
        "segments": _segments(carving, accounts, territories, changes, metrics),
        "plan": _plan(carving, summary, territories, changes),
    }


def _territories(territories: tuple[PlannedTerritory, ...], metrics: tuple[str, ...]) -> pl.DataFrame:
    columns: dict[str, tuple[Any, list[Any]]] = {
        "address": (pl.String, [str(Address("slot" if t.slot else "territory", t.name)) for t in territories]),
        "territory": (pl.String, [t.name for t in territories]),
        "segment": (pl.String, [t.segment for t in territories]),
        "size": (pl.Float64, [t.size for t in territories]),
        "owner": (pl.String, [t.owner for t in territories]),
        "vacant": (pl.Boolean, [t.vacant for t in territories]),
        "slot": (pl.Boolean, [t.slot for t in territories]),
        "accounts": (pl.Float64, [t.accounts for t in territories]),
        "accounts_before": (pl.Float64, [t.accounts_before for t in territories]),
    }
    for metric in metrics:
        held = [t.loads.get(metric) for t in territories]
        columns[metric] = (pl.Float64, [load.after if load else None for load in held])
        columns[f"{metric}_before"] = (pl.Float64, [load.before if load else None for load in held])
    return _table(columns)


def _people(carving: Carving, population: Population, desired: Book, metrics: tuple[str, ...]) -> pl.DataFrame:
    after = _by_person(desired.table, metrics)
    before = _by_person(population.inside.table, metrics)
    names = sorted(carving.people)
    columns: dict[str, tuple[Any, list[Any]]] = {
        "address": (pl.String, [str(Address("person", name)) for name in names]),
        "person": (pl.String, names),
        "role": (pl.String, [carving.people[name].role for name in names]),
    }
    for figure in ("territories", "accounts", *metrics):
        columns[figure] = (pl.Float64, [after.get(name, {}).get(figure, 0.0) for name in names])
        columns[f"{figure}_before"] = (pl.Float64, [before.get(name, {}).get(figure, 0.0) for name in names])
    for group in sorted({group for person in carving.people.values() for group in person.groups}):
        columns.setdefault(group, (pl.String, [carving.people[name].groups.get(group) for name in names]))
    return _table(columns)


def _by_person(table: pl.DataFrame, metrics: tuple[str, ...]) -> dict[str, dict[str, float]]:
    covered = table.with_columns(pl.coalesce("holder", "owner").alias("person"))
    summed = loads(covered, (*metrics, "accounts"), by="person")
    books = covered.group_by("person").agg(pl.col("territory").n_unique().cast(pl.Float64).alias("territories"))
    joined = summed.join(books, on="person", how="left", maintain_order="left")
    return {str(row.pop("person")): row for row in joined.iter_rows(named=True)}


def _accounts(population: Population, desired: Book) -> pl.DataFrame:
    was = population.inside.table
    own = desired.table.select(
        pl.concat_str(pl.lit("account."), "account").alias("address"),
        "account",
        SEGMENT,
        "territory",
        desired.covered_by.alias("owner"),
        was["territory"].alias("territory_before"),
        was.select(population.inside.covered_by).to_series().alias("owner_before"),
    )
    return own.with_columns(c for c in was.select(pl.exclude(*_OWN, *own.columns)).iter_columns())


def _changes(population: Population, changes: tuple[Change, ...]) -> pl.DataFrame:
    columns: dict[str, tuple[Any, list[Any]]] = {
        "address": (pl.String, [str(Address("account", c.account)) for c in changes]),
        "account": (pl.String, [c.account for c in changes]),
        "kind": (pl.String, [c.kind.value for c in changes]),
        "territory_before": (pl.String, [c.before.territory for c in changes]),
        "territory_after": (pl.String, [c.after.territory for c in changes]),
        "owner_before": (pl.String, [c.before.owner for c in changes]),
        "owner_after": (pl.String, [c.after.owner for c in changes]),
        "reason": (pl.String, [c.reasons[0].code.value if c.reasons else None for c in changes]),
    }
    known = pl.concat([population.inside.table, population.outside.table], how="diagonal")
    own = [name for name in columns if name != "account"]
    snapshot = known.select(pl.exclude("territory", "owner", "holder", FAMILY, PROTECTED, RECORDED, *own))
    return _table(columns).join(snapshot, on="account", how="left", maintain_order="left")


def _segments(
    carving: Carving,
    accounts: pl.DataFrame,
    territories: tuple[PlannedTerritory, ...],
    changes: tuple[Change, ...],
    metrics: tuple[str, ...],
) -> pl.DataFrame:
    names = [segment.name for segment in carving.segments]
    numeric = tuple(m for m in metrics if m in accounts.columns)
    summed = {row["segment"]: row for row in loads(accounts, (*numeric, "accounts"), by=SEGMENT).iter_rows(named=True)}
    of = {t.name: t.segment for t in territories}
    moved = Counter(of.get(c.after.territory or "") for c in changes if c.kind is ChangeKind.MOVE)
    books = Counter(t.segment for t in territories)
    columns: dict[str, tuple[Any, list[Any]]] = {
        "address": (pl.String, [str(Address("segment", name)) for name in names]),
        "segment": (pl.String, names),
        "accounts": (pl.Float64, [summed.get(name, {}).get("accounts", 0.0) for name in names]),
        "moves": (pl.Float64, [float(moved[name]) for name in names]),
        "territories": (pl.Float64, [float(books[name]) for name in names]),
    }
    for metric in numeric:
        columns[metric] = (pl.Float64, [summed.get(name, {}).get(metric, 0.0) for name in names])
    return _table(columns)


def _plan(
    carving: Carving, summary: Summary, territories: tuple[PlannedTerritory, ...], changes: tuple[Change, ...]
) -> pl.DataFrame:
    figures = {
        "accounts": summary.accounts,
        "adds": summary.adds,
        "moves": summary.moves,
        "transfers": summary.transfers,
        "removes": summary.removes,
        "changes": len(changes),
        "territories": len(territories),
        "people": len(carving.people),
    }
    columns: dict[str, tuple[Any, list[Any]]] = {"address": (pl.String, [str(Address("plan", carving.name))])}
    return _table(columns | {name: (pl.Float64, [float(figure)]) for name, figure in figures.items()})


def _table(columns: dict[str, tuple[Any, list[Any]]]) -> pl.DataFrame:
    return pl.DataFrame(
        {name: values for name, (_, values) in columns.items()},
        schema={name: kind for name, (kind, _) in columns.items()},
    )
