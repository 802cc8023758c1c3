"""Carves companies of all sizes, beside what else one could do, and prints a table of what each gives and takes.

    python tests/bench/run.py              # up to 10,000 accounts, with every other method that is installed
    python tests/bench/run.py --full       # up to a million
    python tests/bench/run.py --sizes 500x10,2000x30 --seconds 10

Every line is measured in a process of its own. Gaps and loads are the same on every machine, since no carve looks at a
clock (those with a limit of time aside); seconds and memory are not.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import math
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import tdp
from baselines import BASELINES, NothingFound
from companies import company

from terraform_like.carve import contiguous, decompose
from terraform_like.carve.form.atlas import fallen_apart
from terraform_like.carve.form.formulate import formulate
from terraform_like.carve.form.problem import Problem
from terraform_like.carve.prove.certify import Evidence, certify
from terraform_like.carve.prove.forced import breaches
from terraform_like.carve.prove.proof import ProofMethod
from terraform_like.diagnostics import Report, nowhere
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.domain.scope import populate

SIZES = ("500x10", "2000x30", "10000x100")
FULL = ("50000x250", "100000x500", "1000000x1000")
#: With `carve: {effort: thorough}` up to so many accounts.
_THOROUGH = 2_000
#: Up to so many accounts a carve makes prices exact with cvxpy.
_USED = 5_000
_OURS = {"territory": {}, "territory, thorough": {"effort": "thorough"}}
_HEADER = (
    "accounts x territories",
    "metrics",
    "pairs",
    "method",
    "formulated s",
    "solved s",
    "CPU s",
    "peak MB",
    "data MB",
    "objective",
    "gap",
    "searched gap",
    "moved",
    "outside",
    "worst",
    "forced",
)


@dataclass(frozen=True)
class Line:
    """What a method gave and took for a company.

    Parameters
    ----------
    formulated, solved, cpu : float
        Seconds: to make the problem of the accounts; to solve it; of the processor while it was solved.
    peak, data : float
        Most memory of the process, and of it before it began to solve, in MB.
    objective, bound, searched : float
        The published objective, what no answer costs less than, and what none inside its limits does, where branch
        and bound was asked.
    moved, outside, forced : int
        Accounts that move, loads outside their limits, and those of them that no carve could hold.
    worst : float
        The worst excess over a limit, as a share of the fair share.
    failed : str
        Why there is no answer.
    """

    size: str
    metrics: int
    method: str
    pairs: int = 0
    formulated: float = math.nan
    solved: float = math.nan
    cpu: float = math.nan
    peak: float = math.nan
    data: float = math.nan
    objective: float = math.nan
    bound: float = math.nan
    searched: float = math.nan
    moved: int = 0
    outside: int = 0
    forced: int = 0
    worst: float = 0.0
    failed: str = ""


def problem_of(carving: Carving, table: object) -> Problem:
    """Make the one problem of a company."""
    report = Report()
    population = populate(carving, Book.of(table), nowhere, report)
    if population is None:
        raise SystemExit(str([*report]))
    (problem,) = formulate(carving, population.inside, nowhere, report)
    return problem


def ours(problem: Problem, line: Line) -> Line:
    """Carve, as `territory plan` does where limits are broken, and certify what comes."""
    begun, spent = time.perf_counter(), time.process_time()
    start = problem.current if (problem.current >= 0).all() else None
    solved = decompose.solve(problem, start)
    line = replace(line, solved=time.perf_counter() - begun, cpu=time.process_time() - spent)
    found = solved.problem
    least = None if solved.least is None else solved.least / found.units
    proof = certify(found, solved.choice, Evidence(solved.prices, ProofMethod.DECOMPOSED, searched=least))
    said = breaches(found, solved.choice, solved.prices)
    line = _measured(line, found, solved.choice)
    searched = math.nan if proof.searched is None else proof.searched
    return replace(line, bound=proof.bound, searched=searched, forced=sum(breach.forced for breach in said))


def other(problem: Problem, line: Line, method: Callable[[Problem, float], np.ndarray], seconds: float) -> Line:
    """Try another method."""
    begun, spent = time.perf_counter(), time.process_time()
    try:
        choice = method(problem, seconds)
    except NothingFound as error:
        return replace(line, failed=str(error), solved=time.perf_counter() - begun, cpu=time.process_time() - spent)
    line = replace(line, solved=time.perf_counter() - begun, cpu=time.process_time() - spent)
    return _measured(line, problem, choice)


def _measured(line: Line, problem: Problem, choice: np.ndarray) -> Line:
    excess = problem.limits.excess(problem.loads(choice)) / np.maximum(problem.limits.share, 1e-300)
    return replace(
        line,
        pairs=len(problem.pairs),
        objective=problem.cost(choice) / problem.units,
        moved=int(problem.pairs.moved[choice].sum()),
        outside=int((excess > 0).sum()),
        worst=float(excess.max(initial=0.0)),
    )


def measure(size: str, metrics: int, method: str, seconds: float) -> Line:
    """Measure one line, in this process; cvxpy is imported before where a carve uses it, as a plan imports it once.

    A carve of many accounts uses it for what nothing else mends, and then its import counts. It is not imported beside
    OR-tools, which brings a HiGHS of its own: two of them in one process do not load.
    """
    accounts, territories = map(int, size.split("x"))
    if (method in _OURS and accounts <= _USED) or (method not in _OURS and BASELINES[method][2] is None):
        importlib.import_module("terraform_like.carve.programs.exact")
    made = company(accounts, territories, metrics, **_OURS.get(method, {}))
    begun = time.perf_counter()
    problem = problem_of(made.carving, made.table)
    line = Line(size, metrics, method, formulated=time.perf_counter() - begun, data=_peak())
    line = ours(problem, line) if method in _OURS else other(problem, line, BASELINES[method][0], seconds)
    return replace(line, peak=_peak())


def _peak() -> float:
    """Give the most memory that this process has had, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        # Where there is one, since what getrusage says may be the memory of the process that started this one.
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def measured_apart(size: str, metrics: int, method: str, seconds: float) -> Line:
    """Measure one line in a process of its own, which is killed where it goes far beyond its time."""
    arguments = ["--one", size, method, "--metrics", str(metrics), "--seconds", str(seconds)]
    patience = None if method in _OURS else 3 * seconds + 60
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, __file__, *arguments],
            stdout=subprocess.PIPE,
            timeout=patience,
            env=environment,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return Line(size, metrics, method, failed=f"killed after {patience:.0f} s")
    except subprocess.CalledProcessError as error:
        return Line(size, metrics, method, failed=f"ended with code {error.returncode}")
    return Line(**json.loads(done.stdout.splitlines()[-1]))


