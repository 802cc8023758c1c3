"""How people write ids, names, shares, durations and coordinates; each type parses and explains itself."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from terraform_like.address import NAME_PATTERN


class NumberAsWritten(float):
    """A decimal number that remembers its text, since `1.10` may be an id and must then stay `1.10`."""

    text: str

    def __new__(cls, text: str) -> NumberAsWritten:
        """Read a YAML decimal number."""
        number = super().__new__(cls, text)
        number.text = text
        return number


def _id(value: Any) -> Any:
    """Ids are text: `17` and `1.10` are taken as written, `007` never loses its zeros."""
    if isinstance(value, NumberAsWritten):
        return value.text
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _share(value: Any) -> Any:
    if isinstance(value, str):
        text = value.strip()
        number = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*%", text)
        if not number:
            raise ValueError("a share is written 10% or 0.1")
        return float(number[1]) / 100
    return value


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    days = {"d": 1, "w": 7}
    number = re.fullmatch(r"([0-9]{1,5})([dw])", str(value).strip())
    if not number:
        raise ValueError("a duration is a number of days or weeks, written 90d or 12w")
    return timedelta(days=int(number[1]) * days[number[2]])


def _on_earth(point: tuple[float, float]) -> tuple[float, float]:
    latitude, longitude = point
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        raise ValueError("latitude and longitude are finite numbers of degrees")
    if abs(latitude) > 90 and abs(longitude) <= 90:
        raise ValueError(f"latitude and longitude look swapped; write [{longitude:g}, {latitude:g}]")
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise ValueError("latitude lies between -90 and 90, longitude between -180 and 180")
    return point


def _iso(value: Any) -> Any:
    """Dates are ISO only: a number or `March 1` never becomes a date by luck."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("a date is written YYYY-MM-DD")
    if isinstance(value, int | float):
        raise ValueError("a date is written YYYY-MM-DD")
    return value


def _duration_text(value: timedelta) -> str:
    return f"{value.days}d"


Id = Annotated[str, BeforeValidator(_id), StringConstraints(min_length=1, max_length=255)]
Name = Annotated[str, BeforeValidator(_id), StringConstraints(pattern=NAME_PATTERN, max_length=80)]
Share = Annotated[
    float,
    BeforeValidator(_share),
    Field(ge=0, allow_inf_nan=False),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?\s*%$"},
                {"type": "number", "minimum": 0},
            ]
        }
    ),
]
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(_duration_text),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,5}[dw]$"}),
]
Point = Annotated[tuple[float, float], AfterValidator(_on_earth)]
Iso = BeforeValidator(_iso)
