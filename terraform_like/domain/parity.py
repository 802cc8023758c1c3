"""Parity between groups: how much less the group that has least has than the group that has most."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Members of a group below which chance is weighed: the smallest sample that the usual approximations are trusted with.
SMALL_GROUP = 30
#: Ways of grouping that are all tried; where there are more, so many are drawn.
_WAYS = 9_999
#: Numbers that are drawn at most for one test, so that a large table takes a second.
_DRAWN = 20_000_000
_BLOCK = 2_000_000
#: Any number would do; a fixed one gives everybody the same answer.
_SEED = 19_370_401


@dataclass(frozen=True, slots=True)
class Parity:
    """The means of groups compared.

    Parameters
    ----------
    ratio : float
        Lowest mean over highest, 0 to 1; 1 where all have nothing. Of rates of selection, at least 0.8 is the
        four-fifths rule (29 CFR 1607.4 D, 1978).
    lowest, highest : int
        The groups that have them, by number.
    means : Array
        (groups,), each group's mean.
    p_value : float or None
        How often chance alone gives a ratio as low; None where every group has `SMALL_GROUP` members or more.
    """

    ratio: float
    lowest: int
    highest: int
    means: Array
    p_value: float | None


def parity(value: Array, group: Ints, *, always: bool = False) -> Parity:
    """Compare the means of groups.

    Parameters
    ----------
    value : Array
        (members,), not negative; 1 and 0 make the means rates.
    group : Ints
        (members,), the group of each, from 0 without gaps; two groups at least.
    always : bool
        Whether to weigh chance also where all groups are large.
    """
    counts = np.bincount(group)
    means = np.bincount(group, value) / counts
    ratio = float(_ratio(means))
    small = int(counts.min()) < SMALL_GROUP
    p_value = permutation_p(value, group) if small or always else None
    return Parity(ratio, int(means.argmin()), int(means.argmax()), means, p_value)


def permutation_p(value: Array, group: Ints) -> float:
    """Give the share of groupings, into groups as large, whose means have a ratio as low (Fisher, 1935; Pitman, 1937).

    Few ways of making two groups are all tried, which is exact. Else so many are drawn with a fixed seed, and the
    grouping at hand counts as one of them: (b + 1) / (m + 1), which is never 0 (Phipson and Smyth, 2010).
    """
    counts = np.bincount(group)
    # A hair of room: the same members in another order may round otherwise.
    threshold = float(_ratio(np.bincount(group, value) / counts)) * (1 + 1e-9)
    size = len(value)
    if len(counts) == 2 and comb(size, int(counts.min())) <= _WAYS:
        small = int(counts.min())
        chosen = np.array(list(combinations(range(size), small)))
        inside = value[chosen].sum(axis=1)
        means = np.stack([inside / small, (value.sum() - inside) / (size - small)], axis=1)
        return float((_ratio(means) <= threshold).mean())
    draws = min(_WAYS, max(99, _DRAWN // size))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    # The one generator of NumPy whose numbers are promised to stay the same in every version.
    random = np.random.RandomState(_SEED)
    found = 0
    for first in range(0, draws, block := max(1, _BLOCK // size)):
        order = random.random_sample((min(block, draws - first), size)).argsort(axis=1, kind="stable")
        means = np.add.reduceat(value[order], starts, axis=1) / counts
        found += int((_ratio(means) <= threshold).sum())
    return (found + 1) / (draws + 1)


def _ratio(means: Array) -> Array:
    """Give the lowest over the highest along the last axis; 1 where the highest is nothing."""
    low, high = means.min(axis=-1), means.max(axis=-1)
    ratio: Array = np.where(high > 0, low / np.where(high > 0, high, 1.0), 1.0)
    return ratio
