"""What became of accounts since an apply, by the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any

import polars as pl
import sqlalchemy as sa

from terraform_like.state import schema
from terraform_like.state.lock import StateError

#: Rows that are fetched at a time, and are Python values before they become columns.
_ROWS = 5_000

#: Outcomes of accounts that have what was intended.
_WRITTEN = ("done", "unchanged")

_BEFORE, _AFTER = ("territory_before", "owner_before"), ("territory_after", "owner_after")
_SINCE = {"account": pl.String(), **dict.fromkeys((*_BEFORE, *_AFTER), pl.Categorical())}

#: The order of the bytes of UTF-8, in which Python and polars sort as well.
_BYTEWISE = {"postgresql": "C", "sqlite": "BINARY"}

_Place = tuple[str | None, ...]


def changed_since(connection: sa.Connection, plan: str, serial: int, resumed: str) -> pl.DataFrame:
    """Give what became of each account since an apply ended, as `State.since` says.

    The database sorts the journal by account, so that only what is said of one account is in memory.

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
    asked = (journal.c[name] for name in ("account", "run", "phase", "outcome", *_BEFORE, *_AFTER))
    later = sa.or_(ended.c.serial.is_(None), ended.c.serial > serial)
    by_account = journal.c.account.collate(_BYTEWISE[connection.dialect.name])
    lines = sa.select(*asked).select_from(both).where(of_plan, later).order_by(by_account, journal.c.id)
    of_each = groupby(_streamed(connection, lines), key=lambda row: str(row[0]))
    found = ((account, *since) for account, rows in of_each if (since := _since(rows)) is not None)
    return _table(found, _SINCE)


def fetched(connection: sa.Connection, query: sa.Select[Any], columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Give rows as a table, fetched so many at a time."""
    return _table(_streamed(connection, query), columns)


def _since(rows: Iterable[Sequence[Any]]) -> _Place | None:
    """Give where an account was before and where it was put last, by its lines in order; None where it was not put."""
    intents: dict[int, tuple[_Place, _Place]] = {}
    found: tuple[_Place, _Place] | None = None
    for _, run, phase, outcome, *places in rows:
        if phase == "intent":
            before, after = tuple(places[:2]), tuple(places[2:])
            # An intent that is journalled again, after its apply was cut off, may have been written by then.
            intents[run] = (intents[run][0] if run in intents else before, after)
        elif outcome in _WRITTEN and run in intents:
            before, after = intents[run]
            found = (before if found is None else found[0], after)
    return None if found is None else (*found[0], *found[1])


def _streamed(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[Sequence[Any]]:
    return iter(connection.execute(query, execution_options={"yield_per": _ROWS}))


def _table(rows: Iterator[Sequence[Any]], columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    texts = {name: pl.String() if kind == pl.Categorical else kind for name, kind in columns.items()}
    chunks = [pl.DataFrame(schema=columns)]
    while some := [tuple(row) for row in islice(rows, _ROWS)]:
        chunk = pl.DataFrame(some, schema=texts, orient="row")
        chunks.append(chunk.select(pl.col(name).cast(kind) for name, kind in columns.items()))
    return pl.concat(chunks)
