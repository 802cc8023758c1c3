import math
from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from terraform_like.diagnostics import Report, Span
from terraform_like.domain.carving import Location
from terraform_like.domain.evaluation import EVALUATORS
from terraform_like.domain.expression import Expression, ExpressionError, report_expression
from terraform_like.domain.geography import great_circle_km
from terraform_like.domain.grammar import ALLOWED, TYPES, exp
from terraform_like.domain.kinds import CAST_KINDS, JUDGES

ROWS = pl.DataFrame(
    {
        "i": [7, -7, None, 0],
        "big": [9_223_372_036_854_775_807, -9_223_372_036_854_775_808, None, 1],
        "x": [1.5, -2.5, math.nan, math.inf],
        "s": ["Ab", "a%c", None, ""],
        "b": [True, False, None, True],
        "d": [date(2024, 1, 1), None, date(2023, 5, 6), date(2024, 2, 29)],
        "m": [datetime(2024, 1, 1, 12), None, datetime(2023, 5, 6), datetime(2024, 2, 29)],
        "none": pl.Series([None] * 4, dtype=pl.Null),
    }
)
WORDS = "i x s b d AND OR NOT NULL TRUE IN BETWEEN LIKE IS CASE WHEN THEN ELSE END CAST AS INT"
SIGNS = "( ) , + - * / % = < ' \" . ::"


def answers(text: str) -> list:
    return Expression.parse(text).evaluate(ROWS).to_list()


