"""Where accounts may go: pins, rules, `where` and exclusions, for whole families."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from terraform_like.carve.arrays import Flags, Floats, Ints
from terraform_like.diagnostics import Locate, Path, Report, counted, listing
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving, Location, Slot, Territory
from terraform_like.domain.scope import FAMILY, SEGMENT, evaluate


@dataclass(frozen=True, slots=True)
class Members:
    """The accounts and territories of one segment as arrays; A accounts, U units, T territories.

    Parameters
    ----------
    name : str
        The segment.
    table : polars.DataFrame
        Its accounts, sorted; `accounts` (A,) are their ids.
    unit_of : (A,) array of int
        Each account's unit (a family, or the account alone), 0 to U - 1.
    heads : (U,) array of int
        The account that speaks for each unit.
    names, books
        Its territories and slots, T of them, by name.
    current : (A,) array of int
        The territory that each account is in now, -1 where it is in none of these.
    location : Location or None
        The columns that say where accounts are.
    """

    name: str
    table: pl.DataFrame
    accounts: NDArray[np.str_]
    unit_of: Ints
    heads: Ints
    names: tuple[str, ...]
    books: tuple[Territory, ...]
    current: Ints
    location: Location | None


def members(carving: Carving, inside: Book, segment: str) -> Members:
    """Give the accounts of a segment that are in scope, and its territories."""
    table = inside.table.filter(pl.col(SEGMENT) == segment)
    accounts = table["account"].to_numpy().astype(str)
    families = table[FAMILY].to_numpy().astype(str)
    units, unit_of = np.unique(families, return_inverse=True)
    # The head of a family speaks for it; where the head is elsewhere, its first account does.
    heads = np.full(len(units), -1)
    is_head = np.flatnonzero(accounts == families)
    heads[unit_of[is_head]] = is_head
    first = np.unique(unit_of, return_index=True)[1]
    heads = np.where(heads >= 0, heads, first)
    books = {name: book for name, book in carving.books.items() if book.segment == segment}
    order = {territory: t for t, territory in enumerate(books)}
    current = table["territory"].replace_strict(order, default=-1, return_dtype=pl.Int64).to_numpy()
    location = carving.accounts.location
    return Members(segment, table, accounts, unit_of, heads, tuple(books), tuple(books.values()), current, location)


@dataclass(frozen=True, slots=True)
class Eligible:
    """Where units may go; U units, T territories, K kinds of territories that say the same `where`.

    Parameters
    ----------
    kind_of : (T,) array of int
        The kind of each territory.
    may : (U, K) array of bool
        Whether a unit may go to territories of a kind.
    only : (U,) array of int
        The territory that a pin or a rule has decided on, -1 where none has; it counts whatever `may` says.
    barred : (B,) array of int
        Units that are excluded from territories: unit * T + territory, sorted.
    """

    kind_of: Ints
    may: Flags
    only: Ints
    barred: Ints

    def allows(self, unit: Ints, territory: Ints) -> Flags:
        """Say whether units may go to territories, for arrays that broadcast against one another."""
        keys = unit * len(self.kind_of) + territory
        barred = np.zeros(keys.shape, dtype=bool)
        if len(self.barred):
            at = np.minimum(np.searchsorted(self.barred, keys), len(self.barred) - 1)
            barred = self.barred[at] == keys
        only = self.only[unit]
        free: Flags = self.may[unit, self.kind_of[territory]] & ~barred
        return np.where(only >= 0, only == territory, free)

    def count(self) -> Ints:
        """Give how many territories each unit may go to, a (U,) array."""
        return self.count_among(np.arange(len(self.kind_of)))

    def count_among(self, territories: Ints) -> Ints:
        """Give how many of some territories each unit may go to, a (U,) array."""
        width = len(self.kind_of)
        among = np.zeros(width, dtype=bool)
        among[territories] = True
        size = np.bincount(self.kind_of[territories], minlength=self.may.shape[1])
        barred = self.barred[among[self.barred % width]]
        unit, kind = barred // width, self.kind_of[barred % width]
        lost = np.bincount(unit[self.may[unit, kind]], minlength=len(self.may))
        count: Ints = self.may @ size - lost
        decided = np.flatnonzero(self.only >= 0)
        count[decided] = among[self.only[decided]]
        return count

    def open_to(self, units: Ints) -> Ints:
        """Give the territories that any of some units may go to, sorted; what is excluded counts all the same."""
        free = units[self.only[units] < 0]
        found: Flags = np.logical_or.reduce(self.may[free], axis=0)[self.kind_of]
        found[self.only[units[self.only[units] >= 0]]] = True
        return np.flatnonzero(found)

    def most_among(self, territories: Ints, values: Floats) -> Floats:
        """Give the largest value of those territories that each unit may go to, a (U,) array; 0 where it may to none.

        Parameters
        ----------
        territories : (S,) array of int
            Some territories.
        values : (T,) array
            A value that is not negative for each of all territories. What is excluded counts all the same.
        """
        best = np.zeros(self.may.shape[1])
        np.maximum.at(best, self.kind_of[territories], values[territories])
        mine = np.zeros(len(self.kind_of))
        mine[territories] = values[territories]
        free = np.where(self.may, best, 0.0).max(axis=1, initial=0.0)
        return np.where(self.only >= 0, mine[self.only], free)

    def part(self, units: Ints, territories: Ints) -> Eligible:
        """Give the same for some units and territories, at their new positions."""
        kinds, kind_of = np.unique(self.kind_of[territories], return_inverse=True)
        order = np.full(len(self.kind_of), -1)
        order[territories] = np.arange(len(territories))
        only = self.only[units]
        width = len(self.kind_of)
        row = np.full(len(self.may), -1)
        row[units] = np.arange(len(units))
        unit, territory = row[self.barred // width], order[self.barred % width]
        kept = (unit >= 0) & (territory >= 0)
        return Eligible(
            kind_of,
            self.may[np.ix_(units, kinds)],
            np.where(only >= 0, order[only], -1),
            np.sort(unit[kept] * len(territories) + territory[kept]),
        )


def eligible(segment: Members, locate: Locate, report: Report) -> Eligible:
    """Say where units may go.

    Pins come first, for the whole family; then what a rule claims; then `where`, less what is excluded. The head of a
    family answers for it.

    Parameters
    ----------
    segment : Members
        The accounts and territories of a segment.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers pins that contradict each other, and rules that claim the same accounts.
    """
    heads = segment.table[segment.heads.tolist()]
    answers: dict[str, Flags] = {}

    def matches(text: str, path: Path, *, unknown: bool) -> Flags:
        if text not in answers:
            answer = evaluate(heads, text, path, "boolean", segment.location, locate, report)
            if answer is None:
                return np.full(heads.height, unknown)
            answers[text] = answer.fill_null(False).to_numpy()
        return answers[text]

    width = len(segment.names)
    kinds: dict[tuple[str | None, bool], int] = {}
    columns: list[Flags] = []
    kind_of = np.empty(width, dtype=np.int64)
    claimed: dict[int, Flags] = {}
    barred: list[Ints] = []
    for t, (name, book) in enumerate(zip(segment.names, segment.books, strict=True)):
        path = book_path(name, book)
        if book.exclude:
            barred.append(np.unique(segment.unit_of[np.isin(segment.accounts, book.exclude)]) * width + t)
        if book.rule is not None:
            claimed[t] = matches(book.rule, (*path, "rule"), unknown=False).copy()
        kind = (book.where, book.rule is not None and book.where is None)
        if kind not in kinds:
            kinds[kind] = len(kinds)
            if book.where is not None:
                # An expression that cannot be evaluated is one error, not another for each account it would have held.
                columns.append(matches(book.where, (*path, "where"), unknown=True))
            else:
                columns.append(np.full(heads.height, not kind[1]))
        kind_of[t] = kinds[kind]
    only = _pinned(segment, locate, report)
    out = np.sort(np.concatenate(barred)) if barred else np.empty(0, dtype=np.int64)
    _pinned_and_excluded(segment, only, out, locate, report)
    pinned = only >= 0
    for t, those in claimed.items():
        those[out[out % width == t] // width] = False
        those[pinned] = False
    _claimed_twice(segment, claimed, locate, report)
    for t, those in claimed.items():
        only[those] = t
    may = np.stack(columns, axis=1) if columns else np.zeros((heads.height, 0), dtype=bool)
    return Eligible(kind_of, may, only, out)


def keeping(allowed: Eligible, segment: Members) -> Eligible:
    """Leave each unit only the territory where it is, if it may stay there; others may go wherever they might.

    A family is where most of its accounts are, among the territories that it may stay in; the first one on a tie.
    """
    width = len(segment.names)
    placed = np.flatnonzero(segment.current >= 0)
    keys, counts = np.unique(segment.unit_of[placed] * width + segment.current[placed], return_counts=True)
    may = allowed.allows(keys // width, keys % width)
    keys, counts = keys[may], counts[may]
    # By number of accounts, then from last to first territory: the last write is the most, the first one on a tie.
    order = np.lexsort((-keys, counts))
    only = allowed.only.copy()
    only[keys[order] // width] = keys[order] % width
    return replace(allowed, only=only)


def tell_pins_elsewhere(carving: Carving, inside: Book, locate: Locate, report: Report) -> None:
    """Gather an error for each account that is pinned to a territory of another segment than its family's."""
    books = carving.books
    pinned = {account: name for name, book in books.items() for account in book.accounts}
    if not pinned:
        return
    found = inside.table.filter(pl.col("account").is_in(list(pinned))).select("account", SEGMENT)
    for account, segment in found.iter_rows():
        name = pinned[account]
        book = books[name]
        if book.segment != segment:
            report.error(
                f"{account} is pinned to {name}, and its family is in another segment",
                f"{name} is of {book.segment}, the family of {segment}. Accounts under one ultimate parent stay "
                "together: pin one of them only, or all to territories of one segment.",
                locate((*book_path(name, book), "accounts", book.accounts.index(account))),
            )


