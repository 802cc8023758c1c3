"""Ways that are ruled out in groups are the same ones that a pass over all ways rules out, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terraform_like.carve.form import outside, ways
from terraform_like.carve.prove.certify import cheapest_pairs
from terraform_like.domain.carving import Carving
from terraform_like.domain.geography import great_circle_km


def every_way(problem, price):
    """Price all ways, one unit after the other: an (N, T) array, infinite where a unit may not go."""
    units, territories = problem.units, len(problem.territories)
    unit, territory = np.divmod(np.arange(units * territories), territories)
    cost = problem.ways.pairs(unit, territory).cost + (price[territory] * problem.weights[unit]).sum(axis=1)
    return np.where(problem.ways.eligible.allows(unit, territory), cost, np.inf).reshape(units, territories)


@st.composite
def companies(draw):
    """Up to sixty accounts of all weights, lost ones and families among them, and up to nine territories."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    count, width = draw(st.integers(3, 60)), draw(st.integers(2, 9))
    world = draw(st.booleans())
    side = 80 if world else 3
    territories = {
        f"t{n}": {
            "segment": "all",
            "center": [float(random.uniform(-side, side)), float(random.uniform(-2 * side, 2 * side))],
            **({"where": "grade > 0"} if n % 3 == 1 else {}),
            **({"exclude": ["A-00", "A-02"]} if n == 0 else {"accounts": ["A-01"]} if n == 1 else {}),
        }
        for n in range(width)
    }
    for n in draw(st.sets(st.integers(0, width - 1), max_size=2)):
        del territories[f"t{n}"]["center"]
    lost = draw(st.sampled_from([0.0, 0.2]))
    columns = {
        "territory": random.choice([*territories, None, "gone"], count).tolist(),
        "arr": random.lognormal(0, draw(st.sampled_from([0.2, 2.0])), count),
        "grade": random.integers(0, 3, count),
        "lat": [
            None if n and random.random() < lost else at
            for n, at in enumerate(random.uniform(-side, side, count).tolist())
        ],
        "lon": random.uniform(-2 * side, 2 * side, count),
        "parent": [f"A-{n // 3:02d}" if random.random() < 0.4 else None for n in range(count)],
    }
    wishes = {
        "name": "t",
        "accounts": {"location": {"latitude": "lat", "longitude": "lon"}, "family": "parent"},
        "segments": [{"name": "all"}],
        "territories": territories,
        "balance": {"all": {"within": {"arr": 0.1, "accounts": 0.2}}},
    }
    return Carving.model_validate(wishes), columns, count


def compare(one, price):
    """Hold what is found of one component against all its ways."""
    than = cheapest_pairs(one, price)
    everything = every_way(one, price)

    least = outside.cheapest(one.ways, one.pairs, price, one.weights, than)
    assert least == pytest.approx(everything.min(axis=1), rel=1e-12, abs=1e-12)
    assert (least <= than).all()

    unit, territory = outside.cheaper(one.ways, one.pairs, price, one.weights, than, 3)
    pairs = set(zip(one.pairs.unit.tolist(), one.pairs.territory.tolist(), strict=True))
    found = list(zip(unit.tolist(), territory.tolist(), strict=True))
    assert found == sorted(set(found)) and not pairs & set(found)
    assert (everything[unit, territory] < than[unit] + 1e-12).all()
    assert set(np.flatnonzero(everything.min(axis=1) < than - 1e-9).tolist()) <= set(unit.tolist())

    weighed = outside.least_weighed(one.ways.eligible, price, one.weights)
    free = np.where(np.isfinite(everything), one.weights @ price.T, np.inf)
    assert weighed == pytest.approx(free.min(axis=1), rel=1e-12, abs=1e-12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=companies(), data=st.data())
def test_what_is_found_in_groups_is_what_a_pass_over_all_ways_finds(made, data, formulated, accounts, monkeypatch):
    for module, name, value in (
        (ways, "_ALL", 0),
        (ways, "_NEAREST", 1),
        (outside, "_GROUP", data.draw(st.sampled_from([1, 4, 16]))),
        (outside, "_LAYERS", 2),
        (outside, "_GROUPS_AT_ONCE", 3),
        (outside, "_WAYS_AT_ONCE", 20),
    ):
        monkeypatch.setattr(module, name, value)
    carving, columns, count = made
    problems, _ = formulated(carving, accounts(count, **columns))
    scale = data.draw(st.sampled_from([0.0, 0.1, 1.0, 30.0]))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    for one in problems:
        compare(one, random.normal(0, scale, one.limits.share.shape))


def test_a_straight_line_is_never_longer_than_a_way():
    random = np.random.default_rng(2)
    degrees = np.vstack([random.uniform((-90, -180), (90, 180), (300, 2)), [[90, 0], [-90, 7], [0, 180], [0, -180]]])
    near = degrees[:40] + random.normal(0, 1e-7, (40, 2))
    points, there = np.vstack([degrees, near]), degrees
    km = great_circle_km(points[:, :1], points[:, 1:], there[None, :, 0], there[None, :, 1])
    straight = outside.EARTH_RADIUS_KM * outside._straight(outside.on_the_sphere(points), outside.on_the_sphere(there))
    assert (straight <= km).all()
    assert straight.max() == pytest.approx(2 * outside.EARTH_RADIUS_KM, rel=1e-3)
