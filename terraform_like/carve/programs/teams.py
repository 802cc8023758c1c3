"""Spread people of a role over territories: a mixed-integer program, solved by HiGHS."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
from scipy.sparse import csr_array, diags_array

from terraform_like.carve.arrays import Flags, Floats, Ints
from terraform_like.carve.programs.highs import has_point, run, values

#: What counts, most first: who may go on covering a territory does, every territory is covered, what people carry is
#: even (1 is as much as everybody having nothing of their part), and travel is short (1 is everybody at the farthest).
KEPT, COVERED, EVEN, NEAR = 100.0, 10.0, 1.0, 0.1
#: What decides where all else is alike: the first names go together, and the last have nobody.
_TIE = 1e-4
#: Nodes of branch and bound, and of large programs; a limit of time would make the answer depend on the machine.
_NODES, _FEW_NODES = 200, 1
#: More pairs than these are not looked at all: each territory looks at so many nearest people.
_ALL_PAIRS, _NEAREST = 3_000, 8
#: More pairs than these are solved in two steps, and as soon as evenness is so near to the best.
_AT_ONCE, _NEARLY = 300, 0.02
_WHOLE = 0.5


def spread_teams(
    kind: Ints, near: Flags, km: Floats, most: Ints, capacity: Floats, loads: Floats, before: Ints, kept: Ints
) -> Ints:
    """Give each territory one person of a role; nobody gets more than they may, nor territories of two kinds.

    Parameters
    ----------
    kind : (B,) array of int
        All territories of one person are of one kind.
    near : (P, B) array of bool
        Whether the person may cover the territory.
    km : (P, B) array
        From home to the middle of the territory, NaN where unknown: that counts as the mean of what is known.
    most : (P,) array of int
        How many territories each may cover.
    capacity : (P,) array
        How much each carries beside the others.
    loads : (B, M) array
        Load of each territory in each metric as a share of all of it.
    before : (B,) array of int
        Who covered each territory until now, -1 for nobody: going on is what counts most.
    kept : (B,) array of int
        Who goes on covering it in any case, -1 where that is open.

    Returns
    -------
    (B,) array of int
        The person of each territory, -1 for nobody.

    Raises
    ------
    SolverError
        When HiGHS fails.
    """
    at = kept.copy()
    person, book = np.nonzero(_looked_at(near, km, kept, before) & (most > 0)[:, None])
    if not (kept[book] < 0).any():
        return at
    cost = _costs(km, before)[person, book]
    if len(person) > _AT_ONCE:
        # Who covers which kind is found without evenness, and then what of that kind with it.
        taken = _solved(person, book, kind, cost, most, capacity, loads[:, :0], kept)
        covers = np.full(len(most), -1)
        covers[person[taken]] = kind[book[taken]]
        open_ones = (covers[person] == kind[book]) | (covers[person] < 0)
        person, book, cost = person[open_ones], book[open_ones], cost[open_ones]
    taken = _solved(person, book, kind, cost, most, capacity, loads, kept)
    at[book[taken]] = person[taken]
    return at


def _looked_at(near: Flags, km: Floats, kept: Ints, before: Ints) -> Flags:
    """Say which pairs are open; a territory that is kept has one."""
    allowed = near.copy()
    if allowed.sum() > _ALL_PAIRS:
        far = np.where(allowed & np.isfinite(km), km, np.inf)
        nearest = np.argsort(far, axis=0, kind="stable")[:_NEAREST]
        some = np.zeros_like(allowed)
        np.put_along_axis(some, nearest, True, axis=0)
        covered = np.flatnonzero(before >= 0)
        some[before[covered], covered] = True
        allowed &= some
    fixed = np.flatnonzero(kept >= 0)
    allowed[:, fixed] = False
    allowed[kept[fixed], fixed] = True
    return allowed


def _costs(km: Floats, before: Ints) -> Floats:
    """Give what it costs that somebody covers a territory, less what it costs that nobody does: (P, B)."""
    people, books = km.shape
    known = np.isfinite(km)
    scale = (km[known].max() if known.any() else 0.0) or 1.0
    travel = np.where(known, km, km[known].mean() if known.any() else 0.0) / scale
    late = np.arange(books, 0, -1)[None, :] / books
    order = np.arange(1, people + 1)[:, None] / people * late - 2 * late
    stays = np.arange(people)[:, None] == before[None, :]
    cost: Floats = (NEAR * travel + _TIE * order) / books - COVERED - KEPT * stays
    return cost


def _solved(
    person: Ints, book: Ints, kind: Ints, cost: Floats, most: Ints, capacity: Floats, loads: Floats, kept: Ints
) -> Flags:
    """Solve over pairs; say which of them are taken."""
    pairs, people, books = np.arange(len(person)), len(most), len(kind)
    ones = np.ones(len(person))
    choices, choice = np.unique(np.stack([person, kind[book]], axis=1), axis=0, return_inverse=True)
    each = csr_array((ones, (book, pairs)), shape=(books, len(pairs)))
    in_kind = csr_array((ones, (choice.ravel(), pairs)), shape=(len(choices), len(pairs)))
    kinds = csr_array((np.ones(len(choices)), (choices[:, 0], np.arange(len(choices)))), shape=(people, len(choices)))
    low = (kept[book] >= 0).astype(float)
    x = cp.Variable(len(pairs), boolean=True)
    has_kind = cp.Variable(len(choices), boolean=True)
    rules = [
        each @ x <= 1,
        x >= low,
        in_kind @ x <= diags_array(most[choices[:, 0]].astype(float)) @ has_kind,
        kinds @ has_kind <= 1,
    ]
    objective = cost @ x
    part = capacity / capacity.sum()
    for m in range(loads.shape[1]):
        carried = csr_array((loads[book, m], (person, pairs)), shape=(people, len(pairs))) @ x
        off = cp.Variable(people, nonneg=True)
        rules += [off >= carried - part, off >= part - carried]
        objective = objective + EVEN / loads.shape[1] * (np.ones(people) @ off)
    model = cp.Problem(cp.Minimize(objective), rules)
    run(
        model,
        mip_rel_gap=0.0,
        mip_abs_gap=_TIE / books if len(person) <= _AT_ONCE else _NEARLY,
        mip_max_nodes=_NODES if len(person) <= _AT_ONCE else _FEW_NODES,
    )
    # What comes back is checked by the rules, and completed.
    return values(model, x) > _WHOLE if has_point(model) else low > 0
