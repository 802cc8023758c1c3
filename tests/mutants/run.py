"""Change the gate's code, one place at a time, and see that a test fails: what survives is a check that nobody holds.

A mutant is a module with one change: a comparison, `and` and `or`, a sign, an operator, a number or a truth turned
round, a condition that always or never holds, a statement that is left out. Each runs in a fork of a process that has
imported what the module stands on, so a mutant costs a second or two. Survivors are printed; those that change nothing
are argued in README.md beside this file.

    python tests/mutants/run.py [--only policy/judge] [--every 10]
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.abc
import importlib.machinery
import os
import pkgutil
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

import pytest
from hypothesis import Phase, settings

ROOT = Path(__file__).parents[2]
#: CPU seconds that a mutant's tests may take: one that runs on is found out.
_LONGEST = 90
_TURNED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}


@dataclass(frozen=True)
class Room:
    """Modules to change, what may be imported before (lower floors), and the tests that hold them, quick ones first."""

    modules: tuple[str, ...]
    beneath: tuple[str, ...]
    tests: tuple[tuple[str, ...], ...]


_LOW = ("diagnostics", "address", "domain", "diff", "carve", "staffing")
_MIDDLE = (*_LOW, "policy", "plan", "config", "crm", "state", "git", "report")
_UNIT = "tests/unit"
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
            tuple(f"{_UNIT}/policy/test_{name}.py" for name in ("changed", "override", "told", "measured", "judge")),
            (
                *(f"{_UNIT}/policy/test_reference.py", f"{_UNIT}/flow/test_policy_test.py"),
                *(f"{_UNIT}/plan/test_policy_tables.py", f"{_UNIT}/config/test_load.py"),
            ),
        ),
    ),
    Room(("flow/gate",), _MIDDLE, ((f"{_UNIT}/flow/test_gate.py",),)),
    Room(("flow/check",), _MIDDLE, ((f"{_UNIT}/flow/test_check.py",), (f"{_UNIT}/flow/test_gate.py",))),
)


@dataclass(frozen=True)
class Mutant:
    """A module, the line of the change, what it is, and the module's code with it."""

    module: str
    line: int
    change: str
    code: CodeType


class _Put(ast.NodeTransformer):
    """Puts one node in another's place."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self._new if node is self._old else self.generic_visit(node)


def mutants(module: str, source: str) -> Iterator[Mutant]:
    """Give every mutant of a module, in the order of its lines."""
    tree = ast.parse(source)
    never_run = {id(node) for part in _never_run(tree) for node in ast.walk(part)}
    nodes = [node for node in ast.walk(tree) if id(node) not in never_run]
    for node in sorted(nodes, key=_line):
        for said, other in _others(node):
            changed = ast.fix_missing_locations(_Put(node, ast.copy_location(other, node)).visit(tree))
            yield Mutant(module, _line(node), said, compile(changed, f"{module}, mutated", "exec"))
            _Put(other, node).visit(tree)


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0) or (_line(node.target) if isinstance(node, ast.comprehension) else 0))


def _never_run(tree: ast.Module) -> Iterator[ast.AST]:
    """Give what only type checkers and readers look at: annotations, aliases of types, imports for them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation:
            yield node.annotation
        elif isinstance(node, ast.FunctionDef) and node.returns:
            yield node.returns
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield node
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):
            yield node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dataclass":
            # That values are frozen and have slots is held by the type checker.
            yield node


