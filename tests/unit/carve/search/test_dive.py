"""A dive places every unit, heavy ones first, whether it looks at all pairs or at those near a tie."""

from __future__ import annotations

import numpy as np
import pytest
from companies import company
from run import problem_of

from terraform_like.carve.price.prices import raise_prices
from terraform_like.carve.price.table import tabulate
from terraform_like.carve.search import dive


@pytest.fixture(scope="module")
def towns():
    made = company(400, 5)
    return problem_of(made.carving, made.table)


@pytest.mark.parametrize("worth", [0, 10**9])
def test_every_unit_gets_a_pair_of_its_own_and_loads_come_near_their_limits(towns, worth, monkeypatch):
    monkeypatch.setattr(dive, "_WORTH_NARROWING", worth)
    table = tabulate(towns, np.arange(len(towns.pairs)))
    choice, _ = dive.dive(table, towns.units, raise_prices(towns, table))
    assert (towns.pairs.unit[choice] == np.arange(towns.units)).all()
    cheapest = towns.at(np.array([towns.pairs.territory[towns.pairs.unit == n][0] for n in range(towns.units)]))
    assert towns.excess(choice) < towns.excess(cheapest) / 10


def test_where_one_pair_of_each_unit_is_near_all_of_them_are_taken(towns, monkeypatch):
    monkeypatch.setattr(dive, "_WORTH_NARROWING", 0)
    monkeypatch.setattr(dive, "_PARTS", 0.0)
    monkeypatch.setattr(dive, "_PLAY", 1e-9)
    table = tabulate(towns, np.arange(len(towns.pairs)))
    prices = raise_prices(towns, table)
    choice, after = dive.dive(table, towns.units, prices)
    assert sorted(choice) == table.near(prices, 0.0).tolist()
    assert (after == prices).all()
