from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from pydantic import SecretStr

from terraform_like.crm import open_crm
from terraform_like.crm.port import Capabilities, Crm, Member, Needs, Reading, Receipt, Record, Write
from terraform_like.diagnostics import Diagnostic, Report
from terraform_like.diff import Change, ChangeKind, Place
from terraform_like.domain.connection import SqlConnection
from terraform_like.domain.reason import ReasonCode
from terraform_like.flow.apply import OnConflict, apply
from terraform_like.flow.outcome import Applied, Context, Progress
from terraform_like.plan.applied import End
from terraform_like.plan.file import (
    SavedPlan,
    assignments_bytes,
    digest_of,
    digest_of_bytes,
    load,
    seal,
    snapshot_bytes,
    write_saved,
)
from terraform_like.plan.fresh import Current
from terraform_like.plan.model import Created, Inputs, Plan, PlannedTerritory, Scheduled, StateSeen, Summary
from terraform_like.plan.sealed import Sealed, load_sealed
from terraform_like.policy.rule import Limits
from terraform_like.state.opening import open_state
from terraform_like.state.store import State

COUNT = 24
ANA = Context("ana", "ci-1", "c0ffee")
NOON = datetime(2027, 2, 1, 12, tzinfo=UTC)
CONNECTION = SqlConnection.model_validate({"url": "sqlite:///crm.sqlite", "accounts": {"territory": "territory"}})
STATE = SecretStr("sqlite:///.territory/state.sqlite")
CURRENT = Current(digest_of("config"), digest_of("policies"), Limits(changes=1.0))

#: A process that applies and kills itself: at a batch boundary, or between the CRM's write and its receipt.
KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_apply import ANA, CURRENT, CONNECTION, STATE, InBatches, sealed
from terraform_like.crm import open_crm
from terraform_like.flow.apply import apply
from terraform_like.state.opening import open_state
root, where, number = Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
def die(): os.kill(os.getpid(), signal.SIGKILL)
writes = 0
class Dying(InBatches):
    def write(self, batch):
        global writes
        receipts = super().write(batch)
        writes += 1
        if where == "write" and writes == number: die()
        return receipts
crm, state = Dying(open_crm(CONNECTION, root)), open_state(STATE, root)
def on_batch(progress):
    if where == "boundary" and progress.batch == number: die()
