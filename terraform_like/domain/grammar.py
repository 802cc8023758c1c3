"""What may stand in an expression, and how that is judged before there is data.

sqlglot reads it; only what is listed here passes: no sub-query, no window, no aggregate, no statement and no function
but pure ones of one row.
"""

from __future__ import annotations

import math
import re
from typing import ClassVar

from sqlglot import exp

from terraform_like.diagnostics import did_you_mean

Node = exp.Expr


class WithinKm(exp.Expression, exp.Func):
    """`within_km(latitude, longitude, km)`: whether an account is so near; `at` are the columns of its place."""

    arg_types: ClassVar[dict[str, bool]] = {"latitude": True, "longitude": True, "km": True, "at": False}


_TWO = ("this", "expression")
_SEVERAL = ("this", "expressions")
#: Everything that may stand in an expression, with the parts that it may have. A part that is not listed changes the
#: meaning in a way that nobody evaluates, such as `BETWEEN SYMMETRIC`, and is refused like a node that is not.
_PARTS: dict[type[Node], tuple[str, ...]] = {
    exp.Column: ("this", "table", "db", "catalog"),
    exp.Identifier: ("this", "quoted"),
    exp.Literal: ("this", "is_string"),
    exp.Boolean: ("this",),
    exp.Null: (),
    exp.Paren: ("this",),
    exp.Neg: ("this",),
    exp.Not: ("this",),
    exp.And: _TWO,
    exp.Or: _TWO,
    exp.EQ: _TWO,
    exp.NEQ: _TWO,
    exp.GT: _TWO,
    exp.GTE: _TWO,
    exp.LT: _TWO,
    exp.LTE: _TWO,
    exp.Is: (*_TWO, "negate"),
    exp.In: _SEVERAL,
    exp.Between: ("this", "low", "high"),
    exp.Like: (*_TWO, "negate"),
    exp.ILike: (*_TWO, "negate"),
    exp.Add: _TWO,
    exp.Sub: _TWO,
    exp.Mul: _TWO,
    exp.Div: (*_TWO, "typed", "safe"),
    exp.Mod: _TWO,
    exp.Case: ("this", "ifs", "default"),
    exp.If: ("this", "true", "false"),
    exp.Cast: ("this", "to"),
    exp.TryCast: ("this", "to", "safe"),
    exp.DataType: ("this", "nested"),
    exp.DPipe: (*_TWO, "safe"),
}
#: Pure functions of one row, as users write them; synonyms (`power`, `ifnull`, `substr` ...) share a class.
_FUNCTIONS: dict[type[exp.Func], tuple[str, ...]] = {
    exp.Abs: ("this",),
    exp.Ceil: ("this",),
    exp.Coalesce: _SEVERAL,
    exp.Concat: ("expressions", "safe", "coalesce"),
    exp.EndsWith: _TWO,
    exp.Exp: ("this",),
    exp.Floor: ("this",),
    exp.Greatest: (*_SEVERAL, "ignore_nulls"),
    exp.Least: (*_SEVERAL, "ignore_nulls"),
    exp.Left: _TWO,
    exp.Length: ("this",),
    exp.Ln: ("this",),
    exp.Log: _TWO,
    exp.Lower: ("this",),
    exp.Nullif: _TWO,
    exp.Pow: _TWO,
    exp.Replace: (*_TWO, "replacement"),
    exp.Right: _TWO,
    exp.Round: ("this", "decimals"),
    exp.Sign: ("this",),
    exp.Sqrt: ("this",),
    exp.StartsWith: _TWO,
    exp.Substring: ("this", "start", "length"),
    exp.Trim: (*_TWO, "position"),
    exp.Upper: ("this",),
    WithinKm: ("latitude", "longitude", "km", "at"),
}
ALLOWED = _PARTS | _FUNCTIONS
#: Names for messages.
FUNCTIONS = tuple(sorted(f.sql_names()[0].lower() for f in _FUNCTIONS))
#: Types that one may CAST to, as sqlglot calls them once it has seen through synonyms.
TYPES = (
    *("BIGINT", "BOOLEAN", "CHAR", "DATE", "DECIMAL", "DOUBLE", "FLOAT", "INT", "SMALLINT", "TEXT", "TINYINT"),
    "VARCHAR",
)
#: Arguments that must be written out, since they choose what is done: the least a whole number may be, None for text.
_WRITTEN_OUT: dict[tuple[type[Node], str], int | None] = {
    (exp.Like, "expression"): None,
    (exp.ILike, "expression"): None,
    (exp.Replace, "expression"): None,
    (exp.Replace, "replacement"): None,
    (exp.Trim, "expression"): None,
    (exp.Left, "expression"): 0,
    (exp.Right, "expression"): 0,
    (exp.Substring, "start"): 1,
    (exp.Substring, "length"): 0,
    (exp.Round, "decimals"): -15,
}


class ExpressionError(ValueError):
    """An expression that cannot be meant.

    Parameters
    ----------
    message : str
        What is wrong and what to write instead.
    offset, length : int
        Where, in characters from the start of the expression.
    """

    def __init__(self, message: str, offset: int = 0, length: int = 1) -> None:
        super().__init__(message)
        self.offset = offset
        self.length = length


def place(*nodes: Node) -> tuple[int, int]:
    """Give offset and length of the text that nodes were read from, or of what is around them."""
    marks = [(m["start"], m["end"]) for node in nodes for inner in node.walk() if "start" in (m := inner.meta)]
    if not marks:
        return place(nodes[0].parent) if nodes[0].parent else (0, 1)
    start = min(mark[0] for mark in marks)
    return start, max(mark[1] for mark in marks) - start + 1


