"""Ways to a database: where a URL leads, how long to wait for it, and what it said, without the secrets of the URL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from pydantic import SecretStr

from terraform_like.crm.port import CrmError
from terraform_like.domain.secrecy import forms, struck_out

#: Seconds until a database that does not answer, or that another program has locked, counts as not to be had.
TIMEOUT_SECONDS = 15

#: Option of the drivers that limits how long they try to connect, by SQLAlchemy's name of the database.
_CONNECT_TIMEOUT = {"postgresql": "connect_timeout", "mysql": "connect_timeout", "mariadb": "connect_timeout"}

#: MySQL's number for what a trigger says with SIGNAL, which it files under operational errors.
_MYSQL_SIGNAL = 1644

#: What PostgreSQL says where two transactions waited for each other, or could not be put in an order.
_PASSING = frozenset({"40001", "40P01"})

_WRITES = "territory_writes"


class Database:
    """A database by its URL; connects when it is used, and never shows a password.

    Parameters
    ----------
    url : pydantic.SecretStr
        A SQLAlchemy URL.
    root : pathlib.Path
        What relative paths of SQLite files are relative to.

    Raises
    ------
    CrmError
        When the URL cannot be read or its driver is not installed.
    """

    def __init__(self, url: SecretStr, root: Path) -> None:
        try:
            parsed = sa.make_url(url.get_secret_value())
            self.backend = parsed.get_backend_name()
        except (sa.exc.ArgumentError, ValueError):
            # The error would quote the text, and with it a password.
            raise CrmError(
                "crm.url in territory.yaml is not a database URL; write it as "
                "sqlite:///crm.sqlite or postgresql+psycopg://user:${PASSWORD}@host/database"
            ) from None
        self.shown = parsed.set(username=None, password=None, query={}).render_as_string()
        self._file = _sqlite_file(parsed, root) if self.backend == "sqlite" else None
        self._secrets = secrets_of(parsed) if self._file is None else ()
        options: dict[str, Any] = {}
        if self._file is not None:
            # Opening for reading and writing only, SQLite never makes a file that is missing.
            parsed = parsed.set(database=f"file:{quote(str(self._file))}", query={"mode": "rw", "uri": "true"})
            options["timeout"] = TIMEOUT_SECONDS
        elif (option := _CONNECT_TIMEOUT.get(self.backend)) and option not in parsed.query:
            options[option] = TIMEOUT_SECONDS
        try:
            self._engine = sa.create_engine(parsed, connect_args=options, hide_parameters=True, pool_pre_ping=True)
        except (sa.exc.ArgumentError, ImportError, TypeError) as error:
            raise CrmError(
                f"the driver for {parsed.drivername} databases cannot be loaded: {self.words(error)}; "
                "install it beside territory, or name another one in crm.url"
            ) from None
        if self._file is not None:
            sa.event.listen(self._engine, "connect", _leave_transactions_to_us)
            sa.event.listen(self._engine, "begin", _begin)

    @property
    def dialect(self) -> sa.Dialect:
        """What this kind of database can do."""
        return self._engine.dialect

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Connect for reading in one transaction.

        Raises
        ------
        CrmError
            When the database cannot be reached or refuses.
        """
        self._expect_file()
        with self.speaking(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Connect for one transaction that is committed at the end; errors are those of SQLAlchemy."""
        self._expect_file()
        with self._engine.execution_options(**{_WRITES: True}).begin() as connection:
            yield connection

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Turn errors of SQLAlchemy into a CrmError with the database's own words and the way out."""
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            raise self.failure(error) from None

    def failure(self, error: sa.exc.SQLAlchemyError) -> CrmError:
        """Say that the CRM as a whole fails, and what to do."""
        words = self.words(error)
        if re.search(r"\block(ed|\s*timeout|\s*wait)\b|deadlock", words, re.IGNORECASE):
            return CrmError(
                f"the CRM at {self.shown} is locked: {words}; close what is using it and run this again",
                passing=_may_pass(error),
            )
        way_out = "check crm.url in territory.yaml and the environment variables that it names"
        return CrmError(f"the CRM at {self.shown} fails: {words}; {way_out}", passing=_may_pass(error))

    def is_of_one_record(self, error: sa.exc.DBAPIError) -> bool:
        """Say whether a record may have caused the error, so that others can still be written."""
        if error.connection_invalidated:
            return False
        if isinstance(error, sa.exc.OperationalError):
            return self.backend in ("mysql", "mariadb") and getattr(error.orig, "args", ())[:1] == (_MYSQL_SIGNAL,)
        return not isinstance(error, sa.exc.InterfaceError)

    def words(self, error: BaseException) -> str:
        """Give the first line of what the database said, without what the URL keeps secret."""
        said = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
        return struck_out(said, self._secrets).splitlines()[0][:300]

    def close(self) -> None:
        """Let go of connections."""
        self._engine.dispose()

    def _expect_file(self) -> None:
        if self._file is not None and not self._file.is_file():
            raise CrmError(f"there is no CRM at {self.shown}: no file {self._file}; check crm.url in territory.yaml")


def _may_pass(error: sa.exc.SQLAlchemyError) -> bool:
    """Say whether the same may succeed when it is tried again: a lost connection, two that waited for each other.

    A database that somebody holds locked has been waited for already.
    """
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _PASSING


def _sqlite_file(url: sa.URL, root: Path) -> Path:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise CrmError("crm.url in territory.yaml names no file; write it as sqlite:///crm.sqlite")
    return root.absolute() / url.database


def secrets_of(url: sa.URL) -> tuple[str, ...]:
    """Give what no message may hold: the password, as written and as quoted, and every value of the query."""
    # A value of one to three letters is no secret, and striking it out would make a message unreadable.
    values = [value for values in url.normalized_query.values() for value in values if len(value) > 3]
    return forms((str(url.password or ""), *values))


def _leave_transactions_to_us(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: sa.Connection) -> None:
    """Take SQLite's write lock at once where something is written, so that nobody writes between check and write."""
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
