"""Who holds the accounts of vacant territories on a day: by the cover of each, and nobody who is full gets more.

Who has an account already is not full for it: going on as before is no more than before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from terraform_like.domain.geography import great_circle_km
from terraform_like.staffing.cast import NOBODY, Cast, Flags, Floats, Ints, may_hold

#: Relative excess over a limit that is rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Sharing:
    """Accounts of one vacant book that are to be spread evenly over people.

    Parameters
    ----------
    book : str
        The vacant book.
    day : datetime.date
        The day from which they are held.
    accounts : (k,) array of str
        Their ids, sorted.
    people : tuple of str
        Who may hold, sorted.
    own : (people, metrics) array
        What each has already, in the metric's own unit.
    loads : (k, metrics) array
        What each account adds.
    room : (people, metrics) array
        What each can have beside; infinite where nothing limits it.
    km : (k, people) array
        From account to home, NaN where unknown.
    """

    book: str
    day: date
    accounts: tuple[str, ...]
    people: tuple[str, ...]
    own: Floats
    loads: Floats
    room: Floats
    km: Floats


#: Gives each account of a `Sharing` the position of the person who holds it, -1 where nobody has room.
Share = Callable[[Sharing], Ints]


@dataclass(frozen=True, slots=True)
class Day:
    """Who has what on a day.

    Parameters
    ----------
    owners : (books + 1,) array of int
        Owner of each book, -1 while it is vacant.
    holder : (n,) array of int
        Who has each account instead of its book's owner, -1 where nobody has.
    full : dict of str to list of int
        For each vacant book, the accounts that nobody holds since all who may are full.
    """

    owners: Ints
    holder: Ints
    full: Mapping[str, list[int]]


def staffed_on(cast: Cast, day: date, has: Ints, live: Ints, kept_back: Flags, share: Share) -> Day:
    """Say who has each account on a day.

    Parameters
    ----------
    cast : Cast
        Accounts and people.
    day : datetime.date
        The day.
    has : (n,) array of int
        Who had each account until now.
    live : (n,) array of int
        The book that each account was in until now.
    kept_back : (n,) array of bool
        Accounts that stay with who has them, while they work.
    share : Share
        Spreads accounts evenly.
    """
    owners, working = cast.owners(day), cast.working(day)
    owner = owners[cast.territory]
    able = (has >= 0) & working[has]
    stays = kept_back & able & (has != owner) & (cast.territory >= 0)
    holder = np.where(stays, has, NOBODY)
    vacant = np.flatnonzero((owner < 0) & ~stays & (cast.territory >= 0))
    full: dict[str, list[int]] = {}
    may: dict[tuple[str, tuple[str, ...]], Ints] = {}
    if vacant.size:
        carried = _Carried(cast, np.where(stays, has, owner))
        order = vacant[np.argsort(cast.territory[vacant], kind="stable")]
        for mine in np.split(order, np.flatnonzero(np.diff(cast.territory[order])) + 1):
            name = cast.books[cast.territory[mine[0]]]
            book, cover = cast.wishes[name], cast.cover(name)
            # Most books of a segment are covered alike, and then by the same people.
            if (key := (book.segment, cover.by)) not in may:
                may[key] = may_hold(cast, book, cover, owners, working)
            task = _Vacancy(cast, name, day, carried, may[key])
            held = task.held(mine, np.where(able[mine], has[mine], NOBODY), live[mine], share)
            holder[mine] = held
            if len(task.may) and (left := mine[held < 0].tolist()):
                full[name] = left
    return Day(owners, holder, full)


class _Carried:
    """What each person has in all, metric by metric, as holders are found."""

    def __init__(self, cast: Cast, who: Ints) -> None:
        self._cast = cast
        self._of: dict[str, Floats] = {}
        self._who = who.copy()

    def of(self, metrics: tuple[str, ...], people: Ints) -> Floats:
        """Give what people have, (people, metrics)."""
        for metric in metrics:
            if metric not in self._of:
                has = np.flatnonzero(self._who >= 0)
                weights = self._cast.loads[metric][has]
                self._of[metric] = np.bincount(self._who[has], weights, len(self._cast.names)).astype(float)
        return np.stack([self._of[m][people] for m in metrics], axis=1) if metrics else np.zeros((len(people), 0))

    def give(self, accounts: Ints, who: Ints) -> None:
        """Add accounts to what people have; -1 is nobody."""
        given = who >= 0
        self._who[accounts[given]] = who[given]
        for metric, had in self._of.items():
            np.add.at(had, who[given], self._cast.loads[metric][accounts[given]])


@dataclass(frozen=True, slots=True)
class _Vacancy:
    """One vacant book on a day, and who may hold its accounts."""

    cast: Cast
    book: str
    day: date
    carried: _Carried
    may: Ints

    def held(self, mine: Ints, now: Ints, live: Ints, share: Share) -> Ints:
        """Give the holder of each account of the book; `now` is who has it and works, `live` where it was."""
        cover, may = self.cast.cover(self.book), self.may
        if not len(may):
            self.carried.give(mine, now)
            return now
        allowed = np.isin(now, may)
        if cover.spread == "current" and not cover.by:
            allowed = now >= 0
        elif cover.spread == "nearest":
            allowed[:] = False
        elif cover.spread == "balanced":
            allowed &= self.cast.books.index(self.book) == live
        held = np.where(allowed, now, NOBODY)
        self.carried.give(mine, held)
        open_ones = np.flatnonzero(held < 0)
        if open_ones.size:
            given = self._given(mine[open_ones], now[open_ones], cover.spread == "balanced", share)
            self.carried.give(mine[open_ones], given)
            held[open_ones] = given
        return held

    def _given(self, accounts: Ints, now: Ints, evenly: bool, share: Share) -> Ints:
        """Give accounts that nobody keeps to people who have room."""
        cast, may, metrics = self.cast, self.may, self.cast.metrics(self.book)
        own = self.carried.of(metrics, may)
        room = cast.most(self.book, may) - own
        loads = np.stack([cast.loads[m][accounts] for m in metrics], axis=1)
        homes = np.array([_home(cast, person) for person in may])
        points = cast.points[accounts]
        km = great_circle_km(points[:, :1], points[:, 1:], homes[None, :, 0], homes[None, :, 1])
        if evenly:
            ids = tuple(cast.accounts[accounts].tolist())
            people = tuple(cast.names[person] for person in may)
            at = share(Sharing(self.book, self.day, ids, people, own, loads, room, km))
        else:
            counts = self.carried.of(("accounts",), may)[:, 0]
            stays = np.where(np.isin(now, may), np.searchsorted(may, now), NOBODY)
            at = _nearest(km, loads if np.isfinite(room).any() else None, room, stays, counts)
        return np.where(at >= 0, may[at], NOBODY)


def _home(cast: Cast, person: int) -> tuple[float, float]:
    found = cast.carving.people.get(cast.names[person])
    return (found.home if found else None) or (np.nan, np.nan)


def _beyond(loads: Floats, room: Floats) -> Flags:
    """Say which of some accounts, in this order, are more than a person has room for: (accounts, metrics), (metrics,).

    An account that does not fit is passed over; smaller ones after it may fit.
    """
    slack = _ROUNDING * np.maximum(1.0, np.abs(room))
    if (loads.sum(axis=0) <= room + slack).all():
        return np.zeros(len(loads), dtype=bool)
    beyond = np.zeros(len(loads), dtype=bool)
    total = np.zeros(len(room))
    for n, load in enumerate(loads):
        beyond[n] = bool((total + load > room + slack).any())
        if not beyond[n]:
            total += load
    return beyond


def _nearest(km: Floats, loads: Floats | None, room: Floats, stays: Ints, counts: Floats) -> Ints:
    """Give each account the nearest person who has room, the first name on a tie; -1 where all are full.

    Where people run full, the accounts that are nearest to them come first. An account of unknown distance stays with
    who has it, if they may hold it (`stays`, else -1); else it goes to whoever has the fewest accounts.

    Parameters
    ----------
    km : (k, people) array
        NaN where unknown.
    loads : (k, metrics) array, optional
        What each account adds to what is limited; None where nothing is.
    room : (people, metrics) array
        What each person can have beside.
    stays : (k,) array of int
        Position of who has the account, -1 for anybody else.
    counts : (people,) array
        Accounts that each has beside these.
    """
    far = np.where(np.isfinite(km), km, np.inf)
    lost = ~np.isfinite(far).any(axis=1)
    far[lost & (stays >= 0), stays[lost & (stays >= 0)]] = 0.0
    lost &= stays < 0
    at: Ints = np.where(lost, NOBODY, far.argmin(axis=1))
    if loads is not None:
        open_ones = np.flatnonzero(~lost)
        at[open_ones] = _within_room(far[open_ones], loads[open_ones], room)
    counts = counts + np.bincount(at[at >= 0], minlength=len(counts))
    if loads is None:
        number = int(lost.sum())
        # Person c would have counts[c] + j before the j-th of these accounts: the smallest numbers come first.
        before = counts[None, :] + np.arange(number)[:, None]
        whom = np.broadcast_to(np.arange(len(counts)), before.shape).ravel()
        at[lost] = whom[np.lexsort((whom, before.ravel()))[:number]]
        return at
    taken = np.zeros_like(room)
    np.add.at(taken, at[at >= 0], loads[at >= 0])
    for n in np.flatnonzero(lost):
        fits = (taken + loads[n] <= room + _ROUNDING * np.maximum(1.0, np.abs(room))).all(axis=1)
        if fits.any():
            at[n] = np.where(fits, counts, np.inf).argmin()
            counts[at[n]] += 1
            taken[at[n]] += loads[n]
    return at


def _within_room(far: Floats, loads: Floats, room: Floats) -> Ints:
    """Give each account the nearest person; who is full keeps the nearest accounts, and the others look further."""
    far = far.copy()
    while True:
        at: Ints = np.where(np.isfinite(far).any(axis=1), far.argmin(axis=1), NOBODY)
        bumped = False
        for person in np.unique(at[at >= 0]):
            theirs = np.flatnonzero(at == person)
            theirs = theirs[np.lexsort((theirs, far[theirs, person]))]
            beyond = theirs[_beyond(loads[theirs], room[person])]
            far[beyond, person] = np.inf
            bumped = bumped or bool(beyond.size)
        if not bumped:
            return at
