"""Change the gate's code, one place at a time, and see that a test fails: what survives is a check that nobody holds.

A mutant is a module with one change: a comparison, `and` and `or`, a sign, an operator, a number or a truth turned
round, a condition that always or never holds, a statement that is left out. First every test runs once, and the lines
that it runs are noted. Then each mutant is put into a fork of a process that has imported and collected everything, and
is asked of the tests that run its line alone, quick ones first, until one fails. Survivors are printed; those that
change nothing are argued in argued.toml beside this file, and are printed with that.

    python tests/mutants/run.py [--only policy/judge ...] [--every 10] [--jobs 2]

Ends with 1 where a mutant survives that is not argued, or one is argued that a test finds out or that is no more.
"""

from __future__ import annotations

import argparse
import functools
import gc
import importlib
import importlib.abc
import importlib.machinery
import json
import os
import pkgutil
import resource
import signal
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, TextIO

import pytest
from changes import Mutant, mutants
from hypothesis import Phase, settings
from swap import Noting, functions_of, memories, swapped

ROOT = Path(__file__).parents[2]
ARGUED = Path(__file__).parent / "argued.toml"
#: Seconds that a mutant's tests may take beyond thrice what they take without it: one that runs on is found out.
_PATIENCE = 20
_OUT: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")


@dataclass(frozen=True)
class Room:
    """Modules to change, what may be imported before (lower floors), and the tests that hold them."""

    modules: tuple[str, ...]
    beneath: tuple[str, ...]
    tests: tuple[str, ...]


_LOW = ("diagnostics", "address", "domain", "diff", "carve", "staffing")
_GATE_TESTS = tuple(f"unit/flow/test_{name}.py" for name in ("check", "gate", "signed", "bypass"))
ROOMS = (
    Room(
        tuple(
            f"policy/{name}"
            for name in (
                *("asking", "changed", "figure", "finding", "judge", "measure", "measured", "override", "rule"),
                *("tables", "verdict", "waiving"),
            )
        ),
        _LOW,
        (
            *("unit/policy", "unit/flow/test_policy_test.py", "unit/plan/test_policy_tables.py"),
            *("unit/config/test_load.py", "unit/report/test_check_formats.py"),
        ),
    ),
    Room(
        ("plan/check", "flow/gate", "flow/check"),
        (*_LOW, "policy", "config", "crm", "state", "git", "report"),
        (*_GATE_TESTS, "unit/flow/test_check_contiguous.py", "unit/plan/test_check.py"),
    ),
)


@dataclass
class Outcome:
    """What became of mutants: those that no test finds out, and those that only a new import can try."""

    ran: int = 0
    alive: list[Mutant] = field(default_factory=list)
    later: list[Mutant] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="MODULE", help="such as policy/judge")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of N mutants run one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="forks at a time")
    given = parser.parse_args()
    os.chdir(ROOT)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ[name] = "1"
    start, ran = time.monotonic(), 0
    alive: list[Mutant] = []
    seen: list[Mutant] = []
    for room in ROOMS:
        modules = [module for module in room.modules if not given.only or module in given.only]
        if not modules:
            continue
        _import(room.beneath)
        wanted = [mutant for module in modules for mutant in _all(module)]
        seen += wanted
        tried = wanted[:: given.every]
        found = _in_fork(lambda room=room, tried=tried: _collected(room, tried, given.jobs))
        if found is None:
            return 1
        survivors, later, tests = found
        alive += [tried[number] for number in survivors]
        alive += _imported_anew([(tried[number], tests[number]) for number in later], given.jobs)
        ran += len(tried)
        _say(f"{', '.join(modules)}: {len(tried):,} mutants, {time.monotonic() - start:,.0f} s so far")
    return _told(alive, ran, seen if given.every == 1 else [])


def _told(alive: Sequence[Mutant], ran: int, seen: Sequence[Mutant]) -> int:
    """Tell of survivors and why some of them may; give the exit code."""
    argued = tomllib.loads(ARGUED.read_text(encoding="utf-8"))["argued"]
    why = {(one["module"], one["change"], one["place"], one["line"]): one["why"] for one in argued}
    kept = {key: why[key] for mutant in alive if (key := _key(mutant)) in why}
    for (module, change, place, line), reason in kept.items():
        _say(f"argued: {module}, {change}: {place}, in: {line}\n        {reason}")
    new = [mutant for mutant in alive if _key(mutant) not in why]
    stale = [key for key in why if key[0] in {mutant.module for mutant in seen} and key not in kept]
    for module, change, place, line in stale:
        _say(f"ARGUED IN VAIN {module}, {change}: {place}, in: {line}")
    _say(f"{ran:,} mutants, {len(new)} survive, {len(alive) - len(new)} more with a reason.")
    return 1 if new or stale else 0


