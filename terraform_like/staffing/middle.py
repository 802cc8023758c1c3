"""Where the middle of each book is."""

from __future__ import annotations

import numpy as np

from terraform_like.domain.geography import on_the_sphere
from terraform_like.staffing.cast import Cast, Floats


def middles(cast: Cast) -> Floats:
    """Give the middle of each book: the mean of its accounts' places on the sphere, else the center that is wished.

    Accounts count by their share of the book's metrics, so that the middle is where the work is.

    Parameters
    ----------
    cast : Cast
        Accounts and books.

    Returns
    -------
    (books, 2) array
        Latitude and longitude in degrees, NaN where neither accounts nor wishes say where it is.
    """
    known = np.isfinite(cast.points).all(axis=1) & (cast.territory >= 0)
    sphere = on_the_sphere(cast.points)
    # Books of a segment are balanced by the same metrics: each is weighed once.
    weighed = {metrics: _weight(cast, metrics) for metrics in {cast.metrics(name) for name in cast.books}}
    found = np.full((len(cast.books), 2), np.nan)
    order = np.flatnonzero(known)[np.argsort(cast.territory[known], kind="stable")]
    starts = np.searchsorted(cast.territory[order], np.arange(len(cast.books) + 1))
    for number, name in enumerate(cast.books):
        mine = order[starts[number] : starts[number + 1]]
        weight = weighed[cast.metrics(name)][mine]
        weight = weight if weight.sum() > 0 else np.ones(len(mine))
        x, y, z = weight @ sphere[mine] if len(mine) else np.zeros(3)
        center = cast.wishes[name].center
        if x or y or z:
            found[number] = np.degrees([np.arctan2(z, np.hypot(x, y)), np.arctan2(y, x)])
        elif center is not None:
            found[number] = center
    return found


def _weight(cast: Cast, metrics: tuple[str, ...]) -> Floats:
    weight = np.zeros(len(cast.accounts))
    for metric in metrics:
        total = cast.loads[metric].sum()
        if total > 0:
            weight += cast.loads[metric] / total
    return weight
