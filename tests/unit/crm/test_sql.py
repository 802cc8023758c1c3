from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from terraform_like.crm import open_crm
from terraform_like.crm.connect import secrets_of
from terraform_like.crm.port import Crm, CrmError, Needs, Outcome, Record, Write
from terraform_like.domain.connection import SqlConnection

SCHEMA = """
CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT, email TEXT, active BOOLEAN);
CREATE TABLE accounts (
  id TEXT PRIMARY KEY, owner_id TEXT REFERENCES users, territory TEXT CHECK (territory <> 'forbidden'),
  arr REAL, state TEXT, since DATE, updated_at TEXT, note TEXT
);
CREATE TRIGGER touched AFTER UPDATE ON accounts BEGIN
  UPDATE accounts SET updated_at = 'touched' WHERE id = NEW.id;
END;
CREATE TRIGGER frozen BEFORE UPDATE ON accounts WHEN OLD.note = 'frozen' BEGIN
  SELECT RAISE(ABORT, 'this account is frozen by legal');
END;
INSERT INTO users VALUES ('u-1', 'Jane', 'jane@acme.com', 1), ('u-2', 'Raj', NULL, 0), ('007', 'Bond', NULL, 1);
INSERT INTO accounts VALUES
  ('A-1', 'u-1', 'west', 10.5, 'CA', '2024-01-31', 'v1', NULL),
  ('A-2', 'u-2', NULL, NULL, NULL, NULL, NULL, NULL),
  ('007', NULL, 'east', 3, 'NY', '2025-12-01', 'v7', NULL),
  ('x''; DROP TABLE accounts; --', 'u-1', 'west', 0, 'CA', NULL, NULL, NULL),
  ('F-1', 'u-1', 'west', 1, 'CA', NULL, NULL, 'frozen');
"""
MAPPING = {"table": "accounts", "territory": "territory", "version": "updated_at"}
USERS = {"table": "users", "name": "name", "email": "email", "active": "active"}

Open = Callable[..., Crm]


