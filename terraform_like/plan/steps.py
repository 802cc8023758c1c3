"""What an apply will do, step by step and without side effects: the apply runs it, and anyone can print it.

Steps are made as they are asked for, since a plan may have a million.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby, islice
from operator import itemgetter

from terraform_like.diff import Place
from terraform_like.plan.model import Plan
from terraform_like.plan.scheduled import as_crm, places_until


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


def steps(plan: Plan, day: date, here: Mapping[str, Place]) -> Iterator[Step]:
    """Give what an apply writes or looks at on a day, sorted by account.

    Parameters
    ----------
    plan : Plan
        Owners in it are people of the plan, or CRM user ids where they are nobody in it.
    day : datetime.date
        What is to be true: the plan's changes, and what passes by that day.
    here : dict of str to Place
        Where applies of this very plan have put accounts, by their receipts; owners are CRM user ids.
    """
    changed = ((c.account, (c.before, c.after)) for c in sorted(plan.changes, key=lambda change: change.account))
    passing = sorted(places_until(plan, day).items())
    together = groupby(heapq.merge(changed, passing, key=itemgetter(0)), key=itemgetter(0))
    for account, ways in together:
        # Where both speak of an account, it passes on from where the change puts it.
        (_, way), *later = ways
        way = (*way, *(place for _, places in later for place in places[1:]))
        yield _step(account, [as_crm(place, plan.users) for place in way], here.get(account))


def owners(every: Iterable[Step]) -> list[str]:
    """Give the CRM user ids of all who are to own accounts, sorted."""
    return sorted({step.after.owner for step in every if step.after.owner is not None})


def territories(every: Iterable[Step]) -> list[str]:
    """Give the territories that accounts are to be in, sorted."""
    return sorted({step.after.territory for step in every if step.after.territory is not None})


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
