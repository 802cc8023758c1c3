"""A state in git, for companies whose only server is their forge: commits on a hidden ref, moved by compare-and-swap.

Whoever applies works on a copy in SQLite; every transaction that changes it becomes a commit, which is pushed only
where the ref still names the commit before. The lock is a file of that tree. A process that is killed leaves it: the
next one of that host takes it at once, one of another host when nothing was pushed for the time of a lease, or when
people took it away with `state unlock`. Whoever lost the lock can push nothing more, and so writes nothing more.
"""

from __future__ import annotations

import csv
import io
import json
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from terraform_like.plan.applied import timestamp
from terraform_like.state import schema
from terraform_like.state.database import speaking
from terraform_like.state.lock import Holder, NoState, StateError, StateLocked, patiently
from terraform_like.state.sqlite import SqliteDatabase

_META, _LOCK, _HISTORY = "meta.json", "lock.json", "history.csv"

#: How long a lock counts after its holder pushed last. Every batch pushes, and takes an hour at most where a CRM has
#: each of its calls wait as often and as long as `crm.patient` lets it; the clocks of two hosts differ by minutes.
LEASE = timedelta(hours=2)

#: Seconds between two looks at the ref.
_PAUSE = 1.0

#: Version of the schema that the first states in git have; what is of a lower version than this tool's lacks columns.
_FIRST_VERSION = 2

#: Rows of one statement.
_ROWS = 5_000


class Ref(Protocol):
    """A ref of a git repository that all who apply share. Every method raises `StateError` where git fails."""

    def newest(self) -> str | None:
        """Give the commit that it names; None where there is no such ref."""
        ...

    def files(self, commit: str) -> Mapping[str, bytes]:
        """Give every file of a commit by path."""
        ...

    def made(self, commit: str) -> datetime:
        """Give when a commit was made, by the clock of whoever made it."""
        ...

    def move(self, parent: str | None, files: Mapping[str, bytes | None], message: str) -> str | None:
        """Commit files on top of a parent and move the ref there; None where it does not name the parent any more."""
        ...