def _others(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Give what may stand in a node's place, each with how that differs."""
    match node:
        case ast.Compare(ops=[op, *more]) if type(op) in _TURNED:
            yield "comparison turned", ast.Compare(node.left, [_TURNED[type(op)](), *more], node.comparators)
        case ast.BoolOp() if type(node.op) in _TURNED:
            yield "operator turned", ast.BoolOp(_TURNED[type(node.op)](), node.values)
        case ast.BinOp() if type(node.op) in _TURNED:
            yield "operator turned", ast.BinOp(node.left, _TURNED[type(node.op)](), node.right)
        case ast.AugAssign() if type(node.op) in _TURNED:
            yield "operator turned", ast.AugAssign(node.target, _TURNED[type(node.op)](), node.value)
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield "sign left out", node.operand
        case ast.If():
            for truth in (False, True):
                yield f"condition {truth}", ast.If(ast.Constant(truth), node.body, node.orelse)
        case ast.IfExp():
            yield "condition False", node.orelse
            yield "condition True", node.body
        case ast.comprehension(ifs=[_, *_]):
            yield "filter left out", ast.comprehension(node.target, node.iter, [], node.is_async)
        case ast.Constant(value=bool(value)):
            yield "truth turned", ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield "number changed", ast.Constant(value + 1)
        case ast.Expr(value=ast.Call()):
            yield "statement left out", ast.Pass()
        case ast.Expr(value=ast.Yield() | ast.YieldFrom()):
            # A generator stays one.
            yield "statement left out", ast.Expr(ast.YieldFrom(ast.Tuple([], ast.Load())))


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


class _Quick:
    """Makes hypothesis stop at the first example that fails."""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        settings.register_profile("mutants", deadline=None, phases=[Phase.explicit, Phase.generate], database=None)
        settings.load_profile("mutants")


def passes(mutant: Mutant | None, tests: Sequence[str]) -> bool:
    """Run the tests with a mutant, or with the code as it is, in a fork; true where all pass."""
    child = os.fork()
    if child == 0:
        failed = 1
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (_LONGEST, _LONGEST))
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            if mutant is not None:
                sys.meta_path.insert(0, _Mutated(mutant))
            failed = run_tests(tests)
        finally:
            os._exit(bool(failed))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def run_tests(tests: Sequence[str]) -> int:
    """Run tests until one fails."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        # Hypothesis was imported before pytest could look at its assertions.
        known = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
        options = ["-x", "-q", "-W", known, "-p", "no:cacheprovider", "-p", "no:xdist", f"--basetemp={folder}/pytest"]
        return int(pytest.main([*options, *(str(ROOT / test) for test in tests)], plugins=[_Quick()]))


def _file(module: str) -> Path:
    return ROOT / "terraform_like" / f"{module}.py"


def _import(rooms: Sequence[str]) -> None:
    """Import what mutants stand on, and no thread: a child of one with threads could wait for them for ever."""
    for name in ("polars.testing", "scipy.optimize", "scipy.sparse.csgraph", "scipy.spatial", "jsonschema", "cvxpy"):
        importlib.import_module(name)
    for room in rooms:
        package = importlib.import_module(f"terraform_like.{room}")
        for module in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{package.__name__}."):
            importlib.import_module(module.name)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="MODULE", help="such as policy/judge")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of N mutants run one")
    given = parser.parse_args()
    os.chdir(ROOT)
    ran = survivors = 0
    start = time.monotonic()
    for room in ROOMS:
        modules = [module for module in room.modules if given.only in (None, module)]
        if not modules:
            continue
        _import(room.beneath)
        for tests in room.tests:
            if not passes(None, tests):
                sys.stdout.write(f"These tests fail without any change: pytest {' '.join(tests)}\n")
                return 1
        for module in modules:
            source = _file(module).read_text(encoding="utf-8")
            for number, mutant in enumerate(mutants(module, source)):
                if number % given.every:
                    continue
                ran += 1
                if all(passes(mutant, tests) for tests in room.tests):
                    survivors += 1
                    line = source.splitlines()[mutant.line - 1].strip()
                    sys.stdout.write(f"SURVIVED {module}:{mutant.line} {mutant.change}: {line}\n")
                    sys.stdout.flush()
            took = time.monotonic() - start
            sys.stdout.write(f"{module}: {ran} mutants so far, {survivors} survive, {took:.0f} s\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
