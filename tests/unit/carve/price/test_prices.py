"""Prices are raised along the slope of the smoothed dual, in the end over the pairs that are near a tie."""

from __future__ import annotations

import numpy as np
import pytest
from companies import company
from run import problem_of

from terraform_like.carve.price import prices, table
from terraform_like.carve.price.table import tabulate
from terraform_like.carve.prove.certify import bound


@pytest.fixture(scope="module")
def towns():
    made = company(400, 5)
    return problem_of(made.carving, made.table)


@pytest.fixture(scope="module")
def laid_out(towns):
    return tabulate(towns, np.arange(len(towns.pairs)))


def test_the_slope_is_that_of_the_smoothed_dual(laid_out):
    at = np.random.default_rng(3).normal(0, 0.2, laid_out.shape)
    _, slope = prices.smoothed(laid_out, at, 0.3, 0.5)
    for cell in np.ndindex(*laid_out.shape):
        by = np.zeros(laid_out.shape)
        by[cell] = 1e-6
        above, below = (prices.smoothed(laid_out, at + way, 0.3, 0.5)[0] for way in (by, -by))
        assert (above - below) / 2e-6 == pytest.approx(slope[cell], rel=1e-4, abs=1e-4)


def test_how_sharply_the_dual_bends_is_how_the_slope_falls_but_for_what_is_far_from_usual(laid_out, monkeypatch):
    at = np.random.default_rng(3).normal(0, 0.2, laid_out.shape)
    bent = prices.curvature(laid_out, at, 0.3, 0.5)
    usual = np.median(bent, axis=0)
    monkeypatch.setattr(prices, "_BENT", (0.0, np.inf))
    free = prices.curvature(laid_out, at, 0.3, 0.5)
    even = (laid_out.weights**2 / laid_out.heaviness).sum(axis=1) / laid_out.shape[0]
    falls = np.empty(laid_out.shape)
    for cell in np.ndindex(*laid_out.shape):
        by = np.zeros(laid_out.shape)
        by[cell] = 1e-5
        above, below = (prices.smoothed(laid_out, at + way, 0.3, 0.5)[1][cell] for way in (by, -by))
        falls[cell] = (below - above) / 2e-5
    assert free == pytest.approx(np.maximum(falls, even), rel=1e-3)
    assert (falls > even).any()
    assert (bent >= even).all()
    assert (bent <= np.maximum(10 * usual, even)).all()


def test_prices_come_nearer_in_as_many_steps_than_by_steps_alike_for_all(monkeypatch):
    # Accounts of a hundred times the mean weight are at a tie in few territories, and bend the bound there only.
    made = company(4_000, 20)
    one = problem_of(made.carving, made.table)
    table = tabulate(one, np.arange(len(one.pairs)))
    begun = prices.ascend(table, np.zeros(table.shape), ((0.3, 0.5, 20), (0.05, 0.1, 10)))

    def reached() -> float:
        return bound(one, prices.ascend(table, begun, ((0.02, 0.05, 8),)) / table.scale)

    by_curvature = reached()
    monkeypatch.setattr(prices, "_BENT", (0.0, 0.0))
    assert by_curvature > reached() > bound(one, begun / table.scale)


@pytest.mark.parametrize("columns", [64, 8_192])
def test_a_narrowed_table_splits_units_as_the_whole_one_does_at_its_temperature(towns, columns, monkeypatch):
    monkeypatch.setattr(table, "_COLUMNS", columns)
    whole = tabulate(towns, np.arange(len(towns.pairs)))
    at = np.random.default_rng(3).normal(0, 0.2, whole.shape)
    near = whole.narrowed(at, 15 * 0.02)
    assert len(near.units) < len(whole.units)
    assert sum(block.cost.size for block in near.blocks) < sum(block.cost.size for block in whole.blocks) / 2
    loads = [prices.softened(some, at, 0.02).loads + some.decided for some in (near, whole)]
    assert loads[0] == pytest.approx(loads[1], rel=1e-5)
    assert sorted([*near.units, *near.alone_unit]) == list(range(towns.units))


def test_a_narrowed_table_holds_what_is_cheapest_and_not_what_is_dear(laid_out):
    at = np.zeros(laid_out.shape)
    near = laid_out.narrowed(at, 0.1)
    assert near.holds(laid_out.near(at, 0.0))
    assert near.holds(near.pairs())
    assert not near.holds(laid_out.pairs())


def test_prices_that_lead_out_of_a_narrowed_table_are_raised_over_all_pairs(laid_out, monkeypatch):
    stages = ((0.05, 0.1, 20), (0.02, 0.05, 20))
    monkeypatch.setattr(prices, "_WIDE", 0.0)
    whole = prices.ascend(laid_out, np.zeros(laid_out.shape), stages)
    monkeypatch.setattr(prices, "_WIDE", 1.0)
    monkeypatch.setattr(prices, "_PARTS", 0.0)
    monkeypatch.setattr(prices, "_PLAY", 1e-6)
    assert (prices.ascend(laid_out, np.zeros(laid_out.shape), stages) == whole).all()


def test_prices_raised_over_what_is_near_make_as_good_a_bound(towns, laid_out, monkeypatch):
    near = prices.raise_prices(towns, laid_out)
    monkeypatch.setattr(prices, "_WIDE", 0.0)
    whole = prices.raise_prices(towns, laid_out)
    assert bound(towns, near / laid_out.scale) == pytest.approx(bound(towns, whole / laid_out.scale), rel=1e-4)
