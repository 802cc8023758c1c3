"""Kill an apply with SIGKILL wherever it can hurt, continue it, and compare with an apply that nobody disturbed.

    python tests/faults/run.py --runs 1000 --seed 1

CRM and state are both in SQLite, or both on a PostgreSQL server that this starts; or the CRM is in SQLite and the state
in git, shared through a bare remote. Every statement and every commit that a process sends to either of them, and every
command of git, is a point at which it can die, before it and after it: first each of them once, then seeded random
ones, one to three deaths in a row, also of those that continue. In the end every account must have what the plan wants
and must have been written exactly once, and the state must say the same as after an undisturbed apply.

A child is forked for each apply, before this process has used polars, whose threads do not survive a fork.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import git
import postgres
import psycopg
import sqlalchemy as sa
from pydantic import SecretStr

from terraform_like.crm.port import Capabilities
from terraform_like.crm.sql import SqlCrm
from terraform_like.diagnostics import Report
from terraform_like.diff import Change, ChangeKind, Place
from terraform_like.domain.connection import SqlConnection
from terraform_like.flow.apply import apply
from terraform_like.flow.opened import REF, StateRef
from terraform_like.flow.outcome import Context
from terraform_like.plan.canonical import assignments_bytes, digest_of, digest_of_bytes, seal
from terraform_like.plan.file import write_saved
from terraform_like.plan.fresh import Current
from terraform_like.plan.model import Created, Inputs, Plan, PlannedTerritory, Summary
from terraform_like.plan.sealed import load_sealed
from terraform_like.policy.rule import Limits
from terraform_like.state.forge import GitDatabase
from terraform_like.state.opening import open_state

BACKENDS = ["sqlite", "postgresql", "git"]
COUNT, BATCH = 23, 5
CURRENT = Current(digest_of("config"), digest_of("policies"), Limits(changes=1.0))
TABLES = (
    "CREATE TABLE users (id VARCHAR(9) PRIMARY KEY)",
    "INSERT INTO users VALUES ('u-1'), ('u-2'), ('u-9')",
    "CREATE TABLE accounts "
    "(id VARCHAR(9) PRIMARY KEY, owner_id VARCHAR(9), territory VARCHAR(9), writes INT DEFAULT 0)",
)
TRIGGER = {
    "sqlite": "CREATE TRIGGER counted AFTER UPDATE OF owner_id ON accounts BEGIN "
    "UPDATE accounts SET writes = writes + 1 WHERE id = NEW.id; END",
    "postgresql": "CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN NEW.writes = OLD.writes + 1; RETURN NEW; END $$; "
    "CREATE TRIGGER counted BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION counted()",
}
#: What the CRM and the state say in the end; times and who applied are left out.
SAID = {
    "crm": "SELECT id, owner_id, territory, writes FROM accounts ORDER BY id",
    "applied": "SELECT account, territory, owner, holder, digest FROM applied ORDER BY account",
    "history": "SELECT serial, run, plan, digest, outcome, done + unchanged, conflicts, failed, pending FROM history",
    "intents without a receipt": "SELECT account FROM journal WHERE phase = 'intent' AND account NOT IN "
    "(SELECT account FROM journal WHERE phase = 'receipt')",
}
Rows = dict[str, list[tuple[Any, ...]]]


class InBatches(SqlCrm):
    """The real provider in small batches, so that few accounts make several."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(BATCH, territories=True, compare_and_set=True)


@dataclass(frozen=True)
class Site:
    """Where CRM and state are: two SQLAlchemy URLs, or `git` for the state."""

    root: Path
    crm: str
    state: str

    @property
    def backend(self) -> str:
        return self.crm.partition(":")[0]

    def execute(self, where: str, statement: str) -> list[tuple[Any, ...]]:
        if where == "state" and self.state == "git":
            with closing(GitDatabase(StateRef(self.root), make=False)) as database, database.begin() as connection:
                return [tuple(row) for row in connection.exec_driver_sql(statement)]
        if self.backend == "sqlite":
            with closing(sqlite3.connect(self.root / f"{where}.sqlite")) as database, database:
                return database.execute(statement).fetchall()
        with psycopg.connect(self.crm) as server:
            server.execute("SET search_path = " + ("public" if where == "crm" else "territory"))
            cursor = server.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def renew(self) -> None:
        """Have the CRM as the plan saw it, and no state."""
        if self.backend == "sqlite":
            for file in self.root.glob("*.sqlite*"):
                file.unlink()
            for repository in (self.root, self.root / "origin.git") if self.state == "git" else ():
                subprocess.run(["git", "update-ref", "-d", REF], cwd=repository, check=True)
        else:
            for statement in ("DROP SCHEMA IF EXISTS territory CASCADE", "DROP SCHEMA public CASCADE"):
                self.execute("crm", statement)
            self.execute("crm", "CREATE SCHEMA public")
        rows = ", ".join(f"('{account(i)}', 'u-9', NULL)" for i in range(COUNT))
        filled = f"INSERT INTO accounts (id, owner_id, territory) VALUES {rows}"
        for statement in (*TABLES, filled, TRIGGER[self.backend]):
            self.execute("crm", statement)

    def said(self) -> Rows:
        return {name: self.execute("crm" if name == "crm" else "state", query) for name, query in SAID.items()}


def account(number: int) -> str:
    return f"A-{number:03}"


