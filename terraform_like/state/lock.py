"""One apply at a time: who holds the lock, and a lock of the operating system on a file that dies with its process."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from terraform_like.diagnostics import counted

#: Seconds between two tries.
_PAUSE = 0.05

#: Seconds that even the impatient wait: to see who holds a file's lock, one has to take it for an instant.
_GLANCE = 0.2


class StateError(Exception):
    """The state cannot be used; the message is fit for a person and holds no credential."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the lock: a person or a job, on which host, in which process, since when (UTC, ISO 8601), by which ID."""

    who: str
    host: str
    pid: int
    since: str
    id: str = ""

    def __str__(self) -> str:
        return f"{self.who} on {self.host} (process {self.pid}), since {self.since}"

    def is_alive(self, host: str) -> bool:
        """Say whether its process runs on the host that asks; of processes elsewhere nothing is known."""
        if self.host != host:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


class NoState(StateError):
    """There is no state yet, and none was to be made."""


class StateLocked(StateError):
    """Another apply has the lock; `holder` is null where it did not say who it is.

    `parted` says that people can take it from a holder who is gone, `over` when it ends by itself where that holder
    gives no sign of life.
    """

    def __init__(self, holder: Holder | None, waited: float, *, parted: bool = False, over: str | None = None) -> None:
        by = f"held by {holder}" if holder else "held by another process"
        gone = (
            f". Should that process be gone for good: territory state unlock {holder.id}" if holder and parted else ""
        )
        gone += f"; or apply after {over}, when its lease is over" if gone and over else ""
        super().__init__(
            f"the state is locked: {by}; waited {counted(round(waited), 'second')}. "
            f"It is free as soon as that apply ends; wait longer with --lock-timeout{gone}"
        )
        self.holder = holder


@contextmanager
def file_lock(path: Path, holder: Holder, timeout: float) -> Iterator[None]:
    """Hold the lock on a file, waiting up to `timeout` seconds for it.

    The file stays: removing it would let two processes hold locks on two files of one name.

    Raises
    ------
    StateLocked
        When another process still holds it after the timeout.
    StateError
        When the file cannot be made.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise StateError(f"the lock {path.name} cannot be made beside the state: {error.strerror}") from None
    try:
        patiently(
            lambda: _taken(descriptor), lambda waited: StateLocked(_holder(descriptor), waited), max(timeout, _GLANCE)
        )
        _write(descriptor, json.dumps(asdict(holder)).encode())
        try:
            yield
        finally:
            _write(descriptor, b"")
    finally:
        os.close(descriptor)


def held_by(path: Path) -> Holder | None:
    """Give who holds the lock on a file at this moment; None where nobody does, or did not say who it is."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        return None if _taken(descriptor) else _holder(descriptor)
    finally:
        os.close(descriptor)


def patiently(
    take: Callable[[], bool], refusal: Callable[[float], StateLocked], timeout: float, *, pause: float = _PAUSE
) -> None:
    """Try to take a lock, every `pause` seconds, until that succeeds or `timeout` seconds have passed.

    Raises
    ------
    StateLocked
        The refusal, made with the seconds that were waited.
    """
    start = time.monotonic()
    while not take():
        waited = time.monotonic() - start
        if waited >= timeout:
            raise refusal(waited)
        time.sleep(min(pause, max(0.0, timeout - waited)))


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> Holder | None:
    """Read who holds it; the holder may be writing at this moment, or be of another version."""
    try:
        return Holder(**json.loads(os.pread(descriptor, 4096, 0)))
    except (ValueError, TypeError):
        return None


def _write(descriptor: int, data: bytes) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, data, 0)
