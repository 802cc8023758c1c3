"""Who owns a territory from when to when, from the wishes alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from terraform_like.domain.carving import Carving, Slot, Territory
from terraform_like.domain.people import Person

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Tenure:
    """One person's time as the owner of a territory; first and last day count, null is open."""

    person: str
    since: date | None
    until: date | None

    def holds_on(self, day: date) -> bool:
        """Say whether it is the person's time."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


def tenures(book: Territory, carving: Carving) -> tuple[Tenure, ...]:
    """Give the owners of a territory or slot, one after another; no two of them on one day.

    The owner (of a slot: who fills it) has it from their first to their last day. The successor has it from the day
    that is named, else from the day after the owner's last; never before their own first day.
    """
    named = (book.filled_by or book.owner) if isinstance(book, Slot) else book.owner
    found: list[Tenure] = []
    handover: date | None = None
    if named is not None and (owner := _at_work(carving, named)) is not None:
        until = owner.leaves
        if book.successor and book.successor.since:
            until = min(until or date.max, book.successor.since - ONE_DAY)
        found.append(Tenure(named, owner.starts, until))
        handover = until + ONE_DAY if until else None
    if book.successor and (next_one := _at_work(carving, book.successor.person)) is not None:
        since = max((d for d in (book.successor.since or handover, next_one.starts) if d), default=None)
        if handover is not None or not found:
            found.append(Tenure(book.successor.person, since, next_one.leaves))
    # Who has left before their time comes, or whose successor came before they began, never owns it.
    return tuple(t for t in found if t.since is None or t.until is None or t.since <= t.until)


def _at_work(carving: Carving, name: str) -> Person | None:
    """Give a person who can own accounts."""
    person = carving.people.get(name)
    return person if person is not None and not person.away else None


def owner_on(book: Territory, carving: Carving, day: date) -> str | None:
    """Give the person who owns a territory on a day; None while it is vacant."""
    return next((tenure.person for tenure in tenures(book, carving) if tenure.holds_on(day)), None)


def owners_on(carving: Carving, day: date) -> dict[str, str]:
    """Give the owner of each territory and slot that has one on a day."""
    owners = {name: owner_on(book, carving, day) for name, book in carving.books.items()}
    return {name: owner for name, owner in owners.items() if owner is not None}


def takes_effect(book: Territory, carving: Carving) -> date | None:
    """Give the day from which a territory holds as wished: the later of its own and its segment's, None for at once."""
    own = (segment.effective for segment in carving.segments if segment.name == book.segment)
    return max((day for day in (book.effective, *own) if day), default=None)


def turning_days(carving: Carving, after: date) -> list[date]:
    """Give the days after one on which somebody begins, is gone or passes a territory on, to the end of the plan."""
    days = {day for day in _turns(carving) if day > after}
    return sorted(day for day in days if carving.plan.ends is None or day <= carving.plan.ends)


def _turns(carving: Carving) -> Iterator[date]:
    for person in carving.people.values():
        if person.starts:
            yield person.starts
        if person.leaves and person.leaves < date.max:
            yield person.leaves + ONE_DAY
    for book in carving.books.values():
        for tenure in tenures(book, carving):
            yield from (day for day in (tenure.since, tenure.until and tenure.until + ONE_DAY) if day)
