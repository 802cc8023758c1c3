"""Many records in one statement: looked up by one list of ids, changed by a temporary table and one UPDATE ... FROM.

A database is handed its values as one array or one JSON text, so that a record costs what it costs the database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles

from terraform_like.crm.columns import comparable

#: Databases that this speaks to; others are asked and written record by record.
SPOKEN = frozenset({"sqlite", "postgresql"})

_TABLE = "territory_writes"

_Column = sa.ColumnElement[Any]


def among(column: _Column, wanted: Sequence[object], dialect: sa.Dialect) -> sa.ColumnElement[bool] | None:
    """Give the condition that a column is one of those values; None where the database knows no such way."""
    if dialect.name == "sqlite":
        values = sa.func.json_each(sa.literal(_json(wanted), sa.String())).table_valued("value")
        return comparable(column).in_(sa.select(values.c.value))
    kind = _array_type(column.type) if dialect.name == "postgresql" else None
    if kind is None:
        return None
    return sa.type_coerce(column, kind) == sa.any_(sa.literal(list(wanted), postgresql.ARRAY(kind)))


def update_together(
    connection: sa.Connection,
    table: sa.TableClause,
    key: _Column,
    places: Mapping[str, _Column],
    rows: Sequence[dict[str, object]],
    is_nobody: Callable[[_Column], sa.ColumnElement[bool]],
) -> int:
    """Change many records at once, each only where it still is as it was seen.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        A transaction.
    table : sqlalchemy.TableClause
        The table of accounts.
    key : column
        Its key.
    places : mapping of str to column
        Columns to change by what they are: `owner`, `territory`.
    rows : sequence of dict
        For each record `key`, and of each place `before_...` and `after_...`, as the columns keep them; null is nobody.
    is_nobody : callable
        Gives the condition that a column holds nobody.

    Returns
    -------
    int
        How many records were changed.
    """
    kept = {"key": key}
    for place, column in places.items():
        kept |= {f"before_{place}": column, f"after_{place}": column}
    there = sa.table(_TABLE, *map(sa.column, kept))
    # Made from the columns themselves, it has their types, whatever those are.
    shape = sa.select(*(column.label(name) for name, column in kept.items())).where(sa.false())
    connection.execute(_CreateTemporary(shape))
    connection.execute(sa.text(_fill(connection.dialect, list(kept))), {"rows": _json(rows)})
    where = [comparable(key) == there.c.key]
    for place, column in places.items():
        before = there.c[f"before_{place}"]
        where.append(sa.or_(comparable(column) == before, sa.and_(before.is_(None), is_nobody(column))))
    values = {column.key: there.c[f"after_{place}"] for place, column in places.items()}
    changed = connection.execute(sa.update(table).where(*where).values(values)).rowcount
    connection.execute(sa.text(f"DROP TABLE {_TABLE}"))
    return changed


class _CreateTemporary(sa.Executable, sa.ClauseElement):
    """CREATE TEMPORARY TABLE ... AS SELECT."""

    inherit_cache = False

    def __init__(self, shape: sa.Select[Any]) -> None:
        self.shape = shape


@compiles(_CreateTemporary)
def _create(element: _CreateTemporary, compiler: Any, **options: Any) -> str:
    return f"CREATE TEMPORARY TABLE {_TABLE} AS {compiler.process(element.shape, **options)}"


def _fill(dialect: sa.Dialect, names: Sequence[str]) -> str:
    """Give the statement that puts rows of a JSON text into the temporary table, converted as its columns are."""
    if dialect.name == "sqlite":
        cells = ", ".join(f"json_extract(value, '$.{name}')" for name in names)
        return f"INSERT INTO {_TABLE} SELECT {cells} FROM json_each(:rows)"
    return f"INSERT INTO {_TABLE} SELECT * FROM json_populate_recordset(CAST(NULL AS {_TABLE}), CAST(:rows AS json))"


def _array_type(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any] | None:
    """Give the type that a column is compared as with an array, so that its index serves."""
    if isinstance(kind, sa.Uuid):
        return sa.Uuid()
    if isinstance(kind, sa.Integer):
        return sa.BigInteger()
    # A CHAR is filled up with spaces, and is compared without an index as anything else.
    return sa.Text() if isinstance(kind, sa.String) and not isinstance(kind, sa.CHAR | sa.Enum) else None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