def run(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.executescript(sql) if ";" in sql else None
        rows = [] if ";" in sql else database.execute(sql).fetchall()
        database.commit()
    return rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    run(tmp_path / "crm.sqlite", SCHEMA)
    return tmp_path / "crm.sqlite"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    crms: list[Crm] = []

    def open_it(url: str = "sqlite:///crm.sqlite", **changed: object) -> Crm:
        values = {"url": url, "accounts": MAPPING, "users": USERS} | changed
        crms.append(open_crm(SqlConnection.model_validate(values), tmp_path))
        return crms[-1]

    yield open_it
    for crm in crms:
        crm.close()


def test_a_reading_has_ids_as_text_and_the_columns_asked_for_and_no_more(path: Path, opened: Open) -> None:
    accounts = opened().read(["state", "arr", "since", "state"]).accounts.sort("account")
    assert accounts.columns == ["account", "owner", "territory", "version", "state", "arr", "since"]
    assert accounts["account"].to_list() == ["007", "A-1", "A-2", "F-1", "x'; DROP TABLE accounts; --"]
    assert accounts["arr"].to_list() == [3.0, 10.5, None, 1.0, 0.0]
    assert accounts.schema["since"] == pl.Date
    assert accounts.row(0)[:4] == ("007", None, "east", "v7")


def test_users_are_read_with_whether_they_are_active(path: Path, opened: Open) -> None:
    users = opened().read([]).users.sort("user")
    assert users.rows() == [
        ("007", "Bond", None, True),
        ("u-1", "Jane", "jane@acme.com", True),
        ("u-2", "Raj", None, False),
    ]


def test_users_are_active_where_the_crm_does_not_say(path: Path, opened: Open) -> None:
    users = opened(users={"table": "users"}).read([]).users
    assert users["active"].all()
    assert users["name"].null_count() == 3


def test_without_a_territory_column_territories_are_null(path: Path, opened: Open) -> None:
    crm = opened(accounts={"table": "accounts"})
    assert crm.read([]).accounts["territory"].null_count() == 5
    assert not crm.capabilities.territories
    assert crm.records(["A-1"]) == {"A-1": Record("u-1", None)}


def test_an_empty_table_reads_as_an_empty_table_with_its_types(path: Path, opened: Open) -> None:
    run(path, "DELETE FROM accounts;")
    accounts = opened().read(["arr", "since", "state"]).accounts
    assert accounts.height == 0
    assert dict(accounts.schema) == dict.fromkeys(["account", "owner", "territory", "version"], pl.String) | {
        "arr": pl.Float64,
        "since": pl.Date,
        "state": pl.String,
    }


def test_the_type_of_a_column_does_not_hang_on_the_order_of_rows(tmp_path: Path, opened: Open) -> None:
    run(
        tmp_path / "crm.sqlite",
        "CREATE TABLE users (id); CREATE TABLE accounts (id TEXT, owner_id TEXT, territory TEXT, updated_at, anything);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) "
        "INSERT INTO accounts SELECT 'A-' || i, NULL, NULL, i, CASE WHEN i = 55000 THEN 'text' ELSE i END FROM n;",
    )
    accounts = opened(users={"table": "users"}).read(["anything"]).accounts
    assert accounts.schema["anything"] == pl.String
    assert accounts["anything"].to_list()[54_998:55_001] == ["54999", "text", "55001"]
    assert accounts["version"].to_list()[:2] == ["1", "2"]


def test_text_in_a_column_of_numbers_is_an_error_that_names_the_account(path: Path, opened: Open) -> None:
    run(path, "UPDATE accounts SET arr = 'a lot' WHERE id = 'A-2';")
    with pytest.raises(CrmError, match=r'"arr" holds numbers, but "a lot" for account A-2'):
        opened().read(["arr"])


def test_empty_text_in_a_column_of_numbers_is_a_missing_number(path: Path, opened: Open) -> None:
    run(path, "UPDATE accounts SET arr = '' WHERE id = 'A-2';")
    assert opened().read(["arr"]).accounts["arr"].to_list() == [10.5, None, 3.0, 0.0, 1.0]


def test_a_date_that_is_none_is_an_error_and_no_traceback(path: Path, opened: Open) -> None:
    run(path, "UPDATE accounts SET since = 'yesterday' WHERE id = 'A-2';")
    with pytest.raises(CrmError, match="yesterday"):
        opened().read(["since"])


def test_integer_keys_become_text_and_are_written_as_integers(tmp_path: Path, opened: Open) -> None:
    database = tmp_path / "crm.sqlite"
    run(
        database,
        "CREATE TABLE users (id INTEGER PRIMARY KEY); INSERT INTO users VALUES (1), (2);"
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, owner_id INTEGER, territory TEXT);"
        "INSERT INTO accounts VALUES (17, 1, 'w'), (18, NULL, '');",
    )
    crm = opened(accounts={"territory": "territory"}, users={})
    assert crm.read([]).accounts.sort("account").rows() == [("17", "1", "w", None), ("18", None, None, None)]
    receipts = crm.write(
        [
            Write("17", Record("1", "w"), Record("2", "e")),
            Write("18", Record(None, None), Record("1", "e")),
            Write("017", Record("1", "w"), Record("2", "e")),
        ]
    )
    assert [r.outcome for r in receipts] == [Outcome.DONE, Outcome.DONE, Outcome.FAILED]
    rows = run(database, "SELECT id, typeof(id), owner_id, typeof(owner_id), territory FROM accounts")
    assert rows == [(17, "integer", 2, "integer", "e"), (18, "integer", 1, "integer", "e")]


def test_keys_without_a_type_are_found_again(tmp_path: Path, opened: Open) -> None:
    database = tmp_path / "crm.sqlite"
    run(
        database,
        "CREATE TABLE users (id); INSERT INTO users VALUES (1), ('two');"
        "CREATE TABLE accounts (id, owner_id, territory); INSERT INTO accounts VALUES (17, 1, 'w'), ('B', 'two', 4);",
    )
    crm = opened(accounts={"territory": "territory"}, users={})
    receipts = crm.write(
        [Write("17", Record("1", "w"), Record("two", "x")), Write("B", Record("two", "4"), Record("1", "x"))]
    )
    assert [r.outcome for r in receipts] == [Outcome.DONE, Outcome.DONE]
    assert crm.records(["17", "B"]) == {"17": Record("two", "x"), "B": Record("1", "x")}