def _key(mutant: Mutant) -> tuple[str, str, str, str]:
    return mutant.module, mutant.change, mutant.place, _source_line(mutant)


def _source_line(mutant: Mutant) -> str:
    return _file(mutant.module).read_text(encoding="utf-8").splitlines()[mutant.line - 1].strip()


def _all(module: str) -> list[Mutant]:
    return list(mutants(module, _file(module).read_text(encoding="utf-8"), str(_file(module))))


def _file(module: str) -> Path:
    return ROOT / "terraform_like" / f"{module}.py"


def _say(text: str) -> None:
    """Print where tests, whose output is thrown away, have not taken the place of the output."""
    _OUT.write(f"{text}\n")
    _OUT.flush()


def _survived(mutant: Mutant, tests: int) -> None:
    held = f"{tests} tests run it" if tests else "no test runs it"
    where = f"{mutant.module}:{mutant.line}"
    _say(f"SURVIVED {where} {mutant.change}: {mutant.place}, in: {_source_line(mutant)} ({held})")


# Forks


def _in_fork(work: Callable[[], Any]) -> Any:
    """Run something in a fork, and give what it gives; None where it ends otherwise."""
    with tempfile.TemporaryFile("w+") as answer:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                json.dump(work(), answer)
                answer.flush()
                code = 0
            finally:
                os._exit(code)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
            return None
        answer.seek(0)
        return json.load(answer)


@dataclass(frozen=True)
class Task:
    """A mutant, how many tests run it, the seconds that these take without it, and what gives the first that fails with
    it, or nothing where all pass."""

    mutant: Mutant
    tests: int
    seconds: float
    failing: Callable[[], str]


def _try_each(tasks: Iterable[Task], jobs: int, fails: Callable[[str], None] = lambda _: None) -> list[Mutant]:
    """Try each mutant in a fork of its own, some at a time, and give those whose tests pass; `fails` is told of each
    test that finds one out."""
    alive: list[Mutant] = []
    running: dict[int, tuple[Task, TextIO]] = {}

    def reap() -> None:
        child, status = os.wait()
        task, answer = running.pop(child)
        if os.waitstatus_to_exitcode(status) == 0:
            alive.append(task.mutant)
            _survived(task.mutant, task.tests)
        answer.seek(0)
        fails(answer.read())
        answer.close()

    for task in tasks:
        while len(running) >= jobs:
            reap()
        answer = tempfile.TemporaryFile("w+")  # noqa: SIM115 - it is read once the fork has ended
        child = os.fork()
        if child == 0:
            failed = "not known"
            try:
                limit = int(3 * task.seconds) + _PATIENCE
                resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
                signal.alarm(10 * limit)
                _silence()
                answer.write(failed := task.failing())
                answer.flush()
            finally:
                os._exit(bool(failed))
        running[child] = (task, answer)
    while running:
        reap()
    return alive


# Mutants of functions: put into what is imported and collected


def _collected(room: Room, tried: Sequence[Mutant], jobs: int) -> tuple[list[int], list[int], list[list[str]]]:
    """Give the numbers of survivors, of mutants that only a new import can try, and of each mutant the tests that run
    it."""
    loop = _Loop(tried, jobs)
    _silence()
    code = _pytest([str(ROOT / "tests" / test) for test in room.tests], loop)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) or not loop.tests:
        _say(f"These tests cannot be run: pytest {' '.join(room.tests)}")
        raise SystemExit(1)
    return loop.alive, loop.later, loop.tests


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)


def _pytest(tests: Sequence[str], *plugins: object) -> int:
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        # Hypothesis was imported before pytest could look at its assertions.
        known = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
        options = ["-x", "-q", "-s", "-W", known, "-p", "no:cacheprovider", "-p", "no:xdist"]
        return int(pytest.main([*options, f"--basetemp={folder}/pytest", *tests], plugins=[_Quick(), *plugins]))


class _Quick:
    """Makes hypothesis stop at the first example that fails, and try the same ones each time."""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        settings.register_profile(
            "mutants",
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            database=None,
            derandomize=True,
            max_examples=50,
        )
        settings.load_profile("mutants")