def save_plan(root: Path) -> None:
    """Save a plan that gives half of the accounts to the owner of a territory, and half to the holder of a slot."""
    import polars as pl

    wanted = [("west", None) if i % 2 else ("slot", "raj") for i in range(COUNT)]
    table = pl.DataFrame(
        {"account": [account(i) for i in range(COUNT)], "territory": [t for t, _ in wanted]}
        | {"holder": pl.Series([h for _, h in wanted], dtype=pl.String)}
    )
    changes = tuple(
        Change(
            account=account(i),
            kind=ChangeKind.ADD,
            before=Place(owner="u-9"),
            after=Place(territory=territory, owner=holder or "jane"),
        )
        for i, (territory, holder) in enumerate(wanted)
    )
    assignments = digest_of_bytes(assignments_bytes(table))
    plan = Plan(
        plan="fy27",
        inputs=Inputs(config=CURRENT.config, policies=CURRENT.policies, snapshot="", assignments=assignments),
        created=Created(by="territory"),
        as_of=date(2027, 2, 1),
        summary=Summary(accounts=COUNT, adds=COUNT, moves=0, transfers=0, removes=0, unchanged=0),
        territories=(
            PlannedTerritory(name="slot", segment="all", size=1, slot=True, vacant=True, accounts=COUNT // 2 + 1),
            PlannedTerritory(name="west", segment="all", size=1, owner="jane", accounts=COUNT // 2),
        ),
        users={"jane": "u-1", "raj": "u-2"},
        changes=changes,
    )
    write_saved(root / "plans" / "fy27", seal(plan), table, None)


def apply_once(site: Site, die_at: int) -> int:
    """Apply, dying at the point with that number (never at 0); give how many points there were."""
    points = 0

    def tick(*_: Any) -> None:
        nonlocal points
        points += 1
        if points == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("begin", "before_cursor_execute", "after_cursor_execute", "commit"):
        sa.event.listen(sa.Engine, moment, tick)
    execute = git.Git.execute

    def between(*arguments: Any, **settings: Any) -> Any:
        tick()
        said = execute(*arguments, **settings)
        tick()
        return said

    git.Git.execute = between  # type: ignore[method-assign]
    saved = load_sealed(site.root / "plans" / "fy27", Report())
    assert saved is not None
    connection = {"url": site.crm.replace("postgresql:", "postgresql+psycopg:"), "accounts": {"territory": "territory"}}
    crm = InBatches(SqlConnection.model_validate(connection), site.root)
    state = open_state(SecretStr(site.state), site.root, ref=StateRef(site.root))
    applied, report = apply(
        saved, crm, state, current=CURRENT, context=Context("ana", socket.gethostname()), lock_timeout=60
    )
    if not applied.complete:
        raise AssertionError([f"{d.summary}: {d.detail}" for d in report])
    return points


def in_child(work: Callable[[], int | None]) -> int | None:
    """Do work in a child and give the number that it gives; None where it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, str(work() or 0).encode())
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        given = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    if status:
        raise SystemExit(f"a child failed with status {status}")
    return int(given or 0)


def differing(site: Site, calm: Rows, deaths: list[int]) -> tuple[int, list[str]]:
    """Apply, dying at each point in turn, continue to the end; say how often it died and what is wrong then.

    What is applied already has fewer points than a whole apply, and some deaths come too late.
    """
    site.renew()
    died = 0
    for point in deaths:
        died += in_child(partial(apply_once, site, point)) is None
    in_child(partial(apply_once, site, 0))
    said = site.said()
    return died, [f"{name}: {said[name]} instead of {calm[name]}" for name in calm if said[name] != calm[name]]


@contextmanager
def sites(backend: str) -> Iterator[Site]:
    with ExitStack() as stack:
        root = Path(stack.enter_context(TemporaryDirectory(prefix="faults-")))
        if backend == "sqlite":
            yield Site(root, "sqlite:///crm.sqlite", "sqlite:///state.sqlite")
        elif backend == "git":
            for command in ("init -q", "init -q --bare origin.git", "remote add origin ./origin.git"):
                subprocess.run(["git", *command.split()], cwd=root, check=True)
            # A process that is killed leaves its copy of the state.
            tempfile.tempdir = str(root)
            yield Site(root, "sqlite:///crm.sqlite", "git")
            tempfile.tempdir = None
        else:
            url = stack.enter_context(postgres.server()).make_database()
            yield Site(root, url, url)


def campaign(backend: str, runs: int, seed: int) -> int:
    """Run a backend, print what came out, and give how many runs went wrong."""
    wrong = died = 0
    start = time.monotonic()
    with sites(backend) as site:
        in_child(lambda: save_plan(site.root))
        site.renew()
        points = in_child(lambda: apply_once(site, 0))
        assert points
        calm = site.said()
        wanted = [("u-1", "west", 1) if i % 2 else ("u-2", "slot", 1) for i in range(COUNT)]
        assert [row[1:] for row in calm["crm"]] == wanted
        for number in range(runs):
            chance = random.Random(f"{seed}:{number}")
            if runs < points:
                # Too few to die everywhere: here and there, the more runs the closer.
                deaths = [1 + (number * points + chance.randrange(points)) // runs]
            else:
                deaths = [chance.randint(1, points) for _ in range(chance.randint(1, 3))]
                deaths = [number + 1] if number < points else deaths
            times, found = differing(site, calm, deaths)
            died += times
            if found:
                wrong += 1
                where = f"{backend}: run {number} of seed {seed}, dying at {deaths} of {points}"
                sys.stdout.write(f"{where}: {'; '.join(found)}\n")
    took = time.monotonic() - start
    sys.stdout.write(
        f"{backend}: {runs} runs of seed {seed}, killed {died} times at {points} points, {wrong} wrong; "
        f"{took:.0f} s, {runs / took:.1f} runs a second\n"
    )
    sys.stdout.flush()
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000, help="of each backend")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--backend", choices=BACKENDS, action="append", help="all where left out")
    given = parser.parse_args()
    wrong = sum(campaign(name, given.runs, given.seed) for name in given.backend or BACKENDS)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
