"""What a schedule says, in rows: who is on each territory from when to when, and what passes from whom to whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

import numpy as np
from pydantic import ConfigDict, Field

from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving, Slot, Territory
from terraform_like.domain.people import OWNING_ROLE
from terraform_like.domain.reason import ReasonCode
from terraform_like.domain.saved import Saved
from terraform_like.staffing.cast import NOBODY, Ints
from terraform_like.staffing.lapse import filled_by_lapse
from terraform_like.staffing.schedule import Schedule, Stage
from terraform_like.staffing.tenure import ONE_DAY, takes_effect, tenures


class Staffing(Saved):
    """Who is on a territory from when to when (null is open), with what share of the credit."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)

    territory: str
    """Territory or slot. Example: `ent-west`."""
    role: str
    """What the person does there. Example: `account-executive`."""
    person: str | None
    """Who; null where nobody is. Example: `jane.doe`."""
    since: Annotated[date | None, Field(alias="from")] = None
    """First day, null where it is open. Example: `2024-03-01`."""
    to: date | None = None
    """Last day, null where it is open. Example: `2027-06-30`."""
    credit: float = 1.0
    """Share of the credit. Example: `0.5`."""
    interim: bool = False
    """Whether the person only holds accounts that are another's or nobody's. Example: `true`."""
    team: bool = False
    """Whether the person has none of its accounts, but covers it in a role of `coverage`. Example: `true`."""

    def on(self, day: date) -> bool:
        """Say whether it holds on a day; first and last day count."""
        return (self.since is None or self.since <= day) and (self.to is None or day <= self.to)


@dataclass(frozen=True, slots=True)
class Staffed:
    """What the staffing of a plan comes to.

    Parameters
    ----------
    desired : Book
        Accounts in scope with their territory as carved, its owner on the plan's day, and who holds them.
    shown : Book
        The same with accounts whose territory has not taken effect in the one where they are.
    timeline : tuple of Staffing
        Who is on each territory from when to when.
    passings : tuple of Passing
        What passes on later days.
    vacant_since : dict of str to datetime.date
        Since when each vacant territory has no owner.
    """

    desired: Book
    shown: Book
    timeline: tuple[Staffing, ...]
    passings: tuple[Passing, ...]
    vacant_since: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passing:
    """Accounts that pass on a later day, all from one place to one other; null is nobody or no book."""

    on: date
    code: ReasonCode
    territory_before: str | None
    territory: str | None
    giver: str | None
    taker: str | None
    accounts: tuple[str, ...]


def passings(schedule: Schedule) -> tuple[Passing, ...]:
    """Give what passes after the first stage, sorted by day, territory and people."""
    return tuple(
        passing
        for before, after in zip(schedule.stages, schedule.stages[1:], strict=False)
        for passing in _between(schedule, before, after)
    )


def _between(schedule: Schedule, before: Stage, after: Stage) -> Iterator[Passing]:
    changed = np.flatnonzero((before.who != after.who) | (before.territory != after.territory))
    if not changed.size:
        return
    cast = schedule.cast
    ends = before.held_over[changed] & ~after.held_over[changed] & (before.who[changed] != after.who[changed])
    keys = [before.territory[changed], after.territory[changed], before.who[changed], after.who[changed], ends]
    kinds, order, starts = _alike(keys)
    works = cast.working(after.day)
    name = [*cast.names, None]
    book = [*cast.books, None]
    found = []
    for n, (old, new, giver, taker, over) in enumerate(kinds.tolist()):
        left = giver >= 0 and not works[giver]
        wish, owns = cast.wishes.get(book[new] or ""), taker == after.owners[new]
        code = _code(wish, name[taker], old != new, bool(over), left, owns)
        accounts = tuple(cast.accounts[changed[order[starts[n] : starts[n + 1]]]].tolist())
        found.append(Passing(after.day, code, book[old], book[new], name[giver], name[taker], accounts))
    yield from sorted(found, key=lambda p: (p.territory or "", p.giver or "", p.taker or "", p.code))


def _alike(keys: list[Ints]) -> tuple[Ints, Ints, Ints]:
    """Group rows that are alike in every key: a row a group, the rows in the order of groups, where each begins."""
    table = np.stack([key.astype(np.int64) for key in keys])
    order = np.lexsort(table[::-1])
    new = np.flatnonzero((np.diff(table[:, order], axis=1) != 0).any(axis=0)) + 1
    starts = np.concatenate([[0], new, [len(order)]])
    return table[:, order[starts[:-1]]].T, order, starts


