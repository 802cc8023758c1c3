"""From `state:` in territory.yaml to a state: which kind of database it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from pydantic import SecretStr

from terraform_like.state.database import Database
from terraform_like.state.forge import GitDatabase, Ref
from terraform_like.state.lock import NoState, StateError
from terraform_like.state.postgresql import PostgresqlDatabase
from terraform_like.state.sqlite import SqliteDatabase
from terraform_like.state.store import State

_WRITE_IT = "write sqlite:///.territory/state.sqlite or postgresql://user:${PASSWORD}@host/database, or git"


def open_state(
    url: SecretStr, root: Path, *, now: Callable[[], datetime] | None = None, ref: Ref | None = None
) -> State:
    """Open the state, and make it where there is none.

    Parameters
    ----------
    url : pydantic.SecretStr
        A URL of an SQLite file, relative to the repository, or of a PostgreSQL server; or `git`.
    root : pathlib.Path
        The territory repository.
    now : callable, optional
        Gives the present moment; the clock of this machine where left out.
    ref : Ref, optional
        Where a state in git is kept.

    Raises
    ------
    StateError
        When the URL is of no kind that is known, the database is no state, or a newer version made it.
    """
    clock = now or _clock
    return State(_database(url, root, ref, clock, make=True), clock)


def find_state(url: SecretStr, root: Path, *, ref: Ref | None = None) -> State | None:
    """Open the state where there is one; None where nothing was ever applied.

    Raises
    ------
    StateError
        As `open_state` does.
    """
    try:
        return State(_database(url, root, ref, _clock, make=False), _clock)
    except NoState:
        return None


def _clock() -> datetime:
    return datetime.now(UTC)


def _database(url: SecretStr, root: Path, ref: Ref | None, now: Callable[[], datetime], *, make: bool) -> Database:
    if url.get_secret_value() == "git" and ref is not None:
        return GitDatabase(ref, make=make, now=now)
    try:
        parsed = sa.make_url(url.get_secret_value())
        backend = "postgresql" if parsed.drivername == "postgres" else parsed.get_backend_name()
    except (sa.exc.ArgumentError, ValueError):
        raise StateError(f"`state:` in territory.yaml is not a database URL; {_WRITE_IT}") from None
    if backend == "postgresql":
        return PostgresqlDatabase(parsed, make=make)
    if backend != "sqlite":
        raise StateError(f"the state is kept in SQLite or PostgreSQL, not in {backend}; {_WRITE_IT}")
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        raise StateError(f"`state:` in territory.yaml names no file; {_WRITE_IT}")
    path = root / parsed.database
    if not make and not path.exists():
        raise NoState("there is no state yet")
    return SqliteDatabase(path)
