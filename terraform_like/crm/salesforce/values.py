"""Fields of Salesforce as columns of a table: the same whether they came as JSON or as CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from terraform_like.crm.port import CrmError
from terraform_like.domain.kinds import Kind

_WHOLE = frozenset({"int", "long"})
_NUMBERS = frozenset({"double", "currency", "percent"})
#: Types that the Bulk API cannot give, and that no expression could read.
_UNREADABLE = frozenset({"address", "location", "base64", "complexvalue"})
_MOMENT = "%Y-%m-%dT%H:%M:%S%.3f%z"


def kind_of(type_: str) -> Kind:
    """Give the kind of values that a field of a type has."""
    if type_ in _WHOLE:
        return Kind.WHOLE
    if type_ in _NUMBERS:
        return Kind.NUMBER
    return {"boolean": Kind.TRUTH, "date": Kind.DAY, "datetime": Kind.MOMENT}.get(type_, Kind.TEXT)


def readable(types: Mapping[str, str]) -> dict[str, str]:
    """Give the fields that can be read, with their types."""
    return {field: type_ for field, type_ in types.items() if type_ not in _UNREADABLE}


def text_series(name: str, values: Sequence[Any]) -> pl.Series:
    """Make a column of text; what is empty is nothing."""
    return pl.Series(name, [None if value in (None, "") else str(value) for value in values], dtype=pl.String)


def series(column: pl.Series, type_: str) -> pl.Series:
    """Make the column of a field out of texts, as CSV has them: null where it is empty.

    Raises
    ------
    CrmError
        When a value is not of the field's type.
    """
    texts = column.replace("", None)
    try:
        if type_ in _WHOLE:
            return texts.cast(pl.Float64).cast(pl.Int64)
        if type_ in _NUMBERS:
            return texts.cast(pl.Float64)
        if type_ == "boolean":
            return texts.str.to_lowercase() == "true"
        if type_ == "date":
            return texts.str.to_date("%Y-%m-%d")
        if type_ == "datetime":
            # JSON ends a moment with +0000, CSV with Z.
            moments = texts.str.replace("Z$", "+0000").str.to_datetime(_MOMENT, time_unit="us")
            return moments.dt.replace_time_zone(None)
    except pl.exceptions.PolarsError:
        raise CrmError(f'the field "{column.name}" of type {type_} holds values that cannot be read') from None
    return texts


def as_texts(name: str, values: Sequence[Any]) -> pl.Series:
    """Make texts of values that came as JSON, as CSV would have them."""
    return text_series(name, [str(value).lower() if isinstance(value, bool) else value for value in values])
