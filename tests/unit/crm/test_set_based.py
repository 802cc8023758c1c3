from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from postgres import Server

from terraform_like.crm.port import Outcome, Record, Write
from terraform_like.crm.sql import SqlCrm
from terraform_like.domain.connection import SqlConnection

U = [f"00000000-0000-0000-0000-00000000000{n}" for n in range(4)]
KEYS = {
    "INTEGER": ["1", "2", "3", "4"],
    "BIGINT": ["1", "2", "3", "4"],
    "NUMERIC": ["1", "2", "3", "4"],
    "UUID": U,
    "VARCHAR(40)": ["007", "A'1", '"%s"', "é:b"],
    "CHAR(4)": ["A-01", "A-02", "A-03", "A-04"],
}


@pytest.mark.parametrize("kind", KEYS)
def test_ids_of_every_type_are_looked_up_and_changed_together(postgresql: Server, kind: str) -> None:
    url, (one, two, three, user) = postgresql.make_database(), KEYS[kind]
    with psycopg.connect(url) as server:
        server.execute("CREATE TYPE place AS ENUM ('west', 'east')")
        server.execute(f"CREATE TABLE users (id {kind} PRIMARY KEY)")
        server.execute(f'CREATE TABLE accounts (id {kind} PRIMARY KEY, owner_id {kind}, "a:b %s" place)')
        server.execute("INSERT INTO users VALUES (%s)", [user])
        for account in (one, two, three):
            server.execute("INSERT INTO accounts VALUES (%s)", [account])
    connection = {"url": url.replace("postgresql:", "postgresql+psycopg:"), "accounts": {"territory": "a:b %s"}}
    crm = SqlCrm(SqlConnection.model_validate(connection), Path())
    nobody = Record(None, None)
    writes = [Write(one, nobody, Record(user, "west")), Write(two, nobody, Record(user, "east"))]
    bad = Write(three, nobody, Record(user, "nowhere"))
    try:
        assert [receipt.outcome for receipt in crm.write([*writes, bad])] == [
            Outcome.DONE,
            Outcome.DONE,
            Outcome.FAILED,
        ]
        assert crm.records([one, two, three]) == {
            one: Record(user, "west"),
            two: Record(user, "east"),
            three: Record(None, None),
        }
    finally:
        crm.close()
