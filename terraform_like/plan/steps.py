"""What an apply will do, as a frozen list without side effects: the apply runs it, and anyone can print it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from terraform_like.diff import Place
from terraform_like.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Step:
    """One account to change; owners are CRM user ids."""

    account: str
    before: Place
    after: Place


@dataclass(frozen=True, slots=True)
class Batch:
    """Steps that are written together; `number` counts from 1."""

    number: int
    steps: tuple[Step, ...]


def steps(plan: Plan, batch_size: int) -> tuple[Batch, ...]:
    """Give what an apply writes, sorted by account, in batches.

    Parameters
    ----------
    plan : Plan
        Owners in it are people of the plan, or CRM user ids where they are nobody in it.
    batch_size : int
        Steps of one batch at most, at least 1.

    Raises
    ------
    ValueError
        When the batch size is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"a batch holds at least one step, not {batch_size}")
    every = tuple(
        Step(change.account, _as_crm(change.before, plan.users), _as_crm(change.after, plan.users))
        for change in sorted(plan.changes, key=lambda change: change.account)
    )
    starts = range(0, len(every), batch_size)
    return tuple(Batch(number, every[start : start + batch_size]) for number, start in enumerate(starts, 1))


def _as_crm(place: Place, users: Mapping[str, str]) -> Place:
    """Name the owner as the CRM does; who is nobody in the plan is a CRM user id already."""
    owner = place.owner
    return place if owner is None else Place(territory=place.territory, owner=users.get(owner, owner))
