"""A load outside its limits is called forced with a certificate that can be read, and never without one."""

from __future__ import annotations

import numpy as np
import pytest

from terraform_like.carve.decompose import prices_of
from terraform_like.carve.prove.forced import Cell, Kind, breaches


@pytest.fixture
def found(wish, accounts, problem):
    """The broken limits of accounts of these sizes at these places, as kind, limits that contradict, load, limit."""

    def make(arr, places, balance, territories):
        table = accounts(len(arr), arr=[float(value) for value in arr])
        books = {name: {"segment": "all", **told} for name, told in territories.items()}
        one = problem(wish(territories=books, balance={"all": balance}), table)
        told = breaches(one, one.chosen(np.array(places)), prices_of(one))
        return one, {(one.territories[b.cell.territory], b.cell.side): b for b in told}

    return make


def told(one, breach):
    certificate = breach.certificate
    names = [(one.territories[cell.territory], cell.side) for cell in certificate.cells]
    return certificate.kind, names, certificate.load, certificate.limit


def test_nothing_is_broken_where_every_limit_holds(found):
    _, broken = found([5, 5], ["a", "b"], {"within": {"arr": 0.1}}, {"a": {}, "b": {}})
    assert broken == {}


def test_an_account_heavier_than_every_book_that_may_hold_it_is_named(found):
    one, broken = found([90, 5, 5], ["a", "b", "b"], {"at_most": {"arr": 50}}, {"a": {}, "b": {}})

    (breach,) = broken.values()
    assert told(one, breach) == (Kind.HEAVY, [("a", "high"), ("b", "high")], 90, 50)
    assert one.accounts[breach.certificate.units].tolist() == ["A-00"]


def test_accounts_that_may_be_nowhere_else_are_captive(found):
    pins = {"a": {"accounts": ["A-00", "A-01"]}, "b": {}}
    one, broken = found([30, 30, 10], ["a", "a", "b"], {"at_most": {"arr": 50}}, pins)

    assert told(one, broken["a", "high"]) == (Kind.CAPTIVE, [("a", "high")], 60, 50)


def test_a_group_of_territories_is_as_captive_as_one_and_no_larger_than_it_must_be(found):
    west, east = {"where": "account <= 'A-04'"}, {"where": "account >= 'A-04'"}
    one, broken = found(
        [30, 30, 30, 30, 5, 5, 5],
        ["a", "a", "b", "b", "c", "c", "d"],
        {"at_most": {"arr": 50}},
        {"a": west, "b": west, "c": east, "d": {"where": "account >= 'A-05'"}},
    )

    for book in ("a", "b"):
        assert told(one, broken[book, "high"]) == (Kind.CAPTIVE, [("a", "high"), ("b", "high")], 120, 100)


def test_a_book_that_too_little_may_go_to_is_out_of_reach(found):
    books = {"a": {"where": "arr < 10"}, "b": {}}
    one, broken = found([5, 5, 60, 40], ["a", "a", "b", "b"], {"at_least": {"arr": 20}}, books)

    assert told(one, broken["a", "low"]) == (Kind.UNREACHABLE, [("a", "low")], 10, 20)


def test_what_is_too_heavy_for_a_book_does_not_bring_it_within_reach(found):
    one, broken = found([90, 5, 5], ["a", "b", "b"], {"within": {"arr": 0.1}}, {"a": {}, "b": {}})

    kind, names, load, limit = told(one, broken["b", "low"])
    assert (kind, load, limit) == (Kind.UNREACHABLE, 10, pytest.approx(45))
    assert ("b", "high") in names
    assert one.accounts[broken["b", "low"].certificate.units].tolist() == ["A-00"]


def test_a_poor_answer_to_what_can_be_answered_is_ours(found):
    _, broken = found([10, 10, 10, 10], ["a", "a", "a", "b"], {"within": {"arr": 0.1}}, {"a": {}, "b": {}})

    assert {key: breach.forced for key, breach in broken.items()} == {("a", "high"): False, ("b", "low"): False}


def test_a_conflict_of_prices_leaves_out_the_limits_that_it_does_not_need(found):
    books = {"a": {"where": "arr < 3"}, "b": {}, "c": {"where": "arr > 3"}}
    one, broken = found(
        [2, 2, 2, 8, 8, 8],
        ["a", "b", "a", "b", "b", "c"],
        {"at_least": {"arr": 5}, "at_most": {"accounts": 2}},
        books,
    )
    certificate = broken["a", "low"].certificate

    assert certificate.kind is Kind.CONFLICT
    arr, count = one.metrics.index("arr"), one.metrics.index("accounts")
    assert set(certificate.cells) == {Cell(0, arr, "low"), Cell(0, count, "high")}
