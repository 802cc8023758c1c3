"""A load drawn against its band: where it was, where it will be, and where the band ends, in one line of characters."""

from __future__ import annotations

#: Columns of the terminal that a bar takes at least and at most.
NARROWEST, WIDEST = 9, 25
LEGEND = "│ its ends, ○ before, ● after, ‹ › before, farther out"
_GROUND, _END, _BEFORE, _AFTER, _LEFT, _RIGHT = "·│○●‹›"


def bar(before: float, after: float, size: int) -> str:
    """Draw two values against a band, which takes the middle third: the bands of a table stand below each other.

    Parameters
    ----------
    before, after : float
        Where they stand in the band: 0 at its low end, 1 at its high one.
    size : int
        Columns of the terminal, at least 9; the bar takes as many or a few less.
    """
    # An odd number of columns, so that the middle of the band has one of its own.
    middle = (size - 2) // 3 - ((size - 2) // 3 + 1) % 2
    side = (size - 2 - middle) // 2
    drawn = [*(_GROUND * side), _END, *(_GROUND * middle), _END, *(_GROUND * side)]
    for value, mark, low, high in ((before, _BEFORE, _LEFT, _RIGHT), (after, _AFTER, _AFTER, _AFTER)):
        place = _place(value, middle, side)
        drawn[min(max(place, 0), len(drawn) - 1)] = low if place < 0 else high if place >= len(drawn) else mark
    return "".join(drawn)


def _place(value: float, middle: int, side: int) -> int:
    """Give the column of a value: never that of an end, and on the same side of both ends as the value."""
    if value < 0:
        return side - 1 - int(-value * middle)
    if value > 1:
        return side + middle + 2 + int((value - 1) * middle)
    return side + 1 + min(middle - 1, int(value * middle))
