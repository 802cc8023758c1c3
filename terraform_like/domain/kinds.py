"""The kinds of values that expressions have, and which of them go together.

Whole numbers are numbers too, and text that stands beside a date is read as one. Nothing else is converted unasked:
databases differ on what `'7' = 7` is, and people do too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final

import polars as pl
from sqlglot import exp

from terraform_like.domain.expression import ExpressionError, place

Node = exp.Expr
Compare = Callable[[Any, Any], pl.Series]

WHOLE: Final = pl.Int64()
NUMBER: Final = pl.Float64()
TEXT: Final = pl.String()
TRUTH: Final = pl.Boolean()
DAY: Final = pl.Date()
MOMENT: Final = pl.Datetime("us")
NOTHING: Final = pl.Null()
#: Whole numbers are calculated with twice the bits, so that an overflow is seen and does not wrap.
BROAD: Final = pl.Int128()

_WORDS: dict[pl.DataType, str] = {
    WHOLE: "a number",
    NUMBER: "a number",
    TEXT: "text",
    TRUTH: "true or false",
    DAY: "a date",
    MOMENT: "a time",
    NOTHING: "nothing",
}
_KINDS: dict[str, pl.DataType] = {
    **dict.fromkeys(("BIGINT", "INT", "SMALLINT", "TINYINT"), WHOLE),
    **dict.fromkeys(("DECIMAL", "DOUBLE", "FLOAT"), NUMBER),
    **dict.fromkeys(("CHAR", "TEXT", "VARCHAR"), TEXT),
    "BOOLEAN": TRUTH,
    "DATE": DAY,
}
#: What one may CAST, beside everything to itself and to text: what else there is, people would read in several ways.
_CASTS = {(WHOLE, NUMBER), (TRUTH, WHOLE), (WHOLE, TRUTH), (TEXT, WHOLE), (TEXT, NUMBER), (TEXT, DAY), (MOMENT, DAY)}


def word_for(dtype: pl.DataType) -> str:
    """Give the word that a person has for a type, such as `a number`."""
    return _WORDS.get(dtype, str(dtype).lower())


def typed(node: Node, value: pl.Series, kind: pl.DataType) -> pl.Series:
    """Give a value as the type that it must have; a whole number is a number too."""
    if value.dtype not in (kind, NOTHING) and (value.dtype, kind) != (WHOLE, NUMBER):
        raise ExpressionError(f"{word_for(kind)} must stand here, but this is {word_for(value.dtype)}", *place(node))
    return value.cast(kind)


def alike(given: Sequence[tuple[Node, pl.Series]]) -> list[pl.Series]:
    """Give values that must go together as values of one type: numbers widen, text beside a date is read as one."""
    kinds = {value.dtype for _, value in given} - {NOTHING}
    dated = kinds & {DAY, MOMENT}
    if dated and all(isinstance(node, exp.Literal) for node, value in given if value.dtype == TEXT):
        kind: pl.DataType = MOMENT if MOMENT in dated else DAY
        fits = kinds <= {DAY, MOMENT, TEXT}
    else:
        kind = NUMBER if kinds == {WHOLE, NUMBER} else next(iter(kinds), NOTHING)
        fits = len(kinds) < 2 or kind == NUMBER
    if not fits:
        words = sorted({word_for(k) for k in kinds})
        raise ExpressionError(f"{words[0]} and {words[1]} do not go together", *place(*(node for node, _ in given)))
    return [
        pl.repeat(_instant(node, kind), len(value), dtype=kind, eager=True)
        if dated and value.dtype == TEXT
        else value.cast(kind)
        for node, value in given
    ]


def _instant(node: Node, kind: pl.DataType) -> date | datetime:
    text = str(node.this)
    try:
        return date.fromisoformat(text) if kind == DAY else datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise ExpressionError("a date is written 'YYYY-MM-DD'", *place(node)) from None


def compared(compare: Compare, left: pl.Series, right: pl.Series) -> pl.Series:
    """Compare two values of one kind; what is unknown compares as unknown."""
    if left.dtype == NOTHING:
        return left.cast(TRUTH)
    return compare(left, right)


def whole(value: pl.Series) -> pl.Series:
    """Give numbers without a fraction as whole numbers; null beyond 64 bits."""
    return value.cast(WHOLE, strict=False)


def finite(value: pl.Series) -> pl.Series:
    """Give null for what is infinite or no number."""
    return value.zip_with(value.is_finite().fill_null(False), pl.repeat(None, len(value), dtype=NUMBER, eager=True))


def converted(node: exp.Cast, value: pl.Series) -> pl.Series:
    """Give the value of what is CAST as the kind that is asked for; TRY_CAST gives null where CAST cannot.

    Raises
    ------
    ExpressionError
        When the kinds do not go together, or a text cannot be read.
    """
    kind = _KINDS[node.to.this.name]
    if kind == TEXT:
        return as_text(node.this, value)
    if value.dtype not in (kind, NOTHING) and (value.dtype, kind) not in _CASTS:
        way = "; say how: FLOOR, CEIL or ROUND" if (value.dtype, kind) == (NUMBER, WHOLE) else ""
        said = f"{word_for(value.dtype)} cannot become {node.to.sql().lower()}{way}"
        raise ExpressionError(said, *place(node.this))
    if value.dtype != TEXT:
        return value.cast(kind, strict=False)
    if kind == DAY:
        written = value.str.contains(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z")
        read = value.set(~written, None).str.to_date("%Y-%m-%d", strict=False)
    else:
        read = value.cast(kind, strict=False)
        read = finite(read) if kind == NUMBER else read
    bad = value.filter(read.is_null() & value.is_not_null())
    if bad.len() and not isinstance(node, exp.TryCast):
        said = f'"{bad.sort()[0]}" cannot become {node.to.sql().lower()}; TRY_CAST gives null instead'
        raise ExpressionError(said, *place(node.this))
    return read


def as_text(node: Node, value: pl.Series) -> pl.Series:
    """Give a value as text; databases differ on how fractions, times and truth are written."""
    if value.dtype not in (TEXT, WHOLE, DAY, NOTHING):
        way = "; make it a whole number with ROUND, FLOOR or CEIL" if value.dtype == NUMBER else ""
        raise ExpressionError(f"{word_for(value.dtype)} cannot become text{way}", *place(node))
    return value.cast(TEXT)
