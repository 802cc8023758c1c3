import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.domain.carving import Location
from terraform_like.domain.columns import Offered
from terraform_like.domain.expression import ExpressionError
from terraform_like.domain.measure import EVENNESS
from terraform_like.policy.measure import EVEN, Measure
from terraform_like.policy.measured import faulty_expressions, misspelt_columns, policy_columns
from terraform_like.policy.rule import Policies
from terraform_like.policy.tables import FIXED


def gate(**rules) -> Policies:
    return Policies.model_validate({"policies": rules})


def test_every_measure_of_evenness_is_known_to_policies():
    assert set(EVEN) == set(EVENNESS)


def test_a_measure_is_a_name_and_an_expression():
    measure = Measure.parse(" Spread( arr + 2 * whitespace ) ")

    assert measure.name == "spread"
    assert measure.argument is not None
    assert list(measure.argument.columns) == ["arr", "whitespace"]


@pytest.mark.parametrize(
    ("text", "offset", "length"),
    [
        ("spraed(arr)", 0, 6),
        ("spread(arr; drop)", None, None),
        ("count(*)", 5, 3),
        ("sum()", 0, 3),
        ("7", 0, 1),
        ("quantile(arr)", 0, 8),
        ("quantile(arr,  x)", 15, 1),
        ("quantile(GREATEST(arr, 0), 1.5)", 27, 3),
        ("atkinson(arr, 0)", 14, 1),
        ("parity(arr,  a + b )", 13, 5),
        ("parity", 0, 6),
        ("sum(arr, potential)", 0, 3),
        ("envy_up_to_one(arr + 1)", 15, 7),
    ],
)
def test_a_faulty_measure_says_where(text, offset, length):
    with pytest.raises(ExpressionError) as raised:
        Measure.parse(text)

    if offset is None:
        assert raised.value.offset >= len("spread(")
    else:
        assert (raised.value.offset, raised.value.length) == (offset, length)


@given(st.text(max_size=40))
def test_any_text_is_a_measure_or_an_expression_error(text):
    try:
        assert Measure.parse(text).name
    except ExpressionError as error:
        assert str(error)


def test_every_faulty_expression_is_found_at_once_without_data():
    policies = gate(
        fine={"over": "plan", "assert": "moves < 10"},
        two={"over": "changes", "where": "kind = ", "assert": "read_csv('x')"},
        third={"over": "territories", "measure": "sprad(arr)", "at_most": 2},
    )

    found = [path for path, _, _ in faulty_expressions(policies, None, lambda over: Offered(FIXED[over]))]

    assert found == [
        ("policies", "two", "where"),
        ("policies", "two", "assert"),
        ("policies", "third", "measure"),
    ]


@pytest.mark.parametrize(
    ("rule", "key", "wrong", "said"),
    [
        ({"assert": "moves < acounts"}, "assert", "acounts", 'Did you mean "accounts"?'),
        ({"where": "moves", "assert": "TRUE"}, "where", "moves", "true or false"),
        ({"assert": "moves < 'ten'"}, "assert", "moves < 'ten'", "a number and text do not go together"),
        ({"by": "segmnt", "measure": "count", "at_most": 1}, "by", "segmnt", "no column"),
        ({"measure": "sum(moves + acounts)", "at_most": 1}, "measure", "acounts", 'Did you mean "accounts"?'),
        ({"measure": "sum(address)", "at_most": 1}, "measure", "address", "must be a number"),
        ({"assert": "within_km(1, 2, 3)"}, "assert", "within_km(1, 2, 3", "here there are no accounts"),
    ],
)
def test_columns_and_kinds_are_judged_at_their_place_without_data(rule, key, wrong, said):
    policies = gate(rule={"over": "plan", **rule})

    ((path, text, error),) = faulty_expressions(policies, None, lambda over: Offered(FIXED[over], whole=True))

    assert (path[-1], text[error.offset :][: error.length]) == (key, wrong)
    assert said in str(error)


def test_columns_that_a_snapshot_must_keep_are_those_that_policies_and_waivers_are_made_of():
    policies = gate(
        deals={"over": "changes", "where": "kind = 'move'", "measure": "sum(open_pipeline)", "at_most": 1},
        regions={"over": "accounts", "by": "region", "assert": "arr > 0 OR segment = 'x'"},
        books={"over": "territories", "where": "size > 0", "measure": "spread(potential)", "at_most": 2},
        people={"over": "people", "measure": "parity(whitespace_lost, tenure)", "at_least": 0.8},
        rest={"over": "plan", "assert": "quota_moved <= 0.1 * quota AND moves < 9"},
        faulty={"over": "accounts", "where": "lat >", "assert": "employees > 0"},
    )

    read = {(one.column, *one.path[1:]) for one in policy_columns(policies, None, {"tenure"})}

    assert read == {
        ("open_pipeline", "deals", "measure"),
        ("region", "regions", "by"),
        ("potential", "books", "measure"),
        ("whitespace", "people", "measure"),
        ("quota", "rest", "assert"),
        ("arr", "regions", "assert"),
        ("employees", "faulty", "assert"),
    }


