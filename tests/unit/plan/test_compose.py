"""A plan composed of its parts says what is so: counts that add up, loads, and the same for the same parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from terraform_like.carve.settle import carve
from terraform_like.diagnostics import Report
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.domain.scope import populate
from terraform_like.flow.staffed import staff
from terraform_like.plan.canonical import plan_bytes, seal
from terraform_like.plan.compose import Parts, compose
from terraform_like.plan.model import Created, Inputs
from terraform_like.policy.rule import Policies

DAY = date(2027, 2, 1)
WISHES = {
    "name": "fy27",
    "accounts": {"where": "kind = 'customer'"},
    "segments": [{"name": "big", "where": "arr > 100"}, {"name": "all"}],
    "people": {"jane": {"user": "U1"}, "raj": {"user": "U2"}},
    "territories": {
        "a": {"segment": "all", "owner": "jane"},
        "b": {"segment": "all", "owner": "raj", "size": 0.5},
        "top": {"segment": "big"},
    },
    "balance": {"all": {"within": {"arr": 0.5}, "at_least": {"accounts": 1}}},
}
ROWS = [
    # account, territory, owner, kind, arr, visits
    ("A-1", "a", "jane", "customer", 10.0, 1.0),
    ("A-2", "a", "jane", "customer", 10.0, 1.0),
    ("A-3", "a", "jane", "customer", 10.0, 1.0),
    ("A-4", "gone", "raj", "customer", 10.0, 1.0),
    ("A-5", None, None, "customer", 10.0, 1.0),
    ("A-6", "a", "jane", "customer", 500.0, float("nan")),
    ("A-7", "b", "raj", "lost", 10.0, 1.0),
    ("A-8", None, "raj", "lost", 10.0, 1.0),
]
SCHEMA = dict.fromkeys(("account", "territory", "owner", "kind"), pl.String) | {"arr": pl.Float64, "visits": pl.Float64}


def locate(path, *, key=False):
    return None


def parts_of(wishes=WISHES, rows=ROWS, policies=None):
    carving, report = Carving.model_validate(wishes), Report()
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    population = populate(carving, Book.of(table), locate, report)
    assert population is not None, list(report)
    done = carve(carving, population.inside, locate, report)
    assert done is not None, list(report)
    return Parts(
        carving=carving,
        policies=policies or Policies(),
        population=population,
        staffed=staff(carving, population, done.territory, DAY, None, locate, report),
        problems=done.problems,
        proofs=done.proofs,
        users={"raj": "U2", "jane": "U1"},
        inputs=Inputs(config="c", policies="p", snapshot="s", assignments="a"),
        created=Created(by="territory"),
        as_of=DAY,
        locate=locate,
        report=report,
    )


@pytest.fixture
def plan():
    return compose(parts_of())


def test_every_account_is_counted_once(plan):
    told = plan.summary
    assert told.accounts == 6
    assert told.adds + told.moves + told.transfers + told.unchanged == told.accounts
    assert [(c.account, c.kind.value) for c in plan.changes if c.kind.value in ("add", "remove")] == [
        ("A-5", "add"),
        ("A-7", "remove"),
    ]
    assert (told.adds, told.removes) == (1, 1)
    assert told.moves == sum(c.kind.value == "move" for c in plan.changes) == 2


def test_who_is_out_of_scope_and_in_no_book_is_not_mentioned(plan):
    assert "A-8" not in {change.account for change in plan.changes}


def test_who_leaves_every_book_keeps_their_owner(plan):
    (left,) = [change for change in plan.changes if change.account == "A-7"]
    assert (left.before.territory, left.before.owner) == ("b", "raj")
    assert (left.after.territory, left.after.owner) == (None, "raj")


def test_loads_before_and_after_add_up_and_shares_go_by_size(plan):
    books = {territory.name: territory for territory in plan.territories}
    assert sum(t.accounts for t in plan.territories) == 6
    # What a book holds now counts whatever its accounts' segment is now.
    assert books["a"].loads["arr"].before == 530
    assert books["a"].loads["arr"].after + books["b"].loads["arr"].after == 50
    assert books["a"].loads["arr"].share == pytest.approx(50 / 1.5)
    assert books["b"].loads["arr"].high == pytest.approx(50 / 3 * 1.5)
    assert (books["a"].loads["accounts"].low, books["a"].loads["accounts"].high) == (1, None)
    assert books["top"].loads == {}
    assert (books["top"].accounts, books["top"].vacant, books["top"].owner) == (1, True, None)


def test_no_figure_of_another_segment_spoils_a_sum():
    wishes = {**WISHES, "balance": {"all": {"within": {"visits": 0.5}}}}
    plan = compose(parts_of(wishes))
    books = {territory.name: territory for territory in plan.territories}
    assert books["a"].loads["visits"].before == 3
    assert seal(plan).digest


def test_the_same_parts_make_the_same_bytes_in_whatever_order():
    backwards = {**WISHES, "territories": dict(reversed(WISHES["territories"].items()))}
    one, other = (seal(compose(parts)) for parts in (parts_of(), parts_of(backwards, ROWS[::-1])))
    assert plan_bytes(one) == plan_bytes(other)


def test_what_is_composed_again_is_the_same():
    parts = parts_of()
    assert compose(replace(parts, report=Report())) == compose(replace(parts, report=Report()))


def test_once_applied_there_is_nothing_to_change():
    parts = parts_of()
    had = parts.staffed.desired.table.select("account", "territory", parts.staffed.desired.covered_by.alias("owner"))
    now = {account: (territory, owner) for account, territory, owner in had.iter_rows()}
    applied = [(row[0], *now.get(row[0], (None, row[2])), *row[3:]) for row in ROWS]
    again = compose(parts_of(rows=applied))
    assert again.changes == ()
    assert again.summary.unchanged == again.summary.accounts == 6


def test_fairness_is_of_books_that_held_accounts_and_null_where_it_cannot_be_told(plan):
    told = plan.fairness["all"]
    assert told["spread(arr)"].before == 1.0
    assert told["spread(arr)"].after == pytest.approx(1.0, abs=1.1)
    assert plan.fairness["big"] == {}
    empty = compose(parts_of(rows=[(account, None, *rest) for account, _, *rest in ROWS]))
    assert empty.fairness["all"]["gini(arr)"].before is None


def test_warnings_of_the_way_are_part_of_the_plan():
    parts = parts_of()
    parts.report.warning("Beware", "of this")
    said = {d.summary: d.severity for d in compose(parts).diagnostics}
    assert said["Beware"] == "warning"


def test_policies_judge_the_plan():
    nobody = {"policies": {"stay": {"level": "hard", "over": "changes", "where": "kind = 'move'", "assert": "false"}}}
    (verdict,) = compose(parts_of(policies=Policies.model_validate(nobody))).verdicts
    assert not verdict.passed
    assert "account.A-4" in verdict.subjects
