"""What an apply will do, as a frozen list without side effects: the apply runs it, and anyone can print it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

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


@dataclass(frozen=True, slots=True)
class Batch:
    """Steps that are written together; `number` counts from 1."""

    number: int
    steps: tuple[Step, ...]


def steps(plan: Plan, day: date, here: Mapping[str, Place]) -> tuple[Step, ...]:
    """Give what an apply writes on a day, sorted by account.

    Parameters
    ----------
    plan : Plan
        Owners in it are people of the plan, or CRM user ids where they are nobody in it.
    day : datetime.date
        What is to be true: the plan's changes, and what passes by that day.
    here : dict of str to Place
        Where applies of this very plan have put accounts, by their receipts; owners are CRM user ids.
    """
    ways: dict[str, tuple[Place, ...]] = {change.account: (change.before, change.after) for change in plan.changes}
    for account, places in places_until(plan, day).items():
        ways[account] = (*ways[account], *places[1:]) if account in ways else places
    found = (_step(account, [as_crm(p, plan.users) for p in way], here.get(account)) for account, way in ways.items())
    return tuple(sorted((step for step in found if step is not None), key=lambda step: step.account))


def batches(every: tuple[Step, ...], size: int) -> tuple[Batch, ...]:
    """Divide steps into batches.

    Parameters
    ----------
    every : tuple of Step
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
    starts = range(0, len(every), size)
    return tuple(Batch(number, every[start : start + size]) for number, start in enumerate(starts, 1))


def _step(account: str, way: list[Place], here: Place | None) -> Step | None:
    """Give the step of an account along its way; None where this plan has put it at the end of that already."""
    if here is None:
        return Step(account, way[0], way[-1], tuple(way[1:-1]))
    return None if here == way[-1] else Step(account, here, way[-1])
