"""Values of a database as columns of a table: ids stay text to the letter, numbers stay numbers."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import sqlalchemy as sa

from terraform_like.crm.port import CrmError
from terraform_like.domain.kinds import Kind

_NUMBERS = (sa.Integer, sa.Numeric, sa.Float)
_DECLARED: tuple[tuple[type[sa.types.TypeEngine[Any]], Kind], ...] = (
    (sa.Boolean, Kind.TRUTH),
    (sa.Integer, Kind.WHOLE),
    (sa.Numeric, Kind.NUMBER),
    (sa.DateTime, Kind.MOMENT),
    (sa.Date, Kind.DAY),
    (sa.String, Kind.TEXT),
    (sa.Uuid, Kind.TEXT),
)


def id_series(name: str, values: Sequence[object], *, empty_is_null: bool) -> pl.Series:
    """Make a column of ids: text as it is, whole numbers in digits, `007` with its zeros."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {str}:
        series = pl.Series(name, values, dtype=pl.String)
    elif kinds == {int}:
        series = pl.Series(name, values, dtype=pl.Int64).cast(pl.String)
    else:
        series = pl.Series(name, [as_text(value) for value in values], dtype=pl.String)
    return series.replace("", None) if empty_is_null else series


def as_text(value: object) -> str | None:
    """Give an id as text."""
    return None if value is None else str(value)


def native_id(text: str, column: sa.ColumnElement[object], dialect: sa.Dialect) -> object:
    """Give an id as the column keeps it, the other way of `as_text`.

    Raises
    ------
    ValueError
        When the column cannot hold it.
    """
    if isinstance(column.type, _NUMBERS):
        if re.fullmatch(r"0|-?[1-9][0-9]{0,17}", text):
            return int(text)
        if dialect.name != "sqlite":
            raise ValueError(f"{text} is not how a number is written")
        # SQLite keeps text in a column of numbers, where it is no number.
        return text
    if isinstance(column.type, sa.Uuid) and dialect.supports_native_uuid:
        return uuid.UUID(text)
    return text


class Gathered:
    """One column, gathered in chunks of values; its type is that of its values, whatever their order.

    Parameters
    ----------
    name : str
        The column.
    declared : sqlalchemy.types.TypeEngine
        The type that the database declares; SQLite keeps anything anywhere.
    """

    def __init__(self, name: str, declared: sa.types.TypeEngine[object]) -> None:
        self._name = name
        self._numeric = isinstance(declared, _NUMBERS)
        self._empty = _declared(declared)
        self._kinds: set[type[object]] = set()
        self._chunks: list[pl.Series] = []

    def add(self, values: Sequence[object], accounts: Sequence[object]) -> None:
        """Add the next values; `accounts` are the ids that they belong to.

        Raises
        ------
        CrmError
            When a column of numbers holds text; the message names the account.
        """
        kinds = set(map(type, values)) - {type(None)}
        if self._numeric and str in kinds:
            values = [None if value == "" else value for value in values]
            bad = next((pair for pair in zip(accounts, values, strict=True) if isinstance(pair[1], str)), None)
            if bad is not None:
                raise CrmError(
                    f'the column "{self._name}" holds numbers, but "{bad[1]}" for account {bad[0]}; '
                    "correct it in the CRM"
                )
            kinds.discard(str)
        self._kinds |= kinds
        dtype = _dtype(kinds)
        if dtype == pl.String and kinds - {str}:
            values = [as_text(value) for value in values]
        elif Decimal in kinds:
            values = [None if value is None else float(value) for value in values]  # type: ignore[arg-type]
        elif dtype == pl.Datetime("us"):
            values = [_in_utc(value) for value in values]
        try:
            self._chunks.append(pl.Series(self._name, values, dtype=dtype, strict=dtype != pl.Float64))
        except (OverflowError, TypeError, pl.exceptions.PolarsError):
            raise CrmError(f'the column "{self._name}" holds values that cannot be read as {dtype}') from None

    def series(self) -> pl.Series:
        """Give the whole column."""
        dtype = _dtype(self._kinds) if self._kinds else self._empty
        return pl.concat([pl.Series(self._name, [], dtype=dtype), *(chunk.cast(dtype) for chunk in self._chunks)])


def as_kept(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Read a value as the driver gives it, whatever the declared type would make of it."""
    return sa.type_coerce(column, sa.types.NullType())


def as_read(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Read true and false, dates and times as such, and all else as the driver gives it."""
    return column if isinstance(column.type, sa.Boolean | sa.Date | sa.DateTime) else as_kept(column)


def comparable(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Make a column comparable with an id: as text where it has no type, as SQLite allows."""
    if isinstance(column.type, sa.types.NullType):
        return sa.cast(column, sa.String)
    return as_kept(column)


def declared_kind(declared: sa.types.TypeEngine[object]) -> Kind:
    """Give the kind of values that a database declares for a column; unknown where the tool has no word for it."""
    for types, kind in _DECLARED:
        if isinstance(declared, types):
            return kind
    return Kind.UNKNOWN


def _declared(declared: sa.types.TypeEngine[object]) -> pl.DataType:
    """Give the type of a column that holds nothing."""
    if isinstance(declared, sa.Boolean):
        return pl.Boolean()
    if isinstance(declared, _NUMBERS):
        return pl.Int64() if isinstance(declared, sa.Integer) else pl.Float64()
    if isinstance(declared, sa.DateTime):
        return pl.Datetime("us")
    return pl.Date() if isinstance(declared, sa.Date) else pl.String()


def _in_utc(value: object) -> object:
    """Give a moment that has a time zone in UTC, without it: a column has one type, whatever zones its rows have."""
    aware = isinstance(value, datetime) and value.tzinfo is not None
    return value.astimezone(UTC).replace(tzinfo=None) if aware else value  # type: ignore[attr-defined]


def _dtype(kinds: Iterable[type[object]]) -> pl.DataType:
    """Give the narrowest type that holds values of all those Python types; text where nothing else does."""
    found = set(kinds)
    if not found:
        return pl.Null()
    if found == {bool}:
        return pl.Boolean()
    if found == {int}:
        return pl.Int64()
    if found <= {int, float, Decimal}:
        return pl.Float64()
    if found == {datetime}:
        return pl.Datetime("us")
    return pl.Date() if found == {date} else pl.String()