class GitDatabase:
    """A state on a ref of a git repository.

    Parameters
    ----------
    ref : Ref
        Where it is kept.
    make : bool
        Whether to begin one where there is none; it is there from the first apply on.
    now : callable
        Gives the present moment, with its time zone.

    Raises
    ------
    NoState
        When there is none, and none was to be made.
    StateError
        When git fails, or the ref holds no state of a version that is known.
    """

    def __init__(self, ref: Ref, *, make: bool = True, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._ref = ref
        self._now = now
        self._commit: str | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="territory-")
        self._written: dict[str, bytes] = {}
        self._newest_line = 0
        newest = ref.newest()
        if newest is None and not make:
            self._folder.cleanup()
            raise NoState("there is no state yet")
        self._copy = SqliteDatabase(Path(self._folder.name) / "state.sqlite")
        if newest is not None:
            try:
                self._take(newest)
            except StateError:
                self.close()
                raise

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Connect for one transaction, which is committed and pushed at the end."""
        with self._copy.begin() as connection:
            before = _changes(connection)
            yield connection
            changed = _changes(connection) != before
        if changed:
            self._push(self._lines(), "Journal an apply")

    @contextmanager
    def lock(self, holder: Holder, timeout: float) -> Iterator[None]:
        """Hold the only right to apply, as `Database.lock` says."""
        patiently(
            lambda: self._taken(holder),
            self._refusal,
            timeout,
            pause=_PAUSE,
        )
        try:
            yield
        finally:
            # Who lost the lock has none to give back.
            with suppress(StateError):
                self._push({_LOCK: None}, f"Unlock: {holder}")

    def holder(self) -> Holder | None:
        """Give who holds the lock at this moment."""
        newest = self._ref.newest()
        return None if newest is None else _holder(self._ref.files(newest))

    def release(self, holder: Holder) -> None:
        """Take the lock from a holder who is gone.

        Raises
        ------
        StateError
            When that holder is at work on this host, or somebody else moved the ref.
        """
        if holder.is_alive(socket.gethostname()):
            raise StateError(f"{holder} is at work on this host. End that process first")
        newest = self._ref.newest()
        if newest is not None and _holder(self._ref.files(newest)) == holder:
            self._take(newest)
            self._push({_LOCK: None}, f"Unlock, taken from {holder}")

    def close(self) -> None:
        """Let go of the copy."""
        self._copy.close()
        self._folder.cleanup()

    def _taken(self, holder: Holder) -> bool:
        newest = self._ref.newest()
        files = self._ref.files(newest) if newest is not None else {}
        other = _holder(files)
        if other is not None and newest is not None and self._counts(other, newest):
            return False
        if newest is not None and newest != self._commit:
            self._take(newest)
        lock = json.dumps(asdict(holder), sort_keys=True).encode() + b"\n"
        moved = self._ref.move(newest, {_LOCK: lock, **self._lines()}, f"Lock: {holder}")
        if moved is None:
            return False
        self._commit = moved
        return True

    def _counts(self, other: Holder, newest: str) -> bool:
        """Say whether a lock still counts: of this host while its process runs, of others until its lease is over."""
        if other.host == socket.gethostname():
            return other.is_alive(other.host)
        return self._now() < self._ref.made(newest) + LEASE

    def _refusal(self, waited: float) -> StateLocked:
        newest = self._ref.newest()
        holder = None if newest is None else _holder(self._ref.files(newest))
        over = None
        if newest is not None and holder is not None and holder.host != socket.gethostname():
            over = timestamp(self._ref.made(newest) + LEASE)
        return StateLocked(holder, waited, parted=True, over=over)

    def _push(self, files: Mapping[str, bytes | None], message: str) -> None:
        moved = self._ref.move(self._commit, files, message)
        if moved is None:
            raise StateError("the state moved on: somebody else took the lock, and this apply may write no more")
        self._commit = moved

    def _take(self, commit: str) -> None:
        """Fill the copy with what a commit holds."""
        files = self._ref.files(commit)
        try:
            meta = json.loads(files[_META])
            version = int(meta["schema_version"])
            known = _FIRST_VERSION <= version <= schema.SCHEMA_VERSION
            rows = _tables(files) if known else {}
        except (KeyError, ValueError, TypeError, UnicodeError) as error:
            raise StateError(f"the ref of the state holds no state that can be read: {error!r}") from None
        if not known:
            ours = schema.SCHEMA_VERSION
            raise StateError(
                f"the state has schema version {version}, this version of territory knows {ours}; upgrade it"
            )
        with speaking("the state cannot be read"), self._copy.begin() as connection:
            for table in (schema.meta, schema.history, schema.applied, schema.journal):
                connection.execute(sa.delete(table))
            connection.execute(sa.insert(schema.meta), meta | {"schema_version": schema.SCHEMA_VERSION})
            for name, lines in rows.items():
                for start in range(0, len(lines), _ROWS):
                    connection.execute(sa.insert(schema.metadata.tables[name]), lines[start : start + _ROWS])
        self._commit = commit
        self._written = dict(files)
        self._newest_line = max((line["id"] for line in rows["journal"]), default=0)

    def _lines(self) -> dict[str, bytes | None]:
        """Give the files of the tree that differ from what was pushed last; of the journal, batches with new lines."""
        files: dict[str, bytes | None] = {}
        with self._copy.begin() as connection:
            meta = connection.execute(sa.select(schema.meta)).mappings().one()
            files[_META] = json.dumps(dict(meta), sort_keys=True, indent=2).encode() + b"\n"
            files[_HISTORY] = _csv(connection, schema.history, schema.history.c.serial)
            applied = schema.applied
            for plan in connection.scalars(sa.select(applied.c.plan).distinct()).all():
                files[f"applied/{plan}.csv"] = _csv(connection, applied, applied.c.account, applied.c.plan == plan)
            journal = schema.journal
            new = sa.select(journal.c.run, journal.c.batch).where(journal.c.id > self._newest_line).distinct()
            for run, batch in connection.execute(new).all():
                where = sa.and_(journal.c.run == run, journal.c.batch == batch)
                files[f"journal/{run:06}/{batch:06}.csv"] = _csv(connection, journal, journal.c.id, where)
            self._newest_line = connection.scalar(sa.select(sa.func.max(journal.c.id))) or 0
        changed = {path: content for path, content in files.items() if self._written.get(path) != content}
        gone = [path for path in self._written if path.startswith("applied/") and path not in files]
        self._written |= {path: content for path, content in changed.items() if content is not None}
        for path in gone:
            del self._written[path]
        return {**changed, **dict.fromkeys(gone)}


def _changes(connection: sa.Connection) -> int:
    return int(connection.exec_driver_sql("SELECT total_changes()").scalar() or 0)


def _holder(files: Mapping[str, bytes]) -> Holder | None:
    try:
        return Holder(**json.loads(files[_LOCK])) if _LOCK in files else None
    except (ValueError, TypeError):
        raise StateError("the lock of the state cannot be read: another version of territory holds it") from None


def _csv(connection: sa.Connection, table: sa.Table, order: sa.Column[Any], where: Any = None) -> bytes:
    """Give rows of a table: null is an empty cell, and a text that is empty or begins with a backslash has one more."""
    query = sa.select(table).order_by(order)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(table.c.keys())
    for row in connection.execute(query if where is None else query.where(where)):
        writer.writerow([_cell(value) for value in row])
    return out.getvalue().encode("utf-8", "surrogatepass")


def _cell(value: object) -> str:
    if isinstance(value, str) and (not value or value.startswith("\\")):
        return f"\\{value}"
    return "" if value is None else str(value)


def _tables(files: Mapping[str, bytes]) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {"history": [], "applied": [], "journal": []}
    for path, content in sorted(files.items()):
        name = path.partition("/")[0].removesuffix(".csv")
        if name in rows:
            rows[name] += _read(schema.metadata.tables[name], content)
    return rows


def _read(table: sa.Table, content: bytes) -> Sequence[dict[str, Any]]:
    header, *lines = csv.reader(io.StringIO(content.decode("utf-8", "surrogatepass"), newline=""))
    numbers = {column.name for column in table.c if isinstance(column.type, sa.Integer)}
    return [
        {
            name: None if not cell else int(cell) if name in numbers else cell.removeprefix("\\")
            for name, cell in zip(header, line, strict=True)
        }
        for line in lines
    ]
