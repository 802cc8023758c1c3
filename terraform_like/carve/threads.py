"""A thread for each core: numpy lets others work while it does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

#: Most threads.
_MOST = 8


@contextmanager
def threads_of(worth_while: bool) -> Iterator[Executor | None]:
    """Give a thread for each core; None where there is one core, or too little to do for them."""
    count = min(_MOST, os.cpu_count() or 1)
    if count < 2 or not worth_while:
        yield None
        return
    with ThreadPoolExecutor(count) as threads:
        yield threads
