"""SOQL: queries made of names that were checked and of values that are quoted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*")

#: What SOQL has a sign of its own for within quotes; the backslash first, since the others bring more of them.
_SIGNS = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_SIGNED = re.compile("|".join(map(re.escape, _SIGNS)))


def quoted(text: str) -> str:
    """Give a text as a value in SOQL."""
    return f"'{_SIGNED.sub(lambda found: _SIGNS[found[0]], text)}'"


def name(text: str) -> str:
    """Give the name of a field or an object as it is.

    Raises
    ------
    ValueError
        When it is none, so that nothing else comes into a query.
    """
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name of a field")
    return text


def equal(field: str, value: str | bool) -> str:
    """Give the condition that a field has a value."""
    return f"{name(field)} = {str(value).lower() if isinstance(value, bool) else quoted(value)}"


def among(field: str, values: Iterable[str]) -> str:
    """Give the condition that a field has one of some values, of which there must be one."""
    return f"{name(field)} IN ({', '.join(map(quoted, values))})"


def every(*conditions: str | None) -> str | None:
    """Give the condition that all of some hold; null ones are none."""
    given = [condition for condition in conditions if condition]
    return " AND ".join(f"({one})" for one in given) if len(given) > 1 else next(iter(given), None)


def select(fields: Sequence[str], kind: str, where: str | None = None, *, order: str | None = None) -> str:
    """Give a query for fields of an object; for their count where there are no fields."""
    what = ", ".join(map(name, dict.fromkeys(fields))) or "COUNT()"
    condition = f" WHERE {where}" if where else ""
    return f"SELECT {what} FROM {name(kind)}{condition}" + (f" ORDER BY {name(order)}" if order else "")
