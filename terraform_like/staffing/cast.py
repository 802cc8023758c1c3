"""The accounts of a plan and everyone who may have one as arrays: what a day's staffing is reckoned on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from terraform_like.domain.book import Book
from terraform_like.domain.carving import Balance, Carving, Slot, Territory
from terraform_like.domain.geography import located
from terraform_like.domain.people import Cover
from terraform_like.staffing.tenure import owners_on

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NOBODY = -1


@dataclass(frozen=True, slots=True)
class Cast:
    """Accounts, territories and people by number; numbers follow the order of names.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    wishes : dict of str to Territory
        What is wanted of each book.
    accounts : (n,) array of str
        Ids, sorted.
    books : tuple of str
        Names of territories and slots, sorted.
    territory, live : (n,) array of int
        Book of each account as wanted and as the CRM has it, -1 for none.
    names : tuple of str
        Everyone who may have an account: people, and users of the CRM who are nobody in the plan.
    points : (n, 2) array
        Latitude and longitude of accounts in degrees, NaN where unknown.
    loads : dict of str to (n,) array
        Every metric that some balance policy names, and `accounts`, in its own unit.
    """

    carving: Carving
    wishes: Mapping[str, Territory]
    accounts: NDArray[np.str_]
    books: tuple[str, ...]
    territory: Ints
    live: Ints
    names: tuple[str, ...]
    points: Floats
    loads: Mapping[str, Floats]

    @classmethod
    def of(cls, carving: Carving, inside: Book, territory: pl.Series, others: Iterable[str] = ()) -> Cast:
        """Give accounts, territories and people by number; `territory` is aligned with `inside`.

        Those who may have an account are people, whoever has one in `inside`, and `others`.
        """
        table = inside.table
        books = tuple(carving.books)
        metrics = {m for name in dict.fromkeys(s.name for s in carving.segments) for m in _metrics(carving, name)}
        loads = {m: table[m].cast(pl.Float64).to_numpy() for m in sorted(metrics - {"accounts"})}
        return cls(
            carving,
            carving.books,
            table["account"].to_numpy().astype(str),
            books,
            _numbered(territory, books),
            _numbered(table["territory"], books),
            tuple(sorted({*carving.people, *table["owner"].drop_nulls().unique(), *others})),
            located(table, carving.accounts.location),
            {**loads, "accounts": np.ones(table.height)},
        )

    def numbers(self, names: Iterable[str | None]) -> Ints:
        """Give the numbers of people, -1 for None."""
        known = {name: n for n, name in enumerate(self.names)}
        return np.array([NOBODY if name is None else known[name] for name in names], dtype=np.int64)

    def who(self, numbers: Ints) -> pl.Series:
        """Give the names of people, null for nobody."""
        names = pl.Series([*self.names, None], dtype=pl.String)
        return names.gather(pl.Series(np.where(numbers < 0, len(self.names), numbers)))

    def has(self, inside: Book) -> Ints:
        """Give who has each account in the CRM."""
        return _numbered(inside.table["owner"], self.names)

    def working(self, day: date) -> Flags:
        """Say who works on a day and is not away, as users who are nobody in the plan; the last entry is of nobody."""
        people = self.carving.people
        return np.array([*(name not in people or people[name].can_have_on(day) for name in self.names), False])

    def owners(self, day: date) -> Ints:
        """Give the owner of each book on a day, -1 while it is vacant; the last entry is of no book."""
        owners = owners_on(self.carving, day)
        return np.append(self.numbers(owners.get(name) for name in self.books), NOBODY)

    def metrics(self, book: str) -> tuple[str, ...]:
        """Give the metrics by which a book is balanced; the number of accounts where nothing is said."""
        return _metrics(self.carving, self.wishes[book].segment) or ("accounts",)

    def cover(self, book: str) -> Cover:
        """Give how a book is covered while it is vacant."""
        return self.wishes[book].cover or self.carving.cover

    def most(self, book: str, may: Ints) -> Floats:
        """Give how much people can have in all before they are full, (people, metrics of the book).

        Who says a `capacity` can have so many full books: so many times the fair share of a book of size 1 of that
        segment. Who says none is never full.
        """
        people = [self.carving.people.get(self.names[number]) for number in may]
        said = [p.capacity if p and "capacity" in p.model_fields_set else np.inf for p in people]
        if np.isinf(said).all():
            return np.full((len(may), len(self.metrics(book))), np.inf)
        segment = self.wishes[book].segment
        books = [number for number, name in enumerate(self.books) if self.wishes[name].segment == segment]
        inside = np.isin(self.territory, books)
        size = sum(self.wishes[self.books[number]].size for number in books)
        full_book = np.array([self.loads[metric][inside].sum() / size for metric in self.metrics(book)])
        with np.errstate(invalid="ignore"):
            most: Floats = np.nan_to_num(np.array(said)[:, None] * full_book[None, :], nan=0.0, posinf=np.inf)
        return most

    def kind(self, book: str) -> str:
        """Give the key of the plan file that a book stands under."""
        return "overcarve" if isinstance(self.wishes[book], Slot) else "territories"


def may_hold(cast: Cast, book: Territory, cover: Cover, owners: Ints, working: Flags) -> Ints:
    """Give who may hold the accounts of a vacant book, sorted: whom its cover names, else its segment's owners.

    Names are people or roles. Who does not work on that day, or is away, never holds.
    """
    people = cast.carving.people
    named = {n for n, person in people.items() if n in cover.by or (person.role in cover.by)}
    segment = {
        cast.names[owners[b]]
        for b, name in enumerate(cast.books)
        if owners[b] >= 0 and cast.wishes[name].segment == book.segment
    }
    for candidates in (named, segment):
        numbers = cast.numbers(sorted(candidates))
        if (numbers := numbers[working[numbers]]).size:
            return numbers
    return np.empty(0, dtype=np.int64)


def _balance(carving: Carving, segment: str) -> Balance:
    return carving.balance.get(segment, Balance())


def _metrics(carving: Carving, segment: str) -> tuple[str, ...]:
    return _balance(carving, segment).metrics


def _numbered(names: pl.Series, among: tuple[str, ...]) -> Ints:
    order = {name: n for n, name in enumerate(among)}
    numbers: Ints = names.replace_strict(order, default=NOBODY, return_dtype=pl.Int64).fill_null(NOBODY).to_numpy()
    return numbers
