"""Conditions as rules of other programs say them: a column is one of some values, or on one side of a number.

What an expression says beyond that (functions, sums, columns beside columns) no other program is taught here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

from sqlglot import exp

from terraform_like.domain.expression import Expression
from terraform_like.domain.grammar import Node

Test = Literal["is", "at least", "more than", "at most", "less than"]

#: Ways to meet a condition that are told at most.
_MOST = 50

_TESTS: dict[type[Node], Test] = {
    exp.EQ: "is",
    exp.GTE: "at least",
    exp.GT: "more than",
    exp.LTE: "at most",
    exp.LT: "less than",
}
_TURNED: dict[Test, Test] = {
    "is": "is",
    "at least": "at most",
    "more than": "less than",
    "at most": "at least",
    "less than": "more than",
}


@dataclass(frozen=True, slots=True)
class Criterion:
    """A column passes a test with one of these values; null passes none."""

    column: str
    test: Test
    values: tuple[str, ...]


#: Criteria that must all be met.
Way = tuple[Criterion, ...]


def ways(text: str) -> tuple[Way, ...] | None:
    """Give the ways to meet a condition, each a list of criteria; None where rules cannot say it.

    Parameters
    ----------
    text : str
        An expression that was read before.
    """
    try:
        found = tuple(_ways(Expression.parse(text).tree))
    except _Untold:
        return None
    return found if len(found) <= _MOST else None


def together(one: Way, other: Way) -> Way | None:
    """Give the criteria of both, each column with one list of values at most; None where nothing can meet them."""
    values: dict[str, tuple[str, ...]] = {}
    limits: list[Criterion] = []
    for criterion in (*one, *other):
        if criterion.test != "is":
            limits.append(criterion)
        elif criterion.column not in values:
            values[criterion.column] = criterion.values
        else:
            values[criterion.column] = tuple(v for v in values[criterion.column] if v in criterion.values)
    if not all(values.values()):
        return None
    return (*(Criterion(column, "is", found) for column, found in values.items()), *dict.fromkeys(limits))


class _Untold(Exception):
    """An expression says what rules cannot say."""


def _ways(node: Node) -> Iterator[Way]:
    if isinstance(node, exp.Paren):
        yield from _ways(node.this)
    elif isinstance(node, exp.Or):
        yield from _ways(node.left)
        yield from _ways(node.right)
    elif isinstance(node, exp.And):
        for left, right in product(list(_ways(node.left)), list(_ways(node.right))):
            yield (*left, *right)
    elif isinstance(node, exp.In) and isinstance(node.this, exp.Column) and node.expressions:
        yield (Criterion(node.this.name, "is", tuple(map(_literal, node.expressions))),)
    elif type(node) in _TESTS:
        yield (_compared(node, _TESTS[type(node)]),)
    else:
        raise _Untold


def _compared(node: Node, test: Test) -> Criterion:
    left, right = node.args["this"], node.args["expression"]
    if isinstance(left, exp.Column):
        return Criterion(left.name, test, (_literal(right),))
    if isinstance(right, exp.Column):
        return Criterion(right.name, _TURNED[test], (_literal(left),))
    raise _Untold


def _literal(node: Node) -> str:
    if isinstance(node, exp.Neg):
        return f"-{_literal(node.this)}"
    if not isinstance(node, exp.Literal):
        raise _Untold
    return str(node.this)