def test_tables_and_columns_may_have_any_name(tmp_path: Path, opened: Open) -> None:
    database = tmp_path / "crm.sqlite"
    run(
        database,
        """CREATE TABLE "order" ("select" TEXT PRIMARY KEY, "Owner Id" TEXT, "a:b" TEXT, "x""y" INTEGER);
        INSERT INTO "order" VALUES ('A', NULL, NULL, 5); CREATE TABLE users (id TEXT);
        INSERT INTO users VALUES ('u');""",
    )
    crm = opened(accounts={"table": "main.order", "key": "select", "owner": "Owner Id", "territory": "a:b"}, users={})
    assert list(crm.preflight(Needs(['x"y']))) == []
    assert crm.read(['x"y']).accounts.rows() == [("A", None, None, None, 5)]
    assert crm.write([Write("A", Record(None, None), Record("u", "t"))])[0].outcome is Outcome.DONE
    assert run(database, 'SELECT * FROM "order"') == [("A", "u", "t", 5)]


def test_a_write_touches_owner_and_territory_of_that_record_only(path: Path, opened: Open) -> None:
    before = run(path, "SELECT * FROM accounts ORDER BY id")
    receipts = opened().write([Write("A-1", Record("u-1", "west"), Record("u-2", "east"))])
    assert [r.outcome for r in receipts] == [Outcome.DONE]
    after = run(path, "SELECT * FROM accounts ORDER BY id")
    changed = ("A-1", "u-2", "east", 10.5, "CA", "2024-01-31", "touched", None)
    assert after == [changed if row[0] == "A-1" else row for row in before]


def test_what_the_database_says_of_a_record_is_told_and_ids_are_never_run(path: Path, opened: Open) -> None:
    hostile = "x'; DROP TABLE accounts; --"
    receipts = opened().write(
        [
            Write("F-1", Record("u-1", "west"), Record("u-2", "west")),
            Write("A-1", Record("u-1", "west"), Record("u-1", "forbidden")),
            Write(hostile, Record("u-1", "west"), Record("007", "north")),
        ]
    )
    assert [r.outcome for r in receipts] == [Outcome.FAILED, Outcome.FAILED, Outcome.DONE]
    assert receipts[0].message == "this account is frozen by legal"
    assert "CHECK constraint failed" in receipts[1].message
    assert run(path, "SELECT owner_id FROM accounts WHERE territory = 'north'") == [("007",)]


def test_a_record_that_holds_what_is_wanted_is_unchanged_and_not_written(path: Path, opened: Open) -> None:
    receipt = opened().write([Write("A-1", Record("u-2", "east"), Record("u-1", "west"))])[0]
    assert receipt.outcome is Outcome.UNCHANGED
    assert run(path, "SELECT updated_at FROM accounts WHERE id = 'A-1'") == [("v1",)]


def test_an_owner_who_is_no_user_is_refused_even_where_the_database_would_take_it(path: Path, opened: Open) -> None:
    run(path, "CREATE TABLE loose AS SELECT * FROM accounts;")
    crm = opened(accounts=MAPPING | {"table": "loose"})
    receipt = crm.write([Write("A-1", Record("u-1", "west"), Record("u-9", "west"))])[0]
    assert (receipt.outcome, receipt.message) == (Outcome.FAILED, 'the CRM has no user "u-9"')


def test_empty_text_means_nobody(path: Path, opened: Open) -> None:
    run(path, "UPDATE accounts SET owner_id = '', territory = '' WHERE id = 'A-2';")
    crm = opened()
    assert crm.records(["A-2"]) == {"A-2": Record(None, None)}
    assert crm.write([Write("A-2", Record(None, None), Record("u-1", "west"))])[0].outcome is Outcome.DONE


