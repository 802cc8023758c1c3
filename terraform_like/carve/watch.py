"""Who watches a carve: is told how far it is, and may end it early with the best answer so far.

The default path knows no clock, so that the same company gets the same plan everywhere. What a time limit or a person
ends is marked in its proof, since another machine would have got to another place.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum


class Stopped(StrEnum):
    """Why a carve ended before it was through."""

    TIME_LIMIT = "time-limit"
    INTERRUPTED = "interrupted"


class Watch:
    """Looks on while components are carved.

    Parameters
    ----------
    tell : callable, optional
        Told in words how far the carve is.
    time_limit : float, optional
        Seconds from now after which the carve ends.
    interrupted : callable, optional
        Asked whether somebody wants it to end.
    """

    def __init__(
        self,
        tell: Callable[[str], None] = lambda _: None,
        time_limit: float | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._tell = tell
        self._deadline = None if time_limit is None else time.monotonic() + time_limit
        self._interrupted = interrupted
        self.stopped: Stopped | None = None

    @property
    def remaining(self) -> float | None:
        """Seconds until the time limit, 0 when it has passed; None without one."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def enough(self) -> bool:
        """Say whether to end here."""
        if self.stopped is None:
            if self._interrupted():
                self.stopped = Stopped.INTERRUPTED
            elif self.remaining == 0.0:
                self.stopped = Stopped.TIME_LIMIT
        return self.stopped is not None

    def tell(self, component: str, doing: str, bound: float | None = None, best: float | None = None) -> None:
        """Tell how far a component is, with bound and best answer in units of the published objective."""
        figures = [] if bound is None else [f"bound {bound:.4g}"]
        if best is not None:
            figures.append(f"best {best:.4g}")
        if bound is not None and best:
            figures.append(f"gap {max(0.0, best - bound) / best:.2%}")
        self._tell(": ".join([f"Carving {component}", ", ".join([doing, *figures])]))


#: Nobody looks on.
UNWATCHED = Watch()
