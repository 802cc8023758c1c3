"""Tables of a database as `crm:` of territory.yaml maps them: which there are, and what is missing of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from terraform_like.crm.port import CrmError
from terraform_like.diagnostics import Diagnostic, Severity, did_you_mean
from terraform_like.domain.connection import AccountMapping, SqlConnection, UserMapping

#: Columns of a reading that are its own; a CRM column of that name is not read beside them.
PLACES = ("account", "owner", "territory", "version")

_Column = sa.ColumnElement[Any]


class Tables:
    """The tables of accounts and of users; each is described once, when it is first used.

    Parameters
    ----------
    connection : SqlConnection
        `crm:` of territory.yaml.
    shown : str
        The database's address, for messages.
    """

    def __init__(self, connection: SqlConnection, shown: str) -> None:
        self.accounts: AccountMapping = connection.accounts
        self.users: UserMapping = connection.users
        self._shown = shown
        self._known: dict[str, sa.TableClause] = {}

    def mapped_accounts(self) -> dict[str, str]:
        """Give the columns of accounts that are mapped, by setting."""
        mapping = self.accounts
        named = {
            "key": mapping.key,
            "owner": mapping.owner,
            "territory": mapping.territory,
            "version": mapping.version,
        }
        return {setting: column for setting, column in named.items() if column is not None}

    def mapped_users(self) -> dict[str, str]:
        """Give the columns of users that are mapped, by setting."""
        mapping = self.users
        named = {"key": mapping.key, "name": mapping.name, "email": mapping.email, "active": mapping.active}
        return {setting: column for setting, column in named.items() if column is not None}

    def missing(self, connection: sa.Connection, columns: Sequence[str]) -> Iterator[Diagnostic]:
        """Give a diagnostic for each table or column that is not there, mapped or asked for."""
        asked = [column for column in dict.fromkeys(columns) if column not in PLACES]
        yield from self._missing(connection, self.accounts.table, "crm.accounts", self.mapped_accounts(), asked)
        yield from self._missing(connection, self.users.table, "crm.users", self.mapped_users(), [])

    def table(self, connection: sa.Connection, name: str) -> sa.TableClause:
        """Describe a table as the database has it; `schema.table` names one of another schema."""
        if name in self._known:
            return self._known[name]
        schema, _, table = name.rpartition(".")
        inspector = sa.inspect(connection)
        try:
            with warnings.catch_warnings():
                # A type that SQLAlchemy does not know is read as the driver gives it.
                warnings.simplefilter("ignore", sa.exc.SAWarning)
                found = inspector.get_columns(table, schema or None)
        except sa.exc.NoSuchTableError:
            found = []
        if not found:
            known = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
            hint = did_you_mean(table, known)
            raise CrmError(f'the CRM at {self._shown} has no table "{name}".{hint}')
        columns = [sa.column(column["name"], column["type"]) for column in found]
        self._known[name] = sa.table(table, *columns, schema=schema or None)
        return self._known[name]

    def column(self, connection: sa.Connection, name: str, column: str) -> _Column:
        """Give a column of a table.

        Raises
        ------
        CrmError
            When there is no such table or column.
        """
        table = self.table(connection, name)
        if column not in table.c:
            raise CrmError(_no_column(table, column, name))
        return table.c[column]

    def places(self, connection: sa.Connection) -> tuple[_Column, _Column, _Column | None]:
        """Give the columns of an account's id, owner and territory."""
        name, mapping = self.accounts.table, self.accounts
        territory = None if mapping.territory is None else self.column(connection, name, mapping.territory)
        return self.column(connection, name, mapping.key), self.column(connection, name, mapping.owner), territory

    def _missing(
        self, connection: sa.Connection, name: str, place: str, mapped: dict[str, str], asked: Sequence[str]
    ) -> Iterator[Diagnostic]:
        try:
            table = self.table(connection, name)
        except CrmError as error:
            yield Diagnostic(Severity.ERROR, str(error), f"`{place}.table` in territory.yaml names it.")
            return
        for setting, column in mapped.items():
            if column not in table.c:
                hint = f"`{place}.{setting}` in territory.yaml names it."
                yield Diagnostic(Severity.ERROR, _no_column(table, column, name), hint)
        for column in asked:
            if column not in table.c:
                yield Diagnostic(Severity.ERROR, _no_column(table, column, name), "An expression of the plan uses it.")


def _no_column(table: sa.TableClause, column: str, name: str) -> str:
    return f'the CRM\'s table "{name}" has no column "{column}".{did_you_mean(column, table.c.keys())}'
