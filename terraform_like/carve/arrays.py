"""The kinds of arrays that a carve is made of, and sets of positions as sorted arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Positions, narrow or wide.
Positions = NDArray[np.signedinteger]
Flags = NDArray[np.bool_]


def distinct(values: Positions) -> Ints:
    """Give each value once, sorted.

    `numpy.unique` does the same by hashing, which for millions of values that are nearly sorted takes seconds.
    """
    ordered = np.sort(values.astype(np.int64), kind="stable")
    return ordered[np.diff(ordered, prepend=ordered[:1] - 1) > 0]


def union(one: Positions, other: Positions) -> Ints:
    """Give the values of two arrays, each once, sorted."""
    return distinct(np.concatenate([one, other]))


def stretches(first: Ints, after: Ints) -> tuple[Ints, Ints]:
    """Give the positions from each `first` until its `after`, one stretch behind the other, behind whose they are."""
    count = after - first
    whose = np.repeat(np.arange(len(count)), count)
    return whose, np.arange(len(whose)) + (first - np.cumsum(count) + count)[whose]


def ordered(groups: Ints, rank: Floats) -> Ints:
    """Give positions in the order of their groups, numbers below 2^31, then of their rank to seven digits.

    One sort of whole numbers takes a third of the time of `numpy.lexsort`.
    """
    bits = rank.astype(np.float32).view(np.int32)
    # The bits of floating point are in order but for the negative ones, which are the other way round.
    key = (groups << 32) + np.where(bits < 0, ~(bits & 0x7FFFFFFF), bits)
    return np.argsort(key, kind="stable")


def linked(one: Positions, other: Positions, count: int) -> Ints:
    """Give each of `count` nodes the lowest node that a path leads to, over links between `one` and `other`.

    Every node looks up to a lower one of its own; links between those draw them together, until none does. SciPy's
    `connected_components` gives the same parts, but importing it takes a fifth of a `territory check`.
    """
    lowest = np.arange(count)
    while len(one):
        here, there = lowest[one], lowest[other]
        apart = here != there
        one, other, here, there = one[apart], other[apart], here[apart], there[apart]
        np.minimum.at(lowest, np.maximum(here, there), np.minimum(here, there))
        while (lowest != (above := lowest[lowest])).any():
            lowest = above
    return lowest
