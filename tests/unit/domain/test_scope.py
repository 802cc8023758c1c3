import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.diagnostics import Report, Span
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.domain.scope import Population, populate

ACCOUNTS = {
    "account": ["A-1", "A-2", "A-3", "A-4"],
    "territory": ["west", None, "east", None],
    "arr": [100.0, 0.0, 50.0, 10.0],
    "employees": [3000, 10, 1900, None],
    "kind": ["customer", "prospect", "customer", "lost"],
    "parent_id": [None, "A-1", "", None],
    "lat": [37.7, 40.7, None, 90.0],
    "lon": [-122.4, -74.0, None, 180.0],
}


def carved(**said) -> Carving:
    wanted = {"segments": [{"name": "all"}], "territories": {"west": {"segment": "all"}}} | said
    return Carving.model_validate({"name": "fy27", **wanted})


def locate(path, *, key=False):
    """Give a span that holds the path, so that a test sees which wish is meant."""
    return Span("/".join(map(str, path)), 1, 1)


def population(crm=ACCOUNTS, **said) -> Population:
    report = Report()
    found = populate(carved(**said), Book.of(pl.DataFrame(crm)), locate, report)
    assert found is not None, list(report)
    return found


def complaints(crm=ACCOUNTS, **said) -> list[tuple[str, str, str]]:
    """Give summary, detail and path of every error; there is at least one."""
    report = Report()
    assert populate(carved(**said), Book.of(pl.DataFrame(crm)), locate, report) is None
    return [(d.summary, d.detail, d.span.file if d.span else "") for d in report]


def column(name: str, found: Population) -> dict:
    return dict(zip(found.inside.accounts, found.inside.table[name], strict=True))


def test_derived_columns_are_made_in_order_each_from_those_above_it():
    found = population(accounts={"columns": {"double": "arr * 2", "four": "double * 2", "arr": "four + 1"}})

    assert column("arr", found) == {"A-1": 401.0, "A-2": 1.0, "A-3": 201.0, "A-4": 41.0}


@pytest.mark.parametrize("always", ["true", "TRUE", "1 = 1", "NOT FALSE", "NULL IS NULL"])
def test_a_condition_that_is_the_same_for_all_holds_for_all(always):
    found = population(accounts={"where": always, "protect": always, "columns": {"one": "1", "word": "'x'"}})

    assert list(found.inside.accounts) == ACCOUNTS["account"]
    assert column("protected", found) == dict.fromkeys(ACCOUNTS["account"], True)
    assert set(column("one", found).values()) == {1}
    assert set(column("word", found).values()) == {"x"}


def test_what_is_unknown_is_neither_in_scope_nor_protected():
    found = population(accounts={"where": "employees > 5", "protect": "lat > 38"})

    assert list(found.inside.accounts) == ["A-1", "A-2", "A-3"]
    assert list(found.outside.accounts) == ["A-4"]
    assert column("protected", found) == {"A-1": False, "A-2": True, "A-3": False}


def test_a_column_of_the_crm_may_have_any_name():
    crm = ACCOUNTS | {"inside": [1, 1, 0, 1], "chosen": [1] * 4, "top": [2] * 4, "result": [3] * 4, "0": [4] * 4}

    found = population(
        crm, accounts={"where": "inside = 1", "columns": {"sum": 'inside + chosen + top + result + "0"'}}
    )

    assert column("sum", found) == {"A-1": 11, "A-2": 11, "A-4": 11}
    assert column("inside", found) == {"A-1": 1, "A-2": 1, "A-4": 1}


def test_no_account_in_scope_is_an_error_at_the_condition():
    assert complaints(accounts={"where": "arr > 1000"}) == [
        ("No account is in scope", "The CRM has 4 accounts; `accounts: where` matches none of them.", "accounts/where")
    ]


def test_a_crm_without_accounts_is_an_error_and_no_riddle():
    empty = {name: pl.Series([], dtype=pl.DataFrame(ACCOUNTS).schema[name]) for name in ACCOUNTS}
    said = {"where": "true", "family": "parent_id", "location": {"latitude": "lat", "longitude": "lon"}}

    found = complaints(
        empty,
        accounts=said,
        segments=[{"name": "big", "where": "employees > 9", "stay": "employees > 5"}, {"name": "all"}],
        balance={"all": {"within": {"arr": "10%"}}},
    )

    assert found == [("No account is in scope", "The CRM has no account at all.", "accounts/where")]


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"accounts": {"where": "emploees > 5"}}, "accounts/where"),
        ({"accounts": {"protect": "emploees > 5"}}, "accounts/protect"),
        ({"accounts": {"columns": {"x": "emploees + 1"}}}, "accounts/columns/x"),
        ({"segments": [{"name": "big", "where": "emploees > 5"}, {"name": "all"}]}, "segments/0/where"),
        (
            {"segments": [{"name": "big", "where": "arr > 5", "stay": "emploees > 5"}, {"name": "all"}]},
            "segments/0/stay",
        ),
    ],
)
def test_an_expression_with_a_column_that_is_not_there_is_one_error_that_says_which_was_meant(said, path):
    balance = {"all": {"within": {"arr": "10%"}}}

    ((summary, detail, where),) = complaints(balance=balance, **said)

    assert summary.endswith("cannot be evaluated")
    assert detail == 'There is no column "emploees". Did you mean "employees"?'
    assert where == path


