"""What `measure:` may say, and where in it something is wrong."""

from __future__ import annotations

import pytest

from terraform_like.domain.columns import Offered
from terraform_like.domain.expression import ExpressionError
from terraform_like.policy.measure import Measure
from terraform_like.policy.measured import misspelt_columns, policy_columns
from terraform_like.policy.rule import Policies


@pytest.mark.parametrize(
    ("text", "better"),
    [("jain(arr)", "higher"), ("parity(arr, team)", "higher"), ("spread(arr)", "lower"), ("mean(arr)", None)],
)
def test_which_way_is_better_is_known_where_it_does_not_depend_on_what_is_measured(text, better):
    assert Measure.parse(text).better == better


@pytest.mark.parametrize(
    ("text", "wrong", "said"),
    [
        ("  sprea(arr)", "sprea", 'there is no measure "sprea". Did you mean "spread"?'),
        ("count(arr)", "(arr)", "count counts the rows that `where` leaves"),
        ("atkinson(arr, 1, 2)", "atkinson", "atkinson measures a column; write atkinson(COLUMN, EPSILON)"),
        ("quantile(arr)", "quantile", "quantile measures a column; write quantile(COLUMN, SHARE)"),
        ("sum(arr, 1)", "sum", "sum measures a column; write sum(COLUMN)"),
        ("parity(a, b, c)", "parity", "parity measures groups; write parity(GROUP) or parity(COLUMN, GROUP)"),
        ("parity(arr,  x + 1)", "x + 1", "groups are those of a column; write parity(GROUP) or parity(COLUMN, GROUP)"),
        ("parity(arr,)", ")", "groups are those of a column"),
        ("quantile(arr,  1.5)", "1.5", "SHARE is a number, 0 to 1; write quantile(COLUMN, SHARE)"),
        ("quantile(arr,)", ")", "SHARE is a number, 0 to 1"),
        ("atkinson(arr, 0)", "0", "EPSILON is a number, more than 0, at most 100; write atkinson(COLUMN, EPSILON)"),
        ("atkinson(arr, 100.5)", "100.5", "more than 0, at most 100"),
        ("atkinson(arr, -1)", "-1", "EPSILON is a number"),
        ("sum(arr + nothing())", "nothing", ""),
        ("parity(arr + nothing(), team)", "nothing", ""),
        ("envy_up_to_one( arr + 1)", " arr + 1", "it measures a column and nothing else"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(text, wrong, said):
    with pytest.raises(ExpressionError) as error:
        Measure.parse(text)

    at, length = error.value.offset, error.value.length
    assert text[at:].startswith(wrong)
    # What an expression says of itself may reach further.
    assert length == len(wrong) or not said
    assert said in str(error.value)


@pytest.mark.parametrize("text", ["atkinson(arr, 100)", "quantile(arr, 0)", "quantile(arr, 1.0)", "atkinson(arr, .5)"])
def test_a_number_at_its_bound_is_one(text):
    assert Measure.parse(text).number == float(text.split()[1].rstrip(")"))


@pytest.mark.parametrize(
    ("text", "start", "number"),
    [
        ("atkinson(COALESCE(arr, 0), 1)", 9, 1),
        ("quantile( CASE WHEN kind = 'a,(b' THEN arr ELSE 0 END, 0.5)", 9, 0.5),
        ("quantile(CASE WHEN kind = 'it''s, x' THEN arr ELSE 0 END , 0.25)", 9, 0.25),
        ('quantile("odd, (name" + 1, 0.75)', 9, 0.75),
    ],
)
def test_arguments_are_parted_at_commas_of_their_own(text, start, number):
    found = Measure.parse(text)

    assert (found.start, found.number) == (start, number)


def test_groups_and_what_is_compared_are_known_by_their_places():
    text = " parity(  arr + 1,   team )"
    found = Measure.parse(text)

    assert (found.group, text[found.group_start :][:4], text[found.start :][:5]) == ("team", "team", "  arr")


def test_a_column_of_a_measure_is_told_at_its_place():
    rule = {"over": "accounts", "measure": " sum( 1 + acounts)", "at_most": 1}
    policies = Policies.model_validate({"policies": {"p": rule}})
    offered = Offered({"accounts": "number"}, whole=False)
    ((_, text, doubt),) = misspelt_columns(policies, None, lambda over: offered)
    (read,) = policy_columns(policies, None)

    assert text[doubt.offset :] == text[read.offset :] == "acounts)"
    assert doubt.length == len("acounts")


def test_a_measure_that_counts_rows_has_no_argument_and_no_groups():
    count = Measure.parse("count")
    assert (count.argument, count.start, count.number, count.group, count.group_start) == (None, 0, None, None, 0)