def test_a_large_batch_with_one_bad_record_writes_all_others(path: Path, opened: Open) -> None:
    run(
        path,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) "
        "INSERT INTO accounts SELECT 'L-' || i, 'u-1', 'west', 0, '', NULL, NULL, "
        "CASE i WHEN 77 THEN 'frozen' END FROM n;",
    )
    batch = [Write(f"L-{i}", Record("u-1", "west"), Record("u-2", "east")) for i in range(1, 301)]
    receipts = opened().write(batch)
    assert [r.account for r in receipts if r.outcome is not Outcome.DONE] == ["L-77"]
    assert run(path, "SELECT count(*) FROM accounts WHERE territory = 'east' AND id LIKE 'L-%'") == [(299,)]


@pytest.mark.parametrize("column", ["owner_id", "territory"])
def test_a_record_that_changes_between_the_look_and_the_write_is_not_overwritten(
    path: Path, opened: Open, column: str
) -> None:
    def meddle(_connection: object, cursor: sqlite3.Cursor, statement: str, *_rest: object) -> None:
        if statement.startswith("UPDATE"):
            cursor.execute(f"UPDATE accounts SET {column} = 'u-2' WHERE id = 'A-1'")

    sa.event.listen(sa.Engine, "before_cursor_execute", meddle)
    try:
        receipts = opened().write(
            [
                Write("A-1", Record("u-1", "west"), Record("u-2", "east")),
                Write("A-2", Record("u-2", None), Record("u-1", "east")),
            ]
        )
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", meddle)
    assert [r.outcome for r in receipts] == [Outcome.FAILED, Outcome.DONE]
    assert run(path, "SELECT territory FROM accounts WHERE id = 'A-1'") != [("east",)]


def test_a_sqlite_file_that_is_missing_is_an_error_and_is_never_made(tmp_path: Path, opened: Open) -> None:
    crm = opened()
    (problem,) = crm.preflight(Needs())
    assert "there is no CRM at sqlite:///crm.sqlite" in problem.summary
    with pytest.raises(CrmError, match="there is no CRM"):
        crm.read([])
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_an_error_with_the_way_out(tmp_path: Path, opened: Open) -> None:
    (tmp_path / "crm.sqlite").write_text("this is a letter to the board\n" * 100)
    (problem,) = opened().preflight(Needs())
    assert "file is not a database" in problem.summary
    assert "crm.url" in problem.summary


def test_all_that_is_missing_is_said_at_once(path: Path, opened: Open) -> None:
    crm = opened(accounts=MAPPING | {"owner": "owner"}, users=USERS | {"table": "user"})
    said = [diagnostic.summary for diagnostic in crm.preflight(Needs(["stat", "arr"]))]
    assert said == [
        'the CRM\'s table "accounts" has no column "owner". Did you mean "owner_id"?',
        'the CRM\'s table "accounts" has no column "stat". Did you mean "state"?',
        'the CRM at sqlite:///crm.sqlite has no table "user". Did you mean "users"?',
    ]


def test_a_locked_database_is_an_error_that_says_so(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terraform_like.crm.connect.TIMEOUT_SECONDS", 0.05)
    crm = opened()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CrmError, match=r"is locked.*run this again"):
            crm.write([Write("A-1", Record("u-1", "west"), Record("u-2", "east"))])
        other.execute("ROLLBACK")
    assert crm.records(["A-1"]) == {"A-1": Record("u-1", "west")}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://jane:s3cr3t@host:s3cr3t/db",
        "s3cr3t",
        "nodriver://jane:s3cr3t@host/db?key=s3cr3t",
        "postgresql+nothing://jane:s3cr3t@host/db",
        "sqlite://",
        "sqlite:///:memory:",
        "",
    ],
)
def test_a_url_that_leads_nowhere_is_an_error_without_the_password(url: str, opened: Open) -> None:
    with pytest.raises(CrmError) as caught:
        opened(url)
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_password_and_the_values_of_a_query_are_struck_out_of_messages_in_every_spelling() -> None:
    url = sa.make_url("postgresql://jane:p%40ss%20word@host/db?sslpassword=f%2Foo&x=1")
    said = 'no: "p@ss word" p%40ss%20word p%40ss+word f/oo f%2Foo x=1'
    for secret in secrets_of(url):
        said = said.replace(secret, "***")
    assert said == 'no: "***" *** *** *** *** x=1'
