"""Two books tell what happens to each account: added, moved, transferred, removed, or nothing."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.diff import Change, ChangeKind, diff
from terraform_like.domain.book import Book

COLUMNS = ("account", "territory", "owner", "holder")
TEXT = dict.fromkeys(COLUMNS, pl.String)


def book(*rows):
    return Book.of(pl.DataFrame(list(rows), schema=TEXT, orient="row"))


def kinds(before, after, **renamed):
    return {row["account"]: row["kind"] for row in diff(before, after, renamed).iter_rows(named=True)}


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ((None, None, None), ("a", "jane", None), "add"),
        ((None, "jane", None), ("a", "jane", None), "add"),
        (("a", "jane", None), ("b", "jane", None), "move"),
        (("a", "jane", None), ("b", "raj", None), "move"),
        (("a", "jane", None), ("a", "raj", None), "transfer"),
        (("a", None, None), ("a", "raj", None), "transfer"),
        (("a", "jane", None), ("a", None, None), "transfer"),
        (("a", "jane", None), ("a", None, "raj"), "transfer"),
        (("a", "jane", None), (None, "jane", None), "remove"),
        (("a", "jane", None), (None, None, None), "remove"),
    ],
)
def test_what_happens_has_one_name(before, after, kind):
    assert kinds(book(("A", *before)), book(("A", *after))) == {"A": kind}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("a", "jane", None), ("a", "jane", None)),
        (("a", "jane", None), ("a", None, "jane")),
        (("a", None, None), ("a", None, None)),
        ((None, "jane", None), (None, "raj", None)),
    ],
    ids=["the same", "its owner is its holder now", "nobody", "in no book"],
)
def test_what_has_its_account_still_is_no_change(before, after):
    assert kinds(book(("A", *before)), book(("A", *after))) == {}


def test_accounts_that_one_book_lacks_are_in_no_territory_there():
    assert kinds(book(("A", "a", "jane", None)), book(("B", "b", "raj", None))) == {"A": "remove", "B": "add"}


def test_a_renamed_territory_moves_nobody():
    before = book(("A", "old", "jane", None), ("B", "old", "jane", None))
    after = book(("A", "new", "jane", None), ("B", "other", "jane", None))
    assert kinds(before, after, old="new") == {"A": "transfer", "B": "move"}


def test_swapped_names_move_those_who_stay_under_their_name():
    before = book(("A", "a", "jane", None), ("B", "a", "jane", None))
    after = book(("A", "b", "jane", None), ("B", "a", "jane", None))
    assert kinds(before, after, a="b", b="a") == {"A": "transfer", "B": "move"}


names = st.one_of(st.none(), st.sampled_from(["a", "b", "jane", "raj"]))
books = st.dictionaries(st.sampled_from("ABCDEF"), st.tuples(names, names, names), max_size=6).map(
    lambda rows: book(*((account, *places) for account, places in rows.items()))
)


@given(books)
def test_a_book_does_not_differ_from_itself(one):
    assert diff(one, one).height == 0


@given(books, books)
def test_changes_carried_out_on_one_book_give_the_other(one, other):
    changed = diff(one, other)
    now = {row[0]: row[1:] for row in one.table.select("account", "territory", one.covered_by.alias("by")).iter_rows()}
    wanted = {r[0]: r[1:] for r in other.table.select("account", "territory", other.covered_by.alias("by")).iter_rows()}
    for row in changed.iter_rows(named=True):
        assert now.get(row["account"], (None, None)) == (row["territory_before"], row["owner_before"])
        now[row["account"]] = (row["territory_after"], row["owner_after"])
    assert {a: p for a, p in now.items() if p[0] is not None} == {a: p for a, p in wanted.items() if p[0] is not None}


@given(books, books)
def test_backwards_adds_are_removes_and_moves_are_moves(one, other):
    there = {row["account"]: row["kind"] for row in diff(one, other).iter_rows(named=True)}
    back = {row["account"]: row["kind"] for row in diff(other, one).iter_rows(named=True)}
    turned = {ChangeKind.ADD.value: "remove", ChangeKind.REMOVE.value: "add"}
    assert back == {account: turned.get(kind, kind) for account, kind in there.items()}


@given(books, books)
def test_changes_come_in_the_order_of_accounts(one, other):
    accounts = diff(one, other)["account"].to_list()
    assert accounts == sorted(set(accounts))


def test_changes_that_are_read_and_say_the_same_share_it():
    said = {"territory": "north", "owner": "jane"}
    why = [{"code": "rebalanced", "text": "north was over its fair share"}]
    one, other = (
        Change.model_validate({"account": a, "kind": "move", "before": dict(said), "after": {}, "reasons": why})
        for a in ("A-1", "A-2")
    )

    assert one.before is other.before
    assert one.reasons[0] is other.reasons[0]
    assert one.after is not one.before
    assert one.after.territory is None