def test_a_column_that_cannot_be_derived_is_wrong_once_and_not_where_it_is_read():
    said = {
        "columns": {"potential": "ar + 1", "more": "potential * 2"},
        "where": "more > 3",
        "protect": "potential > 1",
    }

    found = complaints(accounts=said, balance={"all": {"within": {"potential": "10%"}}})

    assert [where for _, _, where in found] == ["accounts/columns/potential"]


def test_every_wrong_expression_is_told_at_once():
    found = complaints(
        accounts={"where": "x1", "protect": "x2", "columns": {"x": "x3"}}, segments=[{"name": "s", "where": "x4"}]
    )

    assert [where for _, _, where in found] == [
        "accounts/columns/x",
        "accounts/protect",
        "accounts/where",
        "segments/0/where",
    ]


def test_a_condition_must_be_true_or_false():
    ((_, detail, _),) = complaints(accounts={"where": "arr"})

    assert detail == "This must be true or false, but gives a number"


@pytest.mark.parametrize(
    "name", ["account", "territory", "owner", "holder", "segment", "family", "protected", "accounts"]
)
def test_a_derived_column_has_no_name_of_the_tools_own(name):
    assert complaints(accounts={"columns": {name: "arr"}})[0][0] == f'A column cannot be named "{name}"'


# Families.


def families(parents: dict[str, str | None], where: str = "true") -> dict[str, str]:
    crm = {"account": list(parents), "parent_id": pl.Series(list(parents.values()), dtype=pl.String)}
    return column("family", population(crm, accounts={"family": "parent_id", "where": where}))


def test_a_chain_of_parents_is_one_family_however_long():
    chain = {f"A-{n:03d}": f"A-{n - 1:03d}" if n else None for n in range(300)}

    assert set(families(chain).values()) == {"A-000"}


def test_who_has_no_parent_and_who_names_nobody_or_itself_stands_alone():
    assert families({"A": None, "B": "", "C": "C"}) == {"A": "A", "B": "B", "C": "C"}


def test_children_of_a_parent_whom_the_crm_does_not_know_stay_together():
    assert families({"B": "gone", "A": "gone", "C": "lost"}) == {"A": "A", "B": "A", "C": "C"}


def test_children_of_a_parent_out_of_scope_stay_together():
    assert families({"A": None, "B": "A", "C": "A", "D": None}, "account <> 'A'") == {"B": "B", "C": "B", "D": "D"}


def test_a_family_holds_over_a_link_that_is_out_of_scope():
    assert families({"A": None, "B": "A", "C": "B"}, "account <> 'B'") == {"A": "A", "C": "A"}


def test_a_circle_of_parents_is_named_and_who_is_only_under_it_is_counted():
    crm = {"account": list("ABCDEF"), "parent_id": ["B", "C", "A", "A", "D", None]}

    ((summary, detail, where),) = complaints(crm, accounts={"family": "parent_id"})

    assert summary == "Accounts are their own ancestors"
    assert detail == "5 accounts are under a circle of parents: A, B, C. Mend `parent_id`."
    assert where == "accounts/family/column"


def test_a_circle_out_of_scope_harms_nobody():
    assert families({"A": "B", "B": "A", "C": None}, "account = 'C'") == {"C": "C"}


def test_parents_of_another_type_than_ids_are_found():
    crm = {"account": ["7", "8"], "parent_id": [None, 7.0]}

    assert column("family", population(crm, accounts={"family": "parent_id"})) == {"7": "7", "8": "7"}


def test_accounts_that_are_excepted_leave_their_families_together_without_them():
    crm = {"account": ["A", "B", "C", "D", "E"], "parent_id": [None, "A", "A", None, "D"], "big": [1, 0, 0, 0, 1]}

    found = population(crm, accounts={"family": {"column": "parent_id", "except": "big = 1"}})

    assert column("family", found) == {"A": "A", "B": "B", "C": "B", "D": "D", "E": "E"}