def methods(accounts: int) -> Iterator[str]:
    """Give the methods that are worth trying for so many accounts, and are installed."""
    for name in _OURS:
        if name == "territory" or accounts <= _THOROUGH:
            yield name
    for name, (_, most, module) in BASELINES.items():
        if accounts <= most and (module is None or importlib.util.find_spec(module)):
            yield name


def row(line: Line, best: float) -> str:
    """Give a line of the table; `best` is the best bound that is known for its company."""
    accounts, territories = map(int, line.size.split("x"))
    who = [f"{accounts:,} x {territories:,}", str(line.metrics), f"{line.pairs:,}" if line.pairs else "", line.method]
    times = [_figure(line.formulated, 1), _figure(line.solved, 1), _figure(line.cpu, 1)]
    memory = [_figure(line.peak, 0), _figure(line.data, 0)]
    if line.failed:
        return _cells([*who, *times, *memory, line.failed, "", "", "", "", "", ""])
    forced = str(line.forced) if line.method in _OURS else ""
    gaps = [_gap(line.objective, best), _gap(line.objective, line.searched)]
    answer = [f"{line.objective:.5f}", *gaps, f"{line.moved:,}", str(line.outside), f"{line.worst:.2%}"]
    return _cells([*who, *times, *memory, *answer, forced])


