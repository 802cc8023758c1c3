from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import psycopg
import pytest
from pydantic import SecretStr

from terraform_like.diff import Place
from terraform_like.plan.applied import End, Entry, Intent, Run, Settled, timestamp
from terraform_like.state.lock import StateError
from terraform_like.state.opening import open_state
from terraform_like.state.store import State

NOON = datetime(2027, 2, 1, 12, tzinfo=UTC)
URL = SecretStr("sqlite:///.territory/state.sqlite")
PLACES = pl.DataFrame(
    {"account": ["A", "B"], "territory": ["w", "w"], "owner": ["u-1", None], "holder": [None, "u-2"]},
)


#: A state as the first version of the tool made it.
VERSION_1 = """
CREATE TABLE meta (id INTEGER NOT NULL, schema_version INTEGER NOT NULL, lineage VARCHAR(36) NOT NULL,
    serial INTEGER NOT NULL, PRIMARY KEY (id));
CREATE TABLE applied (plan VARCHAR(255) NOT NULL, account VARCHAR(255) NOT NULL, territory VARCHAR(255),
    owner VARCHAR(255), holder VARCHAR(255), digest VARCHAR(64) NOT NULL, PRIMARY KEY (plan, account));
CREATE TABLE history (serial INTEGER NOT NULL, run INTEGER NOT NULL, plan VARCHAR(255) NOT NULL,
    digest VARCHAR(64) NOT NULL, "commit" VARCHAR(64), who VARCHAR(255) NOT NULL, host VARCHAR(255) NOT NULL,
    started VARCHAR(20) NOT NULL, finished VARCHAR(20) NOT NULL, outcome VARCHAR(20) NOT NULL, done INTEGER NOT NULL,
    unchanged INTEGER NOT NULL, conflicts INTEGER NOT NULL, failed INTEGER NOT NULL, pending INTEGER NOT NULL,
    PRIMARY KEY (serial), UNIQUE (run));
CREATE TABLE journal (id INTEGER NOT NULL, run INTEGER NOT NULL, plan VARCHAR(255) NOT NULL,
    digest VARCHAR(64) NOT NULL, batch INTEGER NOT NULL, account VARCHAR(255) NOT NULL, phase VARCHAR(7) NOT NULL,
    outcome VARCHAR(9), message TEXT, at VARCHAR(20) NOT NULL, PRIMARY KEY (id));
CREATE INDEX ix_journal_run ON journal (run);
INSERT INTO meta VALUES (1, 1, '8f14e45f', 1);
INSERT INTO applied VALUES ('fy27', 'A', 'w', 'u-1', NULL, 'd1');
INSERT INTO history VALUES (1, 1, 'fy27', 'd1', NULL, 'ana', 'ci-1', '2027-01-01T00:00:00Z', '2027-01-01T00:00:01Z',
    'complete', 1, 0, 0, 0, 0);
INSERT INTO journal VALUES (1, 1, 'fy27', 'd1', 1, 'A', 'intent', NULL, NULL, '2027-01-01T00:00:00Z');
INSERT INTO journal VALUES (2, 1, 'fy27', 'd1', 1, 'A', 'receipt', 'done', NULL, '2027-01-01T00:00:01Z');
"""


