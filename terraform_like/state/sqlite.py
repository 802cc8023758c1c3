"""A state in a file: SQLite embedded, locked by the operating system."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from terraform_like.state.database import speaking
from terraform_like.state.lock import Holder, StateError, file_lock, held_by
from terraform_like.state.migrate import prepare

#: Seconds that a statement waits for another reader or writer of the file.
_BUSY_SECONDS = 30


class SqliteDatabase:
    """A state in a file, made where there is none.

    Parameters
    ----------
    path : pathlib.Path
        The file; its lock is the file beside it whose name ends with `.lock`.

    Raises
    ------
    StateError
        When the folder or the file cannot be made, or the file is no state of a version that is known.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(f"the folder of the state cannot be made: {error.strerror}: {path.parent}") from None
        self._lock_file = path.with_name(path.name + ".lock")
        self._engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(path)), connect_args={"timeout": _BUSY_SECONDS}, hide_parameters=True
        )
        sa.event.listen(self._engine, "connect", _leave_transactions_to_us)
        sa.event.listen(self._engine, "begin", _begin_for_writing)
        try:
            with speaking(f"{path.name} cannot be used as state"), self._engine.begin() as connection:
                prepare(connection, path.name, present=bool(sa.inspect(connection).get_table_names()))
        except StateError:
            self.close()
            raise

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Connect for one transaction, which is committed at the end."""
        with speaking("the state cannot be used"), self._engine.begin() as connection:
            yield connection

    def lock(self, holder: Holder, timeout: float) -> AbstractContextManager[None]:
        """Hold the only right to apply, waiting up to `timeout` seconds for it."""
        return file_lock(self._lock_file, holder, timeout)

    def holder(self) -> Holder | None:
        """Give who holds the lock at this moment."""
        return held_by(self._lock_file)

    def release(self, holder: Holder) -> None:
        """Refuse: the operating system gives the lock back by itself when its process ends.

        Raises
        ------
        StateError
            Always, since whoever holds such a lock is at work.
        """
        raise StateError(
            f"{holder} is at work. The operating system holds this lock and lets go of it when that process ends, "
            "however it ends: there is nothing to unlock"
        )

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def _leave_transactions_to_us(connection: Any, _record: object) -> None:
    connection.isolation_level = None


def _begin_for_writing(connection: sa.Connection) -> None:
    """Take the write lock at once, so that what is read in a transaction is still so when it writes."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
