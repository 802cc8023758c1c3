"""Makes territory repositories of large companies and prints what whole commands take, as a user would type them.

    python tests/bench/whole.py                                     # 100,000 accounts x 500 territories
    python tests/bench/whole.py --sizes 1000000x1000 --crm parquet,sqlite,postgresql
    python tests/bench/whole.py --phases                            # where the CPU seconds of each command go

Every command is a process of its own, with its start, its imports and what it prints. Seconds of the clock say little
where other jobs run; those of CPU and memory do.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

SQLITE = "sqlite:///crm.sqlite"
CRMS = ("parquet", "sqlite", "postgresql")
COMMANDS = (
    "plan --as-of 2027-02-01",
    "plan --as-of 2027-02-01 --save",
    "check",
    "show --fold",
    "explain territory.{territory}",
    "explain account.{account}",
)
#: Functions by the phase that they are; what runs within another phase counts to the inner one alone.
PHASES = {
    "config": ("flow.plan.load_wanted", "flow.check.load_wanted", "flow.facts.load_wanted", "flow.explain.load_wanted"),
    "reading": ("flow.plan.read_live", "crm.sql.SqlCrm.read", "crm.files.FilesCrm.read", "flow.saved_carve.load"),
    "scope": ("flow.inputs.populate",),
    "carve": ("flow.plan.carve",),
    "certify": ("carve.settle.certify", "flow.saved_carve.certify"),
    "staffing": ("flow.plan.match_people", "flow.plan.staff", "flow.plan.with_teams"),
    "diff": ("plan.compose.diff",),
    "reasons": ("plan.compose.explained", "plan.compose.still_allowed"),
    "policy": ("plan.compose.policy_tables", "plan.compose.judge"),
    "composing": ("plan.compose.composed", "flow.plan.facts"),
    "sealing": ("flow.plan._sealed", "flow.plan.snapshot_bytes", "flow.plan.assignments_bytes"),
    "report": ("report.told.plan.told_plan", "report.text.plan_text"),
    "writing": ("flow.plan.save_plan", "flow.plan.write_saved"),
}
_POLICIES = """\
policies:
  even-potential: {level: soft, over: territories, by: segment, measure: spread(potential), at_most: 1.5}
  hot-deals-stay: {level: advisory, over: changes, where: "kind = 'move' AND pipeline > 100000", assert: "false"}
  near: {level: advisory, over: accounts, assert: "potential >= 0"}
"""


def make(root: Path, size: str, crm: str, url: str) -> None:
    """Write a territory repository: a person for each territory, their accounts in a file or a database."""
    import polars as pl
    from companies import company

    accounts, territories = map(int, size.split("x"))
    made = company(accounts, territories)
    wanted = made.carving.model_dump(mode="json", exclude_unset=True)
    people = {name: f"p{name[1:]}" for name in wanted["territories"]}
    for name, territory in wanted["territories"].items():
        territory["owner"] = people[name]
    plan = {
        "accounts": wanted["accounts"],
        "segments": [{"name": "all"}],
        "territories": wanted["territories"],
        "people": {who: {"user": f"U{who[1:]}"} for who in people.values()},
        "balance": {"all": {key: value for key, value in wanted["balance"]["all"].items() if key != "carve"}},
    }
    where = {"key": "id", "owner": "owner_id", "territory": "territory"}
    connection = (
        {"provider": "csv", "folder": ".", "accounts": {"file": "accounts.parquet", **where}, "changes": "changes.csv"}
        if crm == "parquet"
        else {"provider": "sql", "url": url, "accounts": {"table": "accounts", **where}}
    )
    _write(root / "territory.yaml", {"project": "bench", "crm": connection, "state": "sqlite:///state.sqlite"})
    _write(root / "plans" / "bench" / "plan.yaml", plan)
    (root / "policies").mkdir()
    (root / "policies" / "gate.yaml").write_text(_POLICIES)
    owners = {name: f"U{name[1:]}" for name in people}
    table = made.table.rename({"account": "id"}).with_columns(owner_id=pl.col("territory").replace_strict(owners))
    users = pl.DataFrame({"id": sorted(owners.values())})
    if crm == "parquet":
        table.write_parquet(root / "accounts.parquet")
        users.write_csv(root / "users.csv")
        return
    for name, rows in (("accounts", table), ("users", users)):
        _fill(url, root, name, rows)


def _fill(url: str, root: Path, name: str, rows: Any) -> None:
    import sqlalchemy as sa

    engine = sa.create_engine(url.replace("sqlite:///", f"sqlite:///{root}/"))
    types = [sa.Float() if rows[column].dtype.is_float() else sa.String(20) for column in rows.columns]
    table = sa.Table(name, sa.MetaData(), *map(sa.Column, rows.columns, types))
    table.create(engine)
    for part in rows.iter_slices(50_000):
        with engine.begin() as connection:
            connection.execute(sa.insert(table), part.to_dicts())
    engine.dispose()


def _write(path: Path, values: dict[str, Any]) -> None:
    """Write YAML as people lay it out: a line for each key, what is below a name in braces."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for key, value in values.items():
        inner = isinstance(value, dict) and key in ("territories", "people")
        rows = [f"  {name}: {json.dumps(one)}\n" for name, one in value.items()] if inner else []
        lines.append(f"{key}:\n{''.join(rows)}" if inner else f"{key}: {json.dumps(value)}\n")
    path.write_text("".join(lines))