#: What the second version of the tool made of it.
VERSION_2 = (
    VERSION_1
    + """
ALTER TABLE meta ADD COLUMN befores_since INTEGER NOT NULL DEFAULT 0;
CREATE TABLE lock (id TEXT NOT NULL, who TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL,
    since VARCHAR(20) NOT NULL, session INTEGER NOT NULL, PRIMARY KEY (id));
ALTER TABLE journal ADD COLUMN territory_before TEXT;
ALTER TABLE journal ADD COLUMN owner_before TEXT;
ALTER TABLE journal ADD COLUMN territory_after TEXT;
ALTER TABLE journal ADD COLUMN owner_after TEXT;
UPDATE meta SET schema_version = 2;
"""
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> SecretStr:
    """A state that is not there yet, in a file or on a server: whatever holds for one holds for the other."""
    if request.param == "sqlite":
        return URL
    return SecretStr(request.getfixturevalue("postgresql").make_database())


@pytest.fixture
def state(url: SecretStr, tmp_path: Path) -> Iterator[State]:
    opened = open_state(url, tmp_path, now=lambda: NOON)
    yield opened
    opened.close()


def run_sql(url: SecretStr, root: Path, statement: str) -> list[tuple[object, ...]]:
    if url == URL:
        with closing(sqlite3.connect(root / ".territory" / "state.sqlite")) as database:
            rows = database.execute(statement).fetchall()
            database.commit()
        return rows
    with psycopg.connect(url.get_secret_value(), options="-c search_path=territory") as server:
        cursor = server.execute(statement)
        return cursor.fetchall() if cursor.description else []


def entry(run: Run, outcome: End = End.COMPLETE) -> Entry:
    moment = timestamp(NOON)
    return Entry(run.number, run.plan, run.digest, "c0ffee", "ana", "ci-1", moment, moment, outcome, 2, 0, 0, 0, 0)


def intents(*accounts: str) -> list[Intent]:
    return [Intent(account, Place(owner="u-9"), Place(territory="w", owner="u-1")) for account in accounts]


def test_a_new_state_is_empty(state: State) -> None:
    assert state.serial == 0
    assert state.history() == []
    assert state.last("fy27") is None
    assert state.applied("fy27").height == 0


def test_a_state_stays_the_same_when_it_is_opened_again(state: State, url: SecretStr, tmp_path: Path) -> None:
    again = open_state(url, tmp_path)
    assert again.lineage == state.lineage
    again.close()


def test_intents_and_receipts_are_journalled_in_order(state: State, url: SecretStr, tmp_path: Path) -> None:
    run = state.begin("fy27", "d1")
    state.intend(run, 1, intents("A", "B"))
    state.settle(run, 1, [Settled("A", "done"), Settled("B", "failed", "no")], PLACES.head(1), gone=set())
    at = "2027-02-01T12:00:00Z"
    columns = (
        "run, batch, account, phase, outcome, message, at, territory_before, owner_before, territory_after, owner_after"
    )
    assert run_sql(url, tmp_path, f"SELECT {columns} FROM journal ORDER BY id") == [
        (1, 1, "A", "intent", None, None, at, None, "u-9", "w", "u-1"),
        (1, 1, "B", "intent", None, None, at, None, "u-9", "w", "u-1"),
        (1, 1, "A", "receipt", "done", None, at, None, None, None, None),
        (1, 1, "B", "receipt", "failed", "no", at, None, None, None, None),
    ]
    assert state.applied("fy27").rows() == [("A", "w", "u-1", None)]


def test_an_apply_that_came_to_no_end_is_continued_by_the_same_digest_only(state: State) -> None:
    run = state.begin("fy27", "d1")
    state.intend(run, 1, intents("A", "B"))
    state.settle(run, 1, [Settled("A", "done")], PLACES.head(1), gone=set())
    assert state.begin("fy27", "d1") == Run(1, "fy27", "d1", receipts=1, resumed=True)
    assert state.begin("fy27", "d2") == Run(2, "fy27", "d2")
    assert state.begin("emea", "d1") == Run(2, "emea", "d1")


def test_an_apply_that_came_to_an_end_is_not_continued(state: State) -> None:
    run = state.begin("fy27", "d1")
    state.intend(run, 1, intents("A"))
    state.finish(run, entry(run, End.PARTIAL))
    assert state.begin("fy27", "d1") == Run(2, "fy27", "d1")


def test_an_apply_that_another_one_overtook_is_not_continued(state: State) -> None:
    old = state.begin("fy27", "d1")
    state.intend(old, 1, intents("A"))
    new = state.begin("fy27", "d2")
    state.finish(new, entry(new))
    assert state.begin("fy27", "d1") == Run(3, "fy27", "d1")


def test_history_counts_and_keeps_every_apply(state: State) -> None:
    first = state.begin("fy27", "d1")
    assert state.finish(first, entry(first)).serial == 1
    second = state.begin("emea", "d2")
    assert state.finish(second, entry(second, End.PARTIAL)).serial == 2
    assert state.serial == 2
    assert state.history() == [replace(entry(first), serial=1), replace(entry(second, End.PARTIAL), serial=2)]
    assert state.last("fy27") == replace(entry(first), serial=1)
    assert [e.plan for e in state.history("emea")] == ["emea"]


def test_a_complete_apply_replaces_what_was_remembered_of_that_plan_only(state: State) -> None:
    for plan, places in (("fy27", PLACES), ("emea", PLACES), ("fy27", PLACES.tail(1))):
        run = state.begin(plan, "d")
        state.finish(run, entry(run), [places])
    assert state.applied("fy27").rows() == [("B", "w", None, "u-2")]
    assert state.applied("emea").rows() == PLACES.rows()


def test_accounts_that_left_every_book_are_forgotten(state: State) -> None:
    run = state.begin("fy27", "d")
    state.finish(run, entry(run), [PLACES])
    run = state.begin("fy27", "d2")
    state.settle(run, 1, [Settled("A", "done")], PLACES.clear(), gone={"A"})
    assert state.applied("fy27").rows() == [("B", "w", None, "u-2")]


def test_ids_are_kept_to_the_letter(state: State) -> None:
    hostile = ["007", "x'; DROP TABLE applied; --", "a\nb", "\x1b[2J", "ä"]
    places = pl.DataFrame({"account": hostile, "territory": hostile, "owner": hostile, "holder": hostile})
    run = state.begin("fy27", "d")
    state.finish(run, entry(run), [places])
    assert state.applied("fy27").rows() == places.sort("account").rows()


def test_times_are_utc_whatever_the_clock_says() -> None:
    assert timestamp(datetime(2027, 2, 1, 7, tzinfo=timezone(timedelta(hours=-5)))) == "2027-02-01T12:00:00Z"


def test_a_state_of_a_newer_version_is_refused(state: State, url: SecretStr, tmp_path: Path) -> None:
    run_sql(url, tmp_path, "UPDATE meta SET schema_version = 5")
    with pytest.raises(StateError, match="schema version 5, this version of territory knows 4; upgrade"):
        open_state(url, tmp_path)


def test_limits_that_an_apply_lifted_are_recorded_with_it(state: State) -> None:
    for lifted in ("changes", "territory"), ():
        run = state.begin("fy27", "d1")
        state.finish(run, replace(entry(run), lifted=lifted), [PLACES])
    assert [one.lifted for one in state.history()] == [("changes", "territory"), ()]


def test_what_ties_an_apply_to_its_approval_is_recorded_with_it(state: State) -> None:
    told = {"merge": "abcdef", "approved": ("cfo", "vp.sales"), "ran": "https://forge.example/runs/7"}
    for known in told, {}:
        run = state.begin("fy27", "d1")
        state.finish(run, replace(entry(run), **known), [PLACES])
    assert [(one.merge, one.approved, one.ran) for one in state.history()] == [tuple(told.values()), (None, (), None)]


def test_a_state_of_the_second_version_is_brought_forward_and_records_from_then_on(tmp_path: Path) -> None:
    (tmp_path / ".territory").mkdir()
    with closing(sqlite3.connect(tmp_path / ".territory" / "state.sqlite")) as database:
        database.executescript(VERSION_2)
    with closing(open_state(URL, tmp_path, now=lambda: NOON)) as state:
        run = state.begin("fy27", "d2")
        state.finish(run, replace(entry(run), lifted=("changes",)))
        assert [(one.who, one.lifted) for one in state.history()] == [("ana", ()), ("ana", ("changes",))]
        assert state.applied("fy27").rows() == [("A", "w", "u-1", None)]
        assert [event.outcome for event in state.events("A")] == ["done"]
    assert run_sql(URL, tmp_path, "SELECT schema_version, serial FROM meta") == [(4, 2)]


def test_a_state_of_the_second_version_on_a_server_is_brought_forward(
    state: State, url: SecretStr, tmp_path: Path
) -> None:
    run = state.begin("fy27", "d1")
    state.finish(run, entry(run), [PLACES])
    for column in ("lifted", "merge", "approved", "ran"):
        run_sql(url, tmp_path, f"ALTER TABLE history DROP COLUMN {column}")
    run_sql(url, tmp_path, "UPDATE meta SET schema_version = 2")
    with closing(open_state(url, tmp_path)) as again:
        assert again.history() == [replace(entry(run), serial=1)]


def test_a_state_of_the_first_version_is_brought_forward_with_all_that_it_holds(tmp_path: Path) -> None:
    (tmp_path / ".territory").mkdir()
    with closing(sqlite3.connect(tmp_path / ".territory" / "state.sqlite")) as database:
        database.executescript(VERSION_1)
    for _ in range(2):
        state = open_state(URL, tmp_path, now=lambda: NOON)
        assert (state.lineage, state.serial) == ("8f14e45f", 1)
        assert state.applied("fy27").rows() == [("A", "w", "u-1", None)]
        assert [e.finished for e in state.history()] == ["2027-01-01T00:00:01Z"]
        run = state.begin("fy27", "d2")
        assert run.number == 2
        with pytest.raises(StateError, match="before serial 1 is not known: an older version applied"):
            state.since("fy27", 0)
        state.intend(run, 1, intents("A"))
        state.close()
    assert run_sql(URL, tmp_path, "SELECT schema_version, befores_since FROM meta") == [(4, 1)]
    journal = "SELECT phase, owner_before FROM journal ORDER BY id"
    assert run_sql(URL, tmp_path, journal) == [
        ("intent", None),
        ("receipt", None),
        ("intent", "u-9"),
        ("intent", "u-9"),
    ]


def test_another_database_is_never_made_a_state(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "crm.sqlite")) as database:
        database.execute("CREATE TABLE accounts (id)")
    with pytest.raises(StateError, match="no state: it has no table meta"):
        open_state(SecretStr("sqlite:///crm.sqlite"), tmp_path)
    with closing(sqlite3.connect(tmp_path / "crm.sqlite")) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("accounts",)]


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite").write_text("nothing of the kind\n" * 100)
    with pytest.raises(StateError, match=r"state\.sqlite cannot be used as state: file is not a database"):
        open_state(SecretStr("sqlite:///state.sqlite"), tmp_path)


