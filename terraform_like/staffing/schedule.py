"""Who has each account, day by day from the plan's day on: every date on which somebody comes, goes or passes it on."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.staffing.cast import NOBODY, Cast, Flags, Ints
from terraform_like.staffing.cover import Day, Share, staffed_on
from terraform_like.staffing.tenure import takes_effect, turning_days


@dataclass(frozen=True, slots=True)
class Held:
    """What is to stay with who has it for a while.

    Parameters
    ----------
    dealing : (n,) array of bool
        Accounts for which `holdover` holds.
    until : dict of str to datetime.date
        Accounts that an earlier plan holds over already, and the day on which they pass.
    """

    dealing: Flags
    until: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stage:
    """From a day on, until the next stage.

    Parameters
    ----------
    day : datetime.date
        First day.
    territory : (n,) array of int
        The book that each account is in; that of before for those whose new one has not taken effect.
    who : (n,) array of int
        Who has each account, -1 for nobody.
    owners : (books + 1,) array of int
        Owner of each book; the last entry is of no book.
    waiting, held_over : (n,) array of bool
        Accounts whose new book has not taken effect, and those held over.
    full : dict of str to list of int
        Accounts that nobody holds since all who may are full.
    """

    day: date
    territory: Ints
    who: Ints
    owners: Ints
    waiting: Flags
    held_over: Flags
    full: Mapping[str, list[int]]

    @property
    def interim(self) -> Flags:
        """Accounts that somebody has who does not own their book."""
        found: Flags = (self.who >= 0) & (self.who != self.owners[self.territory])
        return found


@dataclass(frozen=True, slots=True)
class Schedule:
    """The stages of a plan, the first on the plan's day; and who and where all of them are about."""

    cast: Cast
    stages: tuple[Stage, ...]

    def today(self, inside: Book, territory: pl.Series) -> Book:
        """Give accounts with their territory as carved, its owner, and the holder where somebody else has them."""
        return self._placed(inside, territory)

    def shown(self, inside: Book, territory: pl.Series) -> Book:
        """Give the same with accounts whose territory has not taken effect in the one where they are."""
        waiting = pl.Series(self.stages[0].waiting)
        if not waiting.any():
            return self._placed(inside, territory)
        where = pl.select(pl.when(waiting).then(inside.table["territory"]).otherwise(territory)).to_series()
        return self._placed(inside, where)

    def _placed(self, inside: Book, territory: pl.Series) -> Book:
        first = self.stages[0]
        owner = first.owners[self.cast.territory]
        holder = np.where(first.who == owner, NOBODY, first.who)
        return inside.placed(territory, self.cast.who(owner), self.cast.who(holder))


def schedule(carving: Carving, inside: Book, territory: pl.Series, day: date, share: Share, held: Held) -> Schedule:
    """Work out who has each account from a day on.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    inside : Book
        The accounts in scope, with who has them now as `owner`.
    territory : polars.Series
        The territory of each account as carved, aligned with `inside`.
    day : datetime.date
        The plan's day.
    share : Share
        Spreads accounts evenly over holders.
    held : Held
        What is held over.
    """
    cast = Cast.of(carving, inside, territory)
    work = _Work(cast, day, share, held, effect=_effect(cast, day))
    return Schedule(cast, tuple(work.stages(cast.has(inside))))


def as_told(carving: Carving, inside: Book, territory: pl.Series, has_it: pl.Series, day: date) -> Schedule:
    """Give the one stage of a day on which it is told who has what; null is the owner of the account's territory."""
    cast = Cast.of(carving, inside, territory, has_it.drop_nulls())
    owners = cast.owners(day)
    told = cast.numbers(has_it)
    who = np.where(told < 0, owners[cast.territory], told)
    nothing = np.zeros(len(who), dtype=bool)
    return Schedule(cast, (Stage(day, cast.territory, who, owners, nothing, nothing, {}),))


def _effect(cast: Cast, day: date) -> Ints:
    """Give the day, as an ordinal, on which the book of each account takes effect; that of the plan where it has."""
    carving = cast.carving
    days = [takes_effect(book, carving) for book in carving.books.values()]
    from_book = np.array([*(day.toordinal() if day else 0 for day in days), 0], dtype=np.int64)
    later = np.maximum(from_book[cast.territory], from_book[cast.live])
    return np.where(later > day.toordinal(), later, 0)


@dataclass(slots=True)
class _Work:
    """A schedule under way; `until` is the day, as an ordinal, to which each account stays with who has it."""

    cast: Cast
    day: date
    share: Share
    held: Held
    effect: Ints
    until: Ints = field(init=False)
    _queue: list[int] = field(init=False)

    def __post_init__(self) -> None:
        carried = [self.held.until.get(a) for a in self.cast.accounts.tolist()] if self.held.until else []
        over = np.array([d.toordinal() if d else 0 for d in carried], dtype=np.int64)
        self.until = np.maximum(self.effect, np.where(self.held.dealing, over, 0) if len(over) else 0)
        days = {d.toordinal() for d in turning_days(self.cast.carving, self.day)}
        # What waits passes on its day, also where the plan has ended by then.
        days |= {int(d) for d in np.unique(self.until) if d > self.day.toordinal()}
        self._queue = sorted(days)

    def stages(self, has: Ints) -> Iterator[Stage]:
        """Give the stages, the first on the plan's day; a day on which nothing changes makes none."""
        stage = self._stage(self.day, has, self.cast.live)
        yield stage
        while self._queue:
            day = date.fromordinal(heapq.heappop(self._queue))
            if day == stage.day:
                continue
            following = self._stage(day, stage.who, stage.territory)
            told = ("who", "territory", "owners", "held_over")
            if not all(np.array_equal(getattr(following, one), getattr(stage, one)) for one in told):
                stage = following
                yield stage

    def _stage(self, day: date, has: Ints, live: Ints) -> Stage:
        found = self._found(day, has, live)
        holdover = self.cast.carving.holdover
        if holdover is not None:
            # What was held over once passes when that has ended, also where nobody applied it on its day.
            passing = self._passing(day, has, found) & (self.until < (1 if day == self.day else day.toordinal()))
            if passing.any():
                on = holdover.until(day)
                self.until[passing] = on.toordinal()
                heapq.heappush(self._queue, on.toordinal())
                found = self._found(day, has, live)
        number = day.toordinal()
        owner = found.owners[self.cast.territory]
        who = np.where((found.holder >= 0) | (owner < 0), found.holder, owner)
        keeps = (found.holder == has) & (has >= 0)
        waiting = (self.effect > number) & keeps
        over = (self.until > number) & keeps & ~waiting
        territory = np.where(waiting, self.cast.live, self.cast.territory)
        return Stage(day, territory, who, found.owners, waiting, over, found.full)

    def _found(self, day: date, has: Ints, live: Ints) -> Day:
        return staffed_on(self.cast, day, has, live, self.until > day.toordinal(), self.share)

    def _passing(self, day: date, has: Ints, found: Day) -> Flags:
        """Say which accounts with open deals would pass from somebody who still works."""
        owner = found.owners[self.cast.territory]
        who = np.where((found.holder >= 0) | (owner < 0), found.holder, owner)
        working = self.cast.working(day)
        passing: Flags = self.held.dealing & (has >= 0) & working[has] & (who != has) & (self.cast.territory >= 0)
        return passing
