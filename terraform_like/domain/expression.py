"""The one expression language that users write: an SQL expression over columns, checked before it runs.

sqlglot reads it, which gives positions and a tree to judge; `evaluation` gives that same tree its meaning, with polars,
vectorised. Only what is listed here passes: no sub-query, no window, no aggregate, no statement and no function but
pure ones, so that an expression can neither read a file nor take longer than one pass over the accounts.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from terraform_like.diagnostics import Locate, Path, Report, Span, did_you_mean, listing
from terraform_like.domain.grammar import ExpressionError, Node, WithinKm, judge, place, understood
from terraform_like.domain.kinds import Kind, kind_of

if TYPE_CHECKING:
    import polars as pl

    from terraform_like.domain.carving import Location

# It warns of statements on stderr; here they are refused.
logging.getLogger("sqlglot").addHandler(logging.NullHandler())

Wanted = Literal["boolean", "number", "any"]

#: Longer than any wish, short enough that no parser takes long.
LONGEST = 10_000
#: Deeper than any wish; recursion stays small.
DEEPEST = 100
#: Expressions that are kept once read: more than a large plan has.
_KEPT = 20_000


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
    asks_where : bool
        Whether it asks where an account is, so that it has a meaning only `at` the columns that say so.
    """

    text: str
    columns: Mapping[str, int]
    tree: Node = field(repr=False, compare=False)
    asks_where: bool = False

    @classmethod
    @lru_cache(_KEPT)
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
            judge(node, text)
            if isinstance(node, exp.Column):
                columns[node.name] = min(place(node)[0], columns.get(node.name, len(text)))
        return cls(text, dict(sorted(columns.items())), tree, asks_where=tree.find(WithinKm) is not None)

    def at(self, location: Location | None) -> Expression:
        """Give the expression with the columns that say where an account is; itself where it does not ask.

        Raises
        ------
        ExpressionError
            When it asks, and no columns say where an account is.
        """
        if not self.asks_where:
            return self
        tree, columns = self.tree.copy(), dict(self.columns)
        for node in tree.find_all(WithinKm):
            offset, length = place(node)
            if location is None:
                way = "say which columns do: `accounts: {location: {latitude: lat, longitude: lon}}`"
                raise ExpressionError(f"`within_km` needs to know where accounts are; {way}", offset, length)
            names = (location.latitude, location.longitude)
            node.set("at", [exp.Column(this=exp.Identifier(this=name, quoted=True)) for name in names])
            columns |= {name: min(offset, columns.get(name, offset)) for name in names}
        return Expression(self.text, dict(sorted(columns.items())), tree, asks_where=True)

    def evaluate(self, table: pl.DataFrame, wanted: Wanted = "any") -> pl.Series:
        """Evaluate the expression for each row of a table.

        Raises
        ------
        ExpressionError
            When a column is not in the table, kinds do not go together, the result is not what is wanted, or a text
            cannot be CAST.
        """
        import polars as pl

        from terraform_like.domain.evaluation import evaluate

        self._sound(table.schema, wanted)
        result = evaluate(self.tree, {name: table[name] for name in self.columns}, table.height)
        return (result.cast(pl.Float64) if wanted == "number" else result).alias("result")

    def judged(self, columns: Mapping[str, Kind], wanted: Wanted = "any") -> tuple[Kind, list[ExpressionError]]:
        """Give the kind of the expression's value, and everything that does not fit, without any data.

        Parameters
        ----------
        columns : mapping of str to Kind
            What is known; what is not named here is unknown.
        wanted : str
            What must come out: `boolean`, `number` or `any`.

        Returns
        -------
        Kind
            Unknown where it cannot be told.
        list of ExpressionError
            What stands where something else must, in the order of the text.
        """
        known = dict.fromkeys(self.columns, Kind.UNKNOWN) | dict(columns)
        kind, misfits = kind_of(self.tree, known)
        fits = wanted == "any" or kind == Kind.UNKNOWN or kind in _FITTING[wanted]
        if not fits and not misfits:
            must = "true or false" if wanted == "boolean" else "a number"
            said = f"this must be {must}, but gives {kind.word}"
            misfits = [ExpressionError(said, len(self.text) - len(self.text.lstrip()), len(self.text.strip()))]
        return kind, sorted(misfits, key=_offset)

    def unknown(self, columns: Mapping[str, Kind]) -> list[ExpressionError]:
        """Give an error for each column that it reads and that is not there, in the order of the text."""
        errors = [
            ExpressionError(f'there is no column "{column}".{_like(column, columns)}', offset, len(column))
            for column, offset in self.columns.items()
            if column not in columns
        ]
        return sorted(errors, key=_offset)

    def _sound(self, schema: Mapping[str, pl.DataType], wanted: Wanted) -> Kind:
        """Give the kind of the value for a table of that schema; raise the first of what does not fit."""
        from terraform_like.domain.values import kinds_of

        columns = kinds_of(schema)
        kind, misfits = self.judged(columns, wanted)
        if faults := [*self.unknown(columns), *misfits]:
            raise faults[0]
        return kind


_FITTING = {"boolean": (Kind.TRUTH,), "number": (Kind.WHOLE, Kind.NUMBER)}


def _like(column: str, columns: Mapping[str, Kind]) -> str:
    return did_you_mean(column, columns) or f" Known columns: {listing(sorted(columns), 30)}."


def _offset(error: ExpressionError) -> int:
    return error.offset


def report_expression(error: ExpressionError, text: str, path: Path, locate: Locate, report: Report) -> None:
    """Gather what is wrong with an expression, with the place inside it where the YAML has that on one line."""
    span = span_inside(error, text, locate(path))
    report.error(f"{'.'.join(map(str, path))} cannot be evaluated", sentence(error), span)


def sentence(error: ExpressionError) -> str:
    """Give what is wrong with a capital letter."""
    said = str(error)
    return f"{said[:1].upper()}{said[1:]}"


def span_inside(error: ExpressionError, text: str, span: Span | None) -> Span | None:
    """Narrow the span of an expression to what is wrong in it, where the YAML has that on one line."""
    if span is None:
        return None
    after = span.source[span.column - 1 :]
    quote = after[:1] if after[:1] in _ESCAPES else ""
    before, wrong = (_in_quotes(t, quote) for t in (text[: error.offset], text[error.offset :][: error.length]))
    # Blocks, anchors and lines that were folded read otherwise in the file: there the whole value is meant.
    return span.at(len(quote + before), len(wrong)) if after.startswith(quote + before + wrong) else span


#: How YAML writes characters inside quotes.
_ESCAPES: dict[str, dict[str, str]] = {"'": {"'": "''"}, '"': {"\\": "\\\\", '"': '\\"'}}


def _in_quotes(text: str, quote: str) -> str:
    return "".join(_ESCAPES.get(quote, {}).get(c, c) for c in text)


def _tree(text: str) -> Node:
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
    return understood(tree)


def _nodes(tree: Node) -> Iterator[tuple[Node, int]]:
    """Give every node with its depth; AND and OR of many parts are one level, as people write long lists of them."""
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        for child in node.iter_expressions():
            chained = type(child) is type(node) and isinstance(node, exp.And | exp.Or)
            waiting.append((child, depth if chained else depth + 1))


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


__all__ = ["Expression", "ExpressionError", "Wanted", "place", "report_expression", "sentence", "span_inside"]
