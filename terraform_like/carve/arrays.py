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
