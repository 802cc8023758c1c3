"""A state on a PostgreSQL server, for a team: tables in a schema of their own, and an advisory lock.

The lock belongs to a connection, and whatever an apply writes goes through that connection. So it dies with it: an
apply that the server has lost cannot write another line, and whoever gets the lock next is alone.
"""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa

from terraform_like.domain.secrecy import forms
from terraform_like.state import schema
from terraform_like.state.database import speaking
from terraform_like.state.lock import Holder, NoState, StateError, StateLocked, patiently
from terraform_like.state.migrate import prepare

#: Schema of the tables, where the URL names no other: `?schema=acme`.
_SCHEMA = "territory"

#: Seconds until a server that does not answer counts as not to be had.
_CONNECT_SECONDS = 15

#: By these the server notices within a minute that a host is gone, and lets go of its lock; in seconds.
_KEEPALIVE = {"tcp_keepalives_idle": 30, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 3}

_WRITE_IT = "write it as postgresql://user:${PASSWORD}@host/database"


class PostgresqlDatabase:
    """A state on a PostgreSQL server.

    Parameters
    ----------
    url : sqlalchemy.URL
        Of any PostgreSQL driver name; `?schema=NAME` names the schema, every other key is libpq's.
    make : bool
        Whether to make the tables where there are none.

    Raises
    ------
    NoState
        When there are no tables, and none were to be made.
    StateError
        When the server cannot be reached, refuses, or holds a state of a version that is not known.
    """

    def __init__(self, url: sa.URL, *, make: bool = True) -> None:
        self._schema = str(url.query.get("schema", _SCHEMA))
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", self._schema):
            raise StateError("`state:` in territory.yaml: the schema of a state has letters a-z, digits and _ only")
        url = url.set(drivername="postgresql+psycopg").difference_update_query(["schema"])
        self._secrets = forms((str(url.password or ""), *map(str, url.query.get("sslpassword", ()))))
        options = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS}
        try:
            self._engine = sa.create_engine(
                url,
                connect_args=options,
                hide_parameters=True,
                poolclass=sa.pool.NullPool,
                isolation_level="READ COMMITTED",
            )
        except ImportError:
            raise StateError(
                "the driver for a state on PostgreSQL is not installed; "
                "install it: pip install 'terraform-like[postgresql]'"
            ) from None
        except (sa.exc.ArgumentError, ValueError):
            raise StateError(f"`state:` in territory.yaml is no URL of a PostgreSQL server; {_WRITE_IT}") from None
        sa.event.listen(self._engine, "connect", self._settle_in)
        self._holding: sa.Connection | None = None
        with speaking("the state cannot be used", self._secrets), self._engine.begin() as connection:
            self._prepare(connection, make)
            lineage = str(connection.scalar(sa.select(schema.meta.c.lineage)))
        self._key = int.from_bytes(hashlib.sha256(lineage.encode()).digest()[:8], signed=True)

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Connect for one transaction, which is committed at the end; with the lock held, on its connection."""
        with speaking("the state cannot be used", self._secrets):
            if self._holding is not None:
                with self._holding.begin():
                    yield self._holding
            else:
                with self._engine.begin() as connection:
                    yield connection

    @contextmanager
    def lock(self, holder: Holder, timeout: float) -> Iterator[None]:
        """Hold the only right to apply, as `Database.lock` says."""
        with speaking("the state cannot be locked", self._secrets):
            connection = self._engine.connect()
        try:
            with speaking("the state cannot be locked", self._secrets):
                patiently(
                    lambda: self._taken(connection),
                    lambda waited: StateLocked(self.holder(), waited, parted=True),
                    timeout,
                )
                with connection.begin():
                    session = sa.func.pg_backend_pid()
                    connection.execute(sa.delete(schema.lock))
                    connection.execute(sa.insert(schema.lock).values(**_columns(holder), session=session))
            self._holding = connection
            try:
                yield
            finally:
                self._holding = None
                # Where the connection is lost, so is the lock, and its row tells of nobody.
                with suppress(sa.exc.SQLAlchemyError), connection.begin():
                    connection.execute(sa.delete(schema.lock).where(schema.lock.c.id == holder.id))
        finally:
            connection.close()

    def holder(self) -> Holder | None:
        """Give who holds the lock at this moment."""
        found = self._session()
        return None if found is None else found[0]

    def release(self, holder: Holder) -> None:
        """End the connection of a holder who is gone, and with it the lock.

        Raises
        ------
        StateError
            When that holder is at work on this host, or the server may not end its connection.
        """
        if holder.is_alive(socket.gethostname()):
            raise StateError(f"{holder} is at work on this host. End that process, and the lock is free")
        found = self._session()
        if found is None or found[0].id != holder.id:
            return
        with self.begin() as connection:
            if not connection.scalar(sa.select(sa.func.pg_terminate_backend(found[1], 10_000))):
                raise StateError(f"the server did not end the connection of {holder} (its session {found[1]})")
            connection.execute(sa.delete(schema.lock).where(schema.lock.c.id == holder.id))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _settle_in(self, connection: Any, _record: object) -> None:
        """Look for tables in our schema only, and have the server notice soon when this host is gone."""
        settings = {"search_path": f'"{self._schema}"', "application_name": "territory", **_KEEPALIVE}
        with connection.cursor() as cursor:
            for name, value in settings.items():
                cursor.execute("SELECT set_config(%s, %s, false)", (name, str(value)))
        connection.commit()

    def _prepare(self, connection: sa.Connection, make: bool) -> None:
        """Make or migrate the tables, one process at a time."""
        inspector = sa.inspect(connection)
        there = self._schema in inspector.get_schema_names()
        if not make and not (there and inspector.get_table_names(self._schema)):
            raise NoState("there is no state yet")
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"territory:{self._schema}"))))
        if self._schema not in sa.inspect(connection).get_schema_names():
            connection.execute(sa.schema.CreateSchema(self._schema))
        present = bool(sa.inspect(connection).get_table_names(self._schema))
        prepare(connection, f"the schema {self._schema}", present=present)

    def _taken(self, connection: sa.Connection) -> bool:
        with connection.begin():
            return bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(self._key))))

    def _session(self) -> tuple[Holder, int] | None:
        """Give who holds the lock and in which session; a row whose session has no lock was left by a dead one."""
        locks = sa.table("pg_locks", *map(sa.column, ("locktype", "classid", "objid", "objsubid", "pid", "granted")))
        unsigned = self._key % 2**64
        same = (
            locks.c.locktype == "advisory",
            sa.cast(locks.c.classid, sa.BigInteger) == unsigned >> 32,
            sa.cast(locks.c.objid, sa.BigInteger) == unsigned % 2**32,
            locks.c.objsubid == 1,
            locks.c.granted,
        )
        held = sa.select(schema.lock).where(schema.lock.c.session.in_(sa.select(locks.c.pid).where(*same)))
        with self.begin() as connection:
            row = connection.execute(held).first()
        return None if row is None else (Holder(row.who, row.host, row.pid, row.since, row.id), int(row.session))


def _columns(holder: Holder) -> dict[str, object]:
    return {"id": holder.id, "who": holder.who, "host": holder.host, "pid": holder.pid, "since": holder.since}
