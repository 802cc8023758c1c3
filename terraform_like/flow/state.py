"""`territory state`: what was applied, when, by which plan and by whom; and the lock of an apply that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from terraform_like.address import Address
from terraform_like.config.load import Repository
from terraform_like.diagnostics import Halt, Report
from terraform_like.flow.opened import found_state
from terraform_like.plan.applied import AppliedBook, Entry, Event, Held
from terraform_like.state.lock import Holder, StateError
from terraform_like.state.store import State


@dataclass(frozen=True, slots=True)
class Listed:
    """A state as a whole: which it is, how many applies ended, who applies now, the last of each plan, its books."""

    lineage: str
    serial: int
    holder: Holder | None
    last: tuple[Entry, ...]
    books: tuple[AppliedBook, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the state holds of one address: where accounts were put, and of an account all that was done to it."""

    address: str
    held: tuple[Held, ...]
    events: tuple[Event, ...]


def list_state(repository: Repository) -> tuple[Listed | None, Report]:
    """Give what was applied, a line a book; None where nothing was.

    Raises
    ------
    Halt
        When the state cannot be read.
    """
    report = Report()
    with _read(repository, report) as state:
        if state is None:
            return None, report
        last = {entry.plan: entry for entry in state.history()}
        ends = tuple(last[plan] for plan in sorted(last))
        return Listed(state.lineage, state.serial, state.holder, ends, tuple(state.books())), report


def show_state(repository: Repository, text: str) -> tuple[Shown, Report]:
    """Give what the state holds of an account, a territory or a slot.

    Raises
    ------
    Halt
        When that is no such address, the state does not know it, or cannot be read.
    """
    report = Report()
    try:
        address = Address.parse(text)
    except ValueError as error:
        report.error(f"{error}", "The state knows account.ID, territory.NAME and slot.NAME.")
        raise Halt(report) from None
    if address.kind not in ("account", "territory", "slot"):
        report.error(f'The state knows no "{address.kind}"', "Ask for account.ID, territory.NAME or slot.NAME.")
        raise Halt(report)
    with _read(repository, report) as state:
        held: list[Held] = []
        events: list[Event] = []
        if state is not None and address.kind == "account":
            held, events = state.held(account=address.name), state.events(address.name)
        elif state is not None:
            held = state.held(territory=address.name)
    if not held and not events:
        known = "Nothing was applied yet." if state is None else "What it knows: territory state list."
        report.error(f"The state has nothing of {address}", known)
        raise Halt(report)
    return Shown(str(address), tuple(held), tuple(events)), report


def state_history(repository: Repository, plan: str | None) -> tuple[tuple[Entry, ...], Report]:
    """Give every apply that came to an end, of one plan or of all, the oldest first.

    Raises
    ------
    Halt
        When the state cannot be read.
    """
    report = Report()
    with _read(repository, report) as state:
        return tuple(state.history(plan)) if state is not None else (), report


def unlock_state(repository: Repository, lock_id: str) -> tuple[Holder, Report]:
    """Take the lock from a holder who is gone.

    Raises
    ------
    Halt
        When nobody holds it, it has another ID, or its holder is at work.
    """
    report = Report()
    with _read(repository, report) as state:
        if state is None:
            report.error("the state is not locked: there is nothing to unlock", "Nothing was applied yet.")
            raise Halt(report)
        try:
            return state.unlock(lock_id), report
        except StateError as error:
            report.error(str(error))
            raise Halt(report) from None


@contextmanager
def _read(repository: Repository, report: Report) -> Iterator[State | None]:
    try:
        state = found_state(repository)
        if state is None:
            yield None
            return
        with closing(state):
            yield state
    except StateError as error:
        report.error("The state cannot be read", f"{error}.", repository.locate(("state",)))
        raise Halt(report) from None
