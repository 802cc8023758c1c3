"""Where accounts may go: pins, rules, `where` and exclusions, for whole families."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from terraform_like.carve.problem import Ints
from terraform_like.diagnostics import Locate, Path, Report, counted, listing
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving, Location, Slot, Territory
from terraform_like.domain.scope import FAMILY, SEGMENT, evaluate

Flags = NDArray[np.bool_]


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


def eligible(segment: Members, locate: Locate, report: Report) -> Flags:
    """Say where units may go, a (U, T) array.

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

    shape = (len(segment.heads), len(segment.names))
    allowed, claimed, excluded = np.ones(shape, dtype=bool), np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for t, (name, book) in enumerate(zip(segment.names, segment.books, strict=True)):
        path = book_path(name, book)
        excluded[segment.unit_of[np.isin(segment.accounts, book.exclude)], t] = True
        if book.rule is not None:
            claimed[:, t] = matches(book.rule, (*path, "rule"), unknown=False)
        if book.where is not None:
            # An expression that cannot be evaluated is one error, not another for each account it would have held.
            allowed[:, t] = matches(book.where, (*path, "where"), unknown=True)
        elif book.rule is not None:
            allowed[:, t] = False
    pinned = _pinned(segment, locate, report)
    _pinned_and_excluded(segment, pinned & excluded, locate, report)
    claimed &= ~excluded
    claimed[pinned.any(axis=1)] = False
    _claimed_twice(segment, claimed, locate, report)
    allowed &= ~excluded
    for decided in (claimed, pinned):
        units = decided.any(axis=1)
        allowed[units] = decided[units]
    return allowed


def tell_pins_elsewhere(carving: Carving, inside: Book, locate: Locate, report: Report) -> None:
    """Gather an error for each account that is pinned to a territory of another segment than its family's."""
    pinned = {account: name for name, book in carving.books.items() for account in book.accounts}
    if not pinned:
        return
    found = inside.table.filter(pl.col("account").is_in(list(pinned))).select("account", SEGMENT)
    for account, segment in found.iter_rows():
        name = pinned[account]
        book = carving.books[name]
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


def _pinned(segment: Members, locate: Locate, report: Report) -> Flags:
    """Say where units are pinned; two territories for one family are an error."""
    pinned = np.zeros((len(segment.heads), len(segment.names)), dtype=bool)
    position = {str(account): i for i, account in enumerate(segment.accounts)}
    for t, (name, book) in enumerate(zip(segment.names, segment.books, strict=True)):
        for account in (account for account in book.accounts if account in position):
            unit = int(segment.unit_of[position[account]])
            others = np.flatnonzero(pinned[unit])
            if len(others) and others[0] != t:
                report.error(
                    f"The family of {account} is pinned to two territories",
                    f"{segment.names[others[0]]} and {name}; accounts under one ultimate parent stay together.",
                    locate((*book_path(name, book), "accounts")),
                )
            else:
                pinned[unit, t] = True
    return pinned


def _pinned_and_excluded(segment: Members, both: Flags, locate: Locate, report: Report) -> None:
    """Gather an error for each family of which one account is pinned to a territory that excludes another."""
    for unit, t in np.argwhere(both).tolist():
        family = segment.accounts[segment.unit_of == unit].tolist()
        name, book = segment.names[t], segment.books[t]
        report.error(
            f"{name} has accounts of one family pinned and excluded",
            f"{listing(a for a in book.accounts if a in family)} pinned, "
            f"{listing(a for a in book.exclude if a in family)} excluded; accounts under one ultimate parent stay "
            "together.",
            locate((*book_path(name, book), "exclude")),
        )


def _claimed_twice(segment: Members, claimed: Flags, locate: Locate, report: Report) -> None:
    """Gather an error for each pair of territories whose rules claim the same accounts."""
    contested = np.flatnonzero(claimed.sum(axis=1) > 1)
    pairs: dict[tuple[int, int], list[int]] = {}
    for unit in contested.tolist():
        first, second = np.flatnonzero(claimed[unit])[:2].tolist()
        pairs.setdefault((first, second), []).append(unit)
    for (first, second), units in sorted(pairs.items()):
        accounts = segment.accounts[np.isin(segment.unit_of, units)]
        one, other = segment.names[first], segment.names[second]
        there = locate((*book_path(one, segment.books[first]), "rule"))
        report.error(
            f"The rules of {one} and {other} both claim {counted(len(accounts), 'account')}",
            f"{listing(str(a) for a in accounts)}. The other rule stands at {there}. Narrow one of them.",
            locate((*book_path(other, segment.books[second]), "rule")),
        )