def test_a_policy_over_accounts_that_asks_where_they_are_reads_the_columns_that_say_so():
    policies = gate(near={"over": "changes", "assert": "within_km(47.6, -122.3, 100)"})
    where = Location(latitude="lat", longitude="lon")

    assert [one.column for one in policy_columns(policies, where)] == ["lat", "lon"]


def test_a_column_that_is_spelt_almost_like_a_known_one_is_doubted_where_not_all_are_known():
    policies = gate(
        near={"over": "plan", "assert": "moves < acounts"},
        far={"over": "plan", "assert": "moves < open_pipeline"},
        part={"over": "territories", "by": "segmnt", "measure": "count", "at_most": 1},
        faulty={"over": "plan", "assert": "moves <"},
    )

    def doubted(whole):
        return [path[1] for path, _, _ in misspelt_columns(policies, None, lambda over: Offered(FIXED[over], whole))]

    assert doubted(False) == ["near"]
    assert doubted(True) == []


def test_what_parts_territories_is_known_without_the_crm():
    policies = gate(part={"over": "territories", "by": "segmnt", "measure": "count", "at_most": 1})

    ((path, _, error),) = faulty_expressions(policies, None, lambda over: Offered(FIXED[over]))
    assert (path, str(error)) == (("policies", "part", "by"), 'there is no column "segmnt". Did you mean "segment"?')


def test_what_parts_rows_is_a_name_and_no_expression():
    policies = gate(
        odd={"over": "accounts", "by": "sales region", "measure": "parity(arr, team)", "at_least": 0.8},
        part={"over": "territories", "by": "segmnt", "measure": "count", "at_most": 1},
    )

    assert [one.column for one in policy_columns(policies, None)][:3] == ["sales region", "arr", "team"]
    faults = faulty_expressions(policies, None, lambda over: Offered(FIXED[over], since="That is of May."))
    (error,) = [error for path, _, error in faults if path[1] == "part"]
    assert (error.offset, error.length) == (0, len("segmnt"))
    # How old the knowledge of the CRM's columns is has no part in it.
    assert "May" not in str(error)


def test_the_filter_of_a_waiver_reads_columns_and_is_found_faulty_as_a_policy_is():
    waivers = [
        {"policy": "deals", "where": "state = 'CA'"},
        {"policy": "deals", "subject": "account.1"},
        {"policy": "gone", "where": "city = 'x'"},
        {"policy": "deals", "where": "state = "},
    ]
    policies = Policies.model_validate(
        {
            "policies": {"deals": {"over": "changes", "assert": "kind = 'move'"}},
            "waivers": [{**one, "owner": "vp", "reason": "x", "expires": "2027-12-31"} for one in waivers],
        }
    )

    assert [(one.column, one.path) for one in policy_columns(policies, None)] == [("state", ("waivers", 0, "where"))]
    faults = faulty_expressions(policies, None, lambda over: Offered(FIXED[over]))
    assert [path for path, _, _ in faults] == [("waivers", 3, "where")]


@pytest.mark.parametrize(
    ("rule", "faulty"),
    [
        ({"measure": "mean(accounts)"}, True),
        ({"measure": "mean(accounts)", "better": "lower"}, False),
        ({"measure": "spread(accounts)"}, False),
    ],
)
def test_a_comparison_of_what_is_better_neither_way_is_a_fault_of_the_whole_measure(rule, faulty):
    policies = gate(p={"over": "territories", "compare": "before", **rule})
    found = list(faulty_expressions(policies, None, lambda over: Offered(FIXED[over])))

    assert [(path[-1], error.offset, error.length) for path, _, error in found] == (
        [("measure", 0, len("mean(accounts)"))] if faulty else []
    )


def test_a_place_that_nothing_tells_is_a_fault_where_it_is_asked_for():
    measure = "sum(CASE WHEN within_km(1, 2, 3) THEN 1 ELSE 0 END)"
    policies = gate(p={"over": "accounts", "measure": measure, "at_most": 1})
    ((_, text, error),) = faulty_expressions(policies, None, lambda over: Offered(FIXED[over]))

    assert text[error.offset :].startswith("within_km")
