"""A resumed apply equals an uninterrupted one, and nothing that somebody else wrote is ever overwritten."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from terraform_like.crm.port import Capabilities, Receipt, Write
from terraform_like.crm.sql import SqlCrm
from terraform_like.diagnostics import Report
from terraform_like.diff import Change, ChangeKind, Place
from terraform_like.domain.connection import SqlConnection
from terraform_like.flow.apply import apply
from terraform_like.flow.outcome import Context, Progress
from terraform_like.plan.file import assignments_bytes, digest_of, digest_of_bytes, seal, write_saved
from terraform_like.plan.fresh import Current
from terraform_like.plan.model import Created, Inputs, Plan, PlannedTerritory, Summary
from terraform_like.plan.sealed import load_sealed
from terraform_like.policy.rule import Limits
from terraform_like.state.opening import open_state

#: What the CRM has when the apply comes: as the plan saw it, as it wants it, or as somebody else made it.
BEFORE, AFTER, OTHER = ("u-1", None), ("u-2", "west"), ("u-3", "theirs")

CURRENT = Current(digest_of(1), digest_of(2), Limits(changes=1.0))


class Crash(BaseException):
    """The process ends here."""


class Crashing(SqlCrm):
    """Ends the process after its n-th write, when the CRM has it and the journal has not."""

    size = 3
    writes_left = -1

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(self.size, territories=True, compare_and_set=True)

    def write(self, batch: Sequence[Write]) -> list[Receipt]:
        receipts = super().write(batch)
        self.writes_left -= 1
        if self.writes_left == 0:
            raise Crash
        return receipts


def make(root: Path, found: list[tuple[str, str | None]]) -> None:
    accounts = [f"A-{i:02}" for i in range(len(found))]
    with closing(sqlite3.connect(root / "crm.sqlite")) as database:
        database.executescript(
            "CREATE TABLE users (id TEXT PRIMARY KEY); INSERT INTO users VALUES ('u-1'), ('u-2'), ('u-3');"
            "CREATE TABLE accounts (id TEXT PRIMARY KEY, owner_id TEXT, territory TEXT);"
        )
        rows = [(account, *place) for account, place in zip(accounts, found, strict=True)]
        database.executemany("INSERT INTO accounts VALUES (?, ?, ?)", rows)
        database.commit()
    table = pl.DataFrame({"account": accounts}, schema={"account": pl.String}).with_columns(
        territory=pl.lit("west"), holder=pl.lit(None, pl.String)
    )
    plan = Plan(
        plan="p",
        inputs=Inputs(
            config=CURRENT.config,
            policies=CURRENT.policies,
            snapshot="",
            assignments=digest_of_bytes(assignments_bytes(table)),
        ),
        created=Created(by=""),
        as_of=date(2027, 2, 1),
        summary=Summary(accounts=len(accounts), adds=0, moves=0, transfers=0, removes=0, unchanged=0),
        territories=(PlannedTerritory(name="west", segment="s", size=1, owner="jane", accounts=len(accounts)),),
        users={"jane": "u-2"},
        changes=tuple(
            Change(
                account=account,
                kind=ChangeKind.ADD,
                before=Place(owner="u-1"),
                after=Place(territory="west", owner="jane"),
            )
            for account in accounts
        ),
    )
    write_saved(root, seal(plan), table, None)


def attempt(root: Path, size: int, crash_at: int, where: str) -> None:
    connection = SqlConnection.model_validate(
        {"url": "sqlite:///crm.sqlite", "accounts": {"territory": "territory"}, "users": {}}
    )
    crm, state = Crashing(connection, root), open_state(SecretStr("sqlite:///state.sqlite"), root)
    crm.size, crm.writes_left = size, crash_at if where == "write" else -1

    def on_batch(progress: Progress) -> None:
        if where == "boundary" and progress.batch == crash_at:
            raise Crash

    saved = load_sealed(root, Report())
    assert saved is not None
    try:
        apply(saved, crm, state, current=CURRENT, context=Context("ana", "ci"), on_batch=on_batch)
    except Crash:
        pass
    finally:
        crm.close()
        state.close()


def outcome(root: Path) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    with closing(sqlite3.connect(root / "crm.sqlite")) as database:
        crm = database.execute("SELECT * FROM accounts ORDER BY id").fetchall()
    with closing(sqlite3.connect(root / "state.sqlite")) as database:
        applied = database.execute("SELECT account, territory, owner FROM applied ORDER BY account").fetchall()
    return crm, applied


@given(
    found=st.lists(st.sampled_from([BEFORE, AFTER, OTHER]), max_size=10),
    size=st.integers(1, 4),
    crashes=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["write", "boundary"])), max_size=3),
)
@settings(max_examples=40, deadline=None)
def test_crashes_leave_no_trace_in_the_result(
    found: list[tuple[str, str | None]], size: int, crashes: list[tuple[int, str]]
) -> None:
    with TemporaryDirectory() as calm, TemporaryDirectory() as rough:
        for root in (Path(calm), Path(rough)):
            make(root, found)
        attempt(Path(calm), size, 0, "never")
        for number, where in crashes:
            attempt(Path(rough), size, number, where)
        attempt(Path(rough), size, 0, "never")
        assert outcome(Path(rough)) == outcome(Path(calm))
        crm, _ = outcome(Path(rough))
    assert [row[1:] for row in crm] == [OTHER if place == OTHER else AFTER for place in found]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6), unique=True))
@settings(max_examples=40, deadline=None)
def test_ids_and_territories_survive_the_crm_to_the_letter(names: list[str]) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        make(root, [])
        with closing(sqlite3.connect(root / "crm.sqlite")) as database:
            database.executemany("INSERT INTO accounts VALUES (?, 'u-1', ?)", [(name, name) for name in names])
            database.commit()
        connection = SqlConnection.model_validate(
            {"url": "sqlite:///crm.sqlite", "accounts": {"territory": "territory"}, "users": {}}
        )
        crm = SqlCrm(connection, root)
        accounts = crm.read([]).accounts
        assert sorted(accounts["account"]) == sorted(names)
        records = crm.records(names)
        receipts = crm.write([Write(name, records[name], type(records[name])("u-2", f"{name}!")) for name in names])
        crm.close()
        with closing(sqlite3.connect(root / "crm.sqlite")) as database:
            rows = database.execute("SELECT id, owner_id, territory FROM accounts").fetchall()
    assert {receipt.outcome.value for receipt in receipts} <= {"done"}
    assert sorted(rows) == sorted((name, "u-2", f"{name}!") for name in names)