def judge(node: Node, text: str) -> None:
    """Judge one node, not those below it.

    Raises
    ------
    ExpressionError
        When it, or one of its parts, is not on the list.
    """
    kind = type(node)
    if isinstance(node, exp.Column) and node.table:
        raise ExpressionError(f'"{node.sql()}": write the column alone, without a table', *place(node))
    if kind not in ALLOWED:
        start, length = _function(node, text)
        if isinstance(node, exp.Func) and (name := text[start:][:length].lower()).isidentifier():
            hint = did_you_mean(name, FUNCTIONS) or f" There are: {', '.join(FUNCTIONS)}."
            raise ExpressionError(f'there is no function "{name}".{hint}', start, length)
        raise ExpressionError(f"{_name(node)} is not part of the expression language", *place(node))
    if isinstance(node, exp.DataType) and (getattr(node.this, "name", "") not in TYPES or node.expressions):
        raise ExpressionError(f"there is no type {node.sql()}. There are: {', '.join(TYPES)}.", *place(node))
    for part, value in node.args.items():
        if value and part not in ALLOWED[kind]:
            raise ExpressionError(f"{_name(node)} with {part} is not part of the expression language", *place(node))
        if value and (kind, part) in _WRITTEN_OUT:
            _written_out(value, _WRITTEN_OUT[kind, part])
    _particular(node)


def _particular(node: Node) -> None:
    """Judge what depends on more than the kind of a node."""
    if isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null | exp.Boolean):
        raise ExpressionError("IS takes NULL, TRUE or FALSE", *place(node.expression))
    if isinstance(node, exp.In) and not node.expressions:
        raise ExpressionError("the list of IN is empty", *place(node))
    if isinstance(node, exp.Like | exp.ILike) and "\\" in node.expression.name:
        raise ExpressionError(
            "databases differ on a backslash in LIKE; write `_` for any character", *place(node.expression)
        )
    if isinstance(node, exp.Log) and not node.expression:
        raise ExpressionError("databases differ on the base of LOG(x); write LN(x) or LOG10(x)", *place(node))
    if isinstance(node, exp.Replace) and not node.args.get("replacement"):
        raise ExpressionError("REPLACE takes three arguments: text, what to replace, and by what", *place(node))
    if isinstance(node, exp.Literal) and not node.is_string and not _number(node.name):
        raise ExpressionError("this is not a number", *place(node))
    if isinstance(node, WithinKm):
        _near(node)


def _near(node: WithinKm) -> None:
    """Judge a point and a distance, which are written out: nobody measures from a column."""
    latitude, longitude, km = (written_number(node.args[part]) for part in ("latitude", "longitude", "km"))
    pair = place(node.args["latitude"], node.args["longitude"])
    if abs(latitude) > 90 and abs(longitude) <= 90:
        way = f"write within_km({longitude:.15g}, {latitude:.15g}, {km:.15g})"
        raise ExpressionError(f"latitude and longitude look swapped; {way}", *pair)
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise ExpressionError("latitude lies between -90 and 90, longitude between -180 and 180", *pair)
    if km <= 0:
        raise ExpressionError(f"the distance is more than 0 km, and is {km:.15g}", *place(node.args["km"]))


def written_number(node: Node) -> float:
    """Read a number that is written out, such as `-122.42`.

    Raises
    ------
    ExpressionError
        When it is anything else.
    """
    literal = node.this if isinstance(node, exp.Neg) else node
    if not isinstance(literal, exp.Literal) or literal.is_string or not _number(literal.name):
        raise ExpressionError("this must be written out as a number", *place(node))
    return -float(literal.name) if isinstance(node, exp.Neg) else float(literal.name)


def understood(tree: Node) -> Node:
    """Give the tree with our own functions as nodes of their own, which sqlglot does not know.

    Raises
    ------
    ExpressionError
        When one has too few arguments, or too many.
    """
    for node in list(tree.find_all(exp.Anonymous)):
        if node.name.lower() != "within_km":
            continue
        if len(node.expressions) != 3:
            raise ExpressionError("`within_km` takes three numbers: latitude, longitude and km", *place(node))
        near = WithinKm(**dict(zip(("latitude", "longitude", "km"), node.expressions, strict=True)))
        near.meta.update(node.meta)
        if node is tree:
            return near
        node.replace(near)
    return tree


def _written_out(node: Node, least: int | None) -> None:
    if least is None:
        if not (isinstance(node, exp.Literal) and node.is_string):
            raise ExpressionError("this must be written out as text, 'like this'", *place(node))
        return
    negative = isinstance(node, exp.Neg)
    literal = node.this if negative else node
    if not (isinstance(literal, exp.Literal) and not literal.is_string and re.fullmatch(r"[0-9]{1,9}", literal.name)):
        raise ExpressionError("this must be written out as a whole number", *place(node))
    if (number := -int(literal.name) if negative else int(literal.name)) < least:
        raise ExpressionError(f"this must be {least} or more, and is {number}", *place(node))


def _number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _name(node: Node) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).lower()


def _function(node: Node, text: str) -> tuple[int, int]:
    """Find the name of a function: sqlglot does not mark all."""
    if "start" in node.meta:
        return node.meta["start"], node.meta["end"] - node.meta["start"] + 1
    names = "|".join(map(re.escape, node.sql_names())) if isinstance(node, exp.Func) else ""
    found = re.search(rf"\b(?:{names})\b", text, re.IGNORECASE) if names else None
    return (found.start(), len(found[0])) if found else place(node)
