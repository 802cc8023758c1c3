"""With many ways only some are pairs, and neither a bound nor a certificate ever depends on which."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from terraform_like.carve import decompose
from terraform_like.carve.form import outside, ways
from terraform_like.carve.price import reach
from terraform_like.carve.prove.certify import Evidence, bound, certify, cheapest_pairs
from terraform_like.carve.prove.proof import MoveLimit, ProofMethod
from terraform_like.carve.watch import UNWATCHED


@pytest.fixture
def few(monkeypatch):
    """Keep two nearest centers as pairs, however few ways there are."""

    def switch(nearest=2):
        monkeypatch.setattr(ways, "_ALL", 0)
        monkeypatch.setattr(ways, "_NEAREST", nearest)

    return switch


@pytest.fixture
def company(wish, accounts):
    """Two hundred accounts, families and accounts without a location among them; ten territories of two kinds."""
    random = np.random.default_rng(11)
    count = 200
    territories = {
        f"t{n}": {
            "segment": "all",
            "center": [float(random.uniform(30, 45)), float(random.uniform(-120, -80))],
            **({"where": "grade > 0"} if n % 3 == 0 else {}),
        }
        for n in range(10)
    }
    territories["t1"]["exclude"] = ["A-05", "A-17"]
    territories["t2"]["accounts"] = ["A-08"]
    territories["t4"]["owner"], territories["t5"]["owner"] = "ann", "bob"
    carving = wish(
        accounts={
            "location": {"latitude": "lat", "longitude": "lon"},
            "family": "parent",
            "protect": "hot",
            "fit": "field",
        },
        people={
            "ann": {"user": "ann@acme.com", "skills": ["retail"]},
            "bob": {"user": "b@acme.com", "skills": ["toys"]},
        },
        territories=territories,
        balance={"all": {"within": {"arr": 0.1, "accounts": 0.2}}},
    )
    table = accounts(
        count,
        territory=random.choice([*territories, None, "gone"], count).tolist(),
        arr=random.lognormal(2, 0.4, count),
        field=random.choice(["retail", "toys", "energy"], count).tolist(),
        grade=random.integers(0, 3, count),
        hot=random.random(count) < 0.2,
        lat=np.where(random.random(count) < 0.1, np.nan, random.uniform(28, 47, count)),
        lon=random.uniform(-122, -78, count),
        parent=[None if n < 150 else f"A-{n - 150:02d}" for n in range(count)],
    ).with_columns(pl.col("lat").fill_nan(None))
    return carving, table


@pytest.fixture
def kept_and_whole(company, problem, few):
    """The same problem with few of its ways as pairs, and with all of them."""
    few()
    some = problem(*company)
    unit, territory = np.divmod(np.arange(some.units * len(some.territories)), len(some.territories))
    allowed = some.ways.eligible.allows(unit, territory)
    whole = some.including(unit[allowed], territory[allowed])
    return some, replace(whole, ways=replace(whole.ways, complete=True))


def test_the_bound_is_the_same_whatever_is_kept(kept_and_whole):
    some, whole = kept_and_whole
    assert not some.ways.complete
    assert len(some.pairs) < 0.6 * len(whole.pairs)
    random = np.random.default_rng(3)
    for _ in range(20):
        prices = random.normal(0, 1, whole.limits.share.shape)
        limit = MoveLimit(most=10, price=float(random.random()) / whole.units)
        assert bound(some, prices) == pytest.approx(bound(whole, prices), rel=1e-12)
        assert bound(some, prices, limit) == pytest.approx(bound(whole, prices, limit), rel=1e-12)


def test_few_ways_are_all_pairs_and_the_same_ones(company, problem, kept_and_whole, monkeypatch):
    monkeypatch.undo()
    whole = problem(*company)
    assert whole.ways.complete
    assert np.array_equal(whole.pairs.unit, kept_and_whole[1].pairs.unit)
    assert np.array_equal(whole.pairs.territory, kept_and_whole[1].pairs.territory)
    assert whole.measured().km == pytest.approx(kept_and_whole[1].measured().km)


def test_ways_that_turn_out_cheap_become_pairs(company, problem, few):
    few(1)
    one = problem(*company)
    prices = np.random.default_rng(5).normal(0, 2, one.limits.share.shape)
    cheapest = cheapest_pairs(one, prices)
    unit, territory = outside.cheaper(one.ways, one.pairs, prices, one.weights, cheapest, 3)
    assert len(unit) > 0
    assert one.ways.eligible.allows(unit, territory).all()
    more = one.including(unit, territory)
    assert len(more.pairs) == len(one.pairs) + len(unit)
    assert not len(outside.cheaper(more.ways, more.pairs, prices, more.weights, cheapest_pairs(more, prices), 3)[0])


def test_a_carve_of_few_pairs_is_nearly_as_good_and_certified_alike(company, problem, few):
    whole = decompose.solve(problem(*company))
    few()
    one = problem(*company)
    found = decompose.solve(one)
    assert found.problem.excess(found.choice) == 0
    # What is near is measured from other centers where fewer of them are pairs; the parts are the same.
    assert found.problem.cost(found.choice) == pytest.approx(whole.problem.cost(whole.choice), rel=0.02)
    held = one.holding(found.problem.places(found.choice))
    choice = held.chosen(found.problem.places(found.choice))
    proof = certify(held, choice, Evidence(found.prices, ProofMethod.DECOMPOSED))
    assert proof == certify(found.problem, found.choice, Evidence(found.prices, ProofMethod.DECOMPOSED))


def test_prices_of_what_stays_see_ways_that_are_no_pairs(kept_and_whole):
    some, whole = kept_and_whole
    prices = decompose.prices_of(some)
    assert bound(some, prices) == pytest.approx(bound(whole, decompose.prices_of(whole)), rel=1e-3)


def test_pairs_that_are_dear_are_left_out_but_never_those_where_accounts_are(company, problem, few, monkeypatch):
    few(6)
    monkeypatch.setattr(reach, "_WINDOW", 0.1)
    one = problem(*company)
    books = one.pairs.territory[np.searchsorted(one.pairs.unit, np.arange(one.units), side="right") - 1]
    less, table, prices = reach.reached(one, None, books, 2, UNWATCHED)
    assert len(less.pairs) < len(one.pairs)
    assert (less.at(books) >= 0).all()
    assert ((less.current >= 0) == (one.current >= 0)).all()
    stays = np.flatnonzero(one.current >= 0)
    here, there = less.pairs.territory[less.current[stays]], one.pairs.territory[one.current[stays]]
    assert (here == there).all()
    assert bound(less, prices) == pytest.approx(bound(one, prices), rel=1e-12)
    assert len(table.units) < one.units


def test_a_territory_where_a_unit_may_not_go_is_never_among_its_pairs(company, problem, few):
    few()
    one = problem(*company)
    places = np.full(len(one.accounts), "t0")
    held = one.holding(places)
    assert held.ways.eligible.allows(held.pairs.unit, held.pairs.territory).all()
    assert (held.chosen(places) >= 0).sum() < one.units


def test_centers_without_a_place_take_turns(company, problem, few, wish):
    carving, table = company
    few()
    nowhere = carving.model_copy(update={"accounts": carving.accounts.model_copy(update={"location": None})})
    one = problem(nowhere, table)
    held = np.bincount(one.pairs.territory, minlength=len(one.territories))
    assert held.min() > 0
    assert one.nearest_km == 0