def refusal(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        Expression.parse(text).evaluate(ROWS.clear())
    return caught.value


def test_all_that_is_allowed_has_a_meaning_and_nothing_else_has():
    within = {exp.Identifier, exp.DataType}

    assert set(ALLOWED) - within == set(EVALUATORS) == set(JUDGES)
    assert set(TYPES) == set(CAST_KINDS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i / 2", [3.5, -3.5, None, 0.0]),
        ("1 / i", [1 / 7, -1 / 7, None, None]),
        ("i % 4", [3, -3, None, 0]),
        ("i % 0", [None] * 4),
        ("big + 1", [None, -9_223_372_036_854_775_807, None, 2]),
        ("big * 2", [None, None, None, 2]),
        ("-big", [-9_223_372_036_854_775_807, None, None, -1]),
        ("big % -1", [0, 0, None, 0]),
        ("x > 1", [True, False, None, True]),
        ("x IS NULL", [False, False, True, False]),
        ("x - x", [0.0, 0.0, None, None]),
        ("SQRT(i)", [math.sqrt(7), None, None, 0.0]),
        ("LN(i)", [math.log(7), None, None, None]),
        ("POW(i, 2)", [49.0, 49.0, None, 0.0]),
        ("i ^ 2", [49.0, 49.0, None, 0.0]),
        ("FLOOR(LOG10(1000))", [3] * 4),
        ("LOG(2, 8)", [3.0] * 4),
        ("EXP(1000)", [None] * 4),
        ("ROUND(x)", [2, -3, None, None]),
        ("ROUND(1250, -2)", [1300] * 4),
        ("ROUND(2.25, 1)", [2.3] * 4),
        ("s LIKE 'a%'", [False, True, None, False]),
        ("s NOT LIKE 'a%'", [True, False, None, True]),
        ("s ILIKE 'A_'", [True, False, None, False]),
        ("s IS NOT NULL", [True, True, False, True]),
        ("s ISNULL", [False, False, True, False]),
        ("i IN (7, NULL)", [True, None, None, None]),
        ("i NOT IN (7, NULL)", [False, None, None, None]),
        ("b IS NOT TRUE", [False, True, True, False]),
        ("CASE WHEN i > 0 THEN 'p' END", ["p", None, None, None]),
        ("CASE i WHEN 7 THEN 1 WHEN NULL THEN 2 ELSE 3.5 END", [1.0, 3.5, 3.5, 3.5]),
        ("COALESCE(i, 0)", [7, -7, 0, 0]),
        ("GREATEST(i, 1)", [7, 1, 1, 1]),
        ("LEAST(none, i)", [7, -7, None, 0]),
        ("s || i", ["Ab7", "a%c-7", None, "0"]),
        ("CONCAT(s, i)", ["Ab7", "a%c-7", "", "0"]),
        ("CAST(b AS INTEGER)", [1, 0, None, 1]),
        ("CAST(d AS TEXT)", ["2024-01-01", None, "2023-05-06", "2024-02-29"]),
        ("TRY_CAST(s AS INT)", [None] * 4),
        ("d >= '2024-01-01'", [True, None, False, True]),
        ("d = DATE '2024-02-29'", [False, None, False, True]),
        ("m > '2024-01-01'", [True, None, False, True]),
        ("m > d", [True, None, False, False]),
        ("none + 1", [None] * 4),
        ("i /* seven */ = 7 -- or not", [True, False, None, False]),
    ],
)
def test_expressions_mean_what_sql_means(text, expected):
    assert answers(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("i IN (SELECT 1)", "in with query"),
        ("EXISTS (SELECT 1)", 'no function "exists"'),
        ("SELECT i", "select is not"),
        ("DROP TABLE i", "drop is not"),
        ("COPY i FROM 'x'", "copy is not"),
        ("i; i", "is not part"),
        ("SUM(i)", 'no function "sum"'),
        ("COUNT(*)", 'no function "count"'),
        ("SUM(i) OVER ()", "window is not"),
        ("NOW()", 'no function "now"'),
        ("RANDOM()", 'no function "random"'),
        ("CURRENT_DATE", 'no function "current_date"'),
        ("t.i", "without a table"),
        ("i BETWEEN SYMMETRIC 1 AND 2", "between with symmetric"),
        ("s LIKE 'a' ESCAPE 'b'", "escape is not"),
        ("s LIKE 'a\\%'", "backslash"),
        ("s LIKE s", "written out as text"),
        ("LOG(i)", "LOG10"),
        ("CAST(i AS JSON)", "no type JSON"),
        ("CAST(x AS INT)", "FLOOR, CEIL or ROUND"),
        ("CAST(x AS TEXT)", "whole number"),
        ("s = 1", "a number and text do not go together"),
        ("COALESCE(i, 'a')", "a number and text do not go together"),
        ("CASE WHEN b THEN 1 ELSE 'a' END", "a number and text do not go together"),
        ("NOT i", "true or false must stand here, but this is a number"),
        ("i + '1'", "a number must stand here, but this is text"),
        ("d > 'soon'", "'YYYY-MM-DD'"),
        ("SUBSTR(s, 0)", "must be 1 or more"),
        ("LEFT(s, -1)", "must be 0 or more"),
        ("i IN ()", "list of IN is empty"),
        ("i IS 7", "NULL, TRUE or FALSE"),
        ("within_km(37.77, -122.42)", "takes three numbers: latitude, longitude and km"),
        ("within_km(i, -122.42, 150)", "must be written out as a number"),
        ("within_km('37', -122.42, 150)", "must be written out as a number"),
        ("within_km(37.77, -122.42, 3 * 50)", "must be written out as a number"),
        ("within_km(-122.42, 37.77, 150)", "look swapped; write within_km(37.77, -122.42, 150)"),
        ("within_km(91, 120, 150)", "latitude lies between -90 and 90, longitude between -180 and 180"),
        ("within_km(37.77, 181, 150)", "latitude lies between -90 and 90, longitude between -180 and 180"),
        ("within_km(37.77, -122.42, 0)", "the distance is more than 0 km, and is 0"),
        ("within_km(37.77, -122.42, -5)", "the distance is more than 0 km, and is -5"),
        ("within_kilometres(1, 2, 3)", 'Did you mean "within_km"?'),
        ("within_km(37.77, -122.42, 150)", "here there are no accounts"),
        ("i +", "not an SQL expression"),
        ("'open", "not closed"),
        ("", "empty"),
        ("1" * 10_001, "at most 10,000"),
        ("(" * 101 + "i" + ")" * 101, "nests deeper"),
        ("+".join(["i"] * 200), "nests deeper"),
    ],
)
def test_what_is_not_on_the_list_or_means_several_things_is_refused_with_a_reason(text, said):
    assert said in str(refusal(text))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("x + foo(i)", "foo"),
        ("i > 1 AND emploees > 2", "emploees"),
        ("b AND s = 1", "s = 1"),
        ("i + 1 > 2 AND NOT x", "x"),
        ("i IN (1, 2) OR LOG(i) > 2", "LOG(i"),
        ("s LIKE s", "s"),
        ("b OR within_km(37.77, -122.42)", "within_km(37.77, -122.42"),
        ("b OR within_km(-122.42, 37.77, 150)", "122.42, 37.77"),
        ("b OR within_km(37.77, -122.42, i)", "i"),
    ],
)
def test_an_error_points_at_what_is_wrong(text, wrong):
    error = refusal(text)

    assert text[error.offset :][: error.length] == wrong
    assert error.offset == text.rfind(wrong)


def test_a_text_that_cannot_be_cast_is_named_with_the_way_out():
    with pytest.raises(ExpressionError, match='"Ab" cannot become int; TRY_CAST gives null instead'):
        Expression.parse("CAST(REPLACE(s, 'a%c', 'b') AS INT)").evaluate(ROWS.head(1))


