"""Which of few hues each territory takes, so that those near one another look different."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from terraform_like.domain.geography import great_circle_km
from terraform_like.domain.quantity import Point
from terraform_like.report.page.theme import HUES

#: Territories that count as near: as many as there are hues beside one's own.
_NEAR = HUES - 1


def hues(names: tuple[str, ...], middles: Mapping[str, Point]) -> dict[str, int]:
    """Give each territory a hue, by number; names are taken in their order.

    Parameters
    ----------
    names : tuple of str
        The territories.
    middles : mapping of str to (float, float)
        Latitude and longitude of the middles of their books, where they are known.
    """
    found: dict[str, int] = {}
    for position, name in enumerate(names):
        if name not in middles:
            found[name] = position % HUES
            continue
        others = [other for other in found if other in middles]
        far = great_circle_km(*middles[name], *np.array([middles[o] for o in others], float).reshape(-1, 2).T)
        nearest = [others[i] for i in np.argsort(far, kind="stable")[:_NEAR]]
        # The hue that is not near at all, else the one that is farthest away; of several the least used.
        distance = {found[other]: rank for rank, other in reversed(list(enumerate(nearest)))}
        used = list(found.values())
        found[name] = min(range(HUES), key=lambda hue: (-distance.get(hue, _NEAR), used.count(hue), hue))
    return found
