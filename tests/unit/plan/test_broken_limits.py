"""A plan says which limits it breaks, by how much, and which accounts leave it no choice."""

from __future__ import annotations

import polars as pl

from terraform_like.carve.formulate import formulate
from terraform_like.diagnostics import Report
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Balance, Carving, Scope, Segment, Territory
from terraform_like.domain.scope import populate
from terraform_like.plan.broken_limits import tell_broken_limits


def nowhere(path, *, key=False):
    return None


def told(arr: list[float], places: list[str], balance: Balance, *, parents: list[str | None] | None = None) -> str:
    """Give what is said of accounts A0, A1 ... of those sizes in those places, in one line."""
    carving = Carving(
        name="p",
        accounts=Scope.model_validate({"family": "parent"}) if parents else Scope(),
        segments=(Segment(name="all"),),
        territories={name: Territory(segment="all") for name in sorted(set(places))},
        balance={"all": balance},
    )
    ids = [f"A{n}" for n in range(len(arr))]
    table = pl.DataFrame({"account": ids, "arr": arr, "parent": parents or [None] * len(arr)})
    population = populate(carving, Book.of(table), nowhere, Report())
    assert population is not None
    desired = population.inside.with_columns([pl.Series("territory", places)])
    report = Report()
    for problem in formulate(carving, population.inside, nowhere, Report()):
        tell_broken_limits(problem, desired, nowhere, report)
    return " | ".join(f"{d.severity}: {d.summary}: {d.detail}" for d in report)


def test_nothing_is_said_where_every_limit_holds():
    assert told([100, 100, 90, 110], ["a", "a", "b", "b"], Balance(within={"arr": 0.05})) == ""


def test_books_outside_their_limits_are_named_with_load_and_limit():
    said = told([100, 100, 100, 40], ["a", "a", "b", "b"], Balance(within={"arr": 0.1}))

    assert said.startswith("warning: 2 of 2 books of all outside their limits of arr: ")
    assert "a has 200 (at most 187); b has 140 (at least 153). No better carve was found" in said


def test_a_figure_is_told_in_as_many_digits_as_part_it_from_its_limit():
    said = told([100_000.4, 99_999.6], ["a", "b"], Balance(at_most={"arr": 100_000}))

    assert "1 of 2 books of all outside its limits of arr" in said
    assert "a has 100,000.4 (at most 100,000)" in said


def test_every_metric_has_its_own_warning():
    said = told([300, 10, 10], ["a", "b", "b"], Balance(within={"arr": 0.1}, at_most={"accounts": 1}))

    assert said.count("warning: ") == 2
    assert "limits of accounts: b has 2 (at most 1)" in said


def test_an_account_that_fits_into_no_book_is_named():
    said = told([1000, 10, 10], ["a", "b", "b"], Balance(within={"arr": 0.1}))

    assert "A0 alone has more than any book is to hold" in said
    assert "A1" not in said


def test_a_family_that_fits_into_no_book_is_named_with_its_accounts():
    said = told(
        [300, 300, 10, 10], ["a", "a", "b", "b"], Balance(within={"arr": 0.1}), parents=[None, "A0", None, None]
    )

    assert "A0, A1 with their families have more than any book is to hold" in said
