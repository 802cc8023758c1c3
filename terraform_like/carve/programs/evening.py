"""Spread the accounts of a vacant territory over people so that what each has in all is even: a linear program."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from terraform_like.carve.arrays import Flags, Floats, Ints
from terraform_like.carve.programs.highs import run, values

#: Pairs of account and person above which each account looks at some people only.
_ALL_PAIRS = 60_000
#: So many nearest people, and so many with the least, where not all are looked at.
_NEAREST, _LIGHTEST = 8, 8
#: What travel counts beside evenness: it decides between answers that are as even.
_TRAVEL = 1e-3
#: What an account that nobody holds costs; more than any unevenness.
_NOBODY = 1e3
#: Rounds of single moves after rounding.
_ROUNDS = 4
_ROUNDING = 1e-9


def spread_evenly(own: Floats, loads: Floats, room: Floats, km: Floats) -> Ints:
    """Give each account to one of some people so that their loads, all that they have in all, are even.

    Minimises the sum, over people and metrics, of the distance from the mean load as a share of it; the program is
    solved without integrality, what is split is given to who comes best off, and single moves mend the rest. A person
    never gets beyond their room.

    Parameters
    ----------
    own : (people, metrics) array
        What each has beside these accounts, in the metric's own unit.
    loads : (accounts, metrics) array
        What each account adds.
    room : (people, metrics) array
        What each person can get, infinite where nothing limits it.
    km : (accounts, people) array
        From account to person, NaN where unknown.

    Returns
    -------
    (accounts,) array of int
        The person of each account, -1 where nobody has room for it.

    Raises
    ------
    SolverError
        When HiGHS gives no usable answer.
    """
    people = len(own)
    mean = (own.sum(axis=0) + loads.sum(axis=0)) / max(1, people)
    scale = np.where(mean > 0, mean, 1.0)
    own, loads, room = own / scale, loads / scale, room / scale
    allowed = _looked_at(own, km)
    share = _relaxed(own, loads, room, km, allowed)
    at = _rounded(share, own, loads, room)
    return _moved(at, own, loads, room, allowed)


def _looked_at(own: Floats, km: Floats) -> Flags:
    """Say which people each account looks at, (accounts, people)."""
    accounts, people = km.shape
    if accounts * people <= _ALL_PAIRS:
        return np.ones(km.shape, dtype=bool)
    far = np.where(np.isfinite(km), km, np.inf)
    allowed = np.zeros(km.shape, dtype=bool)
    near = np.argsort(far, axis=1, kind="stable")[:, :_NEAREST]
    np.put_along_axis(allowed, near, True, axis=1)
    allowed[:, np.argsort(own.sum(axis=1), kind="stable")[:_LIGHTEST]] = True
    return allowed


def _relaxed(own: Floats, loads: Floats, room: Floats, km: Floats, allowed: Flags) -> Floats:
    """Solve the program; give the share of each account that each person gets, (accounts, people)."""
    accounts, people = km.shape
    account, person = np.nonzero(allowed)
    pairs = len(account)
    at = np.arange(pairs)
    one_each = sp.csr_array((np.ones(pairs), (account, at)), shape=(accounts, pairs))
    given = cp.Variable(pairs, nonneg=True)
    nobody = cp.Variable(accounts, nonneg=True)
    far = km[account, person]
    known = np.isfinite(far)
    mean_km = far[known].mean() if known.any() and far[known].mean() > 0 else 1.0
    travel = np.where(known, far, mean_km) / mean_km / max(1, accounts)
    rules = [one_each @ given + nobody == 1]
    cost = _TRAVEL * (travel @ given) + _NOBODY * (np.ones(accounts) @ nobody)
    for m in range(own.shape[1]):
        gets = sp.csr_array((loads[account, m], (person, at)), shape=(people, pairs)) @ given
        off = cp.Variable(people, nonneg=True)
        rules += [off >= own[:, m] + gets - 1, off >= 1 - own[:, m] - gets]
        limited = np.flatnonzero(np.isfinite(room[:, m]))
        if limited.size:
            rules.append(gets[limited] <= np.maximum(room[limited, m], 0))
        cost = cost + np.ones(people) @ off
    model = cp.Problem(cp.Minimize(cost), rules)
    run(model)
    share = np.zeros(km.shape)
    share[account, person] = values(model, given)
    return share


def _rounded(share: Floats, own: Floats, loads: Floats, room: Floats) -> Ints:
    """Give whole accounts to who has all of them, then the heaviest of the others to who comes best off."""
    at: Ints = np.where(share.max(axis=1) > 1 - 1e-6, share.argmax(axis=1), -1)
    total = own.copy()
    np.add.at(total, at[at >= 0], loads[at >= 0])
    most = own + room
    left = np.flatnonzero(at < 0)
    for account in left[np.lexsort((left, -loads[left].sum(axis=1)))]:
        whom = _best(total, loads[account], most, share[account] > 1e-9)
        whom = whom if whom >= 0 else _best(total, loads[account], most, np.ones(len(own), dtype=bool))
        at[account] = whom
        if whom >= 0:
            total[whom] += loads[account]
    return at


def _best(total: Floats, load: Floats, most: Floats, among: Flags) -> int:
    """Give the person whose load comes nearest to the mean with one more account, -1 where nobody has room."""
    after = total + load
    fits = among & (after <= most + _ROUNDING).all(axis=1)
    if not fits.any():
        return -1
    worse = np.abs(after - 1).sum(axis=1) - np.abs(total - 1).sum(axis=1)
    return int(np.where(fits, worse, np.inf).argmin())


def _moved(at: Ints, own: Floats, loads: Floats, room: Floats, allowed: Flags) -> Ints:
    """Move single accounts while that makes loads more even, a bounded number of rounds."""
    at = at.copy()
    total = own.copy()
    np.add.at(total, at[at >= 0], loads[at >= 0])
    most = own + room
    for _ in range(_ROUNDS):
        better = False
        for account in np.flatnonzero(at >= 0):
            giver = at[account]
            without = total.copy()
            without[giver] -= loads[account]
            whom = _best(without, loads[account], most, allowed[account])
            if whom < 0 or whom == giver:
                continue
            gain = np.abs(total - 1).sum() - np.abs(_with(without, whom, loads[account]) - 1).sum()
            if gain > _ROUNDING:
                total = _with(without, whom, loads[account])
                at[account] = whom
                better = True
        if not better:
            break
    return at


def _with(total: Floats, person: int, load: Floats) -> Floats:
    after = total.copy()
    after[person] += load
    return after
