import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from terraform_like.crm.embedded import Embedded, EmbeddedError, make_embedded_crm

USERS = "id,name,email,active\n005-1,Jane,jane@example.com,true\n005-2,Raj,raj@example.com,false\n"
ACCOUNTS = (
    "id,name,population,lat,zip_id,owner_id,updated_at\n"
    '17,"O\'Fallon, ""the"" 2nd",10,1.5,007,005-1,2026-11-01\n'
    "18,Ünal; DROP TABLE users,,-2,,,2026-11-01\n"
)


def made(folder: Path, accounts: str = ACCOUNTS, users: str = USERS) -> Path:
    (folder / "accounts.csv").write_text(accounts, encoding="utf-8")
    (folder / "users.csv").write_text(users, encoding="utf-8")
    count = make_embedded_crm(folder / "crm.sqlite", folder / "accounts.csv", folder / "users.csv")
    assert count == Embedded(accounts=accounts.count("\n") - 1, users=users.count("\n") - 1)
    return folder / "crm.sqlite"


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as crm:
        return crm.execute(query).fetchall()


def test_cells_keep_their_meaning_and_ids_are_text(tmp_path: Path) -> None:
    crm = made(tmp_path)
    assert rows(crm, "SELECT * FROM accounts ORDER BY id") == [
        ("17", 'O\'Fallon, "the" 2nd', 10, 1.5, "007", "005-1", "2026-11-01"),
        ("18", "Ünal; DROP TABLE users", None, -2.0, None, None, "2026-11-01"),
    ]
    assert rows(crm, "SELECT id, active FROM users ORDER BY id") == [("005-1", 1), ("005-2", 0)]
    types = dict(rows(crm, "SELECT name, type FROM pragma_table_info('accounts')"))
    texts = dict.fromkeys(("id", "name", "zip_id", "owner_id", "updated_at"), "TEXT")
    assert types == texts | {"population": "INTEGER", "lat": "REAL"}
    assert rows(crm, "SELECT type FROM pragma_table_info('users') WHERE name = 'active'") == [("BOOLEAN",)]


def test_an_owner_is_a_user(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"accounts\.csv: FOREIGN KEY"):
        made(tmp_path, ACCOUNTS.replace("005-1", "005-9"))


def test_the_file_keeps_that_promise_for_whoever_asks(tmp_path: Path) -> None:
    with closing(sqlite3.connect(made(tmp_path))) as crm:
        crm.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(sqlite3.IntegrityError):
            crm.execute("UPDATE accounts SET owner_id = 'nobody'")


def test_an_edit_renews_the_version_of_that_account_only(tmp_path: Path) -> None:
    crm = made(tmp_path)
    with closing(sqlite3.connect(crm)) as connection, connection:
        assert connection.execute("UPDATE accounts SET owner_id = '005-2' WHERE id = '17'").rowcount == 1
    versions = dict(rows(crm, "SELECT id, updated_at FROM accounts"))
    assert versions["17"] > "2026-11-01"
    assert versions["18"] == "2026-11-01"


@pytest.mark.parametrize(
    ("accounts", "says"),
    [
        ("id,name\n1,a\n1,b\n", "UNIQUE"),
        ("id,name\n,a\n", "NOT NULL"),
        ("id,name\n1\n", "a row has 1 cells, the header 2"),
        ("id,id\n1,2\n", "each once"),
        ("", "the header needs names"),
    ],
)
def test_what_is_no_table_of_accounts_is_refused_by_name(tmp_path: Path, accounts: str, says: str) -> None:
    with pytest.raises(EmbeddedError, match=says) as error:
        made(tmp_path, accounts)
    assert str(error.value).startswith("accounts.csv: ")


def test_a_table_without_rows_is_a_table(tmp_path: Path) -> None:
    assert rows(made(tmp_path, "id,owner_id\n"), "SELECT count(*) FROM accounts") == [(0,)]
