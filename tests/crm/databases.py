"""Worlds of the `sql` provider: in SQLite and in PostgreSQL, with the same tables, and triggers that count writes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from terraform_like.crm.conformance import Account, Fault
from terraform_like.crm.patient import PatientCrm
from terraform_like.crm.port import Crm
from terraform_like.crm.sql import SqlCrm
from terraform_like.domain.connection import SqlConnection

TABLES = (
    "CREATE TABLE users (id VARCHAR(20) PRIMARY KEY, name TEXT, active BOOLEAN)",
    "CREATE TABLE accounts (id VARCHAR(20) PRIMARY KEY, name TEXT, owner_id VARCHAR(20) REFERENCES users, "
    "territory VARCHAR(80), edited INTEGER NOT NULL DEFAULT 0, writes INTEGER NOT NULL DEFAULT 0)",
    "CREATE TABLE faults (fault TEXT, account VARCHAR(20), times INTEGER)",
)
SQLITE = (
    "CREATE TRIGGER refuses BEFORE UPDATE OF owner_id ON accounts WHEN EXISTS (SELECT * FROM faults WHERE fault = "
    "'refuses one record by a rule of its own' AND account = NEW.id) BEGIN SELECT RAISE(ABORT, 'no'); END",
    "CREATE TRIGGER silent BEFORE UPDATE OF owner_id ON accounts WHEN EXISTS (SELECT * FROM faults WHERE fault = "
    "'says that all is well, and changes nothing' AND account = NEW.id) BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TRIGGER counted AFTER UPDATE OF owner_id ON accounts BEGIN UPDATE accounts SET writes = writes + 1, "
    "edited = edited + 1 WHERE id = NEW.id; END",
)
#: How often a fault was met is counted by a sequence, which is no part of the transaction that is rolled back.
POSTGRESQL = (
    "CREATE SEQUENCE met",
    """CREATE FUNCTION faulty() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE next faults;
BEGIN
  SELECT * INTO next FROM faults WHERE account = NEW.id OR account IS NULL;
  IF next.fault IS NOT NULL AND nextval('met') <= next.times THEN
    CASE next.fault
      WHEN 'refuses one record by a rule of its own' THEN RAISE EXCEPTION 'no';
      WHEN 'says that all is well, and changes nothing' THEN RETURN NULL;
      WHEN 'fails before the write takes effect' THEN PERFORM pg_terminate_backend(pg_backend_pid());
      WHEN 'says that another holds one record' THEN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01';
      WHEN 'says that writing is not permitted' THEN RAISE EXCEPTION 'no permission' USING ERRCODE = '42501';
    END CASE;
  END IF;
  NEW.writes = OLD.writes + 1; NEW.edited = OLD.edited + 1;
  RETURN NEW;
END $$""",
    "CREATE TRIGGER faulty BEFORE UPDATE OF owner_id ON accounts FOR EACH ROW EXECUTE FUNCTION faulty()",
)
MAPPING = {"territory": "territory", "version": "edited"}


class DatabaseWorld:
    """A database with accounts and users."""

    name_column = "name"
    territories = ("west", "east")

    def __init__(self, url: str, triggers: Sequence[str], root: Path) -> None:
        self._url, self._root = url, root
        self._engine = sa.create_engine(url)
        self._numbers = itertools.count(1)
        self._opened: list[Crm] = []
        self._run(*(*TABLES, *triggers))

    def open(self) -> Crm:
        connection = {"url": self._url, "accounts": MAPPING, "users": {"name": "name", "active": "active"}}
        crm = PatientCrm(SqlCrm(SqlConnection.model_validate(connection), self._root), sleep=lambda _: None)
        self._opened.append(crm)
        return crm

    def close(self) -> None:
        for crm in self._opened:
            crm.close()
        self._engine.dispose()

    def add_user(self, name: str, *, active: bool = True) -> str:
        user = f"u-{next(self._numbers)}"
        self._run("INSERT INTO users VALUES (:id, :name, :active)", id=user, name=name, active=active)
        return user

    def add_accounts(self, accounts: Sequence[Account]) -> list[str]:
        rows = [
            {"id": f"A-{next(self._numbers)}", "name": a.name, "owner": a.owner, "territory": a.territory}
            for a in accounts
        ]
        insert = "INSERT INTO accounts (id, name, owner_id, territory) VALUES (:id, :name, :owner, :territory)"
        with self._engine.begin() as database:
            database.execute(sa.text(insert), rows)
        return [row["id"] or "" for row in rows]

    def edit(self, account: str, owner: str | None) -> None:
        self._run("UPDATE accounts SET owner_id = :owner WHERE id = :id", id=account, owner=owner)

    def remove(self, account: str) -> None:
        self._run("DELETE FROM accounts WHERE id = :id", id=account)

    def held(self, account: str) -> tuple[str | None, str | None]:
        with self._engine.connect() as database:
            row = database.execute(
                sa.text("SELECT owner_id, territory FROM accounts WHERE id = :id"), {"id": account}
            ).one()
        return row[0], row[1]

    def no_user(self) -> str:
        return "u-0"

    def fail(self, fault: Fault, account: str | None = None, times: int = 1) -> None:
        self._run("INSERT INTO faults VALUES (:fault, :account, :times)", fault=fault, account=account, times=times)

    def writes(self, account: str) -> int:
        with self._engine.connect() as database:
            found = database.execute(sa.text("SELECT writes FROM accounts WHERE id = :id"), {"id": account})
            return int(found.scalar_one())

    def _run(self, *statements: str, **values: object) -> None:
        with self._engine.begin() as database:
            for statement in statements:
                database.execute(sa.text(statement), values)
