"""Prices of loads: the Lagrangian dual of a carve, raised by L-BFGS on a smoothed form of itself.

With a price on each load, units choose for themselves: the dual D(u) is the sum of their cheapest priced pairs and of
the least that each load can cost less its price (Geoffrion, 1974). It is concave and has kinks; its smoothed form takes
the soft minimum at a temperature in proportion to a unit's weight, so that light units answer to small differences and
heavy ones do not jump (Nesterov, 2005, for the smoothing), and L-BFGS-B (Byrd, Lu, Nocedal and Zhu, 1995) raises that
at falling temperatures. Steps are counted, never timed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from terraform_like.carve.arrays import Floats
from terraform_like.carve.form.problem import Problem
from terraform_like.carve.price.table import Block, Table, sampled
from terraform_like.carve.watch import UNWATCHED, Watch

#: Temperatures of units, widths of kinks (relative), and the steps at each.
Stages = Sequence[tuple[float, float, int]]
STAGES: Stages = ((0.3, 0.5, 60), (0.05, 0.1, 60), (0.02, 0.05, 60))
#: With many units a sample finds the way first, and all of them the last bit of it.
_SAMPLE_STAGES: Stages = ((0.3, 0.5, 60), (0.05, 0.1, 80))
_AFTER_SAMPLE: Stages = ((0.05, 0.1, 30), (0.02, 0.05, 40), (0.008, 0.02, 40))
_MANY = 200_000
_SAMPLE = 50_000
#: Least width of a kink: prices are of the order of 1, and some loads have no pull.
_WIDTH = 0.1
#: A pair that is dearer than the cheapest by so many temperatures has no part of its unit to speak of. Prices move by
#: less than so much in a stage, and windows wider than the last are no narrowing.
_PARTS, _PLAY, _WIDE = 15.0, 0.15, 0.5
#: How sharply the dual bends counts for these shares of the median at least and at most.
_BENT = (0.7, 10.0)


@dataclass(frozen=True, slots=True)
class Softened:
    """Units in parts at some prices.

    Parameters
    ----------
    value : float
        The smoothed sum of the cheapest priced pairs.
    loads : (T, M) array
        Loads over the mean weight, of undecided units only.
    """

    value: float
    loads: Floats


def raise_prices(problem: Problem, table: Table, watch: Watch = UNWATCHED) -> Floats:
    """Find prices at which the bound is near its highest, for a problem and its open pairs.

    Returns
    -------
    (T, M) array
        Prices over the mean weight.
    """
    prices = np.zeros(table.shape)
    if len(table.units) <= _MANY:
        return ascend(table, prices, STAGES, watch)
    prices = ascend(sampled(problem, table, _SAMPLE), prices, _SAMPLE_STAGES, watch)
    return ascend(table, prices, _AFTER_SAMPLE, watch)


def ascend(table: Table, prices: Floats, stages: Stages, watch: Watch = UNWATCHED) -> Floats:
    """Raise prices in stages; give the (T, M) prices of the last one."""
    from scipy.optimize import minimize

    top = box(table)
    free = (top[0] < top[1]).ravel()
    if not free.any() or not len(table.units):
        return np.clip(prices, *top)
    current = np.clip(prices, *top).ravel()

    def ending(_: Floats) -> None:
        if watch.enough():
            raise StopIteration

    def raised(some: Table, start: Floats, temperature: float, width: float, steps: int) -> Floats:
        step = np.sqrt(curvature(some, start.reshape(table.shape), temperature, width)).ravel()[free]
        bounds = np.stack([side.ravel()[free] * step for side in top], axis=1)

        def falling(scaled: Floats) -> tuple[float, Floats]:
            at = start.copy()
            at[free] = scaled / step
            value, slope = smoothed(some, at.reshape(table.shape), temperature, width)
            return -value, -(slope.ravel()[free] / step)

        found = minimize(
            falling,
            start[free] * step,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            callback=ending,
            options={"maxiter": steps, "maxfun": 2 * steps, "maxcor": 20, "ftol": 1e-12, "gtol": 1e-9},
        )
        end = start.copy()
        end[free] = found.x / step
        return end

    for number, stage in enumerate(stages):
        within = _PARTS * stage[0] + _PLAY
        before = current
        # The first stage may lead far: only what has been raised on this table before is narrowed.
        if number and within < _WIDE:
            near = table.narrowed(before.reshape(table.shape), within)
            current = raised(near, before, *stage)
            if near.holds(table.near(current.reshape(table.shape), 0.0)):
                continue
        # Where units want pairs that were left out prices have run away, and are raised over all pairs from the start.
        current = raised(table, before, *stage)
    return current.reshape(table.shape)


def box(table: Table) -> tuple[Floats, Floats]:
    """Give the lowest and highest prices of use, two (T, M) arrays: what a shortfall and what an excess cost."""
    limits = table.limits
    return (
        -(limits.pull + np.where(limits.low > 0, limits.push, 0.0)),
        limits.pull + np.where(np.isfinite(limits.high), limits.push, 0.0),
    )


def smoothed(table: Table, prices: Floats, temperature: float, width: float) -> tuple[float, Floats]:
    """Give the smoothed dual and its slope, a (T, M) array."""
    soft = softened(table, prices, temperature)
    limits = table.limits
    kink, over, under = _kinks(table, prices, width)
    above, below = _rooms(table)
    value = soft.value + (prices * (table.decided - limits.target)).sum()
    value -= (kink * (above * np.logaddexp(0, over) + below * np.logaddexp(0, under))).sum()
    slope = soft.loads + table.decided - limits.target - above * _logistic(over) + below * _logistic(under)
    return float(value), slope


def _parts(table: Table, prices: Floats, block: Block, temperature: float) -> tuple[Floats, Floats, Floats]:
    """Give the least priced cost of each unit, the exponentials of how much dearer its pairs are, and their sum."""
    share = table.priced(prices, block)
    least = share.min(axis=0)
    share -= least
    share *= -1 / (temperature * table.heaviness[block.columns])
    np.exp(share, out=share)
    return least, share, share.sum(axis=0)


def curvature(table: Table, prices: Floats, temperature: float, width: float) -> Floats:
    """Give how sharply the smoothed dual bends with each price, a (T, M) array above 0.

    It is what steps are measured by: where many units are at a tie a price must move little, and much where none is.
    """
    bent = np.zeros(table.shape)
    for block in table.blocks:
        _, share, total = _parts(table, prices, block, temperature)
        share /= total
        share *= (1 - share) * (table.times / table.heaviness)[block.columns] / temperature
        at = block.territory.ravel().astype(np.intp)
        for metric in range(table.shape[1]):
            squared = table.weights[metric, block.columns] ** 2
            bent[:, metric] += np.bincount(at, (share * squared).ravel(), table.shape[0])
    kink, over, under = _kinks(table, prices, width)
    above, below = _rooms(table)
    bent += (above * _logistic(over) * _logistic(-over) + below * _logistic(under) * _logistic(-under)) / kink
    even = (table.times * table.weights**2 / table.heaviness).sum(axis=1) / table.shape[0]
    usual = np.median(bent, axis=0)
    low, high = (np.maximum(np.maximum(times * usual, even), 1e-12) for times in _BENT)
    return np.clip(bent, low, high)


def _logistic(x: Floats) -> Floats:
    answer: Floats = 1 / (1 + np.exp(-np.clip(x, -50, 50)))
    return answer


def _kinks(table: Table, prices: Floats, width: float) -> tuple[Floats, Floats, Floats]:
    """Give the widths of the kinks, and how far beyond each of the two a price is, over its width; (T, M) arrays."""
    pull = table.limits.pull
    kink = np.maximum(pull, _WIDTH) * width
    return kink, (prices - pull) / kink, (-prices - pull) / kink


def _rooms(table: Table) -> tuple[Floats, Floats]:
    """Give how far loads may be above and below their targets, two (T, M) arrays; 0 where there is no limit above."""
    limits = table.limits
    high = np.where(np.isfinite(limits.high), limits.high, limits.target)
    return high - limits.target, limits.target - limits.low


def softened(table: Table, prices: Floats, temperature: float) -> Softened:
    """Split every unit over its pairs by the soft minimum of their priced costs.

    Blocks are worked through one after the other: numpy is at each of them for so short a time that threads, which take
    turns at Python between two calls, took longer and twice the CPU.
    """
    value, loads = 0.0, np.zeros(table.shape)
    for block in table.blocks:
        least, share, total = _parts(table, prices, block, temperature)
        heat, times = temperature * table.heaviness[block.columns], table.times[block.columns]
        value += float((times * (least - heat * np.log(total))).sum())
        share *= times / total
        at = block.territory.ravel().astype(np.intp)
        for metric in range(table.shape[1]):
            summed = np.bincount(at, (share * table.weights[metric, block.columns]).ravel(), table.shape[0])
            loads[:, metric] += summed
    return Softened(value, loads)