class _Loop:
    """Takes the place of pytest's loop over tests: notes what each runs, then tries the mutants."""

    def __init__(self, tried: Sequence[Mutant], jobs: int) -> None:
        self._tried, self._jobs = tried, jobs
        self._failed: list[str] = []
        #: When each test last found out a mutant: the more, the later.
        self._found: dict[str, int] = {}
        self._memories: list[Any] = []
        self.alive: list[int] = []
        self.later: list[int] = []
        self.tests: list[list[str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.append(f"{report.nodeid}: {report.longreprtext}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        gc.collect()
        self._memories = memories()
        functions = functions_of({str(_file(mutant.module)) for mutant in self._tried})
        gc.freeze()
        noted = _in_fork(lambda: self._noted(items))
        if noted is None or noted["failed"]:
            told = noted["failed"][0] if noted else "The tests cannot be run."
            _say(f"A test fails without any change: {told}")
            raise pytest.exit.Exception("a test fails without any change", 1)
        runs: dict[str, dict[str, set[int]]] = {
            node: {file: set(lines) for file, lines in files.items()} for node, files in noted["runs"].items()
        }
        quick = sorted(items, key=lambda node: noted["seconds"][node])
        tasks = []
        for number, mutant in enumerate(self._tried):
            file = str(_file(mutant.module))
            running = [node for node in quick if file in runs[node]]
            mine = [node for node in running if not runs[node][file].isdisjoint(mutant.statement)]
            put = swapped(mutant, functions) if mutant.inside else None
            # What a module says as it is imported may be read where no line of it runs: a field's default.
            self.tests.append(mine if mutant.inside else running + [node for node in quick if node not in running])
            if put is None:
                self.later.append(number)
                continue
            seconds = sum(noted["seconds"][node] for node in mine)
            failing = functools.partial(self._failing, put, [items[node] for node in mine])
            tasks.append(Task(mutant, len(mine), seconds, failing))
        survivors = {id(mutant) for mutant in _try_each(tasks, self._jobs, self._found_out)}
        self.alive = [number for number, mutant in enumerate(self._tried) if id(mutant) in survivors]
        return True

    def _noted(self, items: dict[str, pytest.Item]) -> dict[str, Any]:
        runs, seconds = {}, {}
        watched = {str(_file(mutant.module)) for mutant in self._tried}
        for node, item in items.items():
            begin = time.process_time()
            with Noting(watched) as noting:
                self._run(item)
            seconds[node] = time.process_time() - begin
            runs[node] = {file: sorted(lines) for file, lines in noting.lines.items()}
        return {"failed": self._failed, "runs": runs, "seconds": seconds}

    def _failing(self, put: Sequence[tuple[FunctionType, CodeType]], items: Sequence[pytest.Item]) -> str:
        for function, code in put:
            function.__code__ = code
        # What found out a mutant nearby most likely finds out this one.
        for item in sorted(items, key=lambda item: -self._found.get(item.nodeid, 0)):
            self._run(item)
            if self._failed:
                return item.nodeid
        return ""

    def _found_out(self, test: str) -> None:
        if test:
            self._found[test] = max(self._found.values(), default=0) + 1

    def _run(self, item: pytest.Item) -> None:
        """Run a test with all its fixtures set up anew, and nothing remembered from another."""
        for cache in self._memories:
            cache.cache_clear()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)


# Mutants of what runs at an import: imported by a process that knows the lower floors only


def _imported_anew(tried: Sequence[tuple[Mutant, Sequence[str]]], jobs: int) -> list[Mutant]:
    def failing(mutant: Mutant, tests: Sequence[str]) -> str:
        sys.meta_path.insert(0, _Mutated(mutant))
        return "one of them" if _pytest(tests) else ""

    # With its imports, a test takes some seconds.
    return _try_each(
        [Task(mutant, len(tests), 100, functools.partial(failing, mutant, tests)) for mutant, tests in tried], jobs
    )


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the mutant where the module is imported."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        mine = name == f"terraform_like.{self._mutant.module.replace('/', '.')}"
        return importlib.machinery.ModuleSpec(name, self, origin="mutated") if mine else None

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(_file(self._mutant.module))
        exec(self._mutant.code, module.__dict__)


def _import(rooms: Sequence[str]) -> None:
    """Import what mutants stand on, and no thread: a child of one with threads could wait for them for ever."""
    for name in ("polars.testing", "scipy.optimize", "scipy.sparse.csgraph", "scipy.spatial", "jsonschema", "cvxpy"):
        importlib.import_module(name)
    for room in rooms:
        package = importlib.import_module(f"terraform_like.{room}")
        for module in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{package.__name__}."):
            importlib.import_module(module.name)


if __name__ == "__main__":
    sys.exit(main())
