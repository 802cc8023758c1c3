"""Where the names of books stand on a map, so that they do not run over one another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from terraform_like.domain.quantity import Point

#: Width of the map that names are laid out for, and the narrowest that shows them all; in pixels.
_WIDTH, NARROWEST = 480.0, 440
#: A letter's width, a line's height, and how far a name may stand from its book.
_LETTER, _LINE, _FARTHEST = 6.9, 15.0, 6
#: Of more names than this, only those show that can stand beside their book.
_MANY = 40
#: Share of the width from the edge within which a name stands to the inner side of its book.
_EDGE = 0.12

Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a book on a map.

    Parameters
    ----------
    territory, text : str
        The book, and its name without what all names of the map begin with.
    align : str
        Which part of the text stands at the middle of the book.
    down : float
        Pixels below the middle.
    fits : bool
        Whether there is room for it; where there is none it shows when the book is chosen.
    """

    territory: str
    text: str
    align: Align
    down: float
    fits: bool


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    right: float
    middle: float

    def hits(self, other: _Box) -> bool:
        beside = self.right <= other.left or other.right <= self.left
        return not beside and abs(self.middle - other.middle) < _LINE


_NOWHERE: tuple[Align, float, None] = ("center", 0.0, None)


def labels(names: Sequence[str], middles: Mapping[str, Point]) -> tuple[Label, ...]:
    """Lay out names from north to south; each stands as near to its book as the ones before let it.

    Parameters
    ----------
    names : sequence of str
        Territories of one segment.
    middles : mapping of str to (float, float)
        Latitude and longitude of the middles of their books; a name without one is left out.
    """
    shown = [name for name in names if name in middles]
    if not shown:
        return ()
    skip = _common(shown)
    farthest = _FARTHEST if len(shown) <= _MANY else 1
    at = dict(zip(shown, _flat([middles[name] for name in shown]), strict=True))
    placed: list[_Box] = []
    found = []
    for name in sorted(shown, key=lambda n: (at[n][1], n)):
        x, y = at[name]
        text = name[skip:]
        spots = _spots(x, y, len(text) * _LETTER, farthest)
        align, down, box = next(((a, d, b) for a, d, b in spots if not any(b.hits(o) for o in placed)), _NOWHERE)
        if box is not None:
            placed.append(box)
        found.append(Label(name, text, align, down, box is not None))
    return tuple(found)


def _spots(x: float, y: float, wide: float, farthest: int) -> Iterator[tuple[Align, float, _Box]]:
    """Give where a name may stand, the best first: near its book, and inside the map."""
    aligns: tuple[Align, ...] = ("center", "left", "right")
    if x < _EDGE * _WIDTH:
        aligns = ("left",)
    elif x > (1 - _EDGE) * _WIDTH:
        aligns = ("right",)
    for step in range(farthest + 1):
        for down in {step * _LINE / 2: None, -step * _LINE / 2: None}:
            for align in aligns:
                left = x - {"left": 0, "center": wide / 2, "right": wide}[align]
                if left >= 0 and left + wide <= _WIDTH:
                    yield align, down, _Box(left, left + wide, y + down)


def _flat(points: Sequence[Point]) -> list[tuple[float, float]]:
    """Give about where places are on the map: degrees of longitude shrink with the latitude, which is near enough."""
    south, north = min(p[0] for p in points), max(p[0] for p in points)
    west, east = min(p[1] for p in points), max(p[1] for p in points)
    shrink = math.cos(math.radians((south + north) / 2))
    degree = _WIDTH / max((east - west) * shrink * 1.15, 1e-6)
    edge = 0.07 * _WIDTH
    return [(edge + (lon - west) * shrink * degree, (north - lat) * degree) for lat, lon in points]


def _common(names: Sequence[str]) -> int:
    """Give how many letters all names begin with, up to a hyphen; none where there is one name only."""
    first, last = min(names), max(names)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    skip = first.rfind("-", 0, same) + 1
    # A number alone is no name.
    return 0 if any(name[skip:].isdecimal() for name in names) else skip
