"""People who own nothing and territories that name no owner: who may own which, and what speaks for whom.

Which match is best is found in `carve`; what it is judged by, whether it may be and why are said here, so that a saved
match can be checked without a solver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from terraform_like.diagnostics import Locate, Report, counted, listing
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving, Slot
from terraform_like.domain.geography import great_circle_km
from terraform_like.domain.people import OWNING_ROLE
from terraform_like.domain.saved import Saved
from terraform_like.staffing.cast import NOBODY, Cast, Floats, Ints
from terraform_like.staffing.middle import middles

_ROUNDING = 1e-9


class Matched(Saved):
    """Who was found for a territory that names no owner, and what spoke for them."""

    territory: str
    """The territory. Example: `smb-03`."""
    person: str
    """Who owns it. Example: `jane.doe`."""
    why: str = ""
    """What spoke for the person. Example: `has 40 of its 45 accounts now; lives 120 km from its middle`."""


@dataclass(frozen=True, slots=True)
class Vacancies:
    """Territories that name no owner, and people who may own them; both in the order of their names.

    Parameters
    ----------
    territories, people : tuple of str
        Names: T territories, P people.
    accounts : (T,) array of int
        Accounts of each territory.
    has : (P, T) array of int
        How many of them each person has now.
    fits : (P, T) array of int
        How many of them ask for a skill that the person has.
    km : (P, T) array
        From the person's home to the middle of the book, NaN where either is unknown.
    large : (T,) array
        How heavy the book is: its mean load as a share of the heaviest one's, 0 to 1.
    seniority : (P,) array
        1 for who has been there longest, 0 for who came last.
    takes : (P, T) array
        What a territory takes of a person's room; infinite where it is too much for them.
    room : (P,) array
        How much each can take.
    """

    territories: tuple[str, ...]
    people: tuple[str, ...]
    accounts: Ints
    has: Ints
    fits: Ints
    km: Floats
    large: Floats
    seniority: Floats
    takes: Floats
    room: Floats

    def breach(self, at: Ints) -> str | None:
        """Say in words what is wrong with a match, None where it may be.

        Parameters
        ----------
        at : (T,) array of int
            The person of each territory, -1 for nobody.
        """
        taken = np.zeros(len(self.people))
        for territory, person in enumerate(at.tolist()):
            if person != NOBODY:
                taken[person] += self.takes[person, territory]
        beyond = np.flatnonzero(taken > self.room * (1 + _ROUNDING))
        if beyond.size:
            return f"more than {self.people[beyond[0]]} can own"
        left = np.flatnonzero(at == NOBODY)
        fits = taken[:, None] + self.takes[:, left] <= self.room[:, None] * (1 + _ROUNDING)
        if fits.any():
            person, territory = np.argwhere(fits)[0].tolist()
            return f"{self.territories[left[territory]]} is vacant, and {self.people[person]} could own it"
        return None

    def told(self, at: Ints) -> tuple[Matched, ...]:
        """Give a match in words, in the order of territories."""
        return tuple(
            Matched(territory=self.territories[t], person=self.people[p], why=self._why(p, t))
            for t, p in enumerate(at.tolist())
            if p != NOBODY
        )

    def _why(self, person: int, territory: int) -> str:
        accounts = int(self.accounts[territory])
        said = []
        if has := int(self.has[person, territory]):
            part = "all" if has == accounts else f"{has:,}"
            said.append(f"has {part} of its {counted(accounts, 'account')} now")
        if np.isfinite(km := self.km[person, territory]):
            said.append(f"lives {km:,.0f} km from its middle")
        if fits := int(self.fits[person, territory]):
            said.append(f"has the skill for {fits:,} of its {counted(accounts, 'account')}")
        return "; ".join(said) or "owns nothing else"


#: Gives the person of each territory, -1 for nobody.
Match = Callable[[Vacancies], Ints]


def vacancies(
    carving: Carving, inside: Book, territory: pl.Series, day: date, users: Iterable[str], inactive: Iterable[str] = ()
) -> Vacancies:
    """Find who may be matched to which territory on a day.

    A territory (no slot) is open when it names no owner. A person may be matched who is an account executive, works on
    that day, has some capacity and a user of the CRM that is active, and whom the plan names nowhere as an owner, as a
    successor or to fill a slot. A person takes one territory; who says a `capacity` takes as many full books as that.

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
    users : iterable of str
        People whom the CRM knows.
    inactive : iterable of str
        Those of them whose user is not active.
    """
    people = _free(carving, day, frozenset(users) - frozenset(inactive))
    open_ones = tuple(sorted(name for name, book in carving.territories.items() if book.owner is None))
    cast = Cast.of(carving, inside, territory)
    number = np.array([cast.books.index(name) for name in open_ones], dtype=np.int64)
    position = {int(book): t for t, book in enumerate(number)}
    mine = np.array([position.get(book, NOBODY) for book in range(len(cast.books))] + [NOBODY])[cast.territory]
    wishes = [carving.people[name] for name in people]
    homes = np.array([person.home or (np.nan, np.nan) for person in wishes]).reshape(-1, 2)
    middle = middles(cast)[number].reshape(-1, 2)
    size = np.array([cast.wishes[name].size for name in open_ones])
    said = np.array([p.capacity if "capacity" in p.model_fields_set else np.nan for p in wishes]).reshape(-1, 1)
    # One book that is larger than others is no more than one book for who can carry one.
    some = np.where(size <= said * (1 + _ROUNDING), size, np.where(said >= 1, said, np.inf))
    starts = np.array([p.starts.toordinal() if p.starts else 0 for p in wishes], dtype=np.int64)
    rank = np.unique(starts, return_inverse=True)[1]
    return Vacancies(
        open_ones,
        people,
        np.bincount(mine[mine >= 0], minlength=len(open_ones)),
        _counted(cast.has(inside), cast.numbers(people), mine, len(open_ones)),
        _skilled(carving, inside, people, mine, len(open_ones)),
        great_circle_km(homes[:, :1], homes[:, 1:], middle[None, :, 0], middle[None, :, 1]),
        _large(cast, open_ones, mine),
        1 - rank / max(1, rank.max(initial=0)),
        np.where(np.isnan(said), 1.0, some),
        np.where(np.isnan(said[:, 0]), 1.0, said[:, 0]),
    )


def tell_matching(found: Vacancies, at: Ints, locate: Locate, report: Report) -> None:
    """Tell who is left over, where there was something to own."""
    if not found.territories:
        return
    left = [name for number, name in enumerate(found.people) if number not in set(at.tolist())]
    if left:
        report.note(
            f"{counted(len(left), 'person owns', 'people own')} nothing",
            f"{listing(left)}. No territory is vacant for them. Make more territories, name them as owners, or say "
            "their `role`: account executives are matched to territories that name no owner.",
            locate(("people", left[0]), key=True),
        )


def _free(carving: Carving, day: date, users: frozenset[str]) -> tuple[str, ...]:
    """Give who may be matched, sorted."""
    books = [*carving.territories.values(), *carving.overcarve.values()]
    named = {book.owner for book in books} | {book.successor.person for book in books if book.successor}
    named |= {book.filled_by for book in books if isinstance(book, Slot)}
    return tuple(
        name
        for name, person in sorted(carving.people.items())
        if person.role == OWNING_ROLE and person.can_have_on(day) and name in users and name not in named
    )


def _counted(has: Ints, people: Ints, mine: Ints, territories: int) -> Ints:
    """Count the accounts of each territory that each person has, (people, territories)."""
    counts = np.zeros((len(people), territories), dtype=np.int64)
    if len(people):
        at = np.minimum(np.searchsorted(people, has), len(people) - 1)
        theirs = (people[at] == has) & (mine >= 0)
        np.add.at(counts, (at[theirs], mine[theirs]), 1)
    return counts


def _skilled(carving: Carving, inside: Book, people: tuple[str, ...], mine: Ints, territories: int) -> Ints:
    """Count the accounts of each territory that ask for a skill that each person has, (people, territories)."""
    if carving.accounts.fit is None or not people:
        return np.zeros((len(people), territories), dtype=np.int64)
    skills = sorted({skill for name in people for skill in carving.people[name].skills})
    number = {skill: n for n, skill in enumerate(skills)}
    asked = inside.table[carving.accounts.fit].cast(pl.String)
    skill = asked.replace_strict(number, default=NOBODY, return_dtype=pl.Int64).fill_null(NOBODY).to_numpy()
    counts = np.zeros((len(skills), territories), dtype=np.int64)
    asks = (skill >= 0) & (mine >= 0)
    np.add.at(counts, (skill[asks], mine[asks]), 1)
    knows = np.array([[one in carving.people[name].skills for one in skills] for name in people], dtype=np.int64)
    return knows.reshape(len(people), len(skills)) @ counts


def _large(cast: Cast, territories: tuple[str, ...], mine: Ints) -> Floats:
    """Give how heavy each book is beside the heaviest: the mean over the metrics that it is balanced by."""
    loads: Mapping[str, Floats] = {
        metric: np.bincount(mine[mine >= 0], values[mine >= 0], len(territories)).astype(float)
        for metric, values in cast.loads.items()
    }
    most = {metric: load.max(initial=0.0) or 1.0 for metric, load in loads.items()}
    return np.array(
        [np.mean([loads[m][t] / most[m] for m in cast.metrics(name)]) for t, name in enumerate(territories)]
    )
