"""Pins, rules, `where` and exclusions decide where whole families may go; contradictions are errors that name them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest


@pytest.fixture
def allowed(formulated):
    """Where each account may go, in words."""

    def of(carving, table):
        problems, report = formulated(carving, table)
        assert not report.failed, list(report)
        return {
            str(account): "".join(p.territories[t] for t in p.pairs.territory[p.pairs.unit == p.unit_of[i]])
            for p in problems
            for i, account in enumerate(p.accounts)
        }

    return of


@pytest.fixture
def complaint(formulated):
    def of(carving, table):
        (said,) = [d for d in formulated(carving, table)[1] if d.severity == "error"]
        return said

    return of


def test_where_says_what_a_territory_may_hold_and_unknown_is_no(wish, accounts, allowed):
    carving = wish(territories={"a": {"segment": "all"}, "b": {"segment": "all", "where": "arr > 1"}})
    assert allowed(carving, accounts(3, arr=[1.0, 2.0, None])) == {"A-00": "a", "A-01": "ab", "A-02": "a"}


def test_a_pin_counts_whatever_where_says(wish, accounts, allowed):
    carving = wish(
        territories={
            "a": {"segment": "all"},
            "b": {"segment": "all", "where": "arr > 1", "accounts": ["A-00"]},
        }
    )
    assert allowed(carving, accounts(2, arr=[1.0, 2.0])) == {"A-00": "b", "A-01": "ab"}


def test_an_exclusion_is_for_the_whole_family(wish, accounts, allowed):
    carving = wish(
        accounts={"family": "parent"},
        territories={"a": {"segment": "all"}, "b": {"segment": "all", "exclude": ["A-01"]}},
    )
    assert allowed(carving, accounts(3, parent=[None, "A-00", None])) == {"A-00": "a", "A-01": "a", "A-02": "ab"}


def test_the_head_answers_for_its_family(wish, accounts, allowed):
    carving = wish(
        accounts={"family": "parent"},
        territories={
            "a": {"segment": "all", "where": "state = 'NY'"},
            "b": {"segment": "all", "where": "state = 'CA'"},
        },
    )
    table = accounts(3, parent=["A-01", None, None], state=["NY", "CA", "NY"])
    assert allowed(carving, table) == {"A-00": "b", "A-01": "b", "A-02": "a"}


def test_a_family_pinned_to_two_territories_is_an_error(wish, accounts, complaint):
    carving = wish(
        accounts={"family": "parent"},
        territories={"a": {"segment": "all", "accounts": ["A-00"]}, "b": {"segment": "all", "accounts": ["A-01"]}},
    )
    said = complaint(carving, accounts(2, parent=[None, "A-00"]))
    assert said.summary == "The family of A-01 is pinned to two territories"
    assert said.detail.startswith("a and b;")


def test_a_family_pinned_and_excluded_by_one_territory_is_an_error(wish, accounts, complaint):
    carving = wish(
        accounts={"family": "parent"},
        territories={"a": {"segment": "all", "accounts": ["A-00"], "exclude": ["A-01"]}, "b": {"segment": "all"}},
    )
    said = complaint(carving, accounts(2, parent=[None, "A-00"]))
    assert said.summary == "a has accounts of one family pinned and excluded"
    assert said.detail.startswith("A-00 pinned, A-01 excluded;")
    assert said.span.source == "territories.a.exclude"


def test_a_pin_that_the_family_s_segment_takes_away_is_an_error(wish, accounts, complaint):
    carving = wish(
        accounts={"family": "parent"},
        segments=[{"name": "big", "where": "arr > 5"}, {"name": "small"}],
        territories={
            "a": {"segment": "big", "accounts": ["A-00"]},
            "b": {"segment": "small", "accounts": ["A-01"]},
        },
    )
    said = complaint(carving, accounts(3, parent=[None, "A-00", None], arr=[9.0, 1.0, 1.0]))
    assert said.summary == "A-01 is pinned to b, and its family is in another segment"
    assert said.detail.startswith("b is of small, the family of big.")
    assert said.span.source == "territories.b.accounts.0"


def test_an_expression_that_cannot_be_evaluated_is_one_error(wish, accounts, complaint):
    carving = wish(territories={"a": {"segment": "all", "where": "CAST(state AS INT) = 1"}})
    said = complaint(carving, accounts(2, state=["NY", "CA"]))
    assert "TRY_CAST" in said.detail


def test_counts_and_room_are_those_of_the_territories_one_by_one(wish, accounts, problem):
    carving = wish(
        territories={
            "a": {"segment": "all", "where": "arr <= 3"},
            "b": {"segment": "all", "where": "arr <= 3", "accounts": ["A-05"]},
            "c": {"segment": "all", "exclude": ["A-01", "A-02"]},
            "d": {"segment": "all", "rule": "arr = 4", "where": "arr >= 6"},
        }
    )
    one = problem(carving, accounts(7, arr=[float(n) for n in range(7)]))
    eligible, values = one.ways.eligible, np.array([3.0, 1.0, 2.0, 7.0])
    everywhere = np.arange(len(one.territories))
    may = eligible.allows(np.arange(one.units)[:, None], everywhere)

    assert eligible.count().tolist() == may.sum(axis=1).tolist()
    for size in range(len(everywhere) + 1):
        for some in map(np.array, itertools.combinations(everywhere.tolist(), size)):
            some = some.astype(int)
            assert eligible.count_among(some).tolist() == may[:, some].sum(axis=1).tolist()
            # What is excluded counts: room is never told too small.
            most = np.where(may[:, some], values[some], 0.0).max(axis=1, initial=0.0)
            assert (eligible.most_among(some, values) >= most).all()
            for unit in range(one.units):
                assert set(np.flatnonzero(may[unit])) <= set(eligible.open_to(np.array([unit])))
    assert eligible.most_among(everywhere, values).tolist() == [3, 3, 3, 3, 7, 1, 7]
    assert eligible.open_to(np.array([4, 5])).tolist() == [1, 3]
    assert eligible.open_to(np.empty(0, dtype=int)).tolist() == []
