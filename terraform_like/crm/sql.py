"""The `sql` provider: any database that SQLAlchemy reaches, written only where it still holds what was seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from terraform_like.crm import set_based
from terraform_like.crm.columns import (
    Gathered,
    as_kept,
    as_read,
    as_text,
    comparable,
    declared_kind,
    id_series,
    native_id,
)
from terraform_like.crm.connect import Database
from terraform_like.crm.look import looked
from terraform_like.crm.owners import lacking
from terraform_like.crm.port import Capabilities, CrmError, Member, Needs, Outcome, Reading, Receipt, Record, Write
from terraform_like.crm.tables import PLACES, Tables
from terraform_like.diagnostics import Diagnostic
from terraform_like.domain.connection import SqlConnection

#: Rows that are fetched at a time.
_CHUNK = 50_000

#: Values of one `IN` at most: below the limit of every database.
_KEYS = 900

#: Records of one write where the database takes them together, and where it takes them one by one.
_TOGETHER, _ONE_BY_ONE = 5_000, 500

_Column = sa.ColumnElement[Any]


class _Raced(Exception):
    """A record changed between the look at it and the write to it."""


class SqlCrm:
    """A CRM in a database.

    Parameters
    ----------
    connection : SqlConnection
        `crm:` of territory.yaml.
    root : pathlib.Path
        The territory repository.

    Raises
    ------
    CrmError
        When the URL cannot be read or its driver is not installed.
    """

    def __init__(self, connection: SqlConnection, root: Path) -> None:
        self._database = Database(connection.url, root)
        self._tables = Tables(connection, self._database.shown)
        mapping, together = connection.accounts, self._database.backend in set_based.SPOKEN
        self._capabilities = Capabilities(
            _TOGETHER if together else _ONE_BY_ONE,
            territories=mapping.territory is not None,
            compare_and_set=True,
            versions=mapping.version is not None,
        )

    @property
    def capabilities(self) -> Capabilities:
        """What this provider can do."""
        return self._capabilities

    def preflight(self, needs: Needs) -> Iterator[Diagnostic]:
        """Give a diagnostic for each table, column or owner that is missing.

        Whether it may be written, a database tells at the first write, before anything has changed.
        """
        with self._database.reading() as connection:
            found = list(self._tables.missing(connection, needs.columns))
            if needs.owners and not found:
                found += lacking(needs.owners, self._read_users(connection))
        yield from found

    def read(self, columns: Sequence[str]) -> Reading:
        """Read every account, with those columns, and every user, as they are at one moment."""
        with self._database.reading() as connection:
            accounts, users = self._read_accounts(connection, columns), self._read_users(connection)
            offered = {
                c.name: declared_kind(c.type) for c in self._tables.table(connection, self._tables.accounts.table).c
            }
            return Reading(accounts, users, offered)

    def records(self, accounts: Sequence[str]) -> dict[str, Record]:
        """Read what those accounts have now; accounts that are gone are left out."""
        with self._database.reading() as connection:
            return self._records(connection, accounts)

    def write(self, batch: Sequence[Write]) -> list[Receipt]:
        """Write one batch in one transaction; where a record spoils it, write its halves, down to that record."""
        receipts = {receipt.account: receipt for receipt in self._settled(batch)}
        return [receipts[write.account] for write in batch]

    def arrange(self, territories: Sequence[str], members: Sequence[Member]) -> list[Receipt]:
        """Do nothing: a territory of a database is what its column says."""
        return []

    def close(self) -> None:
        """Let go of connections."""
        self._database.close()

    def _read_accounts(self, connection: sa.Connection, columns: Sequence[str]) -> pl.DataFrame:
        name, mapped = self._tables.accounts.table, self._tables.mapped_accounts()
        ids = {
            place: as_kept(self._tables.column(connection, name, mapped[setting]))
            for place, setting in zip(PLACES, ("key", "owner", "territory", "version"), strict=True)
            if setting in mapped
        }
        asked = {
            column: self._tables.column(connection, name, column)
            for column in dict.fromkeys(columns)
            if column not in PLACES
        }
        gathered = {column: Gathered(column, kept.type) for column, kept in asked.items()}
        places: dict[str, list[pl.Series]] = {place: [pl.Series(place, [], dtype=pl.String)] for place in PLACES}
        for values in _chunks(connection, [*ids.values(), *map(as_read, asked.values())]):
            for place, chunk in zip(ids, values, strict=False):
                places[place].append(id_series(place, chunk, empty_is_null=place in ("owner", "territory")))
            for column, chunk in zip(asked, values[len(ids) :], strict=True):
                gathered[column].add(chunk, values[0])
        height = sum(series.len() for series in places["account"])
        given = [
            pl.concat(places[place]) if place in ids else pl.Series(place, [None] * height, dtype=pl.String)
            for place in PLACES
        ]
        return pl.DataFrame([*given, *(column.series() for column in gathered.values())])

    def _read_users(self, connection: sa.Connection) -> pl.DataFrame:
        name, mapped = self._tables.users.table, self._tables.mapped_users()
        kept = {setting: as_kept(self._tables.column(connection, name, column)) for setting, column in mapped.items()}
        parts = [dict(zip(kept, values, strict=True)) for values in _chunks(connection, list(kept.values()))]
        rows = {setting: [value for part in parts for value in part[setting]] for setting in kept}
        count = len(rows["key"])
        active = [_is_true(value) for value in rows["active"]] if "active" in rows else [True] * count
        return pl.DataFrame(
            [
                id_series("user", rows["key"], empty_is_null=False),
                id_series("name", rows.get("name", [None] * count), empty_is_null=False),
                id_series("email", rows.get("email", [None] * count), empty_is_null=True),
                pl.Series("active", active, dtype=pl.Boolean),
            ]
        )

    def _records(self, connection: sa.Connection, accounts: Sequence[str]) -> dict[str, Record]:
        key, owner, territory = self._tables.places(connection)
        mapping = self._tables.accounts
        version = None if mapping.version is None else self._tables.column(connection, mapping.table, mapping.version)
        asked = [sa.null() if column is None else as_kept(column) for column in (owner, territory, version)]
        found = {}
        for row in self._where_key(connection, key, [as_kept(key), *asked], accounts):
            account, whose, where, token = map(as_text, row)
            found[str(account)] = Record(whose or None, where or None, token)
        # SQLite finds 7 where 007 is asked for.
        return {account: found[account] for account in accounts if account in found}

    def _where_key(
        self, connection: sa.Connection, key: _Column, selected: Sequence[_Column], ids: Sequence[str]
    ) -> Iterator[tuple[Any, ...]]:
        native = [value for text in ids if (value := self._native(text, key)) is not None]
        if native and (condition := set_based.among(key, native, self._database.dialect)) is not None:
            yield from connection.execute(sa.select(*selected).where(condition))
            return
        wanted = sa.bindparam("wanted", expanding=True, type_=sa.types.NullType())
        query = sa.select(*selected).where(comparable(key).in_(wanted))
        for start in range(0, len(native), _KEYS):
            yield from connection.execute(query, {"wanted": native[start : start + _KEYS]})

    def _native(self, text: str, column: _Column) -> object:
        """Give an id as the column keeps it; None where it cannot hold it, and so does not."""
        try:
            return native_id(text, column, self._database.dialect)
        except ValueError:
            return None

    def _settled(self, writes: Sequence[Write], *, look_again: bool = True) -> list[Receipt]:
        try:
            with self._database.writing() as connection:
                return self._attempt(connection, writes)
        except _Raced:
            if len(writes) == 1 and look_again:
                return self._settled(writes, look_again=False)
            why = "the CRM did not take the write, and gave no reason"
        except sa.exc.DBAPIError as error:
            if not self._database.is_of_one_record(error):
                raise self._database.failure(error) from None
            why = self._database.words(error)
        except sa.exc.SQLAlchemyError as error:
            raise self._database.failure(error) from None
        if len(writes) == 1:
            return [Receipt(writes[0].account, Outcome.FAILED, why)]
        half = len(writes) // 2
        return [*self._settled(writes[:half]), *self._settled(writes[half:])]

    def _attempt(self, connection: sa.Connection, writes: Sequence[Write]) -> list[Receipt]:
        """Write those that the CRM still holds as they were seen; the rest are settled without a write."""
        found = self._records(connection, [write.account for write in writes])
        known = self._known_users(connection, sorted({w.after.owner for w in writes if w.after.owner is not None}))
        _, *places = self._tables.places(connection)
        receipts = [self._look(write, found.get(write.account), known, places) for write in writes]
        ready = [w for w, r in zip(writes, receipts, strict=True) if r.outcome is Outcome.DONE]
        if len(ready) > 1 and self._database.backend in set_based.SPOKEN:
            self._update_together(connection, ready)
        else:
            for pattern, group in groupby(sorted(ready, key=_nulls), key=_nulls):
                self._update(connection, pattern, list(group))
        return receipts

    def _look(self, write: Write, found: Record | None, known: set[str], places: Sequence[_Column | None]) -> Receipt:
        """Say what will become of a write, by what the CRM holds; DONE where nothing stands against it."""
        receipt = looked(write, found, known, territories=self._capabilities.territories)
        if receipt.outcome is not Outcome.DONE:
            return receipt
        for value, column in zip((write.after.owner, write.after.territory), places, strict=True):
            if value is not None and column is not None and self._native(value, column) is None:
                message = f'the column "{column.key}" cannot hold "{value}"'
                return Receipt(write.account, Outcome.FAILED, message, found)
        return receipt

    def _known_users(self, connection: sa.Connection, owners: Sequence[str]) -> set[str]:
        key = self._tables.column(connection, self._tables.users.table, self._tables.users.key)
        return {str(as_text(row[0])) for row in self._where_key(connection, key, [as_kept(key)], owners)}

    def _update_together(self, connection: sa.Connection, writes: Sequence[Write]) -> None:
        """Update records in one statement.

        Raises
        ------
        _Raced
            When fewer records than asked were as they were seen.
        """
        key, owner, territory = self._tables.places(connection)
        places = {"owner": owner} | ({} if territory is None else {"territory": territory})
        rows = [
            {"key": self._native(write.account, key)}
            | {
                f"{moment}_{place}": None if (text := getattr(record, place)) is None else self._native(text, column)
                for place, column in places.items()
                for moment, record in (("before", write.before), ("after", write.after))
            }
            for write in writes
        ]
        table = self._tables.table(connection, self._tables.accounts.table)
        if set_based.update_together(connection, table, key, places, rows, self._is_nobody) != len(rows):
            raise _Raced

    def _update(self, connection: sa.Connection, nulls: tuple[bool, bool], writes: Sequence[Write]) -> None:
        """Update records that are alike in what of them was null, each only where it is still as it was seen.

        Raises
        ------
        _Raced
            When fewer records than asked were as they were seen.
        """
        key, owner, territory = self._tables.places(connection)
        columns = {"owner": owner} | ({} if territory is None else {"territory": territory})
        seen: list[sa.ColumnElement[bool]] = [comparable(key) == _parameter("key")]
        for (place, column), null in zip(columns.items(), nulls, strict=False):
            seen.append(self._is_nobody(column) if null else comparable(column) == _parameter(f"before_{place}"))
        values = {column.name: _parameter(f"after_{place}") for place, column in columns.items()}
        update = sa.update(self._tables.table(connection, self._tables.accounts.table)).where(*seen).values(values)
        rows = []
        for write in writes:
            row = {"key": self._native(write.account, key)}
            for (place, column), null in zip(columns.items(), nulls, strict=False):
                before, after = getattr(write.before, place), getattr(write.after, place)
                row |= {f"after_{place}": None if after is None else self._native(after, column)}
                row |= {} if null else {f"before_{place}": self._native(before, column)}
            rows.append(row)
        if self._database.dialect.supports_sane_multi_rowcount:
            changed = connection.execute(update, rows).rowcount
        else:
            changed = sum(connection.execute(update, row).rowcount for row in rows)
        if changed != len(rows):
            raise _Raced

    def _is_nobody(self, column: _Column) -> sa.ColumnElement[bool]:
        """Say whether nobody is meant: null, or the empty text of a CRM that was filled from a spreadsheet."""
        if self._database.backend == "sqlite" or (
            isinstance(column.type, sa.String) and not isinstance(column.type, sa.Enum)
        ):
            return sa.or_(column.is_(None), as_kept(column) == sa.literal(""))
        return column.is_(None)


def _chunks(connection: sa.Connection, selected: Sequence[_Column]) -> Iterator[list[tuple[object, ...]]]:
    """Give the values of each column, so many rows at a time."""
    labelled = [column.label(f"c{number}") for number, column in enumerate(selected)]
    result = connection.execution_options(yield_per=_CHUNK).execute(sa.select(*labelled))
    try:
        for rows in result.partitions():
            yield list(zip(*rows, strict=True))
    except ValueError as error:
        raise CrmError(f"the CRM holds a date or time that cannot be read: {error}") from None


def _parameter(name: str) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=sa.types.NullType())


def _nulls(write: Write) -> tuple[bool, bool]:
    """Say what of the record was null: owner, territory."""
    return write.before.owner is None, write.before.territory is None


def _is_true(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in ("1", "t", "true", "y", "yes", "active")
    return bool(value)
