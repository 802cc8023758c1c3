"""The kinds of values that expressions have, and which of them go together: told from the tree, without any data.

Whole numbers are numbers too, and text that stands beside a date is read as one. Nothing else is converted unasked:
databases differ on what `'7' = 7` is, and people do too.

Whatever holds for a number holds for a whole number, and nothing is said of what is unknown; so a judgement on less
knowledge never refuses what one on more lets pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlglot import exp

from terraform_like.domain.grammar import ExpressionError, Node, WithinKm, place


class Kind(StrEnum):
    """A kind of values; `nothing` is that of nulls only, `unreadable` that of values which no expression can read."""

    WHOLE = "whole"
    NUMBER = "number"
    TEXT = "text"
    TRUTH = "boolean"
    DAY = "date"
    MOMENT = "time"
    NOTHING = "nothing"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"

    @property
    def word(self) -> str:
        """The word that a person has for it."""
        return _WORDS[self]


_WORDS = {
    Kind.WHOLE: "a number",
    Kind.NUMBER: "a number",
    Kind.TEXT: "text",
    Kind.TRUTH: "true or false",
    Kind.DAY: "a date",
    Kind.MOMENT: "a time",
    Kind.NOTHING: "nothing",
    Kind.UNKNOWN: "something unknown",
    Kind.UNREADABLE: "values that no expression can read",
}
#: Kinds that go with every other.
FREE = frozenset({Kind.NOTHING, Kind.UNKNOWN})
#: What each type is that one may CAST to.
CAST_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("BIGINT", "INT", "SMALLINT", "TINYINT"), Kind.WHOLE),
    **dict.fromkeys(("DECIMAL", "DOUBLE", "FLOAT"), Kind.NUMBER),
    **dict.fromkeys(("CHAR", "TEXT", "VARCHAR"), Kind.TEXT),
    "BOOLEAN": Kind.TRUTH,
    "DATE": Kind.DAY,
}
#: What one may CAST, beside everything to itself and to text: what else there is, people would read in several ways.
_CASTS = {
    (Kind.WHOLE, Kind.NUMBER),
    (Kind.TRUTH, Kind.WHOLE),
    (Kind.WHOLE, Kind.TRUTH),
    (Kind.TEXT, Kind.WHOLE),
    (Kind.TEXT, Kind.NUMBER),
    (Kind.TEXT, Kind.DAY),
    (Kind.MOMENT, Kind.DAY),
}
#: What can become text; databases differ on how fractions, times and truth are written.
_WRITTEN = {Kind.TEXT, Kind.WHOLE, Kind.DAY} | FREE


def kind_of(tree: Node, columns: Mapping[str, Kind]) -> tuple[Kind, list[ExpressionError]]:
    """Tell the kind of a judged tree's value, and everything in it that does not fit.

    Parameters
    ----------
    tree : sqlglot.exp.Expr
        The tree, which `Expression.parse` let pass.
    columns : mapping of str to Kind
        The kind of every column that it reads.
    """
    kinds = _Kinds(columns)
    return kinds.of(tree), kinds.faults


class _Kinds:
    """The kinds of one tree's nodes; what does not fit is gathered and then taken for what it should be."""

    def __init__(self, columns: Mapping[str, Kind]) -> None:
        self._columns = columns
        self.faults: list[ExpressionError] = []

    def of(self, node: Node) -> Kind:
        return JUDGES[type(node)](self, node)

    def fault(self, said: str, *nodes: Node) -> None:
        self.faults.append(ExpressionError(said, *place(*nodes)))

    def must_be(self, kind: Kind, *nodes: Node) -> Kind:
        for node in nodes:
            found = self.of(node)
            if found not in FREE and found != kind and (found, kind) != (Kind.WHOLE, Kind.NUMBER):
                self.fault(f"{kind.word} must stand here, but this is {found.word}", node)
        return kind

    def texts(self, *nodes: Node) -> None:
        self.must_be(Kind.TEXT, *nodes)

    def number(self, node: Node) -> Kind:
        """Judge an operand of arithmetic: whole, or a number."""
        found = self.of(node)
        if found not in FREE and found not in (Kind.WHOLE, Kind.NUMBER):
            self.fault(f"a number must stand here, but this is {found.word}", node)
        return Kind.NUMBER if found == Kind.NUMBER else Kind.WHOLE

    def alike(self, *nodes: Node) -> Kind:
        """Judge values that must go together: numbers widen, text beside a date is read as one."""
        given = [(node, self.of(node)) for node in nodes]
        kinds = {kind for _, kind in given} - FREE
        unknown = any(kind == Kind.UNKNOWN for _, kind in given)
        written = [node for node, kind in given if kind == Kind.TEXT]
        literal = all(isinstance(node, exp.Literal) for node in written)
        dated = kinds & {Kind.DAY, Kind.MOMENT}
        if dated and literal and kinds <= {Kind.DAY, Kind.MOMENT, Kind.TEXT}:
            kind = Kind.MOMENT if Kind.MOMENT in dated else Kind.DAY
            for node in written:
                self._dated(node, Kind.MOMENT if unknown else kind)
            return kind
        if kinds == {Kind.WHOLE, Kind.NUMBER}:
            return Kind.NUMBER
        if len(kinds) > 1:
            words = sorted({kind.word for kind in kinds})
            self.fault(f"{words[0]} and {words[1]} do not go together", *nodes)
            return Kind.UNKNOWN
        # Text that is written out beside something unknown may yet be a date.
        if unknown and literal and kinds <= {Kind.TEXT}:
            return Kind.UNKNOWN
        return next(iter(kinds), Kind.NOTHING)

    def _dated(self, node: Node, kind: Kind) -> None:
        text = str(node.this)
        try:
            _ = date.fromisoformat(text) if kind == Kind.DAY else datetime.fromisoformat(text)
        except ValueError:
            self.fault("a date is written 'YYYY-MM-DD'", node)

    def column(self, node: exp.Column) -> Kind:
        kind = self._columns[node.name]
        if kind == Kind.UNREADABLE:
            self.fault("this column holds neither numbers, text, true or false, dates nor times", node)
            return Kind.UNKNOWN
        return kind

    def literal(self, node: exp.Literal) -> Kind:
        if node.is_string:
            return Kind.TEXT
        return Kind.WHOLE if re.fullmatch(r"[0-9]{1,18}", str(node.this)) else Kind.NUMBER

    def isolated(self, node: exp.Is) -> Kind:
        if isinstance(node.expression, exp.Null):
            self.of(node.this)
            return Kind.TRUTH
        return self.must_be(Kind.TRUTH, node.this)

    def compared(self, *nodes: Node) -> Kind:
        self.alike(*nodes)
        return Kind.TRUTH

    def comparison(self, node: exp.Binary) -> Kind:
        return self.compared(node.this, node.expression)

    def tested(self, *nodes: Node) -> Kind:
        self.texts(*nodes)
        return Kind.TRUTH

    def case(self, node: exp.Case) -> Kind:
        branches: list[exp.If] = node.args["ifs"]
        if node.this:
            self.alike(node.this, *(branch.this for branch in branches))
        else:
            self.must_be(Kind.TRUTH, *(branch.this for branch in branches))
        return self._chosen([branch.args["true"] for branch in branches], node.args.get("default"))

    def single(self, node: exp.If) -> Kind:
        self.must_be(Kind.TRUTH, node.this)
        return self._chosen([node.args["true"]], node.args.get("false"))

    def _chosen(self, results: list[Node], default: Node | None) -> Kind:
        return self.alike(*results, *([default] if default else []))

    def arithmetic(self, node: exp.Binary) -> Kind:
        kinds = {self.number(node.this), self.number(node.expression)}
        return Kind.WHOLE if kinds == {Kind.WHOLE} and not isinstance(node, exp.Div | exp.Pow) else Kind.NUMBER

    def rounded(self, node: exp.Round | exp.Ceil | exp.Floor) -> Kind:
        whole = self.number(node.this) == Kind.WHOLE
        return Kind.WHOLE if whole or whole_number(node.args.get("decimals")) <= 0 else Kind.NUMBER

    def signed(self, node: exp.Sign) -> Kind:
        self.number(node.this)
        return Kind.WHOLE

    def numeric(self, *nodes: Node) -> Kind:
        return self.must_be(Kind.NUMBER, *nodes)

    def joined(self, *nodes: Node) -> Kind:
        for node in nodes:
            self._as_text(node)
        return Kind.TEXT

    def _as_text(self, node: Node) -> None:
        found = self.of(node)
        if found not in _WRITTEN:
            way = "; make it a whole number with ROUND, FLOOR or CEIL" if found == Kind.NUMBER else ""
            self.fault(f"{found.word} cannot become text{way}", node)

    def text(self, *nodes: Node) -> Kind:
        return self.must_be(Kind.TEXT, *nodes)

    def length(self, node: exp.Length) -> Kind:
        self.texts(node.this)
        return Kind.WHOLE

    def cast(self, node: exp.Cast) -> Kind:
        kind = CAST_KINDS[node.to.this.name]
        if kind == Kind.TEXT:
            self._as_text(node.this)
            return kind
        found = self.of(node.this)
        if found not in FREE and found != kind and (found, kind) not in _CASTS:
            way = "; say how: FLOOR, CEIL or ROUND" if (found, kind) == (Kind.NUMBER, Kind.WHOLE) else ""
            self.fault(f"{found.word} cannot become {node.to.sql().lower()}{way}", node.this)
        return kind

    def near(self, node: WithinKm) -> Kind:
        columns = node.args.get("at")
        if not columns:
            self.fault("`within_km` asks where an account is; here there are no accounts", node)
            return Kind.TRUTH
        for column in columns:
            found = self.of(column)
            if found not in FREE and found not in (Kind.WHOLE, Kind.NUMBER):
                self.fault(f'`within_km` needs numbers in "{column.name}", but that is {found.word}', node)
        return Kind.TRUTH


