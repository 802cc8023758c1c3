"""Every mutant of a module: its code with one change, in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

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
class Mutant:
    """A module with one change.

    Parameters
    ----------
    module : str
        Such as policy/judge.
    line : int
        Where the change is.
    change : str
        What it is.
    place : str
        The expression or statement that is changed, on one line.
    statement : range
        Lines of the statement around it: a test that runs none of them runs no change.
    inside : bool
        Whether it is in the body of a function, and so can be put into one that is imported already.
    code : code
        The whole module's code with the change.
    """

    module: str
    line: int
    change: str
    place: str
    statement: range
    inside: bool
    code: CodeType


class _Put(ast.NodeTransformer):
    """Puts one node in another's place."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self._new if node is self._old else self.generic_visit(node)


def mutants(module: str, source: str, file: str = "mutated") -> Iterator[Mutant]:
    """Give every mutant of a module, in the order of its lines; `file` is what its code says it stands in."""
    tree = ast.parse(source)
    never_run = {id(node) for part in _never_run(tree) for node in ast.walk(part)}
    nodes = [node for node in ast.walk(tree) if id(node) not in never_run]
    around = _around(tree)
    for node in sorted(nodes, key=_line):
        for said, other in _others(node):
            place = " ".join(
                (f"if {ast.unparse(node.test)}" if isinstance(node, ast.If) else ast.unparse(node)).split()
            )
            changed = ast.fix_missing_locations(_Put(node, ast.copy_location(other, node)).visit(tree))
            yield Mutant(
                module, _line(node), said, " ".join(place.split()), *around[id(node)], compile(changed, file, "exec")
            )
            _Put(other, node).visit(tree)


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0) or (_line(node.target) if isinstance(node, ast.comprehension) else 0))


def _around(tree: ast.Module) -> dict[int, tuple[range, bool]]:
    """Give the lines of the statement around each node, without the body of one that has any, and whether those are
    run when a function is called."""
    found: dict[int, tuple[range, bool]] = {}

    def walk(node: ast.AST, lines: range, inside: bool) -> None:
        if isinstance(node, ast.stmt | ast.match_case | ast.ExceptHandler):
            start = _line(node.pattern) if isinstance(node, ast.match_case) else _line(node)
            body = getattr(node, "body", None)
            end = max(start, _line(body[0]) - 1) if body else node.end_lineno or start
            lines = range(start, end + 1)
        found[id(node)] = lines, inside
        body = node.body if isinstance(node, ast.FunctionDef) else []
        for child in ast.iter_child_nodes(node):
            walk(child, lines, inside or any(child is part for part in body))

    walk(tree, range(0), False)
    return found


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
