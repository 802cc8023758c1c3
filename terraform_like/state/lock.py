"""One apply at a time: a lock of the operating system on a file beside the state, which dies with its process."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from terraform_like.diagnostics import counted

#: Seconds between two tries.
_PAUSE = 0.05


class StateError(Exception):
    """The state cannot be used; the message is fit for a person and holds no credential."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the lock: a person or a job, on which host, in which process, since when (UTC, ISO 8601)."""

    who: str
    host: str
    pid: int
    since: str

    def __str__(self) -> str:
        return f"{self.who} on {self.host} (process {self.pid}), since {self.since}"


class StateLocked(StateError):
    """Another apply has the lock; `holder` is null where it did not say who it is."""

    def __init__(self, holder: Holder | None, waited: float) -> None:
        by = f"held by {holder}" if holder else "held by another process"
        super().__init__(
            f"the state is locked: {by}; waited {counted(round(waited), 'second')}. "
            "It is free as soon as that apply ends; wait longer with --lock-timeout"
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
        _acquire(descriptor, timeout)
        _write(descriptor, json.dumps(asdict(holder)).encode())
        try:
            yield
        finally:
            _write(descriptor, b"")
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, timeout: float) -> None:
    start = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            waited = time.monotonic() - start
            if waited >= timeout:
                raise StateLocked(_holder(descriptor), waited) from None
            time.sleep(min(_PAUSE, max(0.0, timeout - waited)))


def _holder(descriptor: int) -> Holder | None:
    """Read who holds it; the holder may be writing at this moment, or be of another version."""
    try:
        return Holder(**json.loads(os.pread(descriptor, 4096, 0)))
    except (ValueError, TypeError):
        return None


def _write(descriptor: int, data: bytes) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, data, 0)
