"""People of roles that own nothing, such as sales engineers, over territories and over time.

Which cover is best is found in `carve`; what it is judged by, whether it may be and what is said of it are here, so
that a saved cover can be checked without a solver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from terraform_like.diagnostics import Locate, Report, counted, listing
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.domain.geography import great_circle_km
from terraform_like.domain.people import Coverage, Person
from terraform_like.domain.scope import SEGMENT
from terraform_like.staffing.cast import NOBODY, Cast, Flags, Floats, Ints
from terraform_like.staffing.middle import middles
from terraform_like.staffing.tenure import ONE_DAY
from terraform_like.staffing.timeline import Staffed, Staffing

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Duty:
    """Books that a role is to cover on a day, and the people of that role who work then; both in the order of names.

    Parameters
    ----------
    role : str
        The role.
    day : datetime.date
        The day.
    books, people : tuple of str
        Names: B books, P people.
    kind : (B,) array of int
        Books of one person are all of one kind.
    km : (P, B) array
        From the person's home to the middle of the book, NaN where either is unknown.
    near : (P, B) array of bool
        Whether that is near enough.
    most : (P,) array of int
        How many books each may cover.
    capacity : (P,) array
        How much each carries beside the others.
    loads : (B, M) array
        Load of each book in each metric as a share of all of it, 0 where its segment is not balanced by that.
    before : (B,) array of int
        Who covered each book until now, -1 for nobody.
    """

    role: str
    day: date
    books: tuple[str, ...]
    people: tuple[str, ...]
    kind: Ints
    km: Floats
    near: Flags
    most: Ints
    capacity: Floats
    loads: Floats
    before: Ints

    def breach(self, at: Ints) -> str | None:
        """Say in words what is wrong with a cover, None where it may be.

        Parameters
        ----------
        at : (B,) array of int
            The person of each book, -1 for nobody.
        """
        for person, name in enumerate(self.people):
            if not self.may(person, at == person):
                return f"{name} may not cover {listing(self.books[b] for b in np.flatnonzero(at == person))}"
        moved = np.flatnonzero((self.kept() >= 0) & (at != self.kept()))
        if moved.size:
            return f"{self.books[moved[0]]} has another {self.role} without need"
        if not np.array_equal(self.completed(at), at):
            return f"a {self.role} has room for a territory that has none"
        return None

    def may(self, person: int, books: Flags) -> bool:
        """Say whether a person may cover some books together."""
        near = bool(self.near[person, books].all())
        return near and int(books.sum()) <= int(self.most[person]) and len(np.unique(self.kind[books])) <= 1

    def kept(self) -> Ints:
        """Give who goes on covering each book: everybody who may cover all that they covered until now."""
        kept = self.before.copy()
        for person in range(len(self.people)):
            if not self.may(person, self.before == person):
                kept[self.before == person] = NOBODY
        return kept

    def completed(self, at: Ints) -> Ints:
        """Give books that nobody covers to the nearest person who may cover them too, in the order of names."""
        at = at.copy()
        for book in np.flatnonzero(at == NOBODY).tolist():
            for person in self._nearest_first(book):
                books = at == person
                books[book] = True
                if self.may(person, books):
                    at[book] = person
                    break
        return at

    def _nearest_first(self, book: int) -> list[int]:
        far = np.where(np.isfinite(self.km[:, book]), self.km[:, book], np.inf)
        return [int(person) for person in np.argsort(far, kind="stable") if self.near[person, book]]

    def hindrance(self, at: Ints, book: int, coverage: Coverage) -> str:
        """Say what prevents that a book is covered too."""
        if not self.people:
            return f"Nobody with the role {self.role} works then."
        mine = [at == person for person in range(len(self.people))]
        near = self.near[:, book]
        full = near & np.array([int(books.sum()) for books in mine] >= self.most)
        others = "` and `".join(coverage.by)
        said = (
            (int(full.sum()), "is", "are", f"full, by `ratio: {coverage.ratio:g}` and capacity"),
            (int((near & ~full).sum()), "covers", "cover", f"others, which differ in `{others}`"),
            (int((~near).sum()), "lives", "live", f"beyond {coverage.within_km or 0:g} km, or nobody knows where"),
        )
        why = "; ".join(f"{count} {one if count == 1 else many} {what}" for count, one, many, what in said if count)
        return f"Of {counted(len(self.people), 'person', 'people')} with that role, {why}."


#: Gives the person of each book, -1 for nobody.
Assign = Callable[[Duty], Ints]


@dataclass(frozen=True, slots=True)
class Earlier:
    """Who covered a book in a role by an earlier plan, and since when; null is open."""

    person: str
    since: date | None


def team_rows(
    carving: Carving,
    inside: Book,
    territory: pl.Series,
    day: date,
    assign: Assign,
    earlier: Mapping[tuple[str, str], Earlier],
    locate: Locate,
    report: Report,
) -> tuple[Staffing, ...]:
    """Say who of each role that `coverage` names is on which territory or slot, from a day on.

    Whoever covers a territory goes on covering it while they may. It is worked out anew on every day on which somebody
    of the role comes or goes.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    inside : Book
        The accounts in scope.
    territory : polars.Series
        The territory of each as carved, aligned with `inside`.
    day : datetime.date
        The plan's day.
    assign : Assign
        Finds who covers what.
    earlier : dict
        Who covered a territory in a role by the plan that was saved before, by (role, territory).
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers territories that nobody covers.
    """
    if not carving.coverage:
        return ()
    cast = Cast.of(carving, inside, territory)
    middle = middles(cast)
    rows: list[Staffing] = []
    for role, coverage in sorted(carving.coverage.items()):
        kind = _kinds(cast, inside, coverage)
        known = {book: one for (of, book), one in earlier.items() if of == role}
        stages: list[tuple[Duty, Ints]] = []
        covering = {book: one.person for book, one in known.items()}
        for on in (day, *_turns(carving, role, day)):
            duty = _duty(cast, middle, kind, role, coverage, on, covering)
            at = assign(duty)
            stages.append((duty, at))
            covering = {duty.books[b]: duty.people[p] for b, p in enumerate(at.tolist()) if p != NOBODY}
        rows += _rows(carving, role, coverage, stages, known)
        _tell(coverage, stages, locate, report)
    return tuple(rows)


def joined(staffed: Staffed, rows: tuple[Staffing, ...]) -> Staffed:
    """Add rows to a staffing, sorted by territory, day and person."""
    if not rows:
        return staffed
    order = sorted(
        (*staffed.timeline, *rows),
        key=lambda r: (r.territory, r.since or date.min, r.interim, r.role, r.person or ""),
    )
    return replace(staffed, timeline=tuple(order))


def _turns(carving: Carving, role: str, after: date) -> list[date]:
    """Give the later days of the plan on which somebody of a role begins or is gone."""
    people = [person for person in carving.people.values() if person.role == role]
    days = {person.starts for person in people if person.starts}
    days |= {person.leaves + ONE_DAY for person in people if person.leaves and person.leaves < date.max}
    ends = carving.plan.ends or date.max
    return sorted(day for day in days if after < day <= ends)


def _duty(
    cast: Cast, middle: Floats, kind: Ints, role: str, coverage: Coverage, day: date, covering: Mapping[str, str]
) -> Duty:
    able = [
        (name, person)
        for name, person in sorted(cast.carving.people.items(), key=lambda one: one[0])
        if person.role == role and person.can_have_on(day)
    ]
    people = tuple(name for name, _ in able)
    homes = np.array([person.home or (np.nan, np.nan) for _, person in able]).reshape(-1, 2)
    km = great_circle_km(homes[:, :1], homes[:, 1:], middle[None, :, 0], middle[None, :, 1])
    capacity = np.array([person.capacity for _, person in able], dtype=float)
    position = {name: n for n, name in enumerate(people)}
    return Duty(
        role,
        day,
        cast.books,
        people,
        kind,
        km,
        np.ones(km.shape, dtype=bool) if coverage.within_km is None else km <= coverage.within_km,
        np.floor(coverage.ratio * capacity * (1 + _ROUNDING)).astype(np.int64),
        capacity,
        _loads(cast),
        np.array([position.get(covering.get(name, ""), NOBODY) for name in cast.books], dtype=np.int64),
    )


def _kinds(cast: Cast, inside: Book, coverage: Coverage) -> Ints:
    """Give books numbers that are equal where books are alike in all that `by` says."""
    values = [
        [cast.wishes[name].segment for name in cast.books] if column == SEGMENT else _most(cast, inside, column)
        for column in coverage.by
    ]
    order: dict[tuple[str | None, ...], int] = {}
    return np.array([order.setdefault(one, len(order)) for one in zip(*values, strict=True)] or [0] * len(cast.books))


def _most(cast: Cast, inside: Book, column: str) -> list[str | None]:
    """Give the value that most accounts of each book have in a column, the first of several; None where none has."""
    table = pl.DataFrame({"book": cast.territory, "value": inside.table[column].cast(pl.String)})
    counts = table.filter(pl.col("value").is_not_null() & (pl.col("book") >= 0)).group_by("book", "value").len()
    first = counts.sort("len", "value", descending=[True, False]).unique("book", keep="first", maintain_order=True)
    values = dict(first.select("book", "value").iter_rows())
    return [values.get(book) for book in range(len(cast.books))]


def _loads(cast: Cast) -> Floats:
    """Give the load of each book in every metric as a share of all of it, (books, metrics)."""
    metrics = sorted({metric for name in cast.books for metric in cast.metrics(name)})
    placed = cast.territory >= 0
    loads = np.zeros((len(cast.books), len(metrics)))
    for m, metric in enumerate(metrics):
        counts = np.array([metric in cast.metrics(name) for name in cast.books], dtype=float)
        load = counts * np.bincount(cast.territory[placed], cast.loads[metric][placed], len(cast.books))
        loads[:, m] = load / (load.sum() or 1.0)
    return loads


def _rows(
    carving: Carving,
    role: str,
    coverage: Coverage,
    stages: list[tuple[Duty, Ints]],
    known: Mapping[str, Earlier],
) -> Iterator[Staffing]:
    """Give who covers which book from when to when."""
    first = stages[0][0].day
    for b, book in enumerate(stages[0][0].books):
        current: str | None = None
        since: date | None = None
        for duty, at in stages:
            person = duty.people[at[b]] if at[b] != NOBODY else None
            if person == current:
                continue
            if current is not None:
                yield _row(carving, role, coverage, book, current, since, duty.day - ONE_DAY)
            current = person
            since = duty.day
            if person is not None and duty.day == first:
                since = _began(carving, carving.people[person], known.get(book), person, first)
        if current is not None:
            yield _row(carving, role, coverage, book, current, since, None)


def _began(carving: Carving, wish: Person, earlier: Earlier | None, person: str, day: date) -> date | None:
    """Give since when somebody covers a book on the plan's day: of a first plan, since it or they began."""
    if earlier is not None:
        return earlier.since if earlier.person == person else day
    begun = max((one for one in (wish.starts, carving.plan.starts) if one), default=None)
    return begun and min(begun, day)


def _row(
    carving: Carving, role: str, coverage: Coverage, book: str, person: str, since: date | None, until: date | None
) -> Staffing:
    ends = min((d for d in (until, carving.people[person].leaves, carving.plan.ends) if d), default=None)
    return Staffing(territory=book, role=role, person=person, since=since, to=ends, credit=coverage.credit, team=True)


def _tell(coverage: Coverage, stages: list[tuple[Duty, Ints]], locate: Locate, report: Report) -> None:
    """Warn of books that nobody covers, on the first such day, those together of which the same is to be said."""
    told: set[str] = set()
    for n, (duty, at) in enumerate(stages):
        why: dict[str, list[str]] = {}
        for b in np.flatnonzero(at == NOBODY).tolist():
            if duty.books[b] not in told:
                why.setdefault(duty.hindrance(at, b, coverage), []).append(duty.books[b])
        for reason, books in why.items():
            told.update(books)
            when = f" from {duty.day} on" if n else ""
            names = f"{listing(books)} {'has' if len(books) == 1 else 'have'}"
            report.warning(
                f"{names} no {duty.role}{when}",
                f"{reason} Add people with that role, or ask for less under `coverage:`.",
                locate(("coverage", duty.role), key=True),
            )