def _gap(objective: float, bound: float) -> str:
    """Say how far an answer can be from the best, as a share of what it costs."""
    return f"{max(0.0, objective - bound) / objective:.2%}" if math.isfinite(bound) else ""


def _figure(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}" if math.isfinite(value) else ""


def _cells(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def bench(sizes: list[str], metrics: int, seconds: float) -> None:
    """Print the table, each size as soon as it is measured."""
    say(_cells(list(_HEADER)))
    say(_cells(["---"] * len(_HEADER)))
    for size in sizes:
        lines = []
        for method in methods(int(size.split("x")[0])):
            lines.append(measured_apart(size, metrics, method, seconds))
        best = max((line.bound for line in lines if math.isfinite(line.bound)), default=math.nan)
        for line in lines:
            say(row(line, best))


def bench_tdp(folder: Path) -> None:
    """Print how the instances of commercial territory design end, and in how many seconds: alone, and connected."""
    equal, spent = 0, []
    farther, spent_connected = [], []
    names = tdp.names(folder)
    for name in names:
        design = tdp.design(folder, name)
        distance, seconds = _designed(design, design.carving)
        equal += abs(distance - design.optimum) < 1e-4
        spent.append(seconds)
        distance, seconds = _designed(design, design.connected)
        farther.append(distance / design.published - 1)
        spent_connected.append(seconds)
    say(
        f"\ntdp: {equal} of {len(names)} instances end at the proved optimum, "
        f"{sum(spent) / len(spent):.2f} s of CPU each, {max(spent):.2f} at most."
    )
    say(
        f"tdp, connected: {sum(share < 5e-5 for share in farther)} are as near as the published answer or nearer, "
        f"{min(farther):+.2%} to {max(farther):+.2%}, {sum(spent_connected) / len(spent):.2f} s of CPU each, "
        f"{max(spent_connected):.2f} at most."
    )


def _designed(design: tdp.Design, carving: Carving) -> tuple[float, float]:
    """Carve an instance; give its total distance, infinite where limits are broken or areas fall apart, and CPU s."""
    problem = problem_of(carving, design.table)
    begun = time.process_time()
    solved = (decompose if problem.atlas is None else contiguous).solve(problem)
    seconds = time.process_time() - begun
    holds = solved.problem.excess(solved.choice) == 0 and not fallen_apart(solved.problem, solved.choice)
    places = solved.problem.places(solved.choice)
    distance = design.distance(dict(zip(problem.accounts.tolist(), places.tolist(), strict=True)))
    return (distance if holds else math.inf), seconds


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help=f"also {', '.join(FULL)}")
    parser.add_argument("--sizes", help="accounts x territories, with commas between: 500x10,2000x30")
    parser.add_argument("--metrics", type=int, default=3, choices=range(1, 5), help="how many loads are balanced")
    parser.add_argument("--seconds", type=float, default=60.0, help="for methods that would not end by themselves")
    parser.add_argument("--tdp", type=Path, metavar="FOLDER", help="instances of commercial territory design")
    parser.add_argument("--one", nargs=2, metavar=("SIZE", "METHOD"), help="one line, in this process, as JSON")
    asked = parser.parse_args()
    if asked.one:
        say(json.dumps(asdict(measure(asked.one[0], asked.metrics, asked.one[1], asked.seconds))))
        return
    sizes = asked.sizes.split(",") if asked.sizes else [*SIZES, *(FULL if asked.full else ())]
    say(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}.\n")
    bench(sizes, asked.metrics, asked.seconds)
    if asked.tdp and asked.tdp.is_dir():
        bench_tdp(asked.tdp)


if __name__ == "__main__":
    main()