def test_a_family_column_that_is_not_there_says_which_was_meant():
    ((summary, detail, _),) = complaints(accounts={"family": "parent"})

    assert (summary, detail) == ('There is no column "parent"', 'Did you mean "parent_id"?')


@given(st.lists(st.none() | st.integers(0, 11), min_size=1, max_size=12))
def test_families_are_those_that_climbing_by_hand_finds(above):
    parents = {f"A-{n:02d}": None if up is None else f"A-{up:02d}" for n, up in enumerate(above)}

    def climbed(account: str) -> str | None:
        for _ in range(20):
            up = parents.get(account)
            if up is None or up == account:
                return account
            account = up
        return None

    expected = {account: climbed(account) for account in parents}
    if None in expected.values():
        crm = {"account": list(parents), "parent_id": pl.Series(list(parents.values()), dtype=pl.String)}
        caught = sum(top is None for top in expected.values())
        assert f"{caught} account" in complaints(crm, accounts={"family": "parent_id"})[0][1]
        return
    found = families(parents)
    for one in parents:
        for other in parents:
            assert (found[one] == found[other]) == (expected[one] == expected[other])
    assert all(top in parents and found[top] == top for top in found.values())


# Segments.

BIG_AND_SMALL = [{"name": "big", "where": "employees >= 2000", "stay": "employees >= 1800"}, {"name": "all"}]
TERRITORIES = {"west": {"segment": "all"}, "east": {"segment": "big"}}


def test_the_first_segment_that_matches_has_the_account():
    segments = [{"name": "rich", "where": "arr >= 50"}, {"name": "big", "where": "employees >= 2000"}, {"name": "all"}]

    assert column("segment", population(segments=segments)) == {
        "A-1": "rich",
        "A-2": "all",
        "A-3": "rich",
        "A-4": "all",
    }


def test_stay_keeps_only_who_is_in_the_segment_already():
    kept = column("segment", population(segments=BIG_AND_SMALL, territories=TERRITORIES))
    newcomer = column("segment", population(segments=BIG_AND_SMALL, territories={"west": {"segment": "all"}}))

    assert (kept["A-3"], newcomer["A-3"]) == ("big", "all")


def test_a_name_goes_before_conditions_and_a_pin_before_a_name():
    segments = [*BIG_AND_SMALL, {"name": "vip", "accounts": ["A-1", "A-2"]}]
    territories = {**TERRITORIES, "vips": {"segment": "vip"}, "south": {"segment": "big", "accounts": ["A-2"]}}

    found = column("segment", population(segments=segments, territories=territories))

    assert found == {"A-1": "vip", "A-2": "big", "A-3": "big", "A-4": "all"}


def test_a_family_has_one_segment_its_heads_or_that_of_a_pin_or_a_name_in_it():
    crm = {
        "account": ["A", "B", "C"],
        "parent_id": [None, "A", "A"],
        "employees": [1, 5000, 5000],
        "territory": [None] * 3,
    }
    said = {"accounts": {"family": "parent_id"}, "segments": [*BIG_AND_SMALL, {"name": "vip", "accounts": ["B"]}]}

    alone = population(crm, **said | {"segments": BIG_AND_SMALL})
    named = population(crm, **said)
    pinned = population(crm, **said, territories={"south": {"segment": "big", "accounts": ["C"]}})

    assert set(column("segment", alone).values()) == {"all"}
    assert set(column("segment", named).values()) == {"vip"}
    assert set(column("segment", pinned).values()) == {"big"}


def test_accounts_of_no_segment_are_counted_and_named():
    ((summary, detail, where),) = complaints(segments=[{"name": "big", "where": "employees >= 2000"}])

    assert summary == "3 accounts in no segment"
    assert "A-2, A-3, A-4" in detail
    assert where == "segments"


def test_accounts_that_are_named_and_not_in_scope_are_warned_of_wherever_they_are_named():
    report = Report()
    territories = {"west": {"segment": "all", "accounts": ["P-1"], "exclude": ["X-1"]}}
    carving = carved(segments=[{"name": "vip", "accounts": ["N-1"]}, {"name": "all"}], territories=territories)

    assert populate(carving, Book.of(pl.DataFrame(ACCOUNTS)), locate, report) is not None

    assert [(d.severity.value, d.span.file) for d in report] == [
        ("warning", "segments/0/accounts/0"),
        ("warning", "territories/west/accounts/0"),
        ("warning", "territories/west/exclude/0"),
    ]


# Metrics and places.


