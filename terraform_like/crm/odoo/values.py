"""Fields of Odoo as columns of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from terraform_like.crm.port import CrmError
from terraform_like.domain.kinds import Kind

_KINDS = {
    "char": Kind.TEXT,
    "text": Kind.TEXT,
    "html": Kind.TEXT,
    "selection": Kind.TEXT,
    "many2one": Kind.TEXT,
    "integer": Kind.WHOLE,
    "float": Kind.NUMBER,
    "monetary": Kind.NUMBER,
    "boolean": Kind.TRUTH,
    "date": Kind.DAY,
    "datetime": Kind.MOMENT,
}
#: Models whose records are told by their ids, as accounts and users are in a plan; others by their names.
_BY_ID = ("res.partner", "res.users")
Field = Mapping[str, Any]


def readable(fields: Mapping[str, Field]) -> dict[str, Field]:
    """Give the fields that a column can be made of."""
    return {name: field for name, field in fields.items() if field["type"] in _KINDS}


def kind_of(field: Field) -> Kind:
    """Give the kind of values that a field has."""
    return _KINDS[field["type"]]


def text(value: Any) -> str | None:
    """Give a text, an id or a version as text; Odoo says false where there is nothing."""
    return None if value in (False, None, "") else str(value)


def id_of(value: Any) -> str | None:
    """Give the id that a reference holds, which comes with the name beside it."""
    return text(value[0] if isinstance(value, list) and value else value)


def series(name: str, values: Sequence[Any], field: Field) -> pl.Series:
    """Make the column of a field.

    Raises
    ------
    CrmError
        When a value is not of the field's type.
    """
    kind = kind_of(field)
    try:
        if kind is Kind.WHOLE:
            return pl.Series(name, [_number(value) for value in values], dtype=pl.Int64)
        if kind is Kind.NUMBER:
            return pl.Series(name, [_number(value) for value in values], dtype=pl.Float64, strict=False)
        if kind is Kind.TRUTH:
            return pl.Series(name, [bool(value) for value in values], dtype=pl.Boolean)
        texts = pl.Series(name, [_told(value, field) for value in values], dtype=pl.String)
        if kind is Kind.DAY:
            return texts.str.to_date("%Y-%m-%d")
        if kind is Kind.MOMENT:
            return texts.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us")
    except (pl.exceptions.PolarsError, TypeError):
        raise CrmError(f'the field "{name}" of type {field["type"]} holds values that cannot be read') from None
    return texts


def _number(value: Any) -> Any:
    return None if value is False else value


def _told(value: Any, field: Field) -> str | None:
    if field["type"] != "many2one":
        return text(value)
    if field.get("relation") in _BY_ID or not isinstance(value, list):
        return id_of(value)
    return text(value[1])
