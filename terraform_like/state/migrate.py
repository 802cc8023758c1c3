"""The tables of a state: made where there are none, brought forward where an older version made them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from terraform_like.state import schema
from terraform_like.state.lock import StateError


def prepare(connection: sa.Connection, name: str, *, present: bool) -> None:
    """Make the tables of a state, or bring them to this version, in the transaction of a connection.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction that nobody else can write beside.
    name : str
        What to call the database.
    present : bool
        Whether it holds tables already, which then are those of a state.

    Raises
    ------
    StateError
        When the tables are no state, or a newer version of the tool made them.
    """
    if not present:
        schema.metadata.create_all(connection)
        first = {"id": 1, "schema_version": schema.SCHEMA_VERSION, "lineage": str(uuid.uuid4()), "serial": 0}
        connection.execute(sa.insert(schema.meta), first)
        return
    if schema.meta.name not in sa.inspect(connection).get_table_names():
        raise StateError(f"{name} is a database, but no state: it has no table {schema.meta.name}")
    found = int(connection.scalar(sa.select(schema.meta.c.schema_version)) or 0)
    if found > schema.SCHEMA_VERSION or found not in (schema.SCHEMA_VERSION, *_STEPS):
        raise StateError(
            f"the state has schema version {found}, this version of territory knows {schema.SCHEMA_VERSION}; "
            "upgrade territory"
        )
    for version in range(found, schema.SCHEMA_VERSION):
        _STEPS[version](connection)
        connection.execute(sa.update(schema.meta).values(schema_version=version + 1))


def _remember_befores(connection: sa.Connection) -> None:
    """Bring version 1 to 2: journal what accounts had before; of what is in it already, that is not known."""
    schema.lock.create(connection)
    for column in ("territory_before", "owner_before", "territory_after", "owner_after"):
        connection.exec_driver_sql(f"ALTER TABLE journal ADD COLUMN {column} TEXT")
    connection.exec_driver_sql("ALTER TABLE meta ADD COLUMN befores_since INTEGER NOT NULL DEFAULT 0")
    connection.execute(sa.update(schema.meta).values(befores_since=schema.meta.c.serial))


def _remember_lifted(connection: sa.Connection) -> None:
    """Bring version 2 to 3: record which limits an apply lifted; of applies before, that is not known."""
    connection.exec_driver_sql("ALTER TABLE history ADD COLUMN lifted TEXT")


def _remember_approval(connection: sa.Connection) -> None:
    """Bring version 3 to 4: record what ties an apply to its approval; of applies before, that is not known."""
    for column in ("merge", "approved", "ran"):
        connection.exec_driver_sql(f"ALTER TABLE history ADD COLUMN {column} TEXT")


#: What brings a state from each version to the next.
_STEPS: Mapping[int, Callable[[sa.Connection], None]] = {
    1: _remember_befores,
    2: _remember_lifted,
    3: _remember_approval,
}