def test_a_long_list_of_ors_and_of_ids_is_no_deep_nesting():
    assert answers(" OR ".join(["i = 7"] * 900)) == [True, False, None, False]
    assert answers(f"i IN ({', '.join(map(str, range(1500)))})") == [True, False, None, True]


def test_what_is_nested_is_evaluated_once_however_often_it_is_needed():
    text = "i"
    for _ in range(12):
        text = f"NULLIF({text}, 0)"

    assert answers(text) == [7, -7, None, None]


@pytest.mark.parametrize("text", ["TRUE", "i > 0", "i / 2", "'x'", "s || 'x'"])
@pytest.mark.parametrize("rows", [0, 1, 4])
def test_there_is_a_value_for_every_row(text, rows):
    assert len(Expression.parse(text).evaluate(ROWS.head(rows))) == rows


def test_only_the_columns_that_are_read_are_named_each_with_its_first_place():
    assert Expression.parse("b2 + a1 * b2 /* c3 */").columns == {"a1": 5, "b2": 0}


def test_a_statement_says_nothing_behind_the_back_of_the_report(capfd):
    refusal("ALTER x")

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("source", "text", "marked"),
    [
        ("w: x + foo(i)", "x + foo(i)", "foo"),
        ("w: 'a = ''b'' + foo(i)'", "a = 'b' + foo(i)", "foo"),
        ('w: "a = \\"b\\" + foo(i)"', 'a = "b" + foo(i)', "foo"),
        ("w: >-", "x + foo(i)", ">-"),
        ("w: |", "foo(i)", "|"),
        ("w: *alias", "foo(i)", "*alias"),
    ],
)
def test_the_place_in_a_file_is_that_of_the_character_or_of_the_whole_value(source, text, marked):
    report = Report()
    span = Span("plan.yaml", 1, 4, len(source) - 3, source)

    report_expression(refusal(text), text, ("w",), lambda path, *, key=False: span, report)

    (found,) = report
    assert source[found.span.column - 1 :][: found.span.length] == marked


@given(st.text(max_size=60) | st.lists(st.sampled_from([*WORDS.split(), *SIGNS.split()]), max_size=25).map(" ".join))
@example("\ud800")
@example("NOT " * 2400 + "b")
@example("- " * 4900 + "i")
@example("CASE WHEN b THEN " * 300 + "1" + " END" * 300)
@example("[" * 9000)
@example("{{ i }}")
def test_any_text_is_an_expression_or_a_refusal_inside_it(text):
    try:
        assert len(Expression.parse(text).evaluate(ROWS)) == ROWS.height
    except ExpressionError as error:
        assert 0 <= error.offset <= len(text)
        assert str(error)


PLACES = pl.DataFrame(
    {
        "at": ["San Francisco", "Oakland", "Los Angeles", "nowhere", "half"],
        "lat": [37.7749, 37.8044, 34.0522, None, 37.7],
        "lon": [-122.4194, -122.2712, -118.2437, None, None],
    }
)
LOCATION = Location(latitude="lat", longitude="lon")


def near(text: str) -> list:
    return Expression.parse(text).at(LOCATION).evaluate(PLACES, "boolean").to_list()


def test_within_km_is_the_great_circle_and_unknown_where_no_place_is_known():
    assert near("within_km(37.7749, -122.4194, 13)") == [True, False, False, None, None]
    assert near("WITHIN_KM(37.7749, -122.4194, 14)") == [True, True, False, None, None]
    assert near("NOT within_km(37.7749, -122.4194, 550)") == [False, False, True, None, None]
    assert near("within_km(37.7749, -122.4194, 560) AND \"at\" <> 'Oakland'") == [True, False, True, None, None]


def test_within_km_reads_the_columns_that_say_where_an_account_is():
    expression = Expression.parse("\"at\" = 'x' OR within_km(1, 2, 3)").at(LOCATION)

    assert expression.columns == {"at": 0, "lat": 14, "lon": 14}


def test_an_expression_that_does_not_ask_where_accounts_are_is_the_same_everywhere():
    expression = Expression.parse("lat > 1")

    assert expression.at(None) is expression
    assert expression.at(LOCATION) is expression


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(1e-3, 21_000))
def test_within_km_agrees_with_the_distance_that_travel_is_measured_by(latitude, longitude, km):
    distance = great_circle_km(PLACES["lat"].to_numpy(), PLACES["lon"].to_numpy(), latitude, longitude)

    told = near(f"within_km({latitude:.9f}, {longitude:.9f}, {km:.9f})")

    for there, said in zip(distance.tolist(), told, strict=True):
        assert said is None if math.isnan(there) else said == (there <= km) or math.isclose(there, km, abs_tol=1e-3)