def run(root: Path, command: list[str], phases: bool) -> tuple[float, float, float, str]:
    """Run a command; give seconds of the clock, of CPU, most memory in MB, and its phases."""
    start = [sys.executable, __file__, "--in-phases"] if phases else [sys.executable, "-m", "terraform_like"]
    with (root / "printed").open("w") as printed, (root / "said").open("w+") as said:
        begun = time.monotonic()
        process = subprocess.Popen([*start, *command], cwd=root, stdout=printed, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - begun
        said.seek(0)
        told = said.read()
    if process.returncode or "Error" in told:
        raise SystemExit(f"territory {' '.join(command)}: exit {process.returncode}\n{told}")
    return took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, told.splitlines()[-1] if phases else ""


def in_phases(command: list[str]) -> None:
    """Run a command in this process, and say last of all how many seconds of CPU each phase took."""
    spent: dict[str, float] = {}
    running = ["start and rest"]
    since = 0.0

    def turn() -> None:
        nonlocal since
        spent[running[-1]] = spent.get(running[-1], 0.0) + time.process_time() - since
        since = time.process_time()

    def timed(phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            turn()
            running.append(phase)
            try:
                return function(*arguments, **named)
            finally:
                turn()
                running.pop()

        return call

    for phase, functions in PHASES.items():
        for place in functions:
            holder, name = _held(place)
            setattr(holder, name, timed(phase, getattr(holder, name)))
    from terraform_like.cli import main

    sys.argv = ["territory", *command]
    try:
        main()
    finally:
        turn()
        sys.stderr.write(", ".join(f"{phase} {seconds:.1f}" for phase, seconds in spent.items()) + "\n")


def _held(place: str) -> tuple[Any, str]:
    """Give the module or class that holds a function, and the function's name there."""
    module, _, name = place.rpartition(".")
    *_, last = module.split(".")
    if last[0].isupper():
        module = module.removesuffix(f".{last}")
        return getattr(importlib.import_module(f"terraform_like.{module}"), last), name
    return importlib.import_module(f"terraform_like.{module}"), name


@contextmanager
def database(crm: str) -> Iterator[str]:
    """Give the URL of a database that is there as long as this lasts."""
    if crm != "postgresql":
        yield SQLITE
        return
    import postgres

    with postgres.server() as server:
        yield server.make_database().replace("postgresql:", "postgresql+psycopg:")


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100000x500", help="accounts x territories, with commas between")
    parser.add_argument("--crm", default="parquet", help=f"where accounts are, with commas between: {', '.join(CRMS)}")
    parser.add_argument("--phases", action="store_true", help="also say where the CPU seconds of each command go")
    parser.add_argument("--command", action="append", help="a command to measure in place of all, as often as wanted")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="make one repository there, and measure nothing")
    parser.add_argument("--url", default=SQLITE, help="the database of that repository, where it has one")
    asked = parser.parse_args()
    if asked.into:
        make(asked.into, asked.sizes, asked.crm, asked.url)
        return
    sys.stdout.write("| accounts x territories | CRM | command | s | CPU s | MB |\n|" + " --- |" * 6 + "\n")
    for size in asked.sizes.split(","):
        accounts, territories = map(int, size.split("x"))
        names = {"territory": f"T{0:0{len(str(territories))}d}", "account": f"A-{0:0{len(str(accounts))}d}"}
        for crm in asked.crm.split(","):
            with ExitStack() as stack:
                root = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
                url = stack.enter_context(database(crm))
                # In a process of its own: a command has no less memory than the process that starts it had.
                making = ["--into", str(root), "--sizes", size, "--crm", crm, "--url", url]
                subprocess.run([sys.executable, __file__, *making], check=True)
                for command in asked.command or COMMANDS:
                    typed = command.format(**names)
                    took, cpu, most, phases = run(root, typed.split(), asked.phases)
                    cells = [f"{accounts:,} x {territories:,}", crm, typed, f"{took:.1f}", f"{cpu:.1f}", f"{most:,.0f}"]
                    sys.stdout.write(f"| {' | '.join(cells)} |\n" + (f"    {phases}\n" if phases else ""))
                    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--in-phases"]:
        in_phases(sys.argv[2:])
    else:
        main()
