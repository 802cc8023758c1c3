"""The laws of the carve, on small companies of every kind: pins, exclusions, families, limits that cannot hold."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from terraform_like.carve import decompose
from terraform_like.carve.form.formulate import formulate
from terraform_like.carve.form.problem import Problem
from terraform_like.carve.prove.certify import Evidence, bound, certify, read_prices, standing
from terraform_like.carve.prove.forced import Cell, breaches
from terraform_like.carve.prove.proof import ProofMethod
from terraform_like.carve.settle import carve
from terraform_like.diagnostics import Path, Report
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.domain.scope import Population, populate

METRICS = ("accounts", "arr", "hours")
#: Values that meet: nothing, equal ones, one heavier than all others together.
VALUES = st.sampled_from([0.0, 1.0, 1.5, 2.0, 7.0, 40.0])


def locate(path: Path, *, key: bool = False) -> None:
    return None


@st.composite
def companies(draw: Any) -> tuple[Carving, pl.DataFrame]:
    """A plan and what its CRM holds: at most eight accounts, three territories, two metrics."""
    count = draw(st.integers(1, 8))
    ids = [f"A-{n}" for n in range(count)]
    names = [f"t{t}" for t in range(draw(st.integers(1, 3)))]
    some = st.sampled_from(ids)
    table = pl.DataFrame(
        {
            "account": ids,
            "territory": draw(st.lists(st.sampled_from([*names, "gone", None]), min_size=count, max_size=count)),
            "arr": draw(st.lists(VALUES, min_size=count, max_size=count)),
            "hours": draw(st.lists(VALUES, min_size=count, max_size=count)),
            "grade": draw(st.lists(st.integers(0, 2), min_size=count, max_size=count)),
            "hot": draw(st.lists(st.booleans(), min_size=count, max_size=count)),
            "lat": draw(st.lists(st.integers(30, 45).map(float), min_size=count, max_size=count)),
            "lon": draw(st.lists(st.integers(-120, -80).map(float), min_size=count, max_size=count)),
            # A parent stands before its children, so that there is no circle.
            "parent": [draw(st.sampled_from([None, None, *ids[:n]])) for n in range(count)],
        },
        schema_overrides={"territory": pl.String, "parent": pl.String},
    )
    territories: dict[str, dict[str, Any]] = {}
    free = set(ids)
    for name in names:
        told: dict[str, Any] = {"segment": "all", "size": draw(st.sampled_from([1.0, 0.5, 2.0]))}
        if draw(st.booleans()):
            told["center"] = (draw(st.integers(30, 45)), draw(st.integers(-120, -80)))
        if draw(st.integers(0, 3)) == 0:
            told["where"] = f"grade <= {draw(st.integers(0, 2))}"
        if draw(st.integers(0, 3)) == 0 and (pin := draw(some)) in free:
            told["accounts"] = [pin]
            free.discard(pin)
        if draw(st.integers(0, 3)) == 0 and (out := draw(some)) not in told.get("accounts", ()):
            told["exclude"] = [out]
        territories[name] = told
    balance: dict[str, dict[str, Any]] = {"within": {}, "at_most": {}, "at_least": {}}
    for metric in draw(st.lists(st.sampled_from(METRICS), max_size=2, unique=True)):
        kind = draw(st.sampled_from(["within", "at_most", "at_least", "all"]))
        if kind in ("within", "all"):
            balance["within"][metric] = draw(st.sampled_from([0.0, 0.1, 0.25, 0.6]))
        if kind in ("at_most", "all"):
            balance["at_most"][metric] = draw(st.sampled_from([0.0, 2.0, 3.0, 10.0]))
        if kind == "at_least":
            balance["at_least"][metric] = draw(st.sampled_from([0.0, 1.0, 2.0, 10.0]))
    weights = st.sampled_from([0.0, 1.0, 3.0])
    prefer = {"disruption": draw(weights), "travel": draw(weights), "balance": draw(weights)}
    scope: dict[str, Any] = {"protect": "hot"}
    if draw(st.booleans()):
        scope["family"] = "parent"
    if draw(st.booleans()):
        scope["location"] = {"latitude": "lat", "longitude": "lon"}
    wishes = {"name": "fy27", "accounts": scope, "segments": [{"name": "all"}], "territories": territories}
    return Carving.model_validate({**wishes, "balance": {"all": {**balance, "prefer": prefer}}}), table


def population_of(carving: Carving, table: pl.DataFrame) -> Population:
    population = populate(carving, Book.of(table), locate, Report())
    assert population is not None
    return population


def problems_of(carving: Carving, table: pl.DataFrame) -> tuple[Problem, ...]:
    """Formulate, and pass over companies whose wishes contradict each other."""
    report = Report()
    problems = formulate(carving, population_of(carving, table).inside, locate, report)
    assume(not report.failed)
    return problems


def answers_of(problem: Problem) -> list[Any]:
    """Give all answers there are."""
    places = [np.flatnonzero(problem.pairs.unit == unit) for unit in range(problem.units)]
    return [np.array(choice) for choice in itertools.product(*places)]


def least(problem: Problem) -> float:
    """Give the least cost of all answers."""
    return min(map(problem.cost, answers_of(problem)))


@given(companies())
@settings(max_examples=60, deadline=None)
def test_a_small_carve_is_as_good_as_trying_every_answer(company):
    for problem in problems_of(*company):
        broken, found = problem.rank(decompose.solve(problem).choice)
        best_broken, best = min(map(problem.rank, answers_of(problem)))
        assert broken == best_broken
        assert found <= best + 1e-6 * max(1.0, best)


@given(companies(), st.data())
@settings(max_examples=80, deadline=None)
def test_no_prices_give_a_bound_above_the_best_answer(company, data):
    prices = st.one_of(
        st.floats(-1e3, 1e3), st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.0, 1e9, -1e9])
    )
    for problem in problems_of(*company):
        size = problem.limits.share.size
        drawn = data.draw(st.lists(prices, min_size=size, max_size=size))
        lowest = bound(problem, np.array(drawn, float).reshape(problem.limits.share.shape)) * problem.units
        best = least(problem)
        assert lowest <= best + 1e-9 * max(1.0, best)


@given(companies())
@settings(max_examples=60, deadline=None)
def test_an_answer_keeps_every_rule_and_settles_at_once(company):
    carving, table = company
    problems_of(carving, table)
    inside = population_of(carving, table).inside
    report = Report()
    done = carve(carving, inside, locate, report)
    assert done is not None, list(report)
    place = dict(zip(inside.accounts, done.territory, strict=True))
    family = dict(zip(inside.accounts, inside.table["family"], strict=True))
    pinned = {family[account] for book in carving.books.values() for account in book.accounts}
    for account, name in place.items():
        assert name == place[family[account]]
    for name, book in carving.books.items():
        assert all(place[account] == name for account in book.accounts)
        assert all(place[account] != name for account in book.exclude)
        if book.where is not None:
            most = int(book.where.split()[-1])
            heads = {family[account] for account in place if place[account] == name} - pinned
            grade = dict(table.select("account", "grade").iter_rows())
            assert all(grade[head] <= most for head in heads)
    again = carve(
        carving, population_of(carving, table.with_columns(done.territory.alias("territory"))).inside, locate, Report()
    )
    assert again is not None
    assert again.territory.equals(done.territory)


@given(companies())
@settings(max_examples=40, deadline=None)
def test_nobody_who_may_stay_moves_while_every_limit_holds(company):
    carving, table = company
    held = [p for p in problems_of(carving, table) if (p.current >= 0).all() and p.excess(p.current) == 0]
    done = carve(carving, population_of(carving, table).inside, locate, Report())
    assert done is not None
    for problem, proof in zip(done.problems, done.proofs, strict=True):
        if any(problem.component == kept.component for kept in held):
            assert proof.method is ProofMethod.KEPT


@given(companies(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_never_matters(company, random):
    carving, table = company
    problems_of(carving, table)
    names = list(carving.territories)
    random.shuffle(names)
    columns = table.columns
    random.shuffle(columns)
    turned = carving.model_copy(update={"territories": {name: carving.territories[name] for name in names}})
    rows = list(range(table.height))
    random.shuffle(rows)
    one = carve(carving, population_of(carving, table).inside, locate, Report())
    other = carve(turned, population_of(turned, table.select(columns)[rows]).inside, locate, Report())
    assert one is not None
    assert other is not None
    assert one.territory.equals(other.territory)
    assert one.proofs == other.proofs


@given(companies(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_proof_tells_when_an_account_stands_elsewhere(company, data):
    for problem in problems_of(*company):
        solved = decompose.solve(problem)
        proof = certify(problem, solved.choice, Evidence(solved.prices, ProofMethod.EXACT))
        assert certify(problem, solved.choice, Evidence(read_prices(problem, proof.prices), ProofMethod.EXACT)) == proof
        unit = data.draw(st.integers(0, problem.units - 1))
        elsewhere = solved.choice.copy()
        elsewhere[unit] = data.draw(st.sampled_from(np.flatnonzero(problem.pairs.unit == unit).tolist()))
        moved = certify(problem, elsewhere, Evidence(read_prices(problem, proof.prices), ProofMethod.EXACT))
        # The books themselves are compared as well; the proof alone tells every change of cost.
        if abs(standing(problem, elsewhere).objective - proof.objective) > 1e-8 * max(1.0, proof.objective):
            assert moved.objective != proof.objective
        assert moved.bound == proof.bound


def holds(problem: Problem, choice: Any, cell: Cell) -> bool:
    """Say whether an answer keeps a limit."""
    load = problem.loads(choice)[cell.territory, cell.metric]
    excess = problem.limits.excess(problem.loads(choice))[cell.territory, cell.metric]
    middle = problem.limits.target[cell.territory, cell.metric]
    return bool(excess == 0 or (load < middle) == (cell.side == "high"))


@given(companies(), st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_called_forced_holds_in_no_answer(company, data):
    for problem in problems_of(*company):
        answers = answers_of(problem)
        told = decompose.prices_of(problem)
        drawn = data.draw(
            st.lists(st.sampled_from([-1e9, -1.0, 0.0, 0.5, 1e9]), min_size=told.size, max_size=told.size)
        )
        for prices in (told, np.array(drawn).reshape(told.shape)):
            choice = data.draw(st.sampled_from(answers))
            for breach in breaches(problem, choice, prices):
                if breach.certificate is None:
                    continue
                assert breach.cell in breach.certificate.cells
                for answer in answers:
                    assert not all(holds(problem, answer, cell) for cell in breach.certificate.cells)
