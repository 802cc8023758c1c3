"""The state: remembers what was applied, in SQLite embedded or on a PostgreSQL server."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from terraform_like.diff import Place
from terraform_like.plan.applied import AppliedBook, End, Entry, Event, Held, Intent, Run, Settled, timestamp
from terraform_like.plan.fresh import Standing
from terraform_like.state import schema
from terraform_like.state.database import Database
from terraform_like.state.lock import Holder, StateError
from terraform_like.state.since import changed_since, fetched

#: Rows of one statement; keeps memory flat and every database below its limits.
_ROWS = 5_000

#: Columns of the history that hold names, with commas between.
_NAMES = ("lifted", "approved")

_PLACE = {"account": pl.String(), "territory": pl.String(), "owner": pl.String(), "holder": pl.String()}


class State:
    """What was last applied, the history and the journal.

    Parameters
    ----------
    database : Database
        What holds it.
    now : callable
        Gives the present moment, with its time zone.
    """

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def lock(self, who: str, host: str, pid: int, timeout: float) -> AbstractContextManager[None]:
        """Hold the only right to apply, waiting up to `timeout` seconds.

        Raises
        ------
        StateLocked
            When somebody else still holds it then; it says who.
        """
        return self._database.lock(Holder(who, host, pid, timestamp(self._now()), secrets.token_hex(6)), timeout)

    @property
    def holder(self) -> Holder | None:
        """Who holds the lock at this moment."""
        return self._database.holder()

    def unlock(self, lock_id: str) -> Holder:
        """Take the lock from a holder who is gone, and give who that was.

        Parameters
        ----------
        lock_id : str
            The ID of the lock that is meant, as whoever met it was told: a lock that changed hands stays.

        Raises
        ------
        StateError
            When nobody holds it, it has another ID, or its holder is at work.
        """
        holder = self.holder
        if holder is None:
            raise StateError("the state is not locked: there is nothing to unlock")
        if holder.id != lock_id:
            raise StateError(f"the lock is held under the ID {holder.id}, not {lock_id}, by {holder}")
        self._database.release(holder)
        return holder

    @property
    def lineage(self) -> str:
        """Which state this is; never changes."""
        return str(self._meta("lineage"))

    @property
    def serial(self) -> int:
        """How many applies came to an end."""
        return int(self._meta("serial"))

    def applied(self, plan: str, digest: str | None = None) -> pl.DataFrame:
        """Give where a plan last put its accounts: `account`, `territory`, `owner`, `holder` (CRM user ids), sorted.

        With a digest, only those that this form of it put there.
        """
        table = schema.applied
        query = sa.select(*(table.c[name] for name in _PLACE)).where(table.c.plan == plan)
        if digest is not None:
            query = query.where(table.c.digest == digest)
        with self._database.begin() as connection:
            return fetched(connection, query, _PLACE).sort("account")

    def books(self) -> list[AppliedBook]:
        """Give every book as it was last put, sorted by plan and territory."""
        table = schema.applied
        has_it = sa.func.coalesce(table.c.holder, table.c.owner)
        query = sa.select(table.c.plan, table.c.territory, has_it, sa.func.count()).group_by(
            table.c.plan, table.c.territory, has_it
        )
        found: dict[tuple[str, str | None], list[tuple[str | None, int]]] = {}
        with self._database.begin() as connection:
            for plan, territory, user, count in connection.execute(query):
                found.setdefault((plan, territory), []).append((user, count))
        return [
            AppliedBook(
                plan, territory, sum(count for _, count in users), tuple(sorted(user for user, _ in users if user))
            )
            for (plan, territory), users in sorted(found.items(), key=lambda item: (item[0][0], item[0][1] or ""))
        ]

    def held(self, *, account: str | None = None, territory: str | None = None) -> list[Held]:
        """Give where one account, or all those of one territory, were last put, sorted by plan and account."""
        table = schema.applied
        query = sa.select(table).order_by(table.c.plan, table.c.account)
        if account is not None:
            query = query.where(table.c.account == account)
        if territory is not None:
            query = query.where(table.c.territory == territory)
        with self._database.begin() as connection:
            return [Held(**row) for row in connection.execute(query).mappings()]

    def events(self, account: str) -> list[Event]:
        """Give what the journal says of an account, the oldest first; an intent only where no receipt followed it."""
        journal, history = schema.journal, schema.history
        query = (
            sa.select(journal, history.c.serial)
            .join(history, history.c.run == journal.c.run, isouter=True)
            .where(journal.c.account == account)
            .order_by(journal.c.id)
        )
        found: list[Event] = []
        intent: sa.Row[Any] | None = None
        with self._database.begin() as connection:
            for row in connection.execute(query):
                if row.phase == "intent":
                    intent = row
                    continue
                found.append(_event(row, intent if intent is not None and intent.run == row.run else None))
                intent = None
        return [*found, _event(intent, intent)] if intent is not None else found

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

    def since(self, plan: str, serial: int, resumed: str = "") -> pl.DataFrame:
        """Give what became of each account since an apply ended, of those that later applies of the plan changed.

        Parameters
        ----------
        plan : str
            The plan.
        serial : int
            That of the apply; 0 for the time before the first.
        resumed : str
            Digest of an apply that may have been cut off, since it is about to go on.

        Returns
        -------
        polars.DataFrame
            Sorted by `account`: where it was when that apply ended (`territory_before`, `owner_before`), and where it
            was put last (`territory_after`, `owner_after`); owners are CRM user ids.

        Raises
        ------
        StateError
            When that was not journalled, since an older version of the tool applied, or an apply was cut off.
        """
        since = int(self._meta("befores_since"))
        if serial < since:
            raise StateError(f"what accounts had before serial {since} is not known: an older version applied")
        with self._database.begin() as connection:
            return changed_since(connection, plan, serial, resumed)

    def standing(self, plan: str) -> Standing:
        """Give which state this is, and what the last apply of a plan was."""
        history = self.history(plan)
        if not history:
            return Standing(self.lineage)
        complete = {entry.digest: entry.serial for entry in history if entry.outcome is End.COMPLETE}
        last = history[-1]
        return Standing(self.lineage, last.serial, last.digest, complete, last.commit)

    def begin(self, plan: str, digest: str) -> Run:
        """Start an apply, or continue the one of the same digest that never came to an end."""
        journal, history = schema.journal, schema.history
        with self._database.begin() as connection:
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

    def intend(self, run: Run, batch: int, intents: Iterable[Intent]) -> None:
        """Journal what is about to be written, and what the CRM has before."""
        rows = [
            {
                "account": one.account,
                "territory_before": one.before.territory,
                "owner_before": one.before.owner,
                "territory_after": one.after.territory,
                "owner_after": one.after.owner,
            }
            for one in intents
        ]
        with self._database.begin() as connection:
            self._note(connection, run, batch, "intent", rows)

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
        with self._database.begin() as connection:
            receipts = [
                {"account": one.account, "outcome": one.outcome, "message": one.message or None} for one in settled
            ]
            self._note(connection, run, batch, "receipt", receipts)
            old = [{"of": run.plan, "who": account} for account in (*places["account"], *sorted(gone))]
            forget = sa.delete(table).where(table.c.plan == sa.bindparam("of"), table.c.account == sa.bindparam("who"))
            if old:
                connection.execute(forget, old)
            self._remember(connection, run, places)

    def finish(self, run: Run, entry: Entry, places: Iterable[pl.DataFrame] | None = None) -> Entry:
        """Add an apply to the history and count it.

        Parameters
        ----------
        run : Run
            The apply.
        entry : Entry
            How it ended; its serial is given here.
        places : iterable of polars.DataFrame, optional
            After a complete apply every account of the plan, replacing what was remembered of it, in tables of
            `account`, `territory`, `owner`, `holder`.
        """
        with self._database.begin() as connection:
            serial = int(connection.scalar(sa.select(schema.meta.c.serial)) or 0) + 1
            connection.execute(sa.update(schema.meta).values(serial=serial))
            row = asdict(entry) | {"serial": serial, "outcome": entry.outcome.value}
            row |= {name: ",".join(row[name]) or None for name in _NAMES}
            connection.execute(sa.insert(schema.history), row)
            if places is not None:
                connection.execute(sa.delete(schema.applied).where(schema.applied.c.plan == run.plan))
                for part in places:
                    self._remember(connection, run, part)
        return Entry(**(asdict(entry) | {"serial": serial}))

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _meta(self, column: str) -> Any:
        with self._database.begin() as connection:
            return connection.scalar(sa.select(schema.meta.c[column]))

    def _entries(self, query: sa.Select[Any]) -> list[Entry]:
        with self._database.begin() as connection:
            rows = connection.execute(query).mappings().all()
        return [_entry(row) for row in rows]

    def _note(
        self, connection: sa.Connection, run: Run, batch: int, phase: str, rows: Sequence[dict[str, str | None]]
    ) -> None:
        at = timestamp(self._now())
        same = {"run": run.number, "plan": run.plan, "digest": run.digest, "batch": batch, "phase": phase, "at": at}
        if rows:
            connection.execute(sa.insert(schema.journal), [{**same, **row} for row in rows])

    def _remember(self, connection: sa.Connection, run: Run, places: pl.DataFrame) -> None:
        same = {"plan": run.plan, "digest": run.digest}
        for part in places.select(*_PLACE).iter_slices(_ROWS):
            connection.execute(sa.insert(schema.applied), [{**same, **row} for row in part.iter_rows(named=True)])


def _entry(row: sa.RowMapping) -> Entry:
    names = {name: tuple(row[name].split(",")) if row[name] else () for name in _NAMES}
    return Entry(**{**row, "outcome": End(row["outcome"]), **names})


def _event(row: sa.Row[Any], intent: sa.Row[Any] | None) -> Event:
    before = after = None
    if intent is not None and (intent.owner_after, intent.territory_after) != (
        intent.owner_before,
        intent.territory_before,
    ):
        before = Place(territory=intent.territory_before, owner=intent.owner_before)
        after = Place(territory=intent.territory_after, owner=intent.owner_after)
    return Event(row.plan, row.digest, row.run, row.serial, row.at, row.outcome or "", row.message or "", before, after)
