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

#: Characters of a name; CRMs keep territories in short fields.
LONGEST_NAME = 80


_PERCENT = r"([0-9]+(?:\.[0-9]+)?)\s*%"


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


def percent(text: str) -> float:
    """Read a number of per cent as the share that is nearest to it, so that every share can be written in per cent."""
    return float(f"{text}e-2")


def _share(value: Any) -> Any:
    if isinstance(value, str):
        text = value.strip()
        number = re.fullmatch(_PERCENT, text)
        if not number:
            raise ValueError("a share is written 10% or 0.1")
        return percent(number[1])
    if isinstance(value, int | float) and not isinstance(value, bool) and 1 < value < math.inf:
        raise ValueError(f"a share is written 10% or 0.1; {value:g} would be {value:.0%}")
    return value


def _limit(value: Any) -> Any:
    number = re.fullmatch(_PERCENT, value.strip()) if isinstance(value, str) else None
    if number:
        raise ValueError(f"what is measured is limited by a plain number: write {percent(number[1]):g}")
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


#: A number and nothing that could be taken for one: `"5"` and `true` are none.
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
#: A limit of what is measured, in its own unit.
Limit = Annotated[Number, BeforeValidator(_limit)]
#: A whole number and nothing that could be taken for one.
Whole = Annotated[int, Field(strict=True)]
#: `true` or `false` and nothing that could be taken for one: `yes` and `on` are text.
Truth = Annotated[bool, Field(strict=True)]
Id = Annotated[str, BeforeValidator(_id), StringConstraints(min_length=1, max_length=255)]
Name = Annotated[str, BeforeValidator(_id), StringConstraints(pattern=NAME_PATTERN, max_length=LONGEST_NAME)]
Share = Annotated[
    Number,
    BeforeValidator(_share),
    Field(ge=0),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?\s*%$"},
                {"type": "number", "minimum": 0, "maximum": 1},
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
Point = Annotated[tuple[Number, Number], AfterValidator(_on_earth)]
Iso = BeforeValidator(_iso)
