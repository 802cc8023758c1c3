"""Match people to territories: an assignment, solved by HiGHS."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
from scipy.sparse import csr_array

from terraform_like.carve.arrays import Floats, Ints
from terraform_like.carve.programs.highs import run, values

#: What each part counts; each is 0 to 1 for a person and a territory. Who has a book keeps it: all else together
#: counts less than the whole of it.
HAS, NEAR, FITS, SENIOR = 8.0, 3.0, 3.0, 0.1
#: What decides where all else is alike: the first names go together. Less than anybody would call a difference.
TIE = 1e-4
_WHOLE = 0.5
#: Nodes of branch and bound; a limit of time would make the match depend on the machine.
_NODES = 2_000


def match(has: Floats, km: Floats, fits: Floats, senior: Floats, takes: Floats, room: Floats) -> Ints:
    """Give each territory one of some people, as many territories as can be, and then what counts most in all.

    Parameters
    ----------
    has, fits : (P, T) array
        Share of the territory's accounts that the person has now, and share that asks for a skill of theirs; 0 to 1.
    km : (P, T) array
        From home to the middle of the book, NaN where unknown: that counts as the mean of what is known.
    senior : (P, T) array
        How well the person's seniority suits the weight of the book, 0 to 1.
    takes : (P, T) array
        What a territory takes of a person's room, infinite where it may not be theirs.
    room : (P,) array
        How much each person can take.

    Returns
    -------
    (T,) array of int
        The person of each territory, -1 for nobody.

    Raises
    ------
    SolverError
        When HiGHS gives no usable answer.
    """
    people, territories = takes.shape
    person, territory = np.nonzero(takes <= room[:, None] * (1 + 1e-9))
    nobody = np.full(territories, -1, dtype=np.int64)
    if not len(person):
        return nobody
    worth = HAS * has + NEAR * _near(km) + FITS * fits + SENIOR * senior - TIE * _order(people, territories)
    # One more territory with an owner counts more than anything about who owns the others.
    worth = worth + (HAS + NEAR + FITS + SENIOR + 1) * (min(people, territories) + 1)
    single = bool((takes[person, territory] == room[person]).all())
    share = _solved(worth[person, territory], person, territory, takes[person, territory], room, single)
    taken = share > _WHOLE
    nobody[territory[taken]] = person[taken]
    return nobody


def _near(km: Floats) -> Floats:
    """Give 1 for no distance and 0 for the largest."""
    known = np.isfinite(km)
    if not known.any():
        return np.zeros(km.shape)
    scale = km[known].max() or 1.0
    near: Floats = 1 - np.where(known, km, km[known].mean()) / scale
    return near


def _order(people: int, territories: int) -> Floats:
    """Give what is least in all where first names go with first names, and the last ones with nobody."""
    first = np.arange(1, people + 1) / people
    late = np.arange(territories, 0, -1) / territories
    order: Floats = first[:, None] * late[None, :] - 2 * late[None, :]
    return order


def _solved(worth: Floats, person: Ints, territory: Ints, takes: Floats, room: Floats, single: bool) -> Floats:
    """Solve over pairs; where everybody takes one territory, corners of the linear program are whole."""
    pairs = np.arange(len(worth))
    each = csr_array((np.ones(len(worth)), (territory, pairs)), shape=(territory.max() + 1, len(worth)))
    carried = csr_array((np.ones(len(worth)) if single else takes, (person, pairs)), shape=(len(room), len(worth)))
    x = cp.Variable(len(worth), bounds=[0, 1]) if single else cp.Variable(len(worth), boolean=True)
    limit = np.ones(len(room)) if single else room * (1 + 1e-9)
    model = cp.Problem(cp.Maximize(worth @ x), [each @ x <= 1, carried @ x <= limit])
    options = {} if single else {"mip_rel_gap": 0.0, "mip_max_nodes": _NODES}
    run(model, **options)
    return values(model, x)
