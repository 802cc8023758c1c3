"""Points on the earth, in an order in which neighbours follow one another."""

from __future__ import annotations

import numpy as np
import pytest

from terraform_like.domain.geography import along_a_curve, on_the_sphere


def test_numbers_along_the_curve_are_the_bits_of_the_coordinates_in_turn():
    points = np.random.default_rng(0).uniform(-1, 1, (50, 3))
    cells = ((points + 1) / 2 * 2**20).astype(int)
    dealt = [
        sum((int(cell[axis]) >> bit & 1) << 3 * bit + axis for bit in range(20) for axis in range(3)) for cell in cells
    ]
    assert along_a_curve(points).tolist() == dealt


@pytest.mark.parametrize("edge", [-1.0, 1.0])
def test_the_edges_of_the_sphere_have_numbers_too(edge):
    assert 0 <= along_a_curve(np.full((1, 3), edge))[0] < 2**60


def test_neighbours_on_the_curve_are_neighbours_on_the_ground():
    random = np.random.default_rng(1)
    at = on_the_sphere(np.stack([random.uniform(-80, 80, 2000), random.uniform(-180, 180, 2000)], axis=1))
    follow = at[np.argsort(along_a_curve(at))]
    assert (
        np.linalg.norm(np.diff(follow, axis=0), axis=1).mean()
        < 0.1 * np.linalg.norm(np.diff(at, axis=0), axis=1).mean()
    )
