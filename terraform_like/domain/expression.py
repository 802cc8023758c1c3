"""The one expression language that users write: an SQL expression over columns, checked before it runs.

sqlglot reads it, which gives positions and a tree to judge; polars evaluates it, vectorised. Only what is listed here
passes: no sub-query, no window, no aggregate, no statement and no function but pure ones, so that an expression can
neither read a file nor take longer than one pass over the accounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from terraform_like.diagnostics import Locate, Path, Report, did_you_mean

if TYPE_CHECKING:
    import polars as pl

Wanted = Literal["boolean", "number", "any"]

#: Longer than any wish, short enough that no parser takes long.
LONGEST = 10_000
#: Deeper than any wish; a parser's recursion stays small.
DEEPEST = 100

_NODES: tuple[type[exp.Expression], ...] = (
    exp.Column,
    exp.Identifier,
    exp.Literal,
    exp.Boolean,
    exp.Null,
    exp.Paren,
    exp.Neg,
    exp.Not,
    exp.And,
    exp.Or,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.Is,
    exp.In,
    exp.Between,
    exp.Like,
    exp.ILike,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Div,
    exp.Mod,
    exp.Case,
    exp.If,
    exp.Cast,
    exp.DataType,
    exp.DPipe,
)
#: Pure functions of one row, as users write them; synonyms (`power`, `ifnull`, `substr` ...) share a class.
_FUNCTIONS: tuple[type[exp.Func], ...] = (
    exp.Abs,
    exp.Ceil,
    exp.Coalesce,
    exp.Concat,
    exp.EndsWith,
    exp.Exp,
    exp.Floor,
    exp.Greatest,
    exp.Least,
    exp.Left,
    exp.Length,
    exp.Ln,
    exp.Log,
    exp.Lower,
    exp.Nullif,
    exp.Pow,
    exp.Replace,
    exp.Right,
    exp.Round,
    exp.Sign,
    exp.Sqrt,
    exp.StartsWith,
    exp.Substring,
    exp.Trim,
    exp.Upper,
)
#: Names for messages.
FUNCTIONS = tuple(sorted(f.sql_names()[0].lower() for f in _FUNCTIONS))


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


@dataclass(frozen=True, slots=True)
class Expression:
    """An SQL expression that passed all checks which need no data.

    Parameters
    ----------
    text : str
        As the user wrote it.
    columns : dict of str to int
        The columns that it reads, each with its first offset in `text`.
    """

    text: str
    columns: Mapping[str, int]

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Read an expression.

        Raises
        ------
        ExpressionError
            When it is empty, cannot be read, or holds something that is not on the list.
        """
        if not text.strip():
            raise ExpressionError("the expression is empty")
        if len(text) > LONGEST:
            raise ExpressionError(f"the expression has {len(text):,} characters; at most {LONGEST:,} are read")
        if _depth(text) > DEEPEST:
            raise ExpressionError(f"the expression nests deeper than {DEEPEST} brackets")
        tree = _tree(text)
        columns: dict[str, int] = {}
        for node in tree.walk():
            _judge(node)
            if isinstance(node, exp.Column):
                columns.setdefault(node.name, node.this.meta.get("start", 0))
        return cls(text, dict(sorted(columns.items())))

    def compile(self, schema: Mapping[str, pl.DataType], wanted: Wanted = "any") -> pl.Expr:
        """Make the polars expression for a table of that schema.

        Raises
        ------
        ExpressionError
            When a column is not in the schema, the types do not fit, or the result is not what is wanted.
        """
        import polars as pl

        for column, offset in self.columns.items():
            if column not in schema:
                hint = did_you_mean(column, schema) or f" Known columns: {', '.join(sorted(schema))}."
                raise ExpressionError(f'there is no column "{column}".{hint}', offset, len(column))
        try:
            compiled = pl.sql_expr(self.text).alias("result")
            result = pl.LazyFrame(schema=dict(schema)).select(compiled).collect_schema()["result"]
        except pl.exceptions.PolarsError as error:
            raise ExpressionError(_first_line(str(error))) from None
        if wanted == "boolean" and result != pl.Boolean:
            raise ExpressionError(f"this must be true or false for each account, but gives {_typename(result)}")
        if wanted == "number":
            if not result.is_numeric():
                raise ExpressionError(f"this must be a number for each account, but gives {_typename(result)}")
            compiled = compiled.cast(pl.Float64)
        return compiled


def report_expression(error: ExpressionError, path: Path, locate: Locate, report: Report) -> None:
    """Gather what is wrong with an expression, with the place inside it where the YAML has it on one line."""
    span = locate(path)
    if span is not None:
        quoted = span.source[span.column - 1 : span.column] in {'"', "'"}
        inside = span.column - 1 + quoted + error.offset
        if inside + error.length <= len(span.source):
            span = span.at(quoted + error.offset, error.length)
    text = str(error)
    report.error(f"{'.'.join(map(str, path))} cannot be evaluated", f"{text[:1].upper()}{text[1:]}", span)


def _tree(text: str) -> exp.Expression:
    try:
        tree = sqlglot.parse_one(text, dialect="postgres")
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        highlight = str(first.get("highlight") or "")
        before = str(first.get("start_context") or "")
        found = f' near "{highlight}"' if highlight else ""
        offset = text.find(before + highlight) + len(before) if before else 0
        raise ExpressionError(f"this is not an SQL expression{found}", max(0, offset), len(highlight)) from None
    except (TokenError, RecursionError):
        raise ExpressionError("this is not an SQL expression: a quote or a bracket is not closed") from None
    if not isinstance(tree, exp.Expression):
        raise ExpressionError("this is not an SQL expression")
    return tree


def _judge(node: exp.Expr) -> None:
    start, end = node.meta.get("start", 0), node.meta.get("end", 0)
    if isinstance(node, exp.Column):
        if node.table:
            raise ExpressionError(f'"{node.sql()}": write the column alone, without a table', start)
        return
    if isinstance(node, _NODES) and not (isinstance(node, exp.In) and node.args.get("query")):
        return
    if isinstance(node, _FUNCTIONS):
        return
    if isinstance(node, exp.Func):
        name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
        hint = did_you_mean(name, FUNCTIONS) or f" There are: {', '.join(FUNCTIONS)}."
        raise ExpressionError(f'there is no function "{name}".{hint}', start, end - start + 1)
    raise ExpressionError(f"{type(node).__name__.lower()} is not part of the expression language", start)


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


def _first_line(message: str) -> str:
    return message.strip().splitlines()[0].rstrip(".")


def _typename(dtype: pl.DataType) -> str:
    if dtype.is_numeric():
        return "a number"
    return {"String": "text", "Boolean": "true or false", "Null": "nothing", "Date": "a date"}.get(
        str(dtype), str(dtype).lower()
    )
