"""Properties of HubSpot as columns of a table: all of them come as texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from terraform_like.crm.hubspot.shapes import Property
from terraform_like.crm.port import CrmError
from terraform_like.domain.kinds import Kind

_KINDS = {
    "string": Kind.TEXT,
    "enumeration": Kind.TEXT,
    "phone_number": Kind.TEXT,
    "number": Kind.NUMBER,
    "bool": Kind.TRUTH,
    "date": Kind.DAY,
    "datetime": Kind.MOMENT,
}
_TRUTHS = {"true", "false"}
#: A moment as milliseconds since 1970, as older properties have it.
_MILLISECONDS = r"^-?[0-9]{9,15}$"


def readable(properties: Mapping[str, Property]) -> dict[str, Property]:
    """Give the properties that a column can be made of."""
    return {name: each for name, each in properties.items() if each.type in _KINDS}


def kind_of(each: Property) -> Kind:
    """Give the kind of values that a property has; an id is a text, and what offers true and false a truth."""
    if each.type == "number" and each.name.endswith("_id"):
        return Kind.TEXT
    if each.type == "enumeration" and each.offered and set(each.offered) == _TRUTHS:
        return Kind.TRUTH
    return _KINDS[each.type]


def text(value: str | None) -> str | None:
    """Give a value as text; HubSpot has nothing or an empty text where there is nothing."""
    return value or None


def series(name: str, values: Sequence[str | None], each: Property) -> pl.Series:
    """Make the column of a property.

    Raises
    ------
    CrmError
        When a value is not of the property's type.
    """
    texts = pl.Series(name, [text(value) for value in values], dtype=pl.String)
    kind = kind_of(each)
    try:
        if kind is Kind.NUMBER:
            return texts.cast(pl.Float64)
        if kind is Kind.TRUTH:
            return texts.str.to_lowercase() == "true"
        if kind is Kind.DAY:
            return _moments(texts).cast(pl.Date)
        if kind is Kind.MOMENT:
            return _moments(texts)
    except pl.exceptions.PolarsError:
        raise CrmError(f'the property "{name}" of type {each.type} holds values that cannot be read') from None
    return texts


def _moments(texts: pl.Series) -> pl.Series:
    """Read days and moments: as ISO 8601, with and without a time and its fractions, or in milliseconds since 1970.

    Raises
    ------
    polars.exceptions.PolarsError
        When one of them is neither.
    """
    counted = texts.str.contains(_MILLISECONDS).fill_null(False)
    since = texts.set(~counted, None).cast(pl.Int64).cast(pl.Datetime("ms"))
    whole = texts.set(counted, None).str.replace(r"(Z|\+00:00)$", "")
    whole = whole.str.replace("^([0-9-]{10})$", "${1}T00:00:00")
    read = whole.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us")
    return read.fill_null(since.cast(pl.Datetime("us"))).alias(texts.name)
