"""A plan says which limits it breaks, by how much, and which accounts leave it no choice."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from terraform_like.carve.decompose import prices_of
from terraform_like.carve.form.formulate import formulate
from terraform_like.carve.prove.certify import Evidence, certify
from terraform_like.carve.prove.proof import MoveLimit, ProofMethod
from terraform_like.diagnostics import Report
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Balance, Carve, Carving, Effort, Scope, Segment, Territory
from terraform_like.domain.scope import populate
from terraform_like.plan.broken_limits import tell_broken_limits


def nowhere(path, *, key=False):
    return None


def told(
    arr: list[float],
    places: list[str],
    balance: Balance,
    *,
    parents: list[str | None] | None = None,
    books: dict[str, dict[str, Any]] | None = None,
    moves: MoveLimit | None = None,
) -> str:
    """Give what is said of accounts A0, A1 ... of those sizes in those places, in one line."""
    carving = Carving(
        name="p",
        accounts=Scope.model_validate({"family": "parent"}) if parents else Scope(),
        segments=(Segment(name="all"),),
        territories={
            name: Territory.model_validate({"segment": "all", **(books or {}).get(name, {})})
            for name in sorted({*places, *(books or {})})
        },
        balance={"all": balance},
    )
    ids = [f"A{n}" for n in range(len(arr))]
    table = pl.DataFrame({"account": ids, "arr": arr, "parent": parents or [None] * len(arr)})
    population = populate(carving, Book.of(table), nowhere, Report())
    assert population is not None
    desired = population.inside.with_columns([pl.Series("territory", places)])
    report = Report()
    for problem in formulate(carving, population.inside, nowhere, Report()):
        choice = problem.chosen(np.array(places))
        proof = certify(problem, choice, Evidence(prices_of(problem), ProofMethod.DECOMPOSED, moves=moves))
        tell_broken_limits(carving, problem, proof, desired, nowhere, report)
    return " | ".join(f"{d.severity}: {d.summary}: {d.detail}" for d in report)


def test_nothing_is_said_where_every_limit_holds():
    assert told([100, 100, 90, 110], ["a", "a", "b", "b"], Balance(within={"arr": 0.05})) == ""


def test_books_outside_their_limits_are_named_with_load_and_limit():
    said = told([100, 100, 100, 40], ["a", "a", "b", "b"], Balance(within={"arr": 0.2}))

    assert said == ""
    said = told([100, 80, 100, 40], ["a", "a", "b", "b"], Balance(within={"arr": 0.1}))

    assert said.startswith("warning: 2 of 2 books of all outside their limits of arr: ")
    assert "a has 180 (at most 176); b has 140 (at least 144). " in said


def test_what_a_better_carve_would_hold_is_ours_and_how_to_search_further_is_said():
    ours = [100, 60, 60, 100], ["a", "b", "b", "a"]
    said = told(*ours, Balance(within={"arr": 0.1}))

    assert said.endswith("They may hold in a better carve: `carve: {effort: thorough}` searches further.")
    thorough = told(*ours, Balance(within={"arr": 0.1}, carve=Carve(effort=Effort.THOROUGH)))
    assert "though none was found: widen the limits" in thorough
    limited = told(*ours, Balance(within={"arr": 0.1}), moves=MoveLimit(most=4, price=0.0))
    assert limited.endswith("They may hold with more moves than `max_moves` lets through.")


def test_a_figure_is_told_in_as_many_digits_as_part_it_from_its_limit():
    said = told([100_000.4, 99_999.6], ["a", "b"], Balance(at_most={"arr": 100_000}))

    assert "1 of 2 books of all outside its limits of arr" in said
    assert "a has 100,000.4 (at most 100,000)" in said


def test_every_metric_has_its_own_warning():
    said = told([300, 10, 10], ["a", "b", "b"], Balance(within={"arr": 0.1}, at_most={"accounts": 1}))

    assert said.count("warning: ") == 2
    assert "limits of accounts: b has 2 (at most 1)" in said


def test_an_account_that_fits_into_no_book_is_named_with_what_it_takes():
    said = told([1000, 10, 10], ["a", "b", "b"], Balance(within={"arr": 0.1}))

    assert "No carve can hold these limits: A0 alone has 1,000, and no book that may hold it" in said
    assert "is to have more than 561; " in said
    assert said.endswith("It takes `within` of arr at 96.1% or more (now 10%).")
    assert "A1" not in said


def test_a_family_that_fits_into_no_book_is_named_by_its_head():
    said = told(
        [300, 300, 10, 10], ["a", "a", "b", "b"], Balance(within={"arr": 0.1}), parents=[None, "A0", None, None]
    )

    assert "the family of A0 has 600, and no book that may hold it" in said


def test_pins_that_are_more_than_a_book_should_have_are_named_with_how_much_is_too_much():
    pins = {"a": {"accounts": ["A0", "A1", "A2"]}}
    said = told([100, 100, 100, 50, 50], ["a", "a", "a", "b", "b"], Balance(within={"arr": 0.1}), books=pins)

    assert "the 3 accounts that only a may hold have 300" in said
    assert "`within` of arr at 50% or more (now 10%)" in said
    assert "accounts with 80 of arr no longer pinned to a" in said
    assert "note: The pins of a keep limits of arr from holding: " in said


def test_a_count_that_is_too_small_is_told_with_the_count_that_it_takes():
    said = told([1] * 6, ["a"] * 4 + ["b"] * 2, Balance(at_most={"accounts": 2}))

    assert "the 6 accounts that only a and b may hold have 6, and their limits let 4 through" in said
    assert said.endswith("`at_most` of accounts at 3 or more (now 2); another territory for 2 accounts.")


def test_territories_that_share_too_few_accounts_are_named_together():
    where = {"where": "arr > 50"}
    books = {"a": where, "b": where, "c": {}}
    said = told([60, 60, 40, 40, 40], ["a", "b", "c", "c", "c"], Balance(at_least={"arr": 65}), books=books)

    assert "all that a and b may hold comes to 120, and their limits ask for 130" in said
    assert "`at_least` of arr at 60 or less (now 65)" in said
    assert "accounts with 10 of arr more that the `where` of a lets in" in said


def test_limits_of_two_metrics_that_contradict_each_other_are_named_together():
    # What a may hold has 2 each: two accounts are too few for 5 of arr.
    books = {"a": {"where": "arr < 3"}, "b": {"exclude": ["A0"]}, "c": {"where": "arr > 3"}}
    limits = Balance(at_least={"arr": 5, "accounts": 1}, at_most={"accounts": 2})
    said = told([2, 2, 2, 8, 8], ["a", "b", "a", "b", "b"], limits, books=books)

    assert (
        "No carve can hold 1 of them: even with accounts in parts the limits of a (accounts and arr) could not hold "
        "together. It takes one of these at least: a higher `at_most` of accounts; a lower `at_least` of arr. "
        "The other may hold in a better carve"
    ) in said
