"""What a state asks of the database that holds it: transactions, and a lock that says who has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import sqlalchemy as sa

from terraform_like.domain.secrecy import struck_out
from terraform_like.state.lock import Holder, StateError


class Database(Protocol):
    """A database that holds a state. Every method raises `StateError` where the database fails."""

    def begin(self) -> AbstractContextManager[sa.Connection]:
        """Connect for one transaction, which is committed at the end; with the lock held, on what holds it."""
        ...

    def lock(self, holder: Holder, timeout: float) -> AbstractContextManager[None]:
        """Hold the only right to apply, waiting up to `timeout` seconds for it.

        Raises
        ------
        StateLocked
            When somebody else still holds it then.
        """
        ...

    def holder(self) -> Holder | None:
        """Give who holds the lock at this moment."""
        ...

    def release(self, holder: Holder) -> None:
        """Take the lock from a holder who is gone.

        Raises
        ------
        StateError
            When that holder is at work, or cannot be parted from the lock.
        """
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


@contextmanager
def speaking(summary: str, secrets: Sequence[str] = ()) -> Iterator[None]:
    """Turn what the database says into a StateError, without statement, parameters and secrets."""
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or type(error).__name__).strip() or type(error).__name__
        words = struck_out(said, secrets).splitlines()[0][:300]
        raise StateError(f"{summary}: {words}. Look at `state:` in territory.yaml") from None
