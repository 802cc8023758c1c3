from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
import pytest
from postgres import Server

from terraform_like.crm.patient import PatientCrm
from terraform_like.crm.port import CrmError, Needs, Outcome, Receipt, Record, Write
from terraform_like.crm.sql import SqlCrm
from terraform_like.diagnostics import Diagnostic, Severity
from terraform_like.domain.connection import SqlConnection

#: The first write that gets so far loses its connection: a sequence is no part of the transaction that is rolled back.
TABLES = """
CREATE TABLE users (id TEXT PRIMARY KEY);
CREATE TABLE accounts (id TEXT PRIMARY KEY, owner_id TEXT, territory TEXT, writes INT DEFAULT 0);
INSERT INTO users VALUES ('u-1'), ('u-2');
INSERT INTO accounts VALUES ('A-1', 'u-1', NULL), ('A-2', 'u-1', NULL), ('A-3', 'u-2', 'west');
CREATE SEQUENCE tries;
CREATE FUNCTION lost() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF nextval('tries') = 2 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
  NEW.writes = OLD.writes + 1; RETURN NEW; END $$;
CREATE TRIGGER lost BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION lost();
"""
BEFORE, AFTER = Record("u-1", None), Record("u-2", "west")
BATCH = [Write(account, BEFORE, AFTER) for account in ("A-1", "A-2")]


@pytest.fixture
def url(postgresql: Server) -> str:
    url = postgresql.make_database()
    with psycopg.connect(url) as server:
        server.execute(TABLES)
    return url


def provider(url: str, kind: type[SqlCrm] = SqlCrm) -> SqlCrm:
    connection = {"url": url.replace("postgresql:", "postgresql+psycopg:"), "accounts": {"territory": "territory"}}
    return kind(SqlConnection.model_validate(connection), Path())


def held(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as server:
        return server.execute("SELECT owner_id, territory, writes FROM accounts ORDER BY id").fetchall()


def test_a_connection_that_is_lost_in_mid_write_is_made_again_and_nothing_is_written_twice(url: str) -> None:
    waits: list[float] = []
    crm = PatientCrm(provider(url), waits.append, chance=lambda low, high: high)
    assert [receipt.outcome for receipt in crm.write(BATCH)] == [Outcome.DONE, Outcome.DONE]
    crm.close()
    assert held(url) == [("u-2", "west", 1), ("u-2", "west", 1), ("u-2", "west", 0)]
    assert waits == [0.5]


def test_what_an_attempt_has_written_before_it_failed_is_done_and_not_written_again(url: str) -> None:
    class Forgetful(SqlCrm):
        """Writes, and then loses the answer."""

        asked = 0

        def write(self, batch: Sequence[Write]) -> list[Receipt]:
            receipts = super().write(batch)
            self.asked += 1
            if self.asked == 1:
                raise CrmError("the answer was lost", passing=True)
            return receipts

    with psycopg.connect(url) as server:
        server.execute("SELECT setval('tries', 10)")
    crm = PatientCrm(provider(url, Forgetful), sleep=lambda _: None)
    assert [receipt.outcome for receipt in crm.write(BATCH)] == [Outcome.DONE, Outcome.DONE]
    crm.close()
    assert [row[-1] for row in held(url)] == [1, 1, 0]


def test_waits_grow_and_end_and_a_crm_that_says_how_long_is_left_alone_for_so_long(url: str) -> None:
    class Busy(SqlCrm):
        after: float | None = None

        def records(self, accounts: Sequence[str]) -> dict[str, Record]:
            raise CrmError("too many calls", passing=True, after=self.after)

    waits: list[float] = []
    busy = provider(url, Busy)
    crm = PatientCrm(busy, waits.append, chance=lambda low, high: high)
    with pytest.raises(CrmError, match="too many calls"):
        crm.records(["A-1"])
    busy.after = 7.0
    with pytest.raises(CrmError):
        crm.records(["A-1"])
    crm.close()
    assert waits == [0.5, 1.0, 2.0, 4.0, 7.0, 7.0, 7.0, 7.0]


def test_what_does_not_pass_is_not_tried_again(url: str) -> None:
    with psycopg.connect(url) as server:
        server.execute("DROP TABLE accounts")
    waits: list[float] = []
    crm = PatientCrm(provider(url), waits.append)
    with pytest.raises(CrmError, match='no table "accounts"'):
        crm.records(["A-1"])
    assert waits == []
    crm.close()


def test_a_failure_of_a_preflight_is_told_beside_what_was_found_before_it(url: str) -> None:
    class Refusing(SqlCrm):
        """Finds one thing, and is refused the next."""

        def preflight(self, *args: object, **named: object) -> Iterator[Diagnostic]:
            yield Diagnostic(Severity.ERROR, "a field is missing")
            raise CrmError("the key has lapsed")

    crm = PatientCrm(provider(url, Refusing), lambda seconds: None)
    assert [one.summary for one in crm.preflight(Needs())] == ["a field is missing", "the key has lapsed"]
