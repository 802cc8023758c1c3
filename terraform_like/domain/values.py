"""Values of expressions in polars: the type of each kind, and how one kind becomes another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import polars as pl
from sqlglot import exp

from terraform_like.domain.grammar import ExpressionError, Node, place
from terraform_like.domain.kinds import CAST_KINDS, Kind

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

#: The type of each kind of values.
DTYPES: Final[dict[Kind, pl.DataType]] = {
    Kind.WHOLE: WHOLE,
    Kind.NUMBER: NUMBER,
    Kind.TEXT: TEXT,
    Kind.TRUTH: TRUTH,
    Kind.DAY: DAY,
    Kind.MOMENT: MOMENT,
    Kind.NOTHING: NOTHING,
}
_KINDS = {dtype: kind for kind, dtype in DTYPES.items()}


def kinds_of(schema: Mapping[str, pl.DataType]) -> dict[str, Kind]:
    """Give the kind of each column of a table."""
    return {name: kind_of_type(dtype) for name, dtype in schema.items()}


def kind_of_type(dtype: pl.DataType) -> Kind:
    """Give the kind that values of a type are read as."""
    if dtype.is_integer():
        return Kind.WHOLE
    if dtype.is_numeric():
        return Kind.NUMBER
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return Kind.TEXT
    if isinstance(dtype, pl.Datetime):
        return Kind.MOMENT
    return _KINDS.get(dtype, Kind.UNREADABLE)


def read(column: pl.Series) -> pl.Series:
    """Give a column as the type of its kind: what is no number is null, times are without zone."""
    dtype = column.dtype
    if dtype.is_integer():
        return column.cast(WHOLE, strict=False)
    if dtype.is_numeric():
        return column.cast(NUMBER).fill_nan(None)
    if isinstance(dtype, pl.Datetime):
        return column.dt.replace_time_zone(None).cast(MOMENT)
    return column.cast(DTYPES[kind_of_type(dtype)])


def alike(given: Sequence[tuple[Node, pl.Series]]) -> list[pl.Series]:
    """Give values that go together as values of one type: numbers widen, text beside a date is read as one."""
    types = {value.dtype for _, value in given} - {NOTHING}
    dated = types & {DAY, MOMENT}
    if dated:
        dtype: pl.DataType = MOMENT if MOMENT in dated else DAY
    else:
        dtype = NUMBER if types == {WHOLE, NUMBER} else next(iter(types), NOTHING)
    return [
        pl.repeat(_instant(node, dtype), len(value), dtype=dtype, eager=True)
        if dated and value.dtype == TEXT
        else value.cast(dtype)
        for node, value in given
    ]


def _instant(node: Node, dtype: pl.DataType) -> date | datetime:
    text = str(node.this)
    return date.fromisoformat(text) if dtype == DAY else datetime.fromisoformat(text).replace(tzinfo=None)


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
        When a text cannot be read.
    """
    kind = CAST_KINDS[node.to.this.name]
    dtype = DTYPES[kind]
    if value.dtype != TEXT or kind == Kind.TEXT:
        return value.cast(dtype, strict=False)
    if kind == Kind.DAY:
        written = value.str.contains(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z")
        result = value.set(~written, None).str.to_date("%Y-%m-%d", strict=False)
    else:
        result = value.cast(dtype, strict=False)
        result = finite(result) if kind == Kind.NUMBER else result
    bad = value.filter(result.is_null() & value.is_not_null())
    if bad.len() and not isinstance(node, exp.TryCast):
        said = f'"{bad.sort()[0]}" cannot become {node.to.sql().lower()}; TRY_CAST gives null instead'
        raise ExpressionError(said, *place(node.this))
    return result
