"""A folder with a file of accounts and one of users: what is in them, what is missing, and who may write."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from terraform_like.crm.csv_file import CsvFile, read_csv
from terraform_like.crm.file_table import is_parquet, read_table, typed
from terraform_like.crm.port import CrmError, Record
from terraform_like.diagnostics import Diagnostic, Severity, did_you_mean
from terraform_like.domain.connection import CsvConnection
from terraform_like.plan.file import write_whole

#: Seconds to wait for another that writes the same folder.
TIMEOUT_SECONDS = 15.0

_LOCK = ".territory.lock"
#: What tells one state of a file from another: when it was changed, its size, its number.
_Marks = tuple[int, int, int]
_ACTIVE = ("1", "t", "true", "y", "yes", "active")


class Folder:
    """The files that `crm:` of territory.yaml maps; each is read again only after it was changed.

    Parameters
    ----------
    connection : CsvConnection
        `crm:` of territory.yaml.
    root : pathlib.Path
        The territory repository.
    """

    def __init__(self, connection: CsvConnection, root: Path) -> None:
        self._connection = connection
        self.path = root / connection.folder
        mapping, people = connection.accounts, connection.users
        self.accounts_path = (self.path / mapping.file).resolve()
        #: Columns of an account's id, owner and, where it is mapped, territory.
        self.places = (mapping.key, mapping.owner, *([mapping.territory] if mapping.territory else []))
        self._mapped = {
            "accounts": {"key": mapping.key, "owner": mapping.owner, "territory": mapping.territory}
            | {"changed_by": mapping.changed_by},
            "users": {"key": people.key, "name": people.name, "email": people.email, "active": people.active},
        }
        self._tables: dict[str, tuple[_Marks, pl.DataFrame]] = {}

    def accounts(self) -> pl.DataFrame:
        """Read the table of accounts.

        Raises
        ------
        CrmError
            When it cannot be read, or lacks a column that is mapped.
        """
        return self._expected(self._read(self._connection.accounts.file), "accounts")

    def accounts_of(self, file: CsvFile) -> pl.DataFrame:
        """Give the table of accounts of a file that was read."""
        return self._expected(typed(file, self.places), "accounts")

    def accounts_file(self) -> CsvFile:
        """Read the file of accounts, to change cells of it."""
        return read_csv(self.accounts_path, self._connection.separator, self._connection.encoding)

    def users(self) -> pl.DataFrame:
        """Read users as `Reading.users` has them.

        Raises
        ------
        CrmError
            When they cannot be read, or a column that is mapped is not there.
        """
        table, people = self._expected(self._read(self._connection.users.file), "users"), self._connection.users

        def text(column: str | None) -> pl.Expr:
            return pl.lit(None, pl.String) if column is None else pl.col(column).cast(pl.String)

        active = pl.lit(True) if people.active is None else _is_true(table[people.active])
        return table.select(
            user=pl.col(people.key), name=text(people.name), email=text(people.email), active=active
        ).filter(pl.col("user").is_not_null())

    def placed(self, accounts: pl.DataFrame) -> pl.DataFrame:
        """Give `account`, `owner`, `territory` and `version` of accounts, as the file has them."""
        key, owner, *territory = self.places
        return accounts.select(
            account=pl.col(key),
            owner=pl.col(owner),
            territory=pl.col(territory[0]) if territory else pl.lit(None, pl.String),
            version=pl.lit(None, pl.String),
        )

    def missing(self) -> Iterator[Diagnostic]:
        """Give a diagnostic for each file that cannot be read, and each column that is mapped and not there."""
        for kind, name in (("accounts", self._connection.accounts.file), ("users", self._connection.users.file)):
            try:
                table = self._read(name)
            except CrmError as error:
                yield Diagnostic(Severity.ERROR, str(error), f"`crm.{kind}.file` in territory.yaml names it.")
                continue
            for setting, column in self._mapped[kind].items():
                if column is not None and column not in table.columns:
                    hint = f"`crm.{kind}.{setting}` in territory.yaml names it."
                    yield Diagnostic(Severity.ERROR, no_column(name, column, table), hint)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others of this tool from writing the folder.

        Raises
        ------
        CrmError
            When another holds it for too long, or the folder may not be written.
        """
        try:
            lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise CrmError(f"the folder {self._connection.folder} cannot be written: {error.strerror}") from None
        try:
            until = time.monotonic() + TIMEOUT_SECONDS
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise CrmError(
                            f"the folder {self._connection.folder} is locked: another apply writes it; "
                            "run this again when that is done"
                        ) from None
                    time.sleep(0.05)
            yield
        finally:
            os.close(lock)

    def rewrite(self, file: CsvFile, changes: Mapping[int, Mapping[str, str]], seen: os.stat_result) -> None:
        """Change cells of the file of accounts, in one step, unless another program changed it since it was seen."""
        try:
            data = file.with_cells(changes)
            if _marks(self.accounts_path.stat()) != _marks(seen):
                raise CrmError(f"{file.name} was changed by another program meanwhile", passing=True)
            write_whole(self.accounts_path, data)
        except UnicodeEncodeError as error:
            cannot = str(error.object)[error.start : error.end]
            raise CrmError(f'{file.name} is {file.encoding}, which cannot hold "{cannot}"') from None
        except OSError as error:
            raise CrmError(f"{file.name} cannot be written: {error.strerror}") from None

    def _read(self, name: str) -> pl.DataFrame:
        path = self.path / name
        try:
            seen = _marks(path.stat())
        except OSError as error:
            raise CrmError(f"{path.name} cannot be read: {error.strerror}") from None
        if name in self._tables and self._tables[name][0] == seen:
            return self._tables[name][1]
        ids = {column for mapped in self._mapped.values() for setting, column in mapped.items() if column} - {
            self._connection.users.active
        }
        table = read_table(path, self._connection.separator, self._connection.encoding, ids)
        self._tables[name] = seen, table
        return table

    def _expected(self, table: pl.DataFrame, kind: str) -> pl.DataFrame:
        name = self._connection.accounts.file if kind == "accounts" else self._connection.users.file
        for column in self._mapped[kind].values():
            if column is not None and column not in table.columns:
                raise CrmError(no_column(name, column, table))
        return table

    @property
    def read_only(self) -> bool:
        """Whether the file of accounts is of a kind that cannot be changed."""
        return is_parquet(self._connection.accounts.file)


def records(placed: pl.DataFrame) -> dict[str, Record]:
    """Give what each account has, by its id."""
    return {
        account: Record(owner, territory)
        for account, owner, territory in placed.select("account", "owner", "territory").iter_rows()
    }


def no_column(name: str, column: str, table: pl.DataFrame) -> str:
    """Say that a file lacks a column."""
    return f'{name} has no column "{column}".{did_you_mean(column, table.columns)}'


def _is_true(column: pl.Series) -> pl.Series:
    if column.dtype == pl.String:
        return column.str.strip_chars().str.to_lowercase().is_in(_ACTIVE).fill_null(False)
    return column.cast(pl.Boolean).fill_null(False)


def _marks(stat: os.stat_result) -> _Marks:
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
