"""What became of accounts since an apply, by the journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import sqlalchemy as sa

from terraform_like.state import schema
from terraform_like.state.lock import StateError

#: Rows that are fetched at a time; keeps memory flat.
_ROWS = 5_000

#: Outcomes of accounts that have what was intended.
_WRITTEN = ("done", "unchanged")

_KEY = {"id": pl.Int64(), "run": pl.Int64(), "account": pl.String()}
_BEFORE = {"territory_before": pl.Categorical(), "owner_before": pl.Categorical()}
_AFTER = {"territory_after": pl.Categorical(), "owner_after": pl.Categorical()}


def changed_since(connection: sa.Connection, plan: str, serial: int, resumed: str) -> pl.DataFrame:
    """Give what became of each account since an apply ended, as `State.since` says.

    Raises
    ------
    StateError
        When an apply was cut off.
    """
    journal, history = schema.journal, schema.history
    ended = sa.select(history.c.run, history.c.serial).where(history.c.plan == plan).subquery()
    both = journal.join(ended, ended.c.run == journal.c.run, isouter=True)
    of_plan = journal.c.plan == plan
    cut_off = sa.select(journal.c.id).select_from(both).where(of_plan, ended.c.serial.is_(None))
    if connection.execute(cut_off.where(journal.c.digest != resumed).limit(1)).first() is not None:
        raise StateError(f"an apply of {plan} was cut off; run territory apply again, so that it ends")
    later = (of_plan, sa.or_(ended.c.serial.is_(None), ended.c.serial > serial))

    def said(columns: Mapping[str, pl.DataType], *where: sa.ColumnElement[bool]) -> pl.DataFrame:
        asked = sa.select(*(journal.c[name] for name in columns)).select_from(both)
        return fetched(connection, asked.where(*later, *where).order_by(journal.c.id), columns)

    intents = said({**_KEY, **_BEFORE, **_AFTER}, journal.c.phase == "intent")
    receipts = said(_KEY, journal.c.phase == "receipt", journal.c.outcome.in_(_WRITTEN))
    # An intent that is journalled again, after its apply was cut off, may have been written by then: what was before is
    # in the first of its apply. What a receipt tells of is the last one before it.
    first = intents.select("run", "account", *_BEFORE).unique(["run", "account"], keep="first", maintain_order=True)
    last = intents.select(*_KEY, *_AFTER, known=pl.lit(True))
    put = receipts.join_asof(last, on="id", by=["run", "account"], check_sortedness=False).filter(pl.col("known"))
    written = put.join(first, on=["run", "account"], how="left").sort("id")
    of_each = written.group_by("account").agg(pl.col(*_BEFORE).first(), pl.col(*_AFTER).last())
    return of_each.select("account", *_BEFORE, *_AFTER).sort("account")


def fetched(connection: sa.Connection, query: sa.Select[Any], columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Give rows as a table, fetched so many at a time."""
    texts = {name: pl.String() if kind == pl.Categorical else kind for name, kind in columns.items()}
    chunks = [pl.DataFrame(schema=columns)]
    found = connection.execute(query, execution_options={"yield_per": _ROWS})
    for rows in found.partitions():
        chunk = pl.DataFrame([tuple(row) for row in rows], schema=texts, orient="row")
        chunks.append(chunk.select(pl.col(name).cast(kind) for name, kind in columns.items()))
    return pl.concat(chunks)
