"""Components apart: in this process, in processes beside it, or on a dask cluster; the same bytes from each.

A component is carved by a function of its problem alone, so it does not matter where; answers come back in the order of
the components.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from terraform_like.carve.watch import UNWATCHED, Watch

Given = TypeVar("Given")
Answer = TypeVar("Answer")

#: A process takes about a second to start: this many pairs take longer to carve.
_WORTH_A_PROCESS = 50_000
#: Seconds between two looks at how many components are done.
_MOMENT = 0.2


class ExecutorError(Exception):
    """There is no such executor, or it cannot be reached; the message says what to do."""


def run_apart(
    work: Callable[[Given, Watch], Answer],
    given: Sequence[Given],
    sizes: Sequence[int],
    where: str | None,
    watch: Watch,
) -> list[Answer]:
    """Work on components, each apart.

    Parameters
    ----------
    work : callable
        A function of a module, as others must be able to import it.
    given : sequence
        What it is called with, one a component.
    sizes : sequence of int
        Pairs of each component: small ones are not worth a process.
    where : str or None
        `here`, `processes` or `dask:ADDRESS`; None chooses between the first two.
    watch : Watch
        Is told how far it is, and may end it early.

    Returns
    -------
    list
        The answers, in the order of what was given.

    Raises
    ------
    ExecutorError
        When there is no such executor, or it cannot be reached.
    """
    large = sum(size >= _WORTH_A_PROCESS for size in sizes)
    if where is None:
        where = "processes" if min(large, os.cpu_count() or 1) > 1 else "here"
    if where == "here":
        return [work(one, watch) for one in given]
    with _opened(where, len(given)) as (executor, stop):
        futures: list[Future[Answer]] = [executor.submit(_there, work, one, watch.remaining) for one in given]
        return list(_gathered(futures, stop, watch))


def _gathered(futures: list[Future[Answer]], stop: Callable[[], None], watch: Watch) -> Iterator[Answer]:
    told = -1
    while (done := sum(future.done() for future in futures)) < len(futures):
        if done != told:
            watch.tell(f"{len(futures)} components", f"{done} done")
            told = done
        if watch.enough():
            stop()
        _wait_a_moment(futures)
    for future in futures:
        yield future.result()


def _wait_a_moment(futures: list[Future[Answer]]) -> None:
    """Wait until all answers are there, or for a moment."""
    # The futures of dask are none of the standard library, whose `wait` would not take them.
    end = time.monotonic() + _MOMENT
    while time.monotonic() < end and not all(future.done() for future in futures):
        time.sleep(0.01)


@contextmanager
def _opened(where: str, components: int) -> Iterator[tuple[Executor, Callable[[], None]]]:
    if where == "processes":
        context = multiprocessing.get_context("spawn")
        event = context.Event()
        workers = max(1, min(os.cpu_count() or 1, components))
        with ProcessPoolExecutor(workers, context, _begin, (event,)) as executor:
            yield executor, event.set
    elif where.startswith("dask:"):
        with _dask(where.removeprefix("dask:")) as client:
            yield client.get_executor(), lambda: None
    else:
        raise ExecutorError(f'There is no executor "{where}". There are: here, processes, dask:ADDRESS.')


@contextmanager
def _dask(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise ExecutorError(
            "Dask is not installed. Install it beside this tool: pip install 'terraform-like[dask]'"
        ) from None
    try:
        client: Any = Client(address, timeout=10)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise ExecutorError(f"No dask scheduler answers at {address}: {error}") from error
    with client:
        yield client


#: Set in a child when whoever asked for the work wants it to end.
_asked_to_end: Any = None


def _begin(event: Any) -> None:
    global _asked_to_end
    _asked_to_end = event
    # An interrupt reaches all processes of a terminal: the one in front decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _there(work: Callable[[Given, Watch], Answer], given: Given, time_limit: float | None) -> Answer:
    """Do the work where it was sent."""
    if time_limit is None and _asked_to_end is None:
        return work(given, UNWATCHED)
    asked = _asked_to_end
    return work(given, Watch(time_limit=time_limit, interrupted=asked.is_set if asked else lambda: False))