def book_path(name: str, book: Territory) -> Path:
    """Give the path at which a territory or slot stands."""
    return ("overcarve" if isinstance(book, Slot) else "territories", name)


def _pinned(segment: Members, locate: Locate, report: Report) -> Ints:
    """Give the territory that each unit is pinned to, -1 for none; two territories for one family are an error."""
    pinned = np.full(len(segment.heads), -1)
    for t, (name, book) in enumerate(zip(segment.names, segment.books, strict=True)):
        for account in book.accounts:
            at = int(np.searchsorted(segment.accounts, account))
            if at == len(segment.accounts) or segment.accounts[at] != account:
                continue
            unit = int(segment.unit_of[at])
            if pinned[unit] not in (-1, t):
                report.error(
                    f"The family of {account} is pinned to two territories",
                    f"{segment.names[pinned[unit]]} and {name}; accounts under one ultimate parent stay together.",
                    locate((*book_path(name, book), "accounts")),
                )
            else:
                pinned[unit] = t
    return pinned


def _pinned_and_excluded(segment: Members, only: Ints, barred: Ints, locate: Locate, report: Report) -> None:
    """Gather an error for each family of which one account is pinned to a territory that excludes another."""
    width = len(segment.names)
    for key in barred[only[barred // width] == barred % width].tolist():
        unit, t = divmod(key, width)
        family = segment.accounts[segment.unit_of == unit].tolist()
        name, book = segment.names[t], segment.books[t]
        report.error(
            f"{name} has accounts of one family pinned and excluded",
            f"{listing(a for a in book.accounts if a in family)} pinned, "
            f"{listing(a for a in book.exclude if a in family)} excluded; accounts under one ultimate parent stay "
            "together.",
            locate((*book_path(name, book), "exclude")),
        )


def _claimed_twice(segment: Members, claimed: dict[int, Flags], locate: Locate, report: Report) -> None:
    """Gather an error for each pair of territories whose rules claim the same accounts."""
    first = np.full(len(segment.heads), -1)
    pairs: dict[tuple[int, int], list[int]] = {}
    told = np.zeros(len(segment.heads), dtype=bool)
    for second, those in claimed.items():
        for unit in np.flatnonzero(those & (first >= 0) & ~told).tolist():
            pairs.setdefault((int(first[unit]), second), []).append(unit)
            told[unit] = True
        first[those & (first < 0)] = second
    for (one, other), units in sorted(pairs.items()):
        accounts = segment.accounts[np.isin(segment.unit_of, units)]
        there = locate((*book_path(segment.names[one], segment.books[one]), "rule"))
        report.error(
            f"The rules of {segment.names[one]} and {segment.names[other]} both claim "
            f"{counted(len(accounts), 'account')}",
            f"{listing(str(a) for a in accounts)}. The other rule stands at {there}. Narrow one of them.",
            locate((*book_path(segment.names[other], segment.books[other]), "rule")),
        )