def _code(wish: Territory | None, taker: str | None, moves: bool, over: bool, left: bool, owns: bool) -> ReasonCode:
    if moves:
        return ReasonCode.EFFECTIVE
    if over and not left:
        return ReasonCode.HELD_OVER
    if taker is not None and owns:
        filled = isinstance(wish, Slot) and wish.filled_by == taker
        return ReasonCode.SLOT_FILLED if filled else ReasonCode.OWNER_STARTED
    return ReasonCode.OWNER_LEFT if left else ReasonCode.COVERED


def timeline(schedule: Schedule, since: Mapping[tuple[str, str], date] | None = None) -> tuple[Staffing, ...]:
    """Say who is on each territory from when to when, sorted by territory, day and person.

    Parameters
    ----------
    schedule : Schedule
        Who has what.
    since : dict, optional
        Since when people hold accounts of a territory, of those who held them before the plan's day.
    """
    cast, first = schedule.cast, schedule.stages[0].day
    rows = [*_owners(cast.carving, first), *_interim(schedule, since or {})]
    return tuple(sorted(rows, key=lambda r: (r.territory, r.since or date.min, r.interim, r.person or "")))


def _owners(carving: Carving, day: date) -> Iterator[Staffing]:
    for name, book in carving.books.items():
        effective = takes_effect(book, carving)
        effective = effective if effective and effective > day else None
        for tenure in tenures(book, carving):
            if tenure.until is not None and tenure.until < max(day, effective or day):
                continue
            begins = max((d for d in (tenure.since, effective) if d), default=None)
            role = carving.people[tenure.person].role
            yield Staffing(territory=name, role=role, person=tenure.person, since=begins, to=tenure.until)


#: A book, somebody who holds accounts of it (-1: nobody does), and whether it has an owner meanwhile.
_Holding = tuple[int, int, bool]


def _interim(schedule: Schedule, since: Mapping[tuple[str, str], date]) -> Iterator[Staffing]:
    """Give who holds accounts of each territory that are not theirs, and the time when nobody is there at all."""
    cast, ends = schedule.cast, schedule.cast.carving.plan.ends
    began: dict[_Holding, date] = {}
    first = schedule.stages[0].day
    for stage in schedule.stages:
        here = _holding(stage)
        for key in [key for key in began if key not in here]:
            yield _row(schedule, key, began.pop(key), stage.day - ONE_DAY)
        for key in here:
            name, person = cast.books[key[0]], cast.names[key[1]] if key[1] >= 0 else ""
            day = min(since.get((name, person), stage.day), stage.day) if stage.day == first else stage.day
            began.setdefault(key, day)
    for key, day in began.items():
        yield _row(schedule, key, day, _ends(schedule, cast.books[key[0]], day, ends))


def _ends(schedule: Schedule, book: str, since: date, ends: date | None) -> date | None:
    """Give the last day of holding: that of the plan, or the day on which the slot lapses."""
    carving, slot = schedule.cast.carving, schedule.cast.wishes[book]
    if not isinstance(slot, Slot) or slot.lapse is None or slot.lapse < since or filled_by_lapse(slot, carving):
        return ends
    return min(slot.lapse, ends or slot.lapse)


def _holding(stage: Stage) -> set[_Holding]:
    """Give who holds what, with nobody for vacant books of which somebody or all accounts are nobody's."""
    held = stage.interim & ~stage.waiting & (stage.territory >= 0)
    lost = (stage.who < 0) & (stage.territory >= 0)
    people = int(stage.who.max(initial=0)) + 1
    pairs: Ints = np.unique(stage.territory[held] * people + stage.who[held])
    here = {divmod(pair, people) for pair in pairs.tolist()}
    vacant = np.flatnonzero(stage.owners[:-1] < 0).tolist()
    alone = set(np.unique(stage.territory[lost]).tolist()) | (set(vacant) - {book for book, _ in here})
    return {(book, who, bool(stage.owners[book] >= 0)) for book, who in here | {(book, NOBODY) for book in alone}}


def _row(schedule: Schedule, key: _Holding, since: date, to: date | None) -> Staffing:
    cast = schedule.cast
    book, who, owned = key
    person = cast.names[who] if who >= 0 else None
    people = cast.carving.people
    holdover = cast.carving.holdover
    credit = holdover.credit if owned and holdover else cast.cover(cast.books[book]).credit
    return Staffing(
        territory=cast.books[book],
        # Who is nobody in the plan has accounts as an account executive does.
        role=people[person].role if person in people else OWNING_ROLE,
        person=person,
        since=since,
        to=to,
        credit=credit if person else 0.0,
        interim=person is not None,
    )
