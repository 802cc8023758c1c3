"""Expressions mean what SQL means: the same question, put to SQLite, has the same answer."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terraform_like.domain.expression import Expression, ExpressionError

TYPES = {
    "i": pl.Int64,
    "j": pl.Int64,
    "x": pl.Float64,
    "y": pl.Float64,
    "s": pl.String,
    "t": pl.String,
    "b": pl.Boolean,
}


@dataclass(frozen=True)
class Question:
    """One question as a user writes it, and as SQLite must be asked it."""

    ours: str
    sqlite: str


def same(*templates: str):
    """Give functions of operands that both write alike; `{0}` is the first operand."""
    return [(template, template) for template in templates]


def build(templates, *operands):
    """Draw a template and fill it with drawn operands."""

    def fill(drawn):
        (ours, sqlite), parts = drawn[0], drawn[1:]
        return Question(ours.format(*(p.ours for p in parts)), sqlite.format(*(p.sqlite for p in parts)))

    return st.tuples(st.sampled_from(templates), *operands).map(fill)


def literal(values):
    return values.map(lambda text: Question(text, text))


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


LETTERS = st.text("aAbB%_ '.*\n", max_size=3)
WHOLE = literal(st.sampled_from(["i", "j", "0", "1", "-2", "7", "NULL"]))
NUMBERS = WHOLE | literal(st.sampled_from(["x", "y", "0.25", "-1.5", "1e1"]))
TEXTS = literal(st.sampled_from(["s", "t"]) | LETTERS.map(quoted))
TRUTHS = literal(st.sampled_from(["b", "TRUE", "FALSE", "NULL"]))

COMPARE = same("({0} = {1})", "({0} <> {1})", "({0} < {1})", "({0} >= {1})", "({0} > {1})", "({0} <= {1})")
AMONG = [
    *same("({0} BETWEEN {1} AND {2})", "({0} NOT BETWEEN {1} AND {2})"),
    *same("({0} IN ({1}, {2}))", "({0} NOT IN ({1}, {2}, NULL))", "({0} IN ({1}, {2}, {0}))"),
]
CHOOSE = [
    *same("COALESCE({0}, {1})", "NULLIF({0}, {1})", "CASE WHEN {2} THEN {0} ELSE {1} END"),
    *same("CASE WHEN {2} THEN {0} END", "CASE {0} WHEN {1} THEN {1} WHEN NULL THEN {0} END"),
    ("GREATEST({0}, {1})", "coalesce(max({0}, {1}), {0}, {1})"),
    ("LEAST({0}, {1})", "coalesce(min({0}, {1}), {0}, {1})"),
]


def deeper(parts):
    wholes, numbers, texts, truths = parts
    like = build(same("({0} LIKE {1})", "({0} NOT LIKE {1})"), texts, literal(LETTERS.map(quoted)))
    return (
        wholes
        | build(same("({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} % {1})"), wholes, wholes)
        | build(same("-({0})", "ABS({0})", "SIGN({0})", "CAST({0} AS INTEGER)"), wholes)
        | build(same("LENGTH({0})"), texts)
        | build(same("CAST({0} AS INTEGER)"), truths)
        | build([("FLOOR({0})", "CAST(floor({0}) AS INTEGER)"), ("ROUND({0})", "CAST(round({0}) AS INTEGER)")], numbers)
        | build(CHOOSE, wholes, wholes, truths),
        numbers
        | build(
            [*same("({0} + {1})", "({0} - {1})", "({0} * {1})"), ("({0} / {1})", "({0} * 1.0 / {1})")], numbers, numbers
        )
        | build(same("ABS({0})", "CEIL({0})"), numbers)
        | build(CHOOSE, numbers, numbers, truths),
        texts
        | build([*same("({0} || {1})"), ("CONCAT({0}, {1})", "(coalesce({0}, '') || coalesce({1}, ''))")], texts, texts)
        | build(same("CAST({0} AS TEXT)", "({0} || 'x')"), wholes)
        | build(
            [
                *same("LOWER({0})", "UPPER({0})", "TRIM({0})", "LTRIM({0}, 'a ')", "RTRIM({0}, 'b')"),
                *same("SUBSTR({0}, 2)", "SUBSTR({0}, 1, 2)", "REPLACE({0}, 'a', 'bb')", "REPLACE({0}, '.', '$1')"),
                ("LEFT({0}, 2)", "substr({0}, 1, 2)"),
                ("RIGHT({0}, 2)", "substr({0}, -2)"),
            ],
            texts,
        )
        | build(CHOOSE, texts, texts, truths),
        truths
        | build(COMPARE, numbers, numbers)
        | build(COMPARE, texts, texts)
        | build(AMONG, numbers, numbers, numbers)
        | build(AMONG, texts, texts, texts)
        | build(
            [*same("({0} AND {1})", "({0} OR {1})", "(NOT {0})", "({0} IS TRUE)", "({0} IS NOT FALSE)")], truths, truths
        )
        | build(same("({0} IS NULL)", "({0} IS NOT NULL)"), numbers | texts | truths)
        | build([("STARTS_WITH({0}, {1})", "(substr({0}, 1, length({1})) = {1})")], texts, texts)
        | build([("ENDS_WITH({0} || {1}, {1})", "({0} || {1} IS NOT NULL OR NULL)")], texts, texts)
        | like,
    )


PARTS = deeper(deeper((WHOLE, NUMBERS, TEXTS, TRUTHS)))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "i": st.none() | st.integers(-5, 5),
            "j": st.none() | st.integers(-5, 5),
            "x": st.none() | st.integers(-20, 20).map(lambda n: n / 4),
            "y": st.none() | st.integers(-20, 20).map(lambda n: n / 4),
            "s": st.none() | LETTERS,
            "t": st.none() | LETTERS,
            "b": st.none() | st.booleans(),
        }
    ),
    max_size=4,
)


def asked_of_sqlite(question: str, rows: list[dict]) -> list:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("PRAGMA case_sensitive_like = ON")
        connection.execute("CREATE TABLE a (i INTEGER, j INTEGER, x REAL, y REAL, s TEXT, t TEXT, b INTEGER)")
        connection.executemany("INSERT INTO a VALUES (:i, :j, :x, :y, :s, :t, :b)", rows)
        return [value for (value,) in connection.execute(f"SELECT {question} FROM a ORDER BY rowid")]
    finally:
        connection.close()


def agrees(ours, theirs) -> bool:
    if ours is None or theirs is None or isinstance(ours, str):
        return ours == theirs
    return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(*PARTS), ROWS)
def test_an_expression_gives_what_sqlite_gives(question, rows):
    table = pl.DataFrame(rows, schema=TYPES)
    try:
        ours = Expression.parse(question.ours).evaluate(table)
    except ExpressionError as error:
        pytest.fail(f"{question.ours}: {error}")
    theirs = asked_of_sqlite(question.sqlite, rows)
    pairs = list(zip(ours.to_list(), theirs, strict=True))
    assert all(agrees(*pair) for pair in pairs), (question, pairs)
