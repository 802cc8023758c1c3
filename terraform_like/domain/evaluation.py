"""Expressions over columns: every kind of node of a judged tree, evaluated for all rows at once.

The meaning is SQL's, as PostgreSQL has it, with two rules of our own. `/` never cuts off a fraction: 7 / 2 is 3.5. And
what has no answer is null: a division by zero, the root of a negative number, a whole number beyond 64 bits.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import polars as pl
from sqlglot import exp

from terraform_like.domain.geography import great_circle_km
from terraform_like.domain.grammar import Node, WithinKm, written_number
from terraform_like.domain.kinds import arguments, whole_number
from terraform_like.domain.values import (
    BROAD,
    NOTHING,
    NUMBER,
    TEXT,
    TRUTH,
    WHOLE,
    Compare,
    alike,
    compared,
    converted,
    finite,
    read,
    whole,
)

_COMPARISONS: dict[type[Node], Compare] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
}


def evaluate(tree: Node, columns: Mapping[str, pl.Series], height: int) -> pl.Series:
    """Evaluate a judged tree, whose kinds go together.

    Parameters
    ----------
    tree : sqlglot.exp.Expression
        The tree, which `Expression.parse` and `kind_of` let pass.
    columns : mapping of str to polars.Series
        The columns that it reads, `height` values each.
    height : int
        Number of rows.

    Returns
    -------
    polars.Series
        `height` values: whole numbers, numbers, text, booleans, dates, times in microseconds, or nothing but nulls.

    Raises
    ------
    ExpressionError
        When a text cannot be CAST.
    """
    return _Rows(columns, height).of(tree)


class _Rows:
    """The rows that an expression is evaluated for; one method a kind of node."""

    def __init__(self, columns: Mapping[str, pl.Series], height: int) -> None:
        self._columns = columns
        self._height = height

    def of(self, node: Node) -> pl.Series:
        return EVALUATORS[type(node)](self, node)

    def alike(self, *nodes: Node) -> list[pl.Series]:
        return alike([(node, self.of(node)) for node in nodes])

    def typed(self, node: Node, kind: pl.DataType) -> pl.Series:
        return self.of(node).cast(kind)

    def numbers(self, *nodes: Node) -> list[pl.Series]:
        """Evaluate operands of arithmetic: each whole, or a number."""
        return [value if value.dtype == NUMBER else value.cast(WHOLE) for value in map(self.of, nodes)]

    # Leaves.

    def column(self, node: exp.Column) -> pl.Series:
        return read(self._columns[node.name])

    def literal(self, node: exp.Literal) -> pl.Series:
        text = str(node.this)
        if node.is_string:
            return self._constant(text, TEXT)
        exact = re.fullmatch(r"[0-9]{1,18}", text)
        return self._constant(int(text), WHOLE) if exact else self._constant(float(text), NUMBER)

    def boolean(self, node: exp.Boolean) -> pl.Series:
        return self._constant(bool(node.this), TRUTH)

    def null(self, node: exp.Null) -> pl.Series:
        return self._constant(None, NOTHING)

    def _constant(self, value: Any, kind: pl.DataType) -> pl.Series:
        return pl.repeat(value, self._height, dtype=kind, eager=True)

    def cast(self, node: exp.Cast) -> pl.Series:
        return converted(node, self.of(node.this))

    def inner(self, node: exp.Paren) -> pl.Series:
        return self.of(node.this)

    # Truth.

    def comparison(self, node: exp.Binary) -> pl.Series:
        return compared(_COMPARISONS[node.__class__], *self.alike(node.this, node.expression))

    def between(self, node: exp.Between) -> pl.Series:
        value, low, high = self.alike(node.this, node.args["low"], node.args["high"])
        return compared(operator.ge, value, low) & compared(operator.le, value, high)

    def among(self, node: exp.In) -> pl.Series:
        """Compare with a list: with all constants of it at once, as lists of ids are long, with the rest one by one."""
        one = _Rows({}, 1)
        fixed = [item for item in node.expressions if not item.find(exp.Column)]
        rest = [item for item in node.expressions if item.find(exp.Column)]
        given = [(item, one.of(item)) for item in fixed] + [(item, self.of(item)) for item in (*rest, node.this)]
        *values, value = alike(given)
        answers = [compared(operator.eq, value, other) for other in values[len(fixed) :]]
        if fixed and value.dtype != NOTHING:
            constants = pl.concat(values[: len(fixed)])
            found = value.is_in(constants.drop_nulls().implode())
            answers.append(found | self._constant(None, TRUTH) if constants.null_count() else found)
        return reduce(operator.or_, answers, self._constant(None if value.dtype == NOTHING else False, TRUTH))

    def isolated(self, node: exp.Is) -> pl.Series:
        if isinstance(node.expression, exp.Null):
            value = self.of(node.this)
            return value.is_not_null() if node.args.get("negate") else value.is_null()
        answer = self.typed(node.this, TRUTH).eq_missing(self.of(node.expression))
        return ~answer if node.args.get("negate") else answer

    def negated(self, node: exp.Not) -> pl.Series:
        return ~self.typed(node.this, TRUTH)

    def every(self, node: exp.And) -> pl.Series:
        return reduce(operator.and_, (self.typed(part, TRUTH) for part in node.flatten()))

    def any(self, node: exp.Or) -> pl.Series:
        return reduce(operator.or_, (self.typed(part, TRUTH) for part in node.flatten()))

    def like(self, node: exp.Like | exp.ILike) -> pl.Series:
        flags = "(?is)" if isinstance(node, exp.ILike) else "(?s)"
        wild = {"%": ".*", "_": "."}
        pattern = "".join(wild.get(c) or re.escape(c) for c in str(node.expression.this))
        found = self.typed(node.this, TEXT).str.contains(rf"{flags}\A{pattern}\z")
        return ~found if node.args.get("negate") else found

    def start(self, node: exp.StartsWith) -> pl.Series:
        return _together(lambda text, end: text.str.starts_with(end), *self._two_texts(node))

    def end(self, node: exp.EndsWith) -> pl.Series:
        return _together(lambda text, end: text.str.ends_with(end), *self._two_texts(node))

    def _two_texts(self, node: exp.Func) -> tuple[pl.Series, pl.Series]:
        return self.typed(node.this, TEXT), self.typed(node.expression, TEXT)

    # Choices.

    def case(self, node: exp.Case) -> pl.Series:
        branches: list[exp.If] = node.args["ifs"]
        if node.this:
            subject, *whens = self.alike(node.this, *(branch.this for branch in branches))
            conditions = [compared(operator.eq, subject, when) for when in whens]
        else:
            conditions = [self.typed(branch.this, TRUTH) for branch in branches]
        return self._chosen(conditions, [branch.args["true"] for branch in branches], node.args.get("default"))

    def single(self, node: exp.If) -> pl.Series:
        return self._chosen([self.typed(node.this, TRUTH)], [node.args["true"]], node.args.get("false"))

    def _chosen(self, conditions: list[pl.Series], results: list[Node], default: Node | None) -> pl.Series:
        *values, chosen = self.alike(*results, default or exp.Null())
        for condition, value in zip(reversed(conditions), reversed(values), strict=True):
            chosen = value.zip_with(condition.fill_null(False), chosen)
        return chosen

    def first(self, node: exp.Coalesce) -> pl.Series:
        return reduce(lambda one, other: one.zip_with(one.is_not_null(), other), self.alike(*arguments(node)))

    def unless(self, node: exp.Nullif) -> pl.Series:
        value, other = self.alike(node.this, node.expression)
        return self._constant(None, value.dtype).zip_with(compared(operator.eq, value, other).fill_null(False), value)

    def extreme(self, node: exp.Greatest | exp.Least) -> pl.Series:
        """Take the largest or smallest; nulls are passed over."""
        better: Compare = operator.gt if isinstance(node, exp.Greatest) else operator.lt

        def best(one: pl.Series, other: pl.Series) -> pl.Series:
            return other.zip_with(one.is_null() | compared(better, other, one).fill_null(False), one)

        return reduce(best, self.alike(*arguments(node)))

    def near(self, node: WithinKm) -> pl.Series:
        """Say whether accounts are within so many km of a point; null where it is not known where one is."""
        latitude, longitude, km = (written_number(node.args[part]) for part in ("latitude", "longitude", "km"))
        at, to = (self.typed(column, NUMBER).fill_null(math.nan).to_numpy() for column in node.args["at"])
        distance = great_circle_km(at, to, latitude, longitude)
        return pl.Series(distance, dtype=NUMBER).fill_nan(None) <= km

    # Numbers.

    def arithmetic(self, node: exp.Binary) -> pl.Series:
        left, right = self.numbers(node.this, node.expression)
        exact = left.dtype == right.dtype == WHOLE and not isinstance(node, exp.Div | exp.Pow)
        left, right = (value.cast(BROAD if exact else NUMBER) for value in (left, right))
        if isinstance(node, exp.Div | exp.Mod):
            right = right.zip_with(right != 0, self._constant(None, right.dtype))
        if isinstance(node, exp.Mod):
            # The sign of a remainder is that of what is divided; polars gives it that of the divisor.
            result = (left.abs() % right.abs()) * left.sign()
        else:
            result = _ARITHMETIC[type(node)](left, right)
        return whole(result) if exact else finite(result)

    def minus(self, node: exp.Neg) -> pl.Series:
        (value,) = self.numbers(node.this)
        return whole(self._constant(0, BROAD) - value.cast(BROAD)) if value.dtype == WHOLE else -value

    def absolute(self, node: exp.Abs) -> pl.Series:
        (value,) = self.numbers(node.this)
        return whole(value.cast(BROAD).abs()) if value.dtype == WHOLE else value.abs()

    def sign(self, node: exp.Sign) -> pl.Series:
        (value,) = self.numbers(node.this)
        return whole(value.sign())

    def rounded(self, node: exp.Round | exp.Ceil | exp.Floor) -> pl.Series:
        """Give a whole number, but of `ROUND(x, 2)` a number."""
        (value,) = self.numbers(node.this)
        digits = whole_number(node.args.get("decimals"))
        if value.dtype == WHOLE and digits >= 0:
            return value
        if isinstance(node, exp.Ceil):
            return whole(value.ceil())
        if isinstance(node, exp.Floor):
            return whole(value.floor())
        if digits > 0:
            return finite(value.round(digits, mode="half_away_from_zero"))
        unit = 10.0**-digits
        result = (value.cast(NUMBER) / unit).round(0, mode="half_away_from_zero") * unit
        return whole(result)

    def exponential(self, node: exp.Exp) -> pl.Series:
        return finite(self.typed(node.this, NUMBER).exp())

    def root(self, node: exp.Sqrt) -> pl.Series:
        return finite(self.typed(node.this, NUMBER).sqrt())

    def natural_logarithm(self, node: exp.Ln) -> pl.Series:
        return finite(self.typed(node.this, NUMBER).log())

    def logarithm(self, node: exp.Log) -> pl.Series:
        """Give the logarithm of the second argument to the base of the first."""
        base, value = self.typed(node.this, NUMBER), self.typed(node.expression, NUMBER)
        with np.errstate(all="ignore"):
            bases, values = base.to_numpy(), value.to_numpy()
            # LOG10(1000) must be 3 and no hair less, since people take the FLOOR of it.
            exact = np.where(bases == 10, np.log10(values), np.log2(values))
            result = np.where((bases == 10) | (bases == 2), exact, np.log(values) / np.log(bases))
        return finite(pl.Series(result, dtype=NUMBER))

    # Text.

    def joined(self, node: exp.DPipe | exp.Concat) -> pl.Series:
        """Join texts: `||` of null is null, CONCAT passes nulls over."""
        both = isinstance(node, exp.DPipe)
        parts = [self.typed(part, TEXT) for part in ((node.this, node.expression) if both else node.expressions)]
        return reduce(operator.add, parts if both else [part.fill_null("") for part in parts])

    def lower(self, node: exp.Lower) -> pl.Series:
        return self.typed(node.this, TEXT).str.to_lowercase()

    def upper(self, node: exp.Upper) -> pl.Series:
        return self.typed(node.this, TEXT).str.to_uppercase()

    def length(self, node: exp.Length) -> pl.Series:
        return self.typed(node.this, TEXT).str.len_chars().cast(WHOLE)

    def left(self, node: exp.Left) -> pl.Series:
        return self.typed(node.this, TEXT).str.head(whole_number(node.expression))

    def right(self, node: exp.Right) -> pl.Series:
        return self.typed(node.this, TEXT).str.tail(whole_number(node.expression))

    def part(self, node: exp.Substring) -> pl.Series:
        length = whole_number(node.args["length"]) if node.args.get("length") else None
        return self.typed(node.this, TEXT).str.slice(whole_number(node.args["start"]) - 1, length)

    def replaced(self, node: exp.Replace) -> pl.Series:
        old, new = str(node.expression.this), str(node.args["replacement"].this)
        text = self.typed(node.this, TEXT)
        return text.str.replace_all(old, new, literal=True) if old else text

    def trimmed(self, node: exp.Trim) -> pl.Series:
        text = self.typed(node.this, TEXT)
        characters = str(node.expression.this) if node.expression else " "
        strip = {"LEADING": text.str.strip_chars_start, "TRAILING": text.str.strip_chars_end}
        return strip.get(str(node.args.get("position")), text.str.strip_chars)(characters) if characters else text


def _together(function: Callable[[pl.Expr, pl.Expr], pl.Expr], one: pl.Series, other: pl.Series) -> pl.Series:
    return pl.DataFrame({"one": one, "other": other}).select(function(pl.col("one"), pl.col("other"))).to_series()


_ARITHMETIC: dict[type[Node], Compare] = {
    exp.Add: operator.add,
    exp.Sub: operator.sub,
    exp.Mul: operator.mul,
    exp.Div: operator.truediv,
    exp.Pow: operator.pow,
}

Evaluator = Callable[[_Rows, Any], pl.Series]
#: One for each kind of node that has a value; `Expression.parse` lets no other pass.
EVALUATORS: dict[type[Node], Evaluator] = {
    exp.Column: _Rows.column,
    exp.Literal: _Rows.literal,
    exp.Boolean: _Rows.boolean,
    exp.Null: _Rows.null,
    exp.Paren: _Rows.inner,
    **dict.fromkeys(_COMPARISONS, _Rows.comparison),
    exp.Between: _Rows.between,
    exp.In: _Rows.among,
    exp.Is: _Rows.isolated,
    exp.Not: _Rows.negated,
    exp.And: _Rows.every,
    exp.Or: _Rows.any,
    exp.Like: _Rows.like,
    exp.ILike: _Rows.like,
    exp.StartsWith: _Rows.start,
    exp.EndsWith: _Rows.end,
    exp.Case: _Rows.case,
    exp.If: _Rows.single,
    exp.Coalesce: _Rows.first,
    exp.Nullif: _Rows.unless,
    exp.Greatest: _Rows.extreme,
    exp.Least: _Rows.extreme,
    **dict.fromkeys((*_ARITHMETIC, exp.Mod), _Rows.arithmetic),
    exp.Neg: _Rows.minus,
    exp.Abs: _Rows.absolute,
    exp.Sign: _Rows.sign,
    exp.Round: _Rows.rounded,
    exp.Ceil: _Rows.rounded,
    exp.Floor: _Rows.rounded,
    exp.Exp: _Rows.exponential,
    exp.Sqrt: _Rows.root,
    exp.Ln: _Rows.natural_logarithm,
    exp.Log: _Rows.logarithm,
    exp.DPipe: _Rows.joined,
    exp.Concat: _Rows.joined,
    exp.Lower: _Rows.lower,
    exp.Upper: _Rows.upper,
    exp.Length: _Rows.length,
    exp.Left: _Rows.left,
    exp.Right: _Rows.right,
    exp.Substring: _Rows.part,
    exp.Replace: _Rows.replaced,
    exp.Trim: _Rows.trimmed,
    exp.Cast: _Rows.cast,
    exp.TryCast: _Rows.cast,
    WithinKm: _Rows.near,
}
