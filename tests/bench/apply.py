"""Applies plans of many changes and prints the rate, and the most memory that reading and applying the plan takes.

    python tests/bench/apply.py --changes 10000,100000,400000

CRM and state are both in SQLite, or both on a PostgreSQL server that this starts. Every apply is measured in a process
of its own, from the opened CRM and state on. Linux only, which tells how much memory a process had at most.
"""

from __future__ import annotations

import argparse
import csv
import gc
import io
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))

import polars as pl
import postgres
import psycopg
from pydantic import SecretStr

from terraform_like.crm import open_crm
from terraform_like.diagnostics import Report
from terraform_like.diff import Change, ChangeKind, Place
from terraform_like.domain.connection import SqlConnection
from terraform_like.flow.apply import apply
from terraform_like.flow.outcome import Context
from terraform_like.plan.canonical import assignments_bytes, digest_of, digest_of_bytes, seal
from terraform_like.plan.file import write_saved
from terraform_like.plan.fresh import Current
from terraform_like.plan.model import Created, Inputs, Plan, PlannedTerritory, Summary
from terraform_like.plan.sealed import load_sealed
from terraform_like.policy.rule import Limits
from terraform_like.state.opening import open_state

CURRENT = Current(digest_of("config"), digest_of("policies"), Limits(changes=1.0))
TABLES = (
    "CREATE TABLE users (id VARCHAR(9) PRIMARY KEY)",
    "INSERT INTO users VALUES ('u-1'), ('u-9')",
    "CREATE TABLE accounts (id VARCHAR(9) PRIMARY KEY, owner_id VARCHAR(9), territory VARCHAR(9))",
)


def account(number: int) -> str:
    return f"A-{number:07}"


def save_plan(root: Path, count: int) -> None:
    """Save a plan that adds every account to a territory."""
    table = pl.DataFrame({"account": [account(i) for i in range(count)]}).with_columns(
        territory=pl.lit("west"), holder=pl.lit(None, pl.String)
    )
    before, after = Place(owner="u-9"), Place(territory="west", owner="jane")
    changes = (Change(account=a, kind=ChangeKind.ADD, before=before, after=after) for a in table["account"])
    assignments = digest_of_bytes(assignments_bytes(table))
    plan = Plan(
        plan="fy27",
        inputs=Inputs(config=CURRENT.config, policies=CURRENT.policies, snapshot="", assignments=assignments),
        created=Created(by="territory"),
        as_of=date(2027, 2, 1),
        summary=Summary(accounts=count, adds=count, moves=0, transfers=0, removes=0, unchanged=0),
        territories=(PlannedTerritory(name="west", segment="all", size=1, owner="jane", accounts=count),),
        users={"jane": "u-1"},
        changes=tuple(changes),
    )
    write_saved(root / "plans" / "fy27", seal(plan), table, None)


@contextmanager
def site(backend: str, root: Path, count: int) -> Iterator[tuple[str, str]]:
    """Give URLs of a CRM with so many accounts, and of a state that is not there yet."""
    rows = [(account(i), "u-9", None) for i in range(count)]
    if backend == "sqlite":
        with closing(sqlite3.connect(root / "crm.sqlite")) as database:
            for statement in TABLES:
                database.execute(statement)
            database.executemany("INSERT INTO accounts VALUES (?, ?, ?)", rows)
            database.commit()
        yield "sqlite:///crm.sqlite", "sqlite:///state.sqlite"
        return
    with postgres.server() as server:
        url = server.make_database()
        with psycopg.connect(url) as connection:
            for statement in TABLES:
                connection.execute(statement)
            with connection.cursor().copy("COPY accounts FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        yield url.replace("postgresql:", "postgresql+psycopg:"), url


def memory(key: str) -> float:
    """Give a figure of this process that Linux keeps, in MB: `VmRSS` is what it has, `VmHWM` the most that it had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{key}:")) / 1024


def measure(root: Path, crm_url: str, state_url: str) -> None:
    """Apply in this process; print changes, seconds to read the plan and to apply it, and memory in MB.

    Memory is what the process had before it, most while it read, and most in all.
    """
    connection = SqlConnection.model_validate({"url": crm_url, "accounts": {"territory": "territory"}})
    crm, state = open_crm(connection, root), open_state(SecretStr(state_url), root)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before, start = memory("VmRSS"), time.monotonic()
    saved = load_sealed(root / "plans" / "fy27", Report())
    assert saved is not None
    read, reading = time.monotonic() - start, memory("VmHWM")
    applied, report = apply(saved, crm, state, current=CURRENT, context=Context("ana", "ci"))
    took = time.monotonic() - start - read
    assert applied.complete, list(report)
    csv.writer(sys.stdout).writerow([applied.done, read, took, before, reading, memory("VmHWM")])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", default="10000,100000,400000", help="how many, with commas between")
    parser.add_argument("--backend", choices=["sqlite", "postgresql"], action="append", help="both where left out")
    parser.add_argument("--one", nargs=3, metavar=("FOLDER", "CRM", "STATE"), help="one apply, in this process")
    asked = parser.parse_args()
    if asked.one:
        measure(Path(asked.one[0]), *asked.one[1:])
        return
    for backend in asked.backend or ["sqlite", "postgresql"]:
        for count in map(int, asked.changes.split(",")):
            with ExitStack() as stack:
                root = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
                save_plan(root, count)
                urls = stack.enter_context(site(backend, root, count))
                command = [sys.executable, __file__, "--one", str(root), *urls]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            changes, read, took, before, reading, most = map(float, next(csv.reader(io.StringIO(done.stdout))))
            sys.stdout.write(
                f"{backend}: {changes:,.0f} changes, read in {read:.0f} s and applied in {took:.0f} s, "
                f"{changes / took:,.0f} a second; "
                f"{most:.0f} MB at most, {before:.0f} before and {reading:.0f} to read\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