@pytest.mark.parametrize(
    ("values", "summary"),
    [
        ([1.0, None, 2.0, 3.0], '"potential" is missing for accounts of all'),
        ([1.0, math.nan, 2.0, 3.0], '"potential" is missing for accounts of all'),
        ([1.0, -1.0, 2.0, 3.0], '"potential" is negative for accounts of all'),
        ([1.0, math.inf, 2.0, 3.0], '"potential" is infinite for accounts of all'),
    ],
)
def test_a_metric_that_is_no_number_names_the_accounts(values, summary):
    found = complaints(ACCOUNTS | {"potential": values}, balance={"all": {"within": {"potential": "10%"}}})

    assert [(s, d.startswith("1 account: A-2."), w) for s, d, w in found] == [
        (summary, True, "balance/all/within/potential")
    ]


def test_only_accounts_of_the_segment_need_its_metrics():
    population(
        segments=[{"name": "known", "where": "employees > 0"}, {"name": "all"}],
        balance={"known": {"at_most": {"employees": 9}}},
    )


def test_a_metric_that_is_not_there_says_which_was_meant():
    ((summary, detail, _),) = complaints(balance={"all": {"at_least": {"emploees": 3}}})

    assert (summary, detail) == ('There is no metric "emploees"', 'Did you mean "employees"?')


def test_text_is_no_metric():
    ((summary, detail, _),) = complaints(balance={"all": {"within": {"kind": "5%"}}})

    assert (summary, detail) == ('"kind" is no number', "The column holds text.")


WAY = "`lat` is a latitude, -90 to 90, and `lon` a longitude, -180 to 180"


@pytest.mark.parametrize(
    ("latitudes", "longitudes"),
    [
        ([91.0, 0, 0, 0], [100.0, 0, 0, 0]),
        ([math.inf, 0, 0, 0], [0.0, 0, 0, 0]),
        ([-181.0, 0, 0, 0], [0.0, 0, 0, 0]),
        ([0.0, 0, 0, 0], [181.0, 0, 0, 0]),
    ],
)
def test_a_place_outside_the_world_names_the_account(latitudes, longitudes):
    said = {"location": {"latitude": "lat", "longitude": "lon"}}

    found = complaints(ACCOUNTS | {"lat": latitudes, "lon": longitudes}, accounts=said)

    detail = f"1 account: A-1. {WAY}. Mend them in the CRM."
    assert found == [("Accounts lie outside the world", detail, "accounts/location")]


def test_swapped_places_are_one_error_that_names_ten_accounts_and_counts_the_rest():
    said = {"location": {"latitude": "lat", "longitude": "lon"}}
    crm = {"account": [f"A-{n:02}" for n in range(12)], "lat": [-122.4] * 12, "lon": [37.7] * 12}

    ((summary, detail, where),) = complaints(crm, accounts=said)

    assert (summary, where) == ("Latitude and longitude look swapped", "accounts/location")
    assert detail.startswith("12 accounts: A-00, A-01, ")
    assert "A-09 and 2 more." in detail
    assert detail.endswith("Exchange the columns here, or mend them in the CRM.")


def test_a_pole_and_the_date_line_are_in_the_world():
    said = {"location": {"latitude": "lat", "longitude": "lon"}}

    population(ACCOUNTS | {"lat": [90.0, -90, 0, 0], "lon": [180.0, -180, 0, 0]}, accounts=said)


def test_a_place_that_is_missing_is_none():
    said = {"location": {"latitude": "lat", "longitude": "lon"}}

    population(ACCOUNTS | {"lat": [math.nan, None, 90, -90]}, accounts=said)


def test_a_location_column_that_is_not_there_or_no_number_is_an_error():
    found = complaints(accounts={"location": {"latitude": "latt", "longitude": "kind"}})

    assert [(summary, where) for summary, _, where in found] == [
        ('There is no numeric column "latt"', "accounts/location/latitude"),
        ('There is no numeric column "kind"', "accounts/location/longitude"),
    ]


@given(st.permutations(range(4)))
def test_the_order_of_the_crm_does_not_matter(order):
    shuffled = {name: [values[n] for n in order] for name, values in ACCOUNTS.items()}
    said = {
        "accounts": {"family": "parent_id", "where": "arr >= 0", "columns": {"x": "arr * 2"}},
        "segments": BIG_AND_SMALL,
    }

    assert population(shuffled, **said).inside.table.equals(population(**said).inside.table)


def test_parents_that_the_crm_does_not_hold_are_named_once():
    report = Report()
    crm = ACCOUNTS | {"parent_id": ["X-9", "A-1", "X-9", ""]}
    assert populate(carved(accounts={"family": "parent_id"}), Book.of(pl.DataFrame(crm)), locate, report) is not None
    (said,) = report
    assert said.summary == "The CRM does not hold the parent of 2 accounts"
    assert said.detail == "A-1, A-3 under X-9. Accounts under the same one still stay together."
    assert said.span.file == "accounts/family/column"
