"""Prices are raised along the slope of the smoothed dual, and to the same ones with any number of cores."""

from __future__ import annotations

import os

import numpy as np
import pytest
from companies import company
from run import problem_of

from terraform_like.carve.price import prices, table
from terraform_like.carve.price.table import tabulate


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


def test_prices_are_the_same_with_one_core_and_with_two(towns, monkeypatch):
    monkeypatch.setattr(prices, "_WORTH_THREADS", 0)
    monkeypatch.setattr(table, "_COLUMNS", 64)
    laid_out = tabulate(towns, np.arange(len(towns.pairs)))
    assert len(laid_out.blocks) > 4
    found = []
    for cores in (1, 2):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        found.append(prices.raise_prices(towns, laid_out))
    assert (found[0] == found[1]).all()
    assert found[0].any()
