"""Kinds are told from the tree alone, and are those that the values turn out to have."""

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terraform_like.domain.expression import Expression, ExpressionError
from terraform_like.domain.kinds import Kind
from terraform_like.domain.values import DTYPES, kinds_of

ROWS = pl.DataFrame(
    {
        "i": [7, None],
        "x": [1.5, None],
        "s": ["12", None],
        "b": [True, None],
        "d": [date(2024, 1, 1), None],
        "m": [datetime(2024, 1, 1, 12), None],
        "none": pl.Series([None, None], dtype=pl.Null),
    }
)
COLUMNS = kinds_of(ROWS.schema)
LEAVES = st.sampled_from([*ROWS.columns, "1", "1.5", "'2024-01-01'", "'12'", "TRUE", "NULL"])
FORMS = [
    *("{} = {}", "{} < {}", "{} + {}", "{} / {}", "{} % {}", "{} || {}", "{} AND {}", "{} OR {}"),
    *("NOT {}", "-{}", "({})", "{} IS NULL", "{} IS TRUE", "{} IN ({}, {})", "{} BETWEEN {} AND {}"),
    *("CASE WHEN {} THEN {} ELSE {} END", "CASE {} WHEN {} THEN {} END", "COALESCE({}, {})", "NULLIF({}, {})"),
    *("GREATEST({}, {})", "ROUND({})", "ROUND({}, 2)", "FLOOR({})", "ABS({})", "SIGN({})", "SQRT({})", "LOG(2, {})"),
    *("LOWER({})", "LENGTH({})", "LEFT({}, 1)", "CONCAT({}, {})", "{} LIKE '1%'", "STARTS_WITH({}, {})"),
    *("CAST({} AS TEXT)", "TRY_CAST({} AS INT)", "TRY_CAST({} AS DATE)", "TRY_CAST({} AS DOUBLE)"),
]


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def of(form: str) -> st.SearchStrategy[str]:
        return st.lists(inner, min_size=form.count("{}"), max_size=form.count("{}")).map(lambda p: form.format(*p))

    return st.sampled_from(FORMS).flatmap(of)


EXPRESSIONS = nested(LEAVES | nested(LEAVES).map("({})".format))


def judged(text: str, columns=COLUMNS) -> tuple[Kind, list[ExpressionError]]:
    return Expression.parse(text).judged(columns)


@settings(max_examples=400)
@given(EXPRESSIONS)
def test_what_is_judged_sound_evaluates_and_gives_values_of_that_kind(text):
    kind, misfits = judged(text)
    if not misfits:
        assert Expression.parse(text).evaluate(ROWS).dtype == DTYPES[kind]


@settings(max_examples=400)
@given(EXPRESSIONS, st.sets(st.sampled_from(ROWS.columns)))
def test_knowing_less_of_the_columns_refuses_nothing_that_knowing_more_lets_pass(text, unknown):
    if not judged(text)[1]:
        less = {name: Kind.UNKNOWN if name in unknown else kind for name, kind in COLUMNS.items()}
        assert judged(text, less)[1] == []
        whole = {name: Kind.WHOLE if kind == Kind.NUMBER else kind for name, kind in less.items()}
        assert judged(text, whole)[1] == []


def test_everything_that_does_not_fit_is_told_at_once_in_the_order_of_the_text():
    text = "NOT i AND s + 1 > 2 OR LOWER(x) = 'a'"

    _, misfits = judged(text)

    assert [(text[e.offset :][: e.length], str(e)) for e in misfits] == [
        ("i", "true or false must stand here, but this is a number"),
        ("s", "a number must stand here, but this is text"),
        ("x", "text must stand here, but this is a number"),
    ]


def test_a_mistake_inside_brings_no_other_outside():
    assert len(judged("LOWER(i) || 'a' = 'x' AND b")[1]) == 1
    assert len(judged("COALESCE(s, 1) + 1 > 2")[1]) == 1


@pytest.mark.parametrize(
    ("text", "wanted", "said"),
    [
        ("i", "boolean", "this must be true or false, but gives a number"),
        ("s", "number", "this must be a number, but gives text"),
        ("none", "boolean", "this must be true or false, but gives nothing"),
    ],
)
def test_what_must_come_out_is_told_of_the_whole_expression(text, wanted, said):
    _, (error,) = Expression.parse(f" {text}").judged(COLUMNS, wanted)

    assert (str(error), error.offset, error.length) == (said, 1, len(text))


@pytest.mark.parametrize("wanted", ["boolean", "number", "any"])
def test_of_what_is_unknown_nothing_is_said(wanted):
    assert Expression.parse("unheard_of").judged({}, wanted) == (Kind.UNKNOWN, [])
