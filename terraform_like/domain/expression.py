"""The one expression language that users write: an SQL expression over columns, checked before it runs.

sqlglot reads it, which gives positions and a tree to judge; `evaluation` gives that same tree its meaning, with polars,
vectorised. Only what is listed here passes: no sub-query, no window, no aggregate, no statement and no function but
pure ones, so that an expression can neither read a file nor take longer than one pass over the accounts.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from terraform_like.diagnostics import Locate, Path, Report, did_you_mean

if TYPE_CHECKING:
    import polars as pl

# It warns of statements on stderr; here they are refused.
logging.getLogger("sqlglot").addHandler(logging.NullHandler())

Wanted = Literal["boolean", "number", "any"]

#: Longer than any wish, short enough that no parser takes long.
LONGEST = 10_000
#: Deeper than any wish; recursion stays small.
DEEPEST = 100

_TWO = ("this", "expression")
_SEVERAL = ("this", "expressions")
#: Everything that may stand in an expression, with the parts that it may have. A part that is not listed changes the
#: meaning in a way that nobody evaluates, such as `BETWEEN SYMMETRIC`, and is refused like a node that is not.
_PARTS: dict[type[exp.Expr], tuple[str, ...]] = {
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
_WRITTEN_OUT: dict[tuple[type[exp.Expr], str], int | None] = {
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


@dataclass(frozen=True, slots=True)
class Expression:
    """An SQL expression that passed all checks which need no data.

    Parameters
    ----------
    text : str
        As the user wrote it.
    columns : dict of str to int
        The columns that it reads, each with its first offset in `text`.
    tree : sqlglot.exp.Expr
        What was judged and will be evaluated.
    """

    text: str
    columns: Mapping[str, int]
    tree: exp.Expr = field(repr=False, compare=False)

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
        if lone := re.search("[\ud800-\udfff]", text):
            raise ExpressionError("this is half a character", lone.start())
        if _depth(text) > DEEPEST:
            raise ExpressionError(f"the expression nests deeper than {DEEPEST} brackets")
        tree = _tree(text)
        columns: dict[str, int] = {}
        for node, depth in _nodes(tree):
            if depth > DEEPEST:
                raise ExpressionError(f"the expression nests deeper than {DEEPEST} levels")
            _judge(node, text)
            if isinstance(node, exp.Column):
                columns[node.name] = min(place(node)[0], columns.get(node.name, len(text)))
        return cls(text, dict(sorted(columns.items())), tree)

    def compile(self, schema: Mapping[str, pl.DataType], wanted: Wanted = "any") -> pl.Expr:
        """Make the polars expression for a table of that schema; it has a value for every row.

        Evaluated, it raises polars' ComputeError where a text cannot be CAST.

        Raises
        ------
        ExpressionError
            When a column is not in the schema, the types do not fit, or the result is not what is wanted.
        """
        import polars as pl
        from polars.selectors import by_name

        from terraform_like.domain.evaluation import evaluate

        names, tree = list(self.columns), self.tree
        result = self._kind(schema, wanted)

        def values(rows: pl.Series) -> pl.Series:
            try:
                return evaluate(tree, {name: rows.struct.field(name) for name in names}, len(rows))
            except ExpressionError as error:
                raise pl.exceptions.ComputeError(str(error)) from None

        if names:
            compiled = pl.struct(by_name(*names)).map_batches(values, return_dtype=result, is_elementwise=True)
        else:
            compiled = pl.lit(evaluate(tree, {}, 1).item(), result)
        return (compiled.cast(pl.Float64) if wanted == "number" else compiled).alias("result")

    def evaluate(self, table: pl.DataFrame, wanted: Wanted = "any") -> pl.Series:
        """Evaluate the expression for each row of a table.

        Raises
        ------
        ExpressionError
            As `compile`, and when a text cannot be CAST.
        """
        import polars as pl

        from terraform_like.domain.evaluation import evaluate

        self._kind(table.schema, wanted)
        result = evaluate(self.tree, {name: table[name] for name in self.columns}, table.height)
        return (result.cast(pl.Float64) if wanted == "number" else result).alias("result")

    def _kind(self, schema: Mapping[str, pl.DataType], wanted: Wanted) -> pl.DataType:
        import polars as pl

        from terraform_like.domain.evaluation import evaluate
        from terraform_like.domain.kinds import word_for

        for column, offset in self.columns.items():
            if column not in schema:
                hint = did_you_mean(column, schema) or f" Known columns: {', '.join(sorted(schema))}."
                raise ExpressionError(f'there is no column "{column}".{hint}', offset, len(column))
        kind = evaluate(self.tree, {name: pl.Series(name, [], schema[name]) for name in self.columns}, 0).dtype
        fits = wanted == "any" or (kind == pl.Boolean if wanted == "boolean" else kind.is_numeric())
        if not fits:
            must = "true or false" if wanted == "boolean" else "a number"
            said = f"this must be {must} for each account, but gives {word_for(kind)}"
            raise ExpressionError(said, len(self.text) - len(self.text.lstrip()), len(self.text.strip()))
        return kind


def place(*nodes: exp.Expr) -> tuple[int, int]:
    """Give offset and length of the text that nodes were read from, or of what is around them."""
    marks = [(m["start"], m["end"]) for node in nodes for inner in node.walk() if "start" in (m := inner.meta)]
    if not marks:
        return place(nodes[0].parent) if nodes[0].parent else (0, 1)
    start = min(mark[0] for mark in marks)
    return start, max(mark[1] for mark in marks) - start + 1


def report_expression(error: ExpressionError, text: str, path: Path, locate: Locate, report: Report) -> None:
    """Gather what is wrong with an expression, with the place inside it where the YAML has that on one line."""
    span = locate(path)
    if span is not None:
        after = span.source[span.column - 1 :]
        quote = after[:1] if after[:1] in _ESCAPES else ""
        before, wrong = (_in_quotes(t, quote) for t in (text[: error.offset], text[error.offset :][: error.length]))
        # Blocks, anchors and lines that were folded read otherwise in the file: there the whole value is meant.
        if after.startswith(quote + before + wrong):
            span = span.at(len(quote + before), len(wrong))
    said = str(error)
    report.error(f"{'.'.join(map(str, path))} cannot be evaluated", f"{said[:1].upper()}{said[1:]}", span)


#: How YAML writes characters inside quotes.
_ESCAPES: dict[str, dict[str, str]] = {"'": {"'": "''"}, '"': {"\\": "\\\\", '"': '\\"'}}


def _in_quotes(text: str, quote: str) -> str:
    return "".join(_ESCAPES.get(quote, {}).get(c, c) for c in text)


def _tree(text: str) -> exp.Expr:
    try:
        tree = sqlglot.parse_one(text, dialect="postgres")
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        highlight = str(first.get("highlight") or "")
        before = str(first.get("start_context") or "")
        found = f' near "{highlight}"' if highlight else ""
        offset = text.find(before + highlight) + len(before) if before else 0
        raise ExpressionError(f"this is not an SQL expression{found}", max(0, offset), len(highlight)) from None
    except TokenError:
        raise ExpressionError("this is not an SQL expression: a quote or a bracket is not closed") from None
    except RecursionError:
        raise ExpressionError("the expression nests too deep") from None
    if not isinstance(tree, exp.Expr):
        raise ExpressionError("this is not an SQL expression")
    return tree


def _nodes(tree: exp.Expr) -> Iterator[tuple[exp.Expr, int]]:
    """Give every node with its depth; AND and OR of many parts are one level, as people write long lists of them."""
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        for child in node.iter_expressions():
            chained = type(child) is type(node) and isinstance(node, exp.And | exp.Or)
            waiting.append((child, depth if chained else depth + 1))


def _judge(node: exp.Expr, text: str) -> None:
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


def _particular(node: exp.Expr) -> None:
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


def _written_out(node: exp.Expr, least: int | None) -> None:
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


def _name(node: exp.Expr) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).lower()


def _function(node: exp.Expr, text: str) -> tuple[int, int]:
    """Find the name of a function: sqlglot does not mark all."""
    if "start" in node.meta:
        return node.meta["start"], node.meta["end"] - node.meta["start"] + 1
    names = "|".join(map(re.escape, node.sql_names())) if isinstance(node, exp.Func) else ""
    found = re.search(rf"\b(?:{names})\b", text, re.IGNORECASE) if names else None
    return (found.start(), len(found[0])) if found else place(node)


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest
