"""Wishes become arrays: fair shares, limits, costs and components, each as a person would reckon it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest


def where_allowed(problem):
    """Name the territories of each unit's pairs."""
    return [
        {problem.territories[t] for t in problem.pairs.territory[problem.pairs.unit == unit]}
        for unit in range(problem.units)
    ]


def test_fair_shares_go_by_size(wish, accounts, problem):
    carving = wish(
        territories={"a": {"segment": "all"}, "b": {"segment": "all", "size": 0.5}},
        balance={"all": {"within": {"arr": 0.1}}},
    )
    limits = problem(carving, accounts(3, arr=[10.0, 20.0, 60.0])).limits
    assert limits.share[:, 0] == pytest.approx([60, 30])
    assert limits.low[:, 0] == pytest.approx([54, 27])
    assert limits.high[:, 0] == pytest.approx([66, 33])


def test_the_tighter_of_two_limits_counts_and_names_its_rule(wish, accounts, problem):
    carving = wish(
        territories={"a": {"segment": "all"}, "b": {"segment": "all"}},
        balance={"all": {"within": {"accounts": 0.5}, "at_most": {"accounts": 6}, "at_least": {"accounts": 1}}},
    )
    one = problem(carving, accounts(10))
    assert one.limits.low[:, 0] == pytest.approx([2.5, 2.5])
    assert one.limits.high[:, 0] == pytest.approx([6, 6])
    assert one.rules["accounts", "low"] == ("balance", "all", "within", "accounts")
    assert one.rules["accounts", "high"] == ("balance", "all", "at_most", "accounts")


def test_without_a_balance_policy_nothing_is_limited(wish, accounts, problem):
    one = problem(wish(territories={"a": {"segment": "all"}}), accounts(2))
    assert one.metrics == ()
    assert one.limits.share.shape == (1, 0)
    assert one.excess(np.array([0, 1])) == 0


def test_limits_that_cross_are_an_error_with_the_figures(wish, accounts, formulated):
    carving = wish(
        territories={"a": {"segment": "all"}, "b": {"segment": "all"}},
        balance={"all": {"within": {"accounts": 0.1}, "at_least": {"accounts": 6}}},
    )
    _, report = formulated(carving, accounts(10))
    (said,) = report
    assert said.summary == "The limits of accounts contradict each other"
    assert "at least 6 and at most 5.5" in said.detail
    assert said.span.source == "balance.all.at_least.accounts"


def test_limits_that_meet_do_not_cross_by_a_rounding(wish, accounts, problem):
    sizes = {"a": 0.1, "b": 0.2, "c": 0.3}
    carving = wish(
        territories={name: {"segment": "all", "size": size} for name, size in sizes.items()},
        balance={"all": {"within": {"accounts": 0.0}, "at_least": {"accounts": 1}}},
    )
    limits = problem(carving, accounts(6)).limits
    assert (limits.low <= limits.high).all()


def test_a_sum_that_overflows_is_an_error_and_no_warning_of_numpy(wish, accounts, formulated):
    carving = wish(territories={"a": {"segment": "all"}}, balance={"all": {"within": {"arr": 0.1}}})
    _, report = formulated(carving, accounts(2, arr=[1e308, 1.7e308]))
    (said,) = report
    assert said.summary == "The sum of arr over all is too large a number"
    assert "1.7e+308" in said.detail


def test_moves_cost_their_share_of_all_accounts_and_protected_ones_five_times_that(wish, accounts, problem):
    carving = wish(
        accounts={"protect": "hot"},
        territories={"a": {"segment": "all"}, "b": {"segment": "all"}},
        balance={"all": {"prefer": {"disruption": 3}}},
    )
    one = problem(carving, accounts(3, territory=["a", "a", "b"], hot=[True, False, False]))
    # Seven parts: five for the protected account, one for each of the others.
    assert one.measured().disruption == pytest.approx(np.array([0, 5, 0, 1, 1, 0]) / 7)
    assert one.pairs.cost == pytest.approx(3 * 3 * one.measured().disruption)


def test_who_comes_from_no_territory_of_the_plan_moves_for_nothing(wish, accounts, problem):
    carving = wish(territories={"a": {"segment": "all"}, "b": {"segment": "all"}})
    one = problem(carving, accounts(2, territory=[None, "gone"]))
    assert one.pairs.moved.tolist() == [0, 0, 0, 0]
    assert one.current.tolist() == [-1, -1]


def test_travel_is_km_over_the_km_to_the_nearest_centers(wish, accounts, problem):
    carving = wish(
        accounts={"location": {"latitude": "lat", "longitude": "lon"}},
        territories={"a": {"segment": "all", "center": [0, 0]}, "b": {"segment": "all", "center": [0, 10]}},
        balance={"all": {"prefer": {"travel": 2, "disruption": 0}}},
    )
    one = problem(carving, accounts(2, lat=[0.0, 0.0], lon=[1.0, 8.0]))
    degree = 6371.0088 * np.pi / 180
    assert one.measured().km == pytest.approx(np.array([1, 9, 8, 2]) * degree)
    assert one.nearest_km == pytest.approx(3 * degree)
    assert one.pairs.cost == pytest.approx(2 * 2 * np.array([1, 9, 8, 2]) / 3)


def test_an_account_without_a_location_travels_for_nothing(wish, accounts, problem):
    carving = wish(
        accounts={"location": {"latitude": "lat", "longitude": "lon"}},
        territories={"a": {"segment": "all", "center": [0, 0]}, "b": {"segment": "all", "center": [0, 10]}},
    )
    one = problem(carving, accounts(3, lat=[None, 0.0, 0.0], lon=[5.0, None, 1.0]))
    assert one.measured().km[:4].tolist() == [0, 0, 0, 0]


def test_a_family_is_one_unit_with_the_sum_of_its_weights(wish, accounts, problem):
    carving = wish(
        accounts={"family": "parent"},
        territories={"a": {"segment": "all"}, "b": {"segment": "all"}},
        balance={"all": {"within": {"arr": 0.9, "accounts": 0.9}}},
    )
    table = accounts(4, parent=[None, "A-00", "A-01", None], arr=[1.0, 2.0, 4.0, 8.0], territory=["a", "b", "b", "a"])
    one = problem(carving, table)
    assert one.unit_of.tolist() == [0, 0, 0, 1]
    assert one.weights.tolist() == [[3, 7], [1, 8]]
    assert one.metrics == ("accounts", "arr")
    # It is where most of it is.
    assert one.territories[one.pairs.territory[one.current[0]]] == "b"


def test_a_family_that_is_evenly_split_is_in_the_first_territory(wish, accounts, problem):
    carving = wish(accounts={"family": "parent"}, territories={"a": {"segment": "all"}, "b": {"segment": "all"}})
    one = problem(carving, accounts(2, parent=[None, "A-00"], territory=["b", "a"]))
    assert one.territories[one.pairs.territory[one.current[0]]] == "a"


def test_places_and_chosen_are_the_reverse_of_each_other(towns_plan, towns, problem):
    one = problem(towns_plan, towns)
    choice = np.searchsorted(one.pairs.unit, np.arange(one.units)) + np.arange(one.units) % 3
    assert (one.chosen(one.places(choice)) == choice).all()


def test_a_unit_in_two_territories_or_in_one_that_it_may_not_have_is_nowhere(wish, accounts, problem):
    carving = wish(
        accounts={"family": "parent"},
        territories={"a": {"segment": "all"}, "b": {"segment": "all", "exclude": ["A-02"]}},
    )
    one = problem(carving, accounts(3, parent=[None, "A-00", None]))
    assert one.chosen(np.array(["a", "b", "b"])).tolist() == [-1, -1]
    assert one.chosen(np.array(["a", "a", "nowhere"])).tolist() == [0, -1]


def test_groups_of_states_are_components_with_their_own_fair_shares(wish, accounts, formulated):
    carving = wish(
        territories={
            "east-1": {"segment": "all", "where": "state = 'NY'"},
            "east-2": {"segment": "all", "where": "state IN ('NY', 'MA')"},
            "west": {"segment": "all", "where": "state = 'CA'"},
        },
        balance={"all": {"within": {"accounts": 0.2}}},
    )
    table = accounts(7, state=["NY", "NY", "MA", "MA", "CA", "CA", "CA"])
    problems, report = formulated(carving, table)
    assert [p.component for p in problems] == ["all/east-1", "all/west"]
    assert [p.segment for p in problems] == ["all", "all"]
    assert problems[0].limits.share[:, 0].tolist() == [2, 2]
    assert problems[1].limits.share[:, 0].tolist() == [3]
    assert not len(report)


def test_a_territory_that_may_hold_nothing_is_no_component_and_takes_no_share(wish, accounts, formulated):
    carving = wish(
        territories={"a": {"segment": "all"}, "b": {"segment": "all", "where": "state = 'XX'"}},
        balance={"all": {"within": {"accounts": 0.1}}},
    )
    (one,), report = formulated(carving, accounts(4, state=["NY"] * 4))
    assert one.component == "all"
    assert one.territories == ("a",)
    assert one.limits.share.tolist() == [[4]]
    (said,) = report
    assert said.summary == "b may hold no account"
    assert said.span.source == "territories.b.where"


@pytest.mark.parametrize(
    ("wished", "detail", "at"),
    [
        ({"where": "false"}, "Its `where` matches no account of all that no other territory pins or claims.", "where"),
        ({"rule": "false"}, "Its `rule` matches no account of all that no other territory pins or claims.", "rule"),
        (
            {"where": "false", "rule": "false"},
            "Its `where` and its `rule` match no account of all that no other territory pins or claims.",
            "where",
        ),
        ({}, "There is no account of all that no other territory pins or claims.", "segment"),
    ],
)
def test_a_territory_that_may_hold_nothing_is_told_which_of_its_wishes_is_to_blame(
    wish, accounts, formulated, wished, detail, at
):
    carving = wish(territories={"a": {"segment": "all", "rule": "true"}, "b": {"segment": "all"} | wished})

    _, (said,) = formulated(carving, accounts(4))

    assert (said.detail, said.span.source) == (detail, f"territories.b.{at}")


def test_accounts_that_nobody_may_hold_are_an_error_that_names_them(wish, accounts, formulated):
    carving = wish(territories={"a": {"segment": "all", "where": "state = 'NY'"}})
    problems, report = formulated(carving, accounts(4, state=["NY", "CA", None, "NY"]))
    (said,) = report
    assert problems == ()
    assert said.summary == "No territory of all may hold 2 accounts"
    assert said.detail.startswith("A-01, A-02.")


def test_a_segment_without_territories_loses_no_account_in_silence(wish, accounts, formulated):
    carving = wish(
        segments=[{"name": "big", "where": "arr > 1"}, {"name": "all"}], territories={"a": {"segment": "all"}}
    )
    _, report = formulated(carving, accounts(2, arr=[1.0, 2.0]))
    (said,) = report
    assert said.summary == "No territory of big may hold 1 account"
    assert said.detail.startswith("A-01.")


def test_the_order_of_rows_columns_and_keys_does_not_matter(towns_plan, towns, formulated):
    (one,), _ = formulated(towns_plan, towns)
    backwards = towns_plan.model_copy(update={"territories": dict(reversed(towns_plan.territories.items()))})
    shuffled = towns.sample(fraction=1, shuffle=True, seed=3).select(sorted(towns.columns, reverse=True))
    (other,), _ = formulated(backwards, shuffled)
    assert one.territories == other.territories
    for name in ("accounts", "unit_of", "weights", "current"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert np.array_equal(one.pairs.cost, other.pairs.cost)


def test_accounts_of_no_segment_of_the_plan_are_in_no_problem(wish, accounts, formulated):
    carving = wish(accounts={"where": "arr > 1"}, territories={"a": {"segment": "all"}})
    (one,), _ = formulated(carving, accounts(3, arr=[1.0, 2.0, 3.0]))
    assert one.accounts.tolist() == ["A-01", "A-02"]


def test_ids_sort_as_text_and_may_be_of_any_alphabet(wish, formulated):
    ids = ["Ω-1", "a", "B", "10", "9", "é", "e\u0301", "😀"]
    table = pl.DataFrame({"account": ids, "territory": ["a"] * len(ids)})
    (one,), _ = formulated(wish(territories={"a": {"segment": "all"}}), table)
    assert one.accounts.tolist() == sorted(ids)
    assert (one.current >= 0).all()


@pytest.fixture
def fields(wish):
    """Two owners with a field each, one of whom has none that is known."""
    return wish(
        accounts={"fit": "industry"},
        people={
            "ann": {"user": "ann@acme.com", "skills": ["healthcare", "retail"]},
            "bob": {"user": "bob@acme.com", "skills": ["energy"]},
            "cem": {"user": "cem@acme.com"},
        },
        territories={
            "a": {"segment": "all", "owner": "ann"},
            "b": {"segment": "all", "owner": "bob"},
            "c": {"segment": "all", "owner": "cem"},
            "d": {"segment": "all"},
        },
        balance={"all": {"within": {"accounts": 1.0}, "prefer": {"fit": 2, "disruption": 0, "balance": 0}}},
    )


def test_an_account_fits_where_the_owner_has_its_skill_or_none_that_is_known(fields, accounts, problem):
    one = problem(fields, accounts(5, industry=["healthcare", "energy", "toys", None, "retail"]))
    lacking = one.measured().misfit.reshape(5, 4) * 5
    assert lacking.tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0]]
    assert one.pairs.cost == pytest.approx(5 * 2 * one.measured().misfit)


def test_a_family_misfits_by_each_of_its_accounts(fields, accounts, problem):
    family = fields.model_copy(
        update={"accounts": fields.accounts.model_validate({"fit": "industry", "family": "parent"})}
    )
    one = problem(family, accounts(3, industry=["energy", "retail", "energy"], parent=[None, "A-00", "A-00"]))
    assert one.measured().misfit == pytest.approx([2 / 3, 1 / 3, 0, 0])


def test_without_fit_no_skill_counts(fields, accounts, problem):
    plain = fields.model_copy(update={"accounts": fields.accounts.model_copy(update={"fit": None})})
    one = problem(plain, accounts(2, industry=["healthcare", "energy"]))
    assert not one.measured().misfit.any()
    assert not one.pairs.cost.any()
