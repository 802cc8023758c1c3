import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.report.numbers import column, evenness, figure, percent


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1.5, "1.5"),
        (1.14285, "1.14"),
        (0.04321, "0.0432"),
        (1234567.0, "1,234,567"),
        (0.0, "0"),
        (None, "-"),
        ("2 of 5", "2 of 5"),
        (math.inf, "infinite"),
        (math.nan, "unknown"),
    ],
)
def test_figures_have_three_significant_digits(value, told):
    assert figure(value) == told


def test_a_figure_is_told_apart_from_the_limit_that_it_breaks():
    assert figure(1.35004, 1.35) == "1.35004"
    assert figure(1.35, 1.35) == "1.35"


@given(st.floats(0.01, 1e6), st.floats(0.01, 1e6))
def test_figures_that_differ_visibly_never_read_the_same(value, limit):
    if abs(value - limit) > 1e-6 * max(value, limit):
        assert figure(value, limit) != figure(limit, value)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((3, 41, 0), ["3", "41", "0"]),
        ((12_345_678, 7_100_000, 0), ["12.35M", "7.10M", "0.00"]),
        ((1_137_000, 370_000), ["1,137K", "370K"]),
        ((310.5, 98.25), ["310.5", "98.2"]),
        ((2.5e10, 1e9), ["25.00B", "1.00B"]),
        ((0.0, None), ["0", "-"]),
    ],
)
def test_a_column_has_one_unit_and_one_number_of_decimals(values, told):
    assert [column(values)(v) for v in values] == told


def test_counts_are_left_in_full_where_asked():
    assert column([2_500_000], exact=True)(2_500_000) == "2,500,000"


def test_shares_have_one_decimal():
    assert percent(0.1234) == "12.3%"


def test_evenness_has_three_decimals():
    assert [evenness(v) for v in (1.0, 0.01254, None, math.inf)] == ["1.000", "0.013", "-", "infinite"]