def arguments(node: exp.Func) -> list[Node]:
    """Give all arguments of a function that takes as many as one likes."""
    return [node.this, *node.expressions]


def whole_number(node: Node | None) -> int:
    """Read a whole number that is written out, 0 where there is none."""
    if node is None:
        return 0
    return -whole_number(node.this) if isinstance(node, exp.Neg) else int(str(node.this))


Judge = Callable[[_Kinds, Any], Kind]
#: One for each kind of node that has a value; `Expression.parse` lets no other pass.
JUDGES: dict[type[Node], Judge] = {
    exp.Column: _Kinds.column,
    exp.Literal: _Kinds.literal,
    exp.Boolean: lambda kinds, node: Kind.TRUTH,
    exp.Null: lambda kinds, node: Kind.NOTHING,
    exp.Paren: lambda kinds, node: kinds.of(node.this),
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE), _Kinds.comparison),
    exp.Between: lambda kinds, node: kinds.compared(node.this, node.args["low"], node.args["high"]),
    exp.In: lambda kinds, node: kinds.compared(*node.expressions, node.this),
    exp.Is: _Kinds.isolated,
    exp.Not: lambda kinds, node: kinds.must_be(Kind.TRUTH, node.this),
    **dict.fromkeys((exp.And, exp.Or), lambda kinds, node: kinds.must_be(Kind.TRUTH, *node.flatten())),
    **dict.fromkeys((exp.Like, exp.ILike), lambda kinds, node: kinds.tested(node.this)),
    **dict.fromkeys((exp.StartsWith, exp.EndsWith), lambda kinds, node: kinds.tested(node.this, node.expression)),
    exp.Case: _Kinds.case,
    exp.If: _Kinds.single,
    **dict.fromkeys((exp.Coalesce, exp.Greatest, exp.Least), lambda kinds, node: kinds.alike(*arguments(node))),
    exp.Nullif: lambda kinds, node: kinds.alike(node.this, node.expression),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Pow), _Kinds.arithmetic),
    **dict.fromkeys((exp.Neg, exp.Abs), lambda kinds, node: kinds.number(node.this)),
    exp.Sign: _Kinds.signed,
    **dict.fromkeys((exp.Round, exp.Ceil, exp.Floor), _Kinds.rounded),
    **dict.fromkeys((exp.Exp, exp.Sqrt, exp.Ln), lambda kinds, node: kinds.numeric(node.this)),
    exp.Log: lambda kinds, node: kinds.numeric(node.this, node.expression),
    exp.DPipe: lambda kinds, node: kinds.joined(node.this, node.expression),
    exp.Concat: lambda kinds, node: kinds.joined(*node.expressions),
    **dict.fromkeys(
        (exp.Lower, exp.Upper, exp.Left, exp.Right, exp.Substring, exp.Replace, exp.Trim),
        lambda kinds, node: kinds.text(node.this),
    ),
    exp.Length: _Kinds.length,
    **dict.fromkeys((exp.Cast, exp.TryCast), _Kinds.cast),
    WithinKm: _Kinds.near,
}
