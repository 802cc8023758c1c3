"""The benchmark runs, and judges every method by one objective."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from companies import company
from run import problem_of


def test_the_smallest_company_gives_a_table_in_which_the_carve_is_best(root):
    bench = root / "tests" / "bench" / "run.py"

    done = subprocess.run(
        [sys.executable, bench, "--sizes", "50x3", "--seconds", "2"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines() if "|" in line]
    lines = {line["method"]: line for line in (dict(zip(table[0], cells, strict=True)) for cells in table[2:])}
    ours = lines["territory"]
    assert (ours["outside"], ours["pairs"], ours["searched gap"]) == ("0", "146", "0.00%")
    for name in ("keep owners", "spreadsheet's greedy"):
        assert float(lines[name]["objective"]) > float(ours["objective"])


@pytest.mark.parametrize("metrics", [1, 4])
def test_companies_are_of_the_size_that_is_asked_for_and_the_same_each_time(metrics):
    made, again = (company(300, 6, metrics, seed=1) for _ in range(2))
    problem = problem_of(made.carving, made.table)
    assert (problem.units, len(problem.territories), len(problem.metrics)) == (300, 6, metrics)
    assert made.table.equals(again.table)
    assert made.carving == again.carving


def test_a_company_starts_out_of_balance_and_none_of_its_accounts_is_too_heavy_for_a_book():
    made = company(300, 6)
    problem = problem_of(made.carving, made.table)
    fair = problem.limits.share.mean(axis=0)
    assert problem.excess(problem.current) > 0
    assert np.all(problem.weights <= 0.65 * fair)


def test_applies_are_measured_with_the_memory_that_they_take() -> None:
    command = [sys.executable, str(Path(__file__).parent / "apply.py"), "--changes", "700", "--backend", "sqlite"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        r"sqlite: 700 changes, read in \d+ s and applied in \d+ s, [\d,]+ a second; "
        r"\d+ MB at most, \d+ before and \d+ to read\n",
        done.stdout,
    )


def test_whole_commands_are_measured_in_a_repository_that_is_made_for_them() -> None:
    bench = [sys.executable, str(Path(__file__).parent / "whole.py"), "--sizes", "60x3", "--crm", "sqlite", "--phases"]
    commands = ["plan --as-of 2027-02-01 --save", "check"]
    asked = [argument for command in commands for argument in ("--command", command)]
    done = subprocess.run([*bench, *asked], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()[2:]
    for line, command in zip(lines[::2], commands, strict=True):
        figures = r"\d+\.\d \| \d+\.\d \| \d+"
        assert re.fullmatch(rf"\| 60 x 3 \| sqlite \| {re.escape(command)} \| {figures} \|", line)
    assert "carve" in lines[1] and "carve" not in lines[3]
    assert all("start and rest" in phases and "policy" in phases for phases in lines[1::2])