apply(sealed(root), crm, state, current=CURRENT, context=ANA, on_batch=on_batch)
"""


class InBatches:
    """The real CRM in batches of five, so that few accounts make several."""

    def __init__(self, crm: Crm) -> None:
        self.crm = crm

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(5, self.crm.capabilities.territories, compare_and_set=True)

    def preflight(self, needs: Needs) -> Iterator[Diagnostic]:
        return self.crm.preflight(needs)

    def read(self, columns: Sequence[str]) -> Reading:
        return self.crm.read(columns)

    def records(self, accounts: Sequence[str]) -> dict[str, Record]:
        return self.crm.records(accounts)

    def write(self, batch: Sequence[Write]) -> list[Receipt]:
        return self.crm.write(batch)

    def arrange(self, territories: Sequence[str], members: Sequence[Member]) -> list[Receipt]:
        return self.crm.arrange(territories, members)

    def close(self) -> None:
        self.crm.close()


def sql(root: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(root / "crm.sqlite")) as database:
        rows = database.execute(statement).fetchall()
        database.commit()
    return rows


def held(root: Path) -> dict[object, tuple[object, ...]]:
    """What the CRM holds, and how often each record was written."""
    return {row[0]: row[1:] for row in sql(root, "SELECT id, owner_id, territory, writes FROM accounts")}


def account(number: int) -> str:
    return f"A-{number:03}"


def make(root: Path) -> None:
    """Make a CRM of 24 accounts and a saved plan that moves all but the first, half to a slot that Raj holds."""
    root.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(root / "crm.sqlite")) as database:
        database.executescript(
            "CREATE TABLE users (id TEXT PRIMARY KEY); INSERT INTO users VALUES ('u-1'), ('u-2'), ('u-9');"
            "CREATE TABLE accounts (id TEXT PRIMARY KEY, owner_id TEXT, territory TEXT, writes INTEGER DEFAULT 0);"
            "CREATE TRIGGER counted AFTER UPDATE OF owner_id, territory ON accounts BEGIN "
            "UPDATE accounts SET writes = writes + 1 WHERE id = NEW.id; END;"
        )
        rows = [(account(i), "u-1" if i == 0 else "u-9", "west" if i == 0 else None) for i in range(COUNT)]
        database.executemany("INSERT INTO accounts (id, owner_id, territory) VALUES (?, ?, ?)", rows)
        database.commit()
    save(root, [("west", None) if i % 2 == 0 else ("slot", "raj") for i in range(COUNT)])


def save(
    root: Path,
    wanted: list[tuple[str, str | None]],
    before: Place | None = None,
    state: StateSeen | None = None,
) -> None:
    assignments = pl.DataFrame(
        {"account": [account(i) for i in range(COUNT)], "territory": [t for t, _ in wanted]}
        | {"holder": pl.Series([h for _, h in wanted], dtype=pl.String)}
    )
    snapshot = assignments.select("account")
    changes = tuple(
        Change(
            account=account(i),
            kind=ChangeKind.ADD,
            before=before or Place(owner="u-9"),
            after=Place(territory=territory, owner=holder or "jane"),
        )
        for i, (territory, holder) in enumerate(wanted)
        if i
    )
    plan = Plan(
        plan="fy27",
        inputs=Inputs(
            config=CURRENT.config,
            policies=CURRENT.policies,
            snapshot=digest_of_bytes(snapshot_bytes(snapshot)),
            assignments=digest_of_bytes(assignments_bytes(assignments)),
        ),
        created=Created(by="territory"),
        state=state,
        as_of=date(2027, 2, 1),
        summary=Summary(
            accounts=COUNT, adds=len(changes), moves=0, transfers=0, removes=0, unchanged=COUNT - len(changes)
        ),
        territories=(
            PlannedTerritory(name="slot", segment="all", size=1, slot=True, vacant=True, accounts=COUNT // 2),
            PlannedTerritory(name="west", segment="all", size=1, owner="jane", accounts=COUNT // 2),
        ),
        users={"jane": "u-1", "raj": "u-2"},
        changes=changes,
    )
    write_saved(root / "plans" / "fy27", seal(plan), assignments, snapshot)


def loaded(root: Path) -> SavedPlan:
    saved = load(root / "plans" / "fy27", Report())
    assert saved is not None
    return saved


def sealed(root: Path) -> Sealed:
    found = load_sealed(root / "plans" / "fy27", Report())
    assert found is not None
    return found


AFTER = {account(i): ("u-1", "west", int(i > 0)) if i % 2 == 0 else ("u-2", "slot", 1) for i in range(COUNT)}
APPLIED = [(account(i), "west", "u-1", None) if i % 2 == 0 else (account(i), "slot", None, "u-2") for i in range(COUNT)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make(tmp_path)
    return tmp_path


@pytest.fixture
def crm(root: Path) -> Iterator[Crm]:
    opened = InBatches(open_crm(CONNECTION, root))
    yield opened
    opened.close()


@pytest.fixture
def state(root: Path) -> Iterator[State]:
    opened = open_state(STATE, root, now=lambda: NOON)
    yield opened
    opened.close()


def applied(
    root: Path,
    crm: Crm,
    state: State,
    *,
    current: Current = CURRENT,
    allow: frozenset[str] = frozenset(),
    day: date | None = None,
    on_conflict: OnConflict = "skip",
    on_batch: Callable[[Progress], None] | None = None,
) -> tuple[Applied, Report]:
    return apply(
        sealed(root),
        crm,
        state,
        current=current,
        context=ANA,
        day=day,
        allow=allow,
        now=lambda: NOON,
        on_conflict=on_conflict,
        on_batch=on_batch,
    )


def said(report: Report) -> str:
    return "\n".join(f"{d.summary} | {d.detail}" for d in report)


def test_an_apply_pushes_the_plan_and_remembers_every_account(root: Path, crm: Crm, state: State) -> None:
    seen: list[Progress] = []
    result, report = applied(root, crm, state, on_batch=seen.append)
    assert not report
    assert result.complete and result.serial == 1
    assert result.done == COUNT - 1
    assert held(root) == AFTER
    assert state.applied("fy27").rows() == APPLIED
    assert [(p.batch, p.batches, len(p.receipts)) for p in seen] == [(n, 5, 5 if n < 5 else 3) for n in range(1, 6)]


def test_history_says_who_applied_what_and_how_it_ended(root: Path, crm: Crm, state: State) -> None:
    applied(root, crm, state)
    (entry,) = state.history()
    assert (entry.who, entry.host, entry.commit, entry.outcome) == ("ana", "ci-1", "c0ffee", End.COMPLETE)
    assert (entry.started, entry.finished) == ("2027-02-01T12:00:00Z", "2027-02-01T12:00:00Z")
    assert (entry.done, entry.unchanged, entry.conflicts, entry.failed, entry.pending) == (COUNT - 1, 0, 0, 0, 0)


def test_a_second_apply_writes_nothing_and_says_so(root: Path, crm: Crm, state: State) -> None:
    applied(root, crm, state)
    result, report = applied(root, crm, state)
    assert result.before is not None and result.before.serial == 1
    assert result.complete and not report.failed
    assert "applied already | ana applied it on 2027-02-01T12:00:00Z" in said(report)
    assert held(root) == AFTER
    assert state.serial == 1


def test_a_plan_without_changes_is_remembered_and_writes_nothing(root: Path, crm: Crm, state: State) -> None:
    saved = loaded(root)
    summary = saved.plan.summary.model_copy(update={"adds": 0, "unchanged": COUNT})
    plan = seal(saved.plan.model_copy(update={"changes": (), "summary": summary}))
    assert saved.assignments.table is not None and saved.snapshot.table is not None
    write_saved(saved.folder, plan, saved.assignments.table, saved.snapshot.table)
    before = held(root)
    result, report = applied(root, crm, state)
    assert result.complete and not report
    assert held(root) == before
    assert state.applied("fy27").rows() == APPLIED


def test_a_record_that_someone_changed_meanwhile_is_reported_and_left_alone(root: Path, crm: Crm, state: State) -> None:
    sql(root, "UPDATE accounts SET owner_id = 'u-2', territory = 'theirs' WHERE id = 'A-007'")
    result, report = applied(root, crm, state)
    (conflict,) = result.conflicts
    assert (conflict.account, conflict.found) == ("A-007", Record("u-2", "theirs"))
    assert result.done == COUNT - 2
    assert held(root) == AFTER | {"A-007": ("u-2", "theirs", 1)}
    assert report.failed
    assert "A-007: the plan saw owner u-9; the CRM has owner u-2, territory theirs" in said(report)
    assert "territory plan --save" in said(report)
    assert state.history()[0].outcome is End.PARTIAL
    assert "A-007" not in state.applied("fy27")["account"]


def test_a_record_that_someone_changed_meanwhile_is_written_all_the_same_where_that_is_wished(
    root: Path, crm: Crm, state: State
) -> None:
    sql(root, "UPDATE accounts SET owner_id = 'u-2', territory = 'theirs' WHERE id = 'A-007'")
    sql(root, "DELETE FROM accounts WHERE id = 'A-009'")
    result, _ = applied(root, crm, state, on_conflict="overwrite")
    assert [r.account for r in result.failed] == ["A-009"]
    assert held(root)["A-007"] == ("u-2", "slot", 2)
    (event,) = state.events("A-007")
    assert event.before == Place(territory="theirs", owner="u-2")


def test_a_record_that_someone_changed_meanwhile_stops_all_where_that_is_wished(
    root: Path, crm: Crm, state: State
) -> None:
    sql(root, "UPDATE accounts SET owner_id = 'u-2', territory = 'theirs' WHERE id = 'A-007'")
    before = held(root)
    result, report = applied(root, crm, state, on_conflict="fail")
    assert "1 account changed in the CRM after the plan was made" in said(report)
    assert "A-007: owner u-9, now owner u-2, territory theirs" in said(report)
    assert result.pending == COUNT - 1
    assert held(root) == before
    assert state.history() == []


def schedule(root: Path, *passings: tuple[str, str, str]) -> None:
    """Have the accounts of the slot pass on later days: (day, from, to)."""
    saved = loaded(root)
    odd = tuple(account(i) for i in range(1, COUNT, 2))
    later = tuple(
        Scheduled(
            on=date.fromisoformat(on),
            reason=ReasonCode.SLOT_FILLED,
            before=Place(territory="slot", owner=giver),
            after=Place(territory="slot", owner=taker),
            accounts=odd,
        )
        for on, giver, taker in passings
    )
    plan = seal(saved.plan.model_copy(update={"scheduled": later}))
    assert saved.assignments.table is not None and saved.snapshot.table is not None
    write_saved(saved.folder, plan, saved.assignments.table, saved.snapshot.table)


def test_what_an_apply_of_an_earlier_day_did_is_no_conflict_on_a_later_day(root: Path, crm: Crm, state: State) -> None:
    schedule(root, ("2027-03-01", "raj", "jane"), ("2027-04-01", "jane", "raj"), ("2027-05-01", "raj", "u-9"))
    for day, owner in ((None, "u-2"), (date(2027, 3, 1), "u-1"), (date(2027, 5, 2), "u-9")):
        result, report = applied(root, crm, state, day=day, on_conflict="fail")
        assert result.complete and not report, said(report)
        assert held(root)["A-001"][0] == owner


def test_an_account_that_somebody_put_back_after_half_an_apply_is_a_conflict(
    root: Path, crm: Crm, state: State
) -> None:
    schedule(root, ("2027-03-01", "raj", "jane"))
    sql(root, "UPDATE accounts SET owner_id = 'u-2', territory = 'theirs' WHERE id = 'A-007'")
    assert not applied(root, crm, state)[0].complete
    sql(root, "UPDATE accounts SET owner_id = 'u-9', territory = NULL WHERE id IN ('A-002', 'A-003')")
    result, report = applied(root, crm, state, day=date(2027, 3, 1))
    assert [r.account for r in result.conflicts] == ["A-002", "A-003", "A-007"]
    assert "A-003: the plan saw owner u-2, territory slot; the CRM has owner u-9" in said(report)
    assert held(root)["A-001"][0] == "u-1"
    assert held(root)["A-003"][0] == "u-9"


def test_a_plan_that_was_made_before_another_was_applied_is_refused(root: Path, crm: Crm, state: State) -> None:
    wanted = [("west", None) if i % 2 else ("slot", "raj") for i in range(COUNT)]
    save(root, wanted, state=StateSeen())
    stale = loaded(root)
    save(root, [("west", None)] * COUNT, state=StateSeen())
    assert applied(root, crm, state)[0].complete
    before = held(root)
    assert stale.assignments.table is not None and stale.snapshot.table is not None
    write_saved(stale.folder, stale.plan, stale.assignments.table, stale.snapshot.table)
    _, report = applied(root, crm, state)
    assert "the plan was applied in another form after this one was made" in said(report)
    assert f"Expected no state, found serial 1 of the state {state.lineage}" in said(report)
    assert held(root) == before


def test_a_plan_that_was_reverted_puts_back_what_was_applied_since(root: Path, crm: Crm, state: State) -> None:
    class Interrupted(InBatches):
        def write(self, batch: Sequence[Write]) -> list[Receipt]:
            os.kill(os.getpid(), signal.SIGINT)
            return super().write(batch)

    save(root, [("west", None)] * COUNT, state=StateSeen())
    first = loaded(root)
    assert applied(root, crm, state)[0].complete
    calm = held(root)
    save(
        root,
        [("slot", "raj")] * COUNT,
        Place(territory="west", owner="jane"),
        StateSeen(lineage=state.lineage, serial=1),
    )
    assert applied(root, crm, state)[0].complete
    assert first.assignments.table is not None and first.snapshot.table is not None
    write_saved(first.folder, first.plan, first.assignments.table, first.snapshot.table)
    beyond = replace(CURRENT, beyond="c0ffee", standing=state.standing("fy27"))
    few = replace(beyond, limits=Limits(changes=0.5))
    assert "more than the limits" in said(applied(root, crm, state, current=few)[1])
    assert "applied in another form" in said(
        applied(root, crm, state, current=replace(CURRENT, beyond="an old one"))[1]
    )

    result, report = applied(root, Interrupted(crm), state, current=beyond)
    assert result.interrupted and result.done == 5
    assert "applied before, as serial 1: this apply goes back to it" in said(report)
    result, report = applied(root, crm, state, current=beyond)
    assert result.complete, said(report)
    assert (result.unchanged, result.done) == (5, COUNT - 6)
    assert [row[:2] for row in held(root).values()] == [row[:2] for row in calm.values()]
    assert state.applied("fy27")["territory"].unique().to_list() == ["west"]
    assert applied(root, crm, state, current=beyond)[0].before is not None


def test_a_crm_that_cannot_compare_is_never_asked_to_write_what_changed(root: Path, crm: Crm, state: State) -> None:
    class Blind(InBatches):
        def write(self, batch: Sequence[Write]) -> list[Receipt]:
            for write in batch:
                sql(root, f"UPDATE accounts SET territory = '{write.after.territory}' WHERE id = '{write.account}'")
            return super().write(batch)

    sql(root, "UPDATE accounts SET owner_id = 'u-2', territory = 'theirs' WHERE id = 'A-007'")
    result, _ = applied(root, Blind(crm), state)
    assert "A-007" in [r.account for r in result.conflicts]
    assert held(root)["A-007"] == ("u-2", "theirs", 1)


def test_a_record_that_changes_during_the_apply_is_never_overwritten(root: Path, crm: Crm, state: State) -> None:
    def meddle(progress: Progress) -> None:
        if progress.batch == 1:
            sql(root, "UPDATE accounts SET owner_id = 'u-2' WHERE id = 'A-023'")

    result, report = applied(root, crm, state, on_batch=meddle)
    assert [r.account for r in result.conflicts] == ["A-023"]
    assert "the CRM has owner u-2" in said(report)
    assert held(root)["A-023"] == ("u-2", None, 1)


def test_a_record_that_is_as_approved_already_is_not_written(root: Path, crm: Crm, state: State) -> None:
    sql(root, "UPDATE accounts SET owner_id = 'u-2', territory = 'slot' WHERE id = 'A-007'")
    result, report = applied(root, crm, state)
    assert not report
    assert result.unchanged == 1
    assert held(root) == AFTER


def test_what_the_crm_refuses_carries_its_words_and_stops_no_other(root: Path, crm: Crm, state: State) -> None:
    sql(
        root,
        "CREATE TRIGGER frozen BEFORE UPDATE ON accounts WHEN OLD.id IN ('A-002', 'A-003') BEGIN "
        "SELECT RAISE(ABORT, 'frozen by legal'); END",
    )
    sql(root, "DELETE FROM accounts WHERE id = 'A-009'")
    result, report = applied(root, crm, state)
    assert {r.account: r.message for r in result.failed} == {
        "A-002": "frozen by legal",
        "A-003": "frozen by legal",
        "A-009": "the CRM has no such account any more",
    }
    assert result.done == COUNT - 4
    assert "2 accounts refused by the CRM: frozen by legal | A-002, A-003." in said(report)


def test_what_was_refused_is_done_by_the_next_apply_when_it_is_put_right(root: Path, crm: Crm, state: State) -> None:
    sql(root, "CREATE TRIGGER frozen BEFORE UPDATE ON accounts BEGIN SELECT RAISE(ABORT, 'frozen'); END")
    result, _ = applied(root, crm, state)
    assert len(result.failed) == COUNT - 1
    sql(root, "DROP TRIGGER frozen")
    result, report = applied(root, crm, state)
    assert result.complete and not report
    assert held(root) == AFTER
    assert state.applied("fy27").rows() == APPLIED


def test_a_write_that_a_rule_of_the_crm_undoes_is_no_success(root: Path, crm: Crm, state: State) -> None:
    sql(
        root,
        "CREATE TRIGGER rule AFTER UPDATE OF territory ON accounts WHEN NEW.id = 'A-004' BEGIN "
        "UPDATE accounts SET territory = 'mine' WHERE id = NEW.id; END",
    )
    result, _ = applied(root, crm, state)
    assert [r.message for r in result.failed] == ["the CRM took the write, but now has owner u-1, territory mine"]


def test_without_a_territory_in_the_crm_only_owners_are_written(root: Path, state: State) -> None:
    crm = open_crm(SqlConnection.model_validate({"url": "sqlite:///crm.sqlite"}), root)
    result, report = applied(root, crm, state)
    crm.close()
    assert result.complete and not report
    assert held(root)["A-001"] == ("u-2", None, 1)


@pytest.mark.parametrize(
    ("current", "words"),
    [
        (Current("0" * 64, CURRENT.policies, CURRENT.limits), "plans/fy27 changed"),
        (Current(CURRENT.config, "0" * 64, CURRENT.limits), "the policies changed"),
        (Current(CURRENT.config, CURRENT.policies, Limits()), "--allow changes"),
    ],
)
def test_a_stale_plan_or_one_beyond_the_limits_is_refused(
    root: Path, crm: Crm, state: State, current: Current, words: str
) -> None:
    before = held(root)
    _, report = applied(root, crm, state, current=current)
    assert words in said(report) and report.failed
    assert held(root) == before


def test_a_limit_that_is_lifted_by_name_stops_nothing(root: Path, crm: Crm, state: State) -> None:
    current = Current(CURRENT.config, CURRENT.policies, Limits())
    result, report = applied(root, crm, state, current=current, allow=frozenset({"changes"}))
    assert result.complete and not report


def test_a_crm_that_cannot_be_reached_is_an_error_and_leaves_no_trace(root: Path, crm: Crm, state: State) -> None:
    (root / "crm.sqlite").rename(root / "elsewhere.sqlite")
    result, report = applied(root, crm, state)
    assert "there is no CRM at sqlite:///crm.sqlite" in said(report)
    assert result.pending == COUNT - 1
    assert state.history() == []


def test_a_crm_that_goes_away_midway_is_an_error_and_the_next_apply_continues(
    root: Path, crm: Crm, state: State
) -> None:
    def pull_the_plug(progress: Progress) -> None:
        if progress.batch == 2:
            (root / "crm.sqlite").rename(root / "elsewhere.sqlite")

    result, report = applied(root, crm, state, on_batch=pull_the_plug)
    assert report.failed and "it continues where this one stopped" in said(report)
    assert (result.done, result.pending) == (10, 13)
    (root / "elsewhere.sqlite").rename(root / "crm.sqlite")
    result, report = applied(root, crm, state)
    assert result.complete and not report.failed
    assert (result.unchanged, result.done) == (10, 13)
    assert held(root) == AFTER


def test_ctrl_c_finishes_the_batch_and_the_next_apply_does_the_rest(root: Path, crm: Crm, state: State) -> None:
    class Interrupted(InBatches):
        def write(self, batch: Sequence[Write]) -> list[Receipt]:
            os.kill(os.getpid(), signal.SIGINT)
            return super().write(batch)

    handler = signal.getsignal(signal.SIGINT)
    result, report = applied(root, Interrupted(crm), state)
    assert signal.getsignal(signal.SIGINT) is handler
    assert result.interrupted and report.failed
    assert (result.done, result.pending) == (5, 18)
    assert "interrupted with 18 accounts to go" in said(report)
    assert state.history()[0].outcome is End.INTERRUPTED
    assert [row[0] for row in state.applied("fy27").rows()] == [account(i) for i in range(1, 6)]
    result, _ = applied(root, crm, state)
    assert result.complete and not result.interrupted
    assert held(root) == AFTER


def test_a_second_ctrl_c_stops_at_once_and_frees_the_lock(root: Path, crm: Crm, state: State) -> None:
    class Impatient(InBatches):
        def write(self, batch: Sequence[Write]) -> list[Receipt]:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            return super().write(batch)

    with pytest.raises(KeyboardInterrupt):
        applied(root, Impatient(crm), state)
    result, _ = applied(root, crm, state)
    assert result.complete and result.resumed
    assert held(root) == AFTER


def test_an_apply_also_works_where_no_signals_arrive(root: Path, crm: Crm, state: State) -> None:
    results: list[tuple[Applied, Report]] = []
    thread = threading.Thread(target=lambda: results.append(applied(root, crm, state)))
    thread.start()
    thread.join()
    assert results[0][0].complete


def test_a_concurrent_apply_is_told_who_applies_and_writes_nothing(root: Path, crm: Crm, state: State) -> None:
    reports: list[Report] = []

    def compete(progress: Progress) -> None:
        before = held(root)
        other = open_state(STATE, root)
        result, report = applied(root, crm, other)
        other.close()
        assert result.pending == COUNT - 1
        assert held(root) == before
        reports.append(report)

    result, _ = applied(root, crm, state, on_batch=compete)
    assert result.complete
    assert len(reports) == 5
    assert f"held by ana on ci-1 (process {os.getpid()}), since 2027-02-01T12:00:00Z" in said(reports[0])


def test_a_state_that_fails_is_an_error_and_no_traceback(root: Path, crm: Crm, state: State) -> None:
    def spoil(progress: Progress) -> None:
        with closing(sqlite3.connect(root / ".territory" / "state.sqlite")) as database:
            database.execute("DROP TABLE journal")

    result, report = applied(root, crm, state, on_batch=spoil)
    assert "the state cannot be used: no such table: journal" in said(report)
    assert result.done == 5 and not result.complete


@pytest.mark.parametrize(
    ("where", "number"), [("boundary", 1), ("boundary", 3), ("boundary", 5), ("write", 1), ("write", 4)]
)
def test_an_apply_that_was_killed_and_continued_equals_one_that_was_not(
    root: Path, tmp_path: Path, where: str, number: int
) -> None:
    command = [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(root), where, str(number)]
    killed = subprocess.run(command, check=False, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    midway = held(root)
    written = sum(row[-1] for row in midway.values())  # type: ignore[misc]
    assert written == min(5 * number, COUNT - 1)

    crm, state = InBatches(open_crm(CONNECTION, root)), open_state(STATE, root)
    result, report = applied(root, crm, state)
    assert result.complete and result.resumed
    assert "was cut off; this one continues it" in said(report)
    assert (result.unchanged, result.done) == (written, COUNT - 1 - written)
    assert held(root) == AFTER
    assert state.applied("fy27").rows() == APPLIED
    assert [e.run for e in state.history()] == [1]
    crm.close()
    state.close()
