"""Every change has the reason that a person would give for it, once."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from terraform_like.carve.form.formulate import formulate
from terraform_like.diagnostics import Report
from terraform_like.diff import diff
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.domain.scope import populate
from terraform_like.plan.reasons import Circumstances, explained, still_allowed

DAY = date(2027, 7, 1)


def locate(path, *, key=False):
    return None


def carving(**wishes):
    defaults = {
        "segments": [{"name": "big", "where": "arr > 5"}, {"name": "all"}],
        "people": {
            "jane": {"user": "U1"},
            "raj": {"user": "U2"},
            "left": {"user": "U3", "leaves": "2027-06-30"},
            "leaving": {"user": "U4", "leaves": "2027-12-31"},
            "next": {"user": "U5", "starts": "2027-08-01"},
        },
        "territories": {
            "a": {"segment": "all", "owner": "jane", "accounts": ["P-1"]},
            "b": {"segment": "all", "owner": "raj", "where": "arr < 3"},
            "c": {"segment": "big"},
        },
        "overcarve": {"slot": {"segment": "all", "filled_by": "raj"}},
    }
    return Carving.model_validate({"name": "fy27", **defaults, **wishes})


@pytest.fixture
def reason():
    """Give code and text of the one change of an account that was at one place and shall be at another.

    `others` are further accounts (id, territory, arr, parent) that stay where they are.
    """

    def of(before, after, *, account="A-1", arr=1.0, parent=None, others=(), deviations=None, wishes=None):
        plan = carving(**(wishes or {}))
        rows = [(account, *before, arr, parent), *((i, t, None, a, p) for i, t, a, p in others)]
        schema = {"account": pl.String, "territory": pl.String, "owner": pl.String, "arr": pl.Float64, "p": pl.String}
        live = Book.of(pl.DataFrame(rows, schema=schema, orient="row"))
        report = Report()
        population = populate(plan, live, locate, report)
        assert population is not None, list(report)
        inside = population.inside.table
        problems = formulate(plan, population.inside, locate, report)
        one = pl.DataFrame([(account, *before)], schema=["account", "territory", "owner"], orient="row")
        two = pl.DataFrame([(account, *after)], schema=["account", "territory", "owner"], orient="row")
        changed = diff(Book.of(one), Book.of(two), plan.renames())
        allowed = [still_allowed(p, inside["account"], inside["territory"]) for p in problems]
        why = Circumstances(plan, DAY, inside, deviations or {}, pl.concat(allowed))
        (change,) = explained(changed, why)
        (told,) = change.reasons
        return told.code.value, told.text

    return of


def test_an_account_that_was_in_no_territory_is_new(reason):
    assert reason((None, None), ("a", "jane")) == ("new-account", "it was in no territory")


@pytest.mark.parametrize("place", [None, "b", "gone"])
def test_a_pinned_account_is_named_wherever_it_comes_from(reason, place):
    assert reason((place, None), ("a", "jane"), account="P-1") == ("named", "it is pinned to a")


def test_an_account_that_leaves_every_book_is_out_of_scope(reason):
    assert reason(("a", "jane"), (None, "jane")) == ("out-of-scope", "it is no longer in scope")


def test_a_territory_that_is_gone_is_named(reason):
    assert reason(("gone", "jane"), ("a", "jane")) == ("territory-removed", "gone is not in the plan")


def test_another_segment_is_told_with_both_names(reason):
    assert reason(("a", "jane"), ("c", None), arr=9.0) == ("segment-changed", "it is big now, no longer all")


def test_a_territory_that_may_not_hold_it_any_longer(reason):
    assert reason(("b", "raj"), ("a", "jane"), arr=4.0) == ("rule-changed", "b may not hold it")


FAMILY = {"accounts": {"family": "p"}}


def test_who_is_under_a_parent_follows_its_family(reason):
    told = reason(("a", "jane"), ("slot", None), parent="A-0", others=[("A-0", "a", 1.0, None)], wishes=FAMILY)
    assert told == ("follows-family", "it stays with A-0")


def test_the_head_of_a_split_family_comes_to_it(reason):
    told = reason(("a", "jane"), ("slot", None), others=[("A-2", "slot", 1.0, "A-1")], wishes=FAMILY)
    assert told == ("follows-family", "its family was in several territories")


def test_a_new_child_does_not_make_a_family_split(reason):
    told = reason(("a", "jane"), ("b", "raj"), others=[("A-2", None, 1.0, "A-1"), ("B", "b", 1.0, None)], wishes=FAMILY)
    assert told == ("rebalanced", "books are evened")


@pytest.mark.parametrize(
    ("deviations", "text"),
    [
        ({}, "slot is a new slot"),
        ({"a": {"arr": 0.5, "accounts": -0.6}}, "slot is a new slot, and a was 60% under its fair share of accounts"),
        ({"a": {"arr": 0.005}}, "slot is a new slot"),
    ],
)
def test_a_slot_that_held_nothing_is_new(reason, deviations, text):
    assert reason(("a", "jane"), ("slot", None), deviations=deviations) == ("territory-added", text)


@pytest.mark.parametrize(
    ("deviations", "text"),
    [
        ({"a": {"arr": 0.25}, "b": {"arr": -0.5}}, "a was 25% over its fair share of arr"),
        ({"a": {"arr": 0.0}, "b": {"arr": -0.5}}, "b was 50% under its fair share of arr"),
        ({"a": {"arr": 0.3, "accounts": 0.3}}, "a was 30% over its fair share of accounts"),
        ({}, "books are evened"),
    ],
)
def test_what_was_uneven_is_told_of_where_it_left_else_of_where_it_goes(reason, deviations, text):
    told = reason(("a", "jane"), ("b", "raj"), others=[("B", "b", 1.0, None)], deviations=deviations)
    assert told == ("rebalanced", text)


@pytest.mark.parametrize(
    ("before", "after", "code", "text"),
    [
        (("a", "raj"), ("a", "jane"), "rule-changed", "jane owns a"),
        (("a", None), ("a", "jane"), "rule-changed", "jane owns a"),
        (("a", "left"), ("a", "jane"), "owner-left", "left left on 2027-06-30"),
        (("c", "left"), ("c", "raj"), "owner-left", "left left on 2027-06-30; raj holds it"),
        (("a", "leaving"), ("a", "jane"), "rule-changed", "jane owns a"),
        (("c", "jane"), ("c", "raj"), "covered", "raj holds it while c is vacant"),
        (("c", "next"), ("c", None), "covered", "nobody holds it while c is vacant"),
        (("slot", "jane"), ("slot", "raj"), "slot-filled", "raj fills slot"),
        (("slot", "left"), ("slot", "raj"), "slot-filled", "raj fills slot"),
        (("slot", "raj"), ("slot", "jane"), "covered", "jane holds it while slot is vacant"),
    ],
)
def test_another_owner_in_place_has_its_reason(reason, before, after, code, text):
    assert reason(before, after, arr=9.0 if before[0] == "c" else 1.0) == (code, text)


RENAMED = {"moved": [{"from": "old", "to": "b"}]}


def test_a_new_name_is_the_reason_where_nothing_else_changes(reason):
    assert reason(("old", "raj"), ("b", "raj"), wishes=RENAMED) == ("renamed", "old is called b now")


def test_who_moves_out_of_a_renamed_territory_has_the_reason_of_its_new_name(reason):
    told = reason(
        ("old", "raj"), ("a", "jane"), deviations={"b": {"arr": 0.5}}, others=[("Z", "a", 1.0, None)], wishes=RENAMED
    )
    assert told == ("rebalanced", "b was 50% over its fair share of arr")
    assert reason(("old", "raj"), ("a", "jane"), arr=4.0, wishes=RENAMED) == ("rule-changed", "b may not hold it")