@pytest.mark.parametrize("bad", ["", "s3cr3t", "mysql://ana:s3cr3t@host/db", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_cannot_hold_a_state_is_an_error_without_its_password(tmp_path: Path, bad: str) -> None:
    with pytest.raises(StateError, match=r"sqlite:///\.territory/state\.sqlite or postgresql://") as caught:
        open_state(SecretStr(bad), tmp_path)
    assert "s3cr3t" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".territory").write_text("a file")
    with pytest.raises(StateError, match="folder of the state cannot be made"):
        open_state(URL, tmp_path)


def test_what_became_of_accounts_is_sorted_as_python_sorts_whatever_the_language_of_the_database(state: State) -> None:
    accounts = ["a", "B", "é", "A-2", "A-10", "Z", "_", "007"]
    run = state.begin("fy27", "d")
    state.intend(run, 1, [Intent(account, Place(owner="u-1"), Place(owner="u-2")) for account in accounts])
    state.settle(run, 1, [Settled(account, "done") for account in accounts], PLACES.clear(), gone=set())
    state.finish(run, entry(run))
    assert state.since("fy27", 0)["account"].to_list() == sorted(accounts)


def test_what_accounts_had_before_later_applies_is_the_first_of_it_where_they_were_written(state: State) -> None:
    def one(plan: str, owner: str, after: str, accounts: dict[str, str]) -> None:
        run = state.begin(plan, f"{plan}{owner}")
        state.intend(run, 1, [Intent(a, Place(owner=owner), Place(territory="w", owner=after)) for a in accounts])
        settled = [Settled(account, outcome) for account, outcome in accounts.items()]
        state.settle(run, 1, settled, PLACES.clear(), gone=set())
        state.finish(run, entry(run))

    one("fy27", "u-1", "u-2", {"A": "done", "B": "failed"})
    one("fy27", "u-2", "u-3", {"A": "unchanged", "C": "conflict"})
    one("emea", "u-2", "u-3", {"D": "done"})
    assert state.since("fy27", 0).rows() == [("A", None, "u-1", "w", "u-3")]
    assert state.since("fy27", 1).rows() == [("A", None, "u-2", "w", "u-3")]
    assert state.since("fy27", 2).rows() == []
    state.intend(state.begin("fy27", "cut off"), 1, intents("A"))
    with pytest.raises(StateError, match="an apply of fy27 was cut off; run territory apply again"):
        state.since("fy27", 2)
    assert state.since("fy27", 2, resumed="cut off").rows() == []
