"""What an apply will do, step by step and without side effects: the apply runs it, and anyone can print it.

Steps are made as they are asked for, since a plan may have a million: what they are made of is sorted by account, and
read side by side.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby, islice
from operator import itemgetter
from typing import TypeVar

import polars as pl

from terraform_like.diff import Place
from terraform_like.plan.model import Head
from terraform_like.plan.scheduled import as_crm
from terraform_like.plan.ways import Ways

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """One account to change; owners are CRM user ids.

    `between` are places that this plan gives the account on days before: an apply that was cut off on such a day may
    have put it there without a receipt.
    """

    account: str
    before: Place
    after: Place
    between: tuple[Place, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether an apply has put the account where it belongs, so that there is nothing to write."""
        return self.before == self.after


@dataclass(frozen=True, slots=True)
class Batch:
    """Steps that are written together; `number` counts from 1."""

    number: int
    steps: tuple[Step, ...]


def steps(plan: Head, ways: Ways, day: date, here: pl.DataFrame) -> Iterator[Step]:
    """Give what an apply writes or looks at on a day, sorted by account.

    Parameters
    ----------
    plan, ways
        The plan.
    day : datetime.date
        What is to be true: the plan's changes, and what passes by that day.
    here : polars.DataFrame
        Where applies of this very plan have put accounts, by their receipts: `account`, `territory` and `owner` (CRM
        user ids), sorted by account.
    """
    places = [as_crm(place, plan.users) for place in ways.places]
    legs = [(places[leg.before], places[leg.after]) for leg in ways.legs]
    changes = ways.changes.select("account", "before", "after").iter_rows()
    changed = ((account, (places[before], places[after])) for account, before, after in changes)
    passing = ((account, legs[leg]) for account, leg in ways.passing_by(day).iter_rows())
    put = ((account, Place(territory=territory, owner=owner)) for account, territory, owner in here.iter_rows())
    for account, found in beside(put, changed, passing):
        at = next((place for place in found if isinstance(place, Place)), None)
        pairs = [pair for pair in found if not isinstance(pair, Place)]
        if pairs:
            # Where change and passings speak of an account, each goes on from where the one before puts it.
            yield _step(account, [pairs[0][0], *(after for _, after in pairs)], at)


def beside(*sorted_by_account: Iterable[tuple[str, T]]) -> Iterator[tuple[str, list[T]]]:
    """Give each account with all that is said of it, in the order of those who say it."""
    both = groupby(heapq.merge(*sorted_by_account, key=itemgetter(0)), key=itemgetter(0))
    return ((account, [said for _, said in rows]) for account, rows in both)


def destinations(every: Iterable[Step]) -> tuple[list[str], list[str]]:
    """Give the CRM user ids of all who are to own accounts, and the territories that those are to be in, sorted."""
    ends = {step.after for step in every}
    owners = {end.owner for end in ends if end.owner is not None}
    return sorted(owners), sorted({end.territory for end in ends if end.territory is not None})


def batches(every: Iterable[Step], size: int) -> Iterator[Batch]:
    """Divide steps into batches.

    Parameters
    ----------
    every : iterable of Step
        What is to be written.
    size : int
        Steps of one batch at most, at least 1.

    Raises
    ------
    ValueError
        When the batch size is below 1.
    """
    if size < 1:
        raise ValueError(f"a batch holds at least one step, not {size}")
    rest = iter(every)
    filled = iter(lambda: tuple(islice(rest, size)), ())
    return (Batch(number, found) for number, found in enumerate(filled, 1))


def _step(account: str, way: list[Place], here: Place | None) -> Step:
    """Give the step of an account along its way, from where this plan has put it."""
    if here is None:
        return Step(account, way[0], way[-1], tuple(way[1:-1]))
    passed = next((number for number in reversed(range(len(way))) if way[number] == here), 0)
    return Step(account, here, way[-1], tuple(way[passed + 1 : -1]))
