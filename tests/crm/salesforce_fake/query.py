"""Answers to queries: conditions, relationships, order, and pages of what was found."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from crm.salesforce_fake.ids import long_id
from crm.salesforce_fake.objects import Field, ObjectType
from crm.salesforce_fake.org import NUMBERS, ApiError, Org, Row
from crm.salesforce_fake.soql import Among, Compare, Joined, Query, moment, parse

_Reads = Callable[[Row], Any]


def answer(org: Org, text: str) -> tuple[Query, ObjectType, list[Row]]:
    """Give the query, its object and the rows that it finds, in order.

    Raises
    ------
    ApiError
        MALFORMED_QUERY, INVALID_TYPE, INVALID_FIELD, INVALID_QUERY_FILTER_OPERATOR.
    """
    query = parse(text)
    kind = _kind(org, query)
    return query, kind, _found(org, query, kind)


def shaped(org: Org, query: Query, kind: ObjectType, rows: list[Row], version: str) -> list[Row]:
    """Give rows as the reply has them: nested by relationship, each with its attributes."""
    paths = [_path(org, kind, name) for name in query.fields]
    return [_shape(org, kind, paths, row, version) for row in rows]


def columns(org: Org, query: Query, kind: ObjectType) -> list[Row]:
    """Give what the columns of an answer are; fields of another record are below the one that leads to it."""
    found: dict[str, Row] = {}
    for steps, last in (_path(org, kind, name) for name in query.fields):
        level = found
        for step in steps:
            made = {"columnName": step, "displayName": step, "aggregate": False, "foreignKeyName": step, "below": {}}
            level = level.setdefault(step, made)["below"]
        level[last] = {"columnName": last, "displayName": last, "aggregate": False, "foreignKeyName": None, "below": {}}
    return _joined(found)


def _joined(level: dict[str, Row]) -> list[Row]:
    return [row | {"joinColumns": _joined(row.pop("below"))} for row in level.values()]


def flat(org: Org, query: Query, kind: ObjectType, rows: list[Row]) -> list[list[Any]]:
    """Give the values of rows, in the order of the fields of the query."""
    reads = [_reader(org, kind, name)[0] for name in query.fields]
    return [[read(row) for read in reads] for row in rows]


def _kind(org: Org, query: Query) -> ObjectType:
    try:
        return org.kind(query.object)
    except ApiError:
        message = f"sObject type '{query.object}' is not supported."
        raise ApiError("INVALID_TYPE", message) from None


def _found(org: Org, query: Query, kind: ObjectType) -> list[Row]:
    for name in query.fields:
        _reader(org, kind, name)
    table = org.rows[kind.name]
    narrowed = _by_id(query.where)
    rows = list(table.values()) if narrowed is None else [table[key] for key in narrowed if key in table]
    if query.where is not None:
        holds = _condition(org, kind, query.where)
        rows = [row for row in rows if holds(row)]
    rows.sort(key=lambda row: row["Id"])
    for name, down, last in reversed(query.order):
        read, _ = _reader(org, kind, name)
        rows.sort(key=lambda row, read=read: (read(row) is not None, read(row) or 0), reverse=down)  # type: ignore[misc]
        if last != down:
            rows.sort(key=lambda row, read=read: read(row) is None)  # type: ignore[misc]
    return rows[query.offset :][: query.limit]


def _by_id(where: Any) -> list[str] | None:
    """Give the ids that a condition names, as an index does; None where it names none."""
    if (
        isinstance(where, Among)
        and where.field.lower() == "id"
        and not where.negated
        and isinstance(where.values, tuple)
    ):
        return sorted({long_id(str(value)) for value in where.values})
    if isinstance(where, Joined) and where.word == "AND":
        return next((found for found in map(_by_id, where.parts) if found is not None), None)
    return None


def _path(org: Org, kind: ObjectType, name: str) -> tuple[tuple[str, ...], str]:
    """Give the relationships to walk and the field at the end, as the org writes them."""
    walked: list[str] = []
    *steps, last = name.split(".")
    for step in steps:
        reference = kind.walk(step)
        if reference is None:
            raise ApiError("INVALID_FIELD", f"Didn't understand relationship '{step}' in field path.")
        walked.append(str(reference.relationship))
        kind = org.objects[reference.to[0]]
    each = kind.find(last)
    if each is None:
        raise ApiError("INVALID_FIELD", f"No such column '{last}' on entity '{kind.name}'.")
    return tuple(walked), each.name


def _reader(org: Org, kind: ObjectType, name: str) -> tuple[_Reads, Field]:
    """Give what reads a field, through relationships, and the field."""
    steps, last = _path(org, kind, name)
    references = []
    for step in steps:
        reference = kind.walk(step)
        assert reference is not None
        references.append((reference.name, reference.to[0]))
        kind = org.objects[reference.to[0]]

    def read(row: Row) -> Any:
        found: Row | None = row
        for by, target in references:
            found = org.rows[target].get(found[by]) if found else None
        return found[last] if found else None

    return read, kind.fields[last]


def _shape(org: Org, kind: ObjectType, paths: list[tuple[tuple[str, ...], str]], row: Row, version: str) -> Row:
    shaped: Row = {"attributes": _attributes(kind.name, row["Id"], version)}
    for steps, last in paths:
        here: Row | None = shaped
        found: Row | None = row
        at = kind
        for step in steps:
            reference = at.walk(step)
            assert reference is not None
            at = org.objects[reference.to[0]]
            found = org.rows[at.name].get(found[reference.name]) if found else None
            if here is not None:
                empty = {"attributes": _attributes(at.name, found["Id"], version)} if found else None
                here = here.setdefault(step, empty)
        if here is not None and found is not None:
            here[last] = found[last]
    return shaped


def _attributes(name: str, record: str, version: str) -> Row:
    return {"type": name, "url": f"/services/data/v{version}/sobjects/{name}/{record}"}


def _condition(org: Org, kind: ObjectType, where: Any) -> Callable[[Row], bool]:
    if isinstance(where, Joined):
        parts = [_condition(org, kind, part) for part in where.parts]
        if where.word == "NOT":
            return lambda row: not parts[0](row)
        return (
            (lambda row: all(part(row) for part in parts))
            if where.word == "AND"
            else (lambda row: any(part(row) for part in parts))
        )
    read, each = _reader(org, kind, where.field)
    if each.type in ("textarea", "address"):
        raise ApiError("INVALID_FIELD", f"field '{each.name}' can not be filtered in a query call")
    if isinstance(where, Among):
        return _among(org, read, each, where)
    wanted = _literal(each, where.value)
    return _comparison(read, each, where, wanted)


def _among(org: Org, read: _Reads, each: Field, where: Among) -> Callable[[Row], bool]:
    if isinstance(where.values, Query):
        inner = _kind(org, where.values)
        rows = _found(org, where.values, inner)
        values = {value for (value,) in flat(org, where.values, inner, rows)}
    else:
        values = {_literal(each, value) for value in where.values}
    lowered = {_lowered(value) for value in values}
    return lambda row: (_lowered(_typed(each, read(row))) in lowered) != where.negated


def _comparison(read: _Reads, each: Field, where: Compare, wanted: Any) -> Callable[[Row], bool]:
    if where.sign == "LIKE":
        pattern = re.compile(_like(str(wanted)), re.IGNORECASE | re.DOTALL)
        return lambda row: pattern.fullmatch(str(read(row) or "")) is not None
    if where.sign in ("=", "!="):
        return lambda row: (_lowered(_typed(each, read(row))) == _lowered(wanted)) == (where.sign == "=")
    order: dict[str, Callable[[Any, Any], bool]] = {
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }
    return lambda row: (held := _typed(each, read(row))) is not None and order[where.sign](held, wanted)


def _literal(each: Field, value: Any) -> Any:
    """Give a value of a condition as the field has it.

    Raises
    ------
    ApiError
        INVALID_FIELD, where the field is of another type, as a number in quotes.
    """
    if value is None:
        return None
    if each.type in ("id", "reference"):
        if not isinstance(value, str) or len(long_id(value)) != 18:
            raise ApiError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value}")
        return long_id(value)
    if each.type == "datetime":
        fits = isinstance(value, datetime)
    elif each.type == "boolean":
        fits = isinstance(value, bool)
    elif each.type in NUMBERS:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        fits = isinstance(value, str)
    if not fits:
        words = f"value of filter criterion for field '{each.name}' must be of type {each.type}"
        raise ApiError("INVALID_FIELD", words)
    return value


def _typed(each: Field, value: Any) -> Any:
    return moment(value.replace("+0000", "+00:00")) if each.type == "datetime" and value else value


def _lowered(value: Any) -> Any:
    return value.lower() if isinstance(value, str) and len(value) != 18 else value


def _like(text: str) -> str:
    """Give the pattern of a LIKE: `%` is anything, `_` one letter, unless a backslash stands before."""
    parts = re.split(r"(\\[%_]|[%_])", text)
    signs = {"%": ".*", "_": ".", "\\%": "%", "\\_": "_"}
    return "".join(signs.get(part, re.escape(part)) for part in parts)
