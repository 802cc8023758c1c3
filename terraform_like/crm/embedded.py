"""A CRM in one SQLite file, made of two tables as CSV: what an example is sold to before it meets a real CRM."""

from __future__ import annotations

import csv
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")


class EmbeddedError(ValueError):
    """The CSV cannot be made a CRM; the message names the file."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """How many rows the tables of the CRM have."""

    accounts: int
    users: int


def make_embedded_crm(path: Path, accounts: Path, users: Path) -> Embedded:
    """Make a SQLite file with the tables `accounts` and `users`.

    The first column of each file is the key, and `accounts.owner_id` refers to a user. Columns of whole numbers become
    INTEGER, of decimal numbers REAL, of `true` and `false` BOOLEAN, all others TEXT, and so do `id` and `..._id`
    whatever they look like; an empty cell becomes null. Where accounts have `updated_at`, every edit renews it.

    Parameters
    ----------
    path : Path
        The file to make; it must not exist.
    accounts, users : Path
        CSV in UTF-8 with a header.

    Raises
    ------
    EmbeddedError
        When a file is no such table, a key stands twice, or an owner is no user.
    """
    with closing(sqlite3.connect(path)) as crm:
        crm.execute("PRAGMA foreign_keys = ON")
        with crm:
            count = Embedded(users=_fill(crm, "users", users), accounts=_fill(crm, "accounts", accounts))
    return count


def _fill(crm: sqlite3.Connection, table: str, source: Path) -> int:
    with source.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file)) or [[]]
    if not header or len(set(header)) < len(header):
        raise EmbeddedError(f"{source.name}: the header needs names, each once: {header}")
    for row in rows:
        if len(row) != len(header):
            raise EmbeddedError(f"{source.name}: a row has {len(row)} cells, the header {len(header)}: {row[:3]}")
    types = {name: _type(name, [row[position] for row in rows]) for position, name in enumerate(header)}
    wanted = [f"{_quoted(name)} {type_}{_rule(table, name, name == header[0])}" for name, type_ in types.items()]
    values = ", ".join(_VALUE.get(type_, "?") for type_ in types.values())
    try:
        crm.execute(f"CREATE TABLE {table} ({', '.join(wanted)})")
        crm.executemany(
            f"INSERT INTO {table} VALUES ({values})", ([cell if cell else None for cell in row] for row in rows)
        )
    except sqlite3.Error as error:
        raise EmbeddedError(f"{source.name}: {error}") from error
    if table == "accounts" and "updated_at" in types:
        _renew_on_edit(crm, header[0])
    return len(rows)


#: SQLite turns text into numbers by the column's type, but knows no booleans.
_VALUE = {"BOOLEAN": "? = 'true'"}


def _type(name: str, cells: Sequence[str]) -> str:
    known = [cell for cell in cells if cell]
    if not known or name == "id" or name.endswith("_id"):
        return "TEXT"
    if all(_INTEGER.fullmatch(cell) for cell in known):
        return "INTEGER"
    if all(_INTEGER.fullmatch(cell) or _DECIMAL.fullmatch(cell) for cell in known):
        return "REAL"
    return "BOOLEAN" if set(known) <= {"true", "false"} else "TEXT"


def _rule(table: str, name: str, is_key: bool) -> str:
    if is_key:
        return " PRIMARY KEY NOT NULL"
    return " REFERENCES users" if (table, name) == ("accounts", "owner_id") else ""


def _renew_on_edit(crm: sqlite3.Connection, key: str) -> None:
    """Let every edit that does not say when it was made say so, as a CRM does."""
    crm.execute(
        "CREATE TRIGGER accounts_updated AFTER UPDATE ON accounts WHEN new.updated_at IS old.updated_at BEGIN "
        "UPDATE accounts SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') "
        f"WHERE {_quoted(key)} = new.{_quoted(key)}; END"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
