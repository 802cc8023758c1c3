"""The state: remembers what was applied, in SQLite embedded; only the lock would differ in another database."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa
from pydantic import SecretStr

from terraform_like.state import schema
from terraform_like.state.lock import Holder, StateError, file_lock

#: Rows of one statement; keeps memory flat and every database below its limits.
_ROWS = 50_000

#: Seconds that a statement waits for another reader or writer of the file.
_BUSY_SECONDS = 30

_PLACE = {"account": pl.String, "territory": pl.String, "owner": pl.String, "holder": pl.String}


class End(StrEnum):
    """How an apply ended: as approved, with accounts that are not as approved, or before its last batch."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Entry:
    """One apply that came to an end; times are UTC in ISO 8601, counts are accounts."""

    run: int
    plan: str
    digest: str
    commit: str | None
    who: str
    host: str
    started: str
    finished: str
    outcome: End
    done: int
    unchanged: int
    conflicts: int
    failed: int
    pending: int
    serial: int = 0
    """Counts the applies of this state from 1; given when the entry is recorded."""


@dataclass(frozen=True, slots=True)
class Run:
    """One apply of one plan; `receipts` counts the accounts it had settled before it was cut off and continued."""

    number: int
    plan: str
    digest: str
    receipts: int = 0
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one account, for the journal."""

    account: str
    outcome: str
    message: str = ""


def timestamp(moment: datetime) -> str:
    """Give a moment in UTC, to the second: `2027-02-01T06:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class State:
    """What was last applied, the history and the journal.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Of the database that holds it.
    lock_file : pathlib.Path
        Beside the database.
    now : callable
        Gives the present moment, with its time zone.
    """

    def __init__(self, engine: sa.Engine, lock_file: Path, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._lock_file = lock_file
        self._now = now

    def lock(self, who: str, host: str, pid: int, timeout: float) -> AbstractContextManager[None]:
        """Hold the only right to apply, waiting up to `timeout` seconds.

        Raises
        ------
        StateLocked
            When somebody else still holds it then; it says who.
        """
        return file_lock(self._lock_file, Holder(who, host, pid, timestamp(self._now())), timeout)

    @property
    def lineage(self) -> str:
        """Which state this is; never changes."""
        return str(self._meta("lineage"))

    @property
    def serial(self) -> int:
        """How many applies came to an end."""
        return int(self._meta("serial"))

    def applied(self, plan: str) -> pl.DataFrame:
        """Give where a plan last put its accounts: `account`, `territory`, `owner`, `holder` (CRM user ids), sorted."""
        table = schema.applied
        query = sa.select(*(table.c[name] for name in _PLACE)).where(table.c.plan == plan)
        with self._begin() as connection:
            rows = [tuple(row) for row in connection.execute(query)]
        return pl.DataFrame(rows, schema=_PLACE, orient="row").sort("account")

    def history(self, plan: str | None = None) -> list[Entry]:
        """Give every apply that came to an end, of one plan or of all, the oldest first."""
        query = sa.select(schema.history).order_by(schema.history.c.serial)
        if plan is not None:
            query = query.where(schema.history.c.plan == plan)
        return self._entries(query)

    def last(self, plan: str) -> Entry | None:
        """Give the last apply of a plan that came to an end."""
        table = schema.history
        latest = sa.select(table).where(table.c.plan == plan).order_by(table.c.serial.desc()).limit(1)
        return next(iter(self._entries(latest)), None)

    def begin(self, plan: str, digest: str) -> Run:
        """Start an apply, or continue the one of the same digest that never came to an end."""
        journal, history = schema.journal, schema.history
        with self._begin() as connection:
            newest = connection.execute(
                sa.select(journal.c.run, journal.c.digest)
                .where(journal.c.plan == plan)
                .order_by(journal.c.id.desc())
                .limit(1)
            ).first()
            ended = connection.scalar(sa.select(sa.func.max(history.c.run)).where(history.c.plan == plan)) or 0
            if newest is not None and newest.digest == digest and newest.run > ended:
                settled = connection.scalar(
                    sa.select(sa.func.count(journal.c.account.distinct())).where(
                        journal.c.run == newest.run, journal.c.phase == "receipt"
                    )
                )
                return Run(newest.run, plan, digest, settled or 0, resumed=True)
            highest = [connection.scalar(sa.select(sa.func.max(table.c.run))) or 0 for table in (journal, history)]
        return Run(max(highest) + 1, plan, digest)

    def intend(self, run: Run, batch: int, accounts: Iterable[str]) -> None:
        """Journal what is about to be written."""
        with self._begin() as connection:
            self._note(connection, run, batch, "intent", (Settled(account, "") for account in accounts))

    def settle(self, run: Run, batch: int, settled: Sequence[Settled], places: pl.DataFrame, gone: set[str]) -> None:
        """Journal what became of a batch and remember where its accounts are now, both or neither.

        Parameters
        ----------
        run : Run
            The apply.
        batch : int
            Number of the batch.
        settled : sequence of Settled
            What became of each account.
        places : polars.DataFrame
            The accounts that are now as approved: `account`, `territory`, `owner`, `holder`.
        gone : set of str
            Accounts that now are in no book, as approved.
        """
        table = schema.applied
        with self._begin() as connection:
            self._note(connection, run, batch, "receipt", settled)
            old = [{"of": run.plan, "who": account} for account in (*places["account"], *sorted(gone))]
            forget = sa.delete(table).where(table.c.plan == sa.bindparam("of"), table.c.account == sa.bindparam("who"))
            if old:
                connection.execute(forget, old)
            self._remember(connection, run, places)

    def finish(self, run: Run, entry: Entry, places: pl.DataFrame | None = None) -> Entry:
        """Add an apply to the history and count it.

        Parameters
        ----------
        run : Run
            The apply.
        entry : Entry
            How it ended; its serial is given here.
        places : polars.DataFrame, optional
            After a complete apply every account of the plan, replacing what was remembered of it: `account`,
            `territory`, `owner`, `holder`.
        """
        with self._begin() as connection:
            serial = int(connection.scalar(sa.select(schema.meta.c.serial)) or 0) + 1
            connection.execute(sa.update(schema.meta).values(serial=serial))
            row = asdict(entry) | {"serial": serial, "outcome": entry.outcome.value}
            connection.execute(sa.insert(schema.history), row)
            if places is not None:
                connection.execute(sa.delete(schema.applied).where(schema.applied.c.plan == run.plan))
                self._remember(connection, run, places)
        return Entry(**(asdict(entry) | {"serial": serial}))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def _begin(self) -> Iterator[sa.Connection]:
        with speaking("the state cannot be used"), self._engine.begin() as connection:
            yield connection

    def _meta(self, column: str) -> Any:
        with self._begin() as connection:
            return connection.scalar(sa.select(schema.meta.c[column]))

    def _entries(self, query: sa.Select[Any]) -> list[Entry]:
        with self._begin() as connection:
            rows = connection.execute(query).mappings().all()
        return [Entry(**{**row, "outcome": End(row["outcome"])}) for row in rows]

    def _note(self, connection: sa.Connection, run: Run, batch: int, phase: str, settled: Iterable[Settled]) -> None:
        at = timestamp(self._now())
        same = {"run": run.number, "plan": run.plan, "digest": run.digest, "batch": batch, "phase": phase, "at": at}
        rows = [
            {**same, "account": one.account, "outcome": one.outcome or None, "message": one.message or None}
            for one in settled
        ]
        if rows:
            connection.execute(sa.insert(schema.journal), rows)

    def _remember(self, connection: sa.Connection, run: Run, places: pl.DataFrame) -> None:
        same = {"plan": run.plan, "digest": run.digest}
        for part in places.select(*_PLACE).iter_slices(_ROWS):
            connection.execute(sa.insert(schema.applied), [{**same, **row} for row in part.iter_rows(named=True)])


def open_state(url: SecretStr, root: Path, *, now: Callable[[], datetime] | None = None) -> State:
    """Open the state, and make it where there is none.

    Parameters
    ----------
    url : pydantic.SecretStr
        A SQLAlchemy URL of SQLite; a relative path is relative to the repository.
    root : pathlib.Path
        The territory repository.
    now : callable, optional
        Gives the present moment; the clock of this machine where left out.

    Raises
    ------
    StateError
        When the URL is of no kind that is known, the file is no state, or a newer version made it.
    """
    path = _file(url, root)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(f"the folder of the state cannot be made: {error.strerror}: {path.parent}") from None
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)), connect_args={"timeout": _BUSY_SECONDS}, hide_parameters=True
    )
    sa.event.listen(engine, "connect", _leave_transactions_to_us)
    sa.event.listen(engine, "begin", _begin_for_writing)
    state = State(engine, path.with_name(path.name + ".lock"), now or (lambda: datetime.now(UTC)))
    try:
        _prepare(engine, path)
    except StateError:
        state.close()
        raise
    return state


@contextmanager
def speaking(summary: str) -> Iterator[None]:
    """Turn what the database says into a StateError, without statement and parameters."""
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        words = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
        raise StateError(f"{summary}: {words}. Look at `state:` in territory.yaml") from None


def _file(url: SecretStr, root: Path) -> Path:
    try:
        parsed = sa.make_url(url.get_secret_value())
    except (sa.exc.ArgumentError, ValueError):
        raise StateError(
            "`state:` in territory.yaml is not a database URL; write sqlite:///.territory/state.sqlite"
        ) from None
    if parsed.get_backend_name() != "sqlite":
        raise StateError(
            f"the state is kept in SQLite only, not in {parsed.get_backend_name()}; "
            "write `state: sqlite:///.territory/state.sqlite` in territory.yaml"
        )
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        raise StateError("`state:` in territory.yaml names no file; write sqlite:///.territory/state.sqlite")
    return root / parsed.database


def _prepare(engine: sa.Engine, path: Path) -> None:
    """Make the tables where there are none, and refuse a state that a newer version made."""
    with speaking(f"{path.name} cannot be used as state"), engine.begin() as connection:
        present = sa.inspect(connection).get_table_names()
        if not present:
            schema.metadata.create_all(connection)
            first = {"id": 1, "schema_version": schema.SCHEMA_VERSION, "lineage": str(uuid.uuid4()), "serial": 0}
            connection.execute(sa.insert(schema.meta), first)
        elif schema.meta.name not in present:
            raise StateError(f"{path.name} is a database, but no state: it has no table {schema.meta.name}")
        found = connection.scalar(sa.select(schema.meta.c.schema_version))
        if found != schema.SCHEMA_VERSION:
            raise StateError(
                f"the state has schema version {found}, this version of territory knows {schema.SCHEMA_VERSION}; "
                "upgrade territory"
            )


def _leave_transactions_to_us(connection: Any, _record: object) -> None:
    connection.isolation_level = None


def _begin_for_writing(connection: sa.Connection) -> None:
    """Take the write lock at once, so that what is read in a transaction is still so when it writes."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
