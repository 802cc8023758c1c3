"""From prices to whole units: heavy units are placed first, prices answer, and the light ones flow round them.

At good prices nearly every unit has one cheapest pair; those at a tie are split by the soft minimum so that loads keep
their limits. Placing the heavy ones one by one, each where it disturbs the soft loads least, and raising prices again
after every tier of weight (a dual dive), leaves to rounding only units that are too light to matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from terraform_like.carve.arrays import Flags, Floats, Ints
from terraform_like.carve.price.prices import ascend
from terraform_like.carve.price.table import Block, Table
from terraform_like.carve.search.improve import book_costs
from terraform_like.carve.watch import UNWATCHED, Watch

#: Tiers of weight, as shares of a mean fair load: units above are placed before prices are raised again.
_TIERS: tuple[float, ...] = (0.5, 0.39, 0.31, 0.24, 0.19, 0.15, 0.12, 0.09, 0.07, 0.055, 0.044)
_TIERS += (0.034, 0.027, 0.021, 0.016, 0.013, 0.01, 0.008, 0.006, 0.005, 0.004, 0.003)
#: So many tiers there are where units are few.
_FEW = 8
#: A tier must leave this many units a territory to answer to it.
_LEFT = 3.0
#: Shares of a unit below this are dropped.
_LEAST_SHARE = (3e-3, 1e-2)
#: Of so many units every fourth tier is one.
_MANY = 500_000
#: Steps of prices after each tier, of few units and of more, and the temperature once all heavy units are placed.
_STEPS, _LAST = (10, 20), 0.005
#: Pairs are left out that are dearer than the cheapest by so many temperatures and what prices may still move.
_PARTS, _PLAY, _WORTH_NARROWING = 15.0, 0.4, 20_000


def dive(table: Table, units: int, prices: Floats, watch: Watch = UNWATCHED) -> tuple[Ints, Floats]:
    """Place every unit.

    Parameters
    ----------
    table : Table
        The open pairs.
    units : int
        N, the number of units, those that the table leaves out among them.
    prices : (T, M) array
        Prices over the mean weight, near the best ones.

    Returns
    -------
    choice : (N,) array of int
        The pair of each unit; -1 for units that have none in the table.
    prices : (T, M) array
        The prices after the last tier.
    """
    many = len(table.units) > _MANY
    temperature = 0.01 if many else 0.02
    left = _LEFT * table.shape[0] / max(1, len(table.units))
    tiers = [tier for tier in _TIERS[:: 4 if many else 1] if tier > left] or list(_TIERS[:_FEW])
    steps = _STEPS[len(table.units) > _WORTH_NARROWING]
    if len(table.units) > _WORTH_NARROWING:
        table = table.narrowed(prices, _PARTS * temperature + _PLAY)
    if not len(table.units):
        return table.choice(np.empty(0, dtype=np.int64), units), prices
    now = table
    fair = np.maximum(table.limits.target.mean(axis=0), 1e-300)
    weight = (table.weights / fair[:, None]).max(axis=0, initial=0.0)
    for tier in tiers:
        heavy = weight >= tier
        if watch.enough() or not heavy.any():
            continue
        placed = _place(now, prices, temperature, weight, heavy)
        now = now.with_costs(partial(_decided, placed, heavy))
        prices = ascend(now, prices, [(temperature, 2.5 * temperature, steps)], watch)
    # The fewer units are in parts, the less is left to rounding.
    temperature = _LAST
    prices = ascend(now, prices, [(temperature, 2.5 * temperature, steps)], watch)
    return table.choice(_round(now, prices, temperature, weight), units), prices


def _decided(row: Ints, those: Flags, block: Block) -> Floats:
    """Give the cost of the pairs of a block, where some units may only have the row that they were given."""
    other = np.arange(len(block.cost))[:, None] != row[block.columns]
    return np.where(those[block.columns] & other, np.inf, block.cost)


@dataclass(frozen=True, slots=True)
class _Soft:
    """Units in parts.

    Parameters
    ----------
    row : (n,) array of int
        The row of the largest part of each unit.
    loads : (T, M) array
        Loads of the parts.
    play : (T, M) array
        How far loads of light units answer to a price of 1.
    column, part_row, part, behind : arrays
        The parts of units that are in several: column, row, share, and how much dearer than the cheapest.
    territory, cost : arrays
        Territories and costs of these parts.
    """

    row: Ints
    loads: Floats
    play: Floats
    column: Ints
    part_row: Ints
    part: Floats
    behind: Floats
    territory: Ints
    cost: Floats


def _soft(table: Table, prices: Floats, temperature: float, least: float, light: np.ndarray) -> _Soft:
    territories, metrics = table.shape
    loads, play = np.zeros(table.shape), np.zeros(table.shape)
    row = np.empty(len(table.units), dtype=np.int64)
    parts: list[tuple[Ints, Ints, Floats, Floats, Ints, Floats]] = []
    for block in table.blocks:
        columns = block.columns
        heat = temperature * table.heaviness[columns]
        behind = table.priced(prices, block)
        behind -= behind.min(axis=0)
        share = np.exp(-behind / heat)
        share[share < least] = 0
        share /= share.sum(axis=0)
        row[columns] = share.argmax(axis=0)
        at = block.territory.ravel()
        answer = share * (1 - share) / heat * light[columns]
        for metric in range(metrics):
            weights = table.weights[metric, columns]
            loads[:, metric] += np.bincount(at, (share * weights).ravel(), territories)
            play[:, metric] += np.bincount(at, (answer * weights**2).ravel(), territories)
        split = np.flatnonzero(share.max(axis=0) < 1)
        where, which = np.nonzero(share[:, split].T)
        columns_of = split[where]
        at_part = (which, columns_of)
        book = block.territory[at_part].astype(np.int64)
        parts.append((columns_of + columns.start, which, share[at_part], behind[at_part], book, block.cost[at_part]))
    return _Soft(row, loads, play, *(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _heaviest_first(soft: _Soft, weight: Floats, among: np.ndarray) -> Iterator[tuple[int, Ints]]:
    """Give units that are in parts, with the positions of their parts."""
    columns, first = np.unique(soft.column, return_index=True)
    last = np.append(first[1:], len(soft.column))
    for at in np.lexsort((columns, -weight[columns])).tolist():
        if among[columns[at]]:
            yield int(columns[at]), np.arange(first[at], last[at])


def _place(table: Table, prices: Floats, temperature: float, weight: Floats, heavy: np.ndarray) -> Ints:
    """Place the heavy units where they disturb the soft loads least, for the play that the light ones leave."""
    soft = _soft(table, prices, temperature, _LEAST_SHARE[0], ~heavy)
    row, play = soft.row.copy(), np.maximum(soft.play, 1e-6 * np.maximum(table.limits.target, 1e-9))
    off = np.zeros(table.shape)
    for column, parts in _heaviest_first(soft, weight, heavy):
        books, own = soft.territory[parts], table.weights[:, column]
        off[books] -= soft.part[parts, None] * own
        stress = soft.behind[parts] + (((off[books] + own) ** 2 - off[books] ** 2) / (2 * play[books])).sum(axis=1)
        best = int(stress.argmin())
        off[books[best]] += own
        row[column] = soft.part_row[parts[best]]
    return row


def _round(table: Table, prices: Floats, temperature: float, weight: Floats) -> Ints:
    """Place every unit that is still in parts where loads cost least, the heaviest first."""
    everything = np.ones(len(table.units), dtype=bool)
    soft = _soft(table, prices, temperature, _LEAST_SHARE[1], everything)
    row, loads = soft.row.copy(), soft.loads + table.decided
    for column, parts in _heaviest_first(soft, weight, everything):
        books, own = soft.territory[parts], table.weights[:, column]
        loads[books] -= soft.part[parts, None] * own
        there = loads[books]
        dearer = book_costs(table.limits, books, there + own) - book_costs(table.limits, books, there)
        best = int((soft.cost[parts] + dearer).argmin())
        loads[books[best]] += own
        row[column] = soft.part_row[parts[best]]
    return row
