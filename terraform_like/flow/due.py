"""What of a saved plan is to be done on a day, by what applies of it have done before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from terraform_like.config.load import Repository
from terraform_like.diagnostics import Halt, Report
from terraform_like.diff import Place
from terraform_like.flow.opened import found_state
from terraform_like.plan.applied import End, Entry
from terraform_like.plan.model import Head
from terraform_like.plan.steps import Step, beside, steps
from terraform_like.plan.ways import Ways
from terraform_like.state.lock import StateError
from terraform_like.state.store import State

_PUT = {"account": pl.String(), "territory": pl.String(), "owner": pl.String()}


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done.

    Parameters
    ----------
    plan, ways
        The saved plan.
    day : datetime.date
        The day that is to be true in the CRM.
    here : polars.DataFrame
        Where applies have put accounts of which there are receipts, sorted: `account`, `territory`, `owner` (CRM user
        ids).
    done : Entry or None
        The apply that pushed this very plan to the last account, where the last one did.
    back : int or None
        Serial of the apply that is gone back to: the plan was applied then, and another after it.
    since : polars.DataFrame or None
        What became of accounts since that apply, as `State.since` gives it.
    """

    plan: Head
    ways: Ways
    day: date
    here: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_PUT))
    done: Entry | None = None
    back: int | None = None
    since: pl.DataFrame | None = None

    def steps(self) -> Iterator[Step]:
        """Give each account to write or to look at, sorted.

        Accounts that are where they belong are looked at until the plan was pushed as a whole: in between somebody may
        have put one elsewhere. After that it is drift, and nothing of an apply.
        """
        every = steps(self.plan, self.ways, self.day, self.here)
        if self.since is not None:
            return _steps_back(every, self.since)
        return every if self.done is None else (step for step in every if not step.stands)

    @property
    def total(self) -> int:
        """How many those are; counted, since to keep the steps takes memory for each."""
        return sum(1 for _ in self.steps())


def due(plan: Head, ways: Ways, state: State, day: date) -> Due:
    """Give what is to be done of a plan on a day.

    Raises
    ------
    StateError
        When the state cannot be read.
    """
    history = state.history(plan.plan)
    whole = [entry.serial for entry in history if entry.digest == plan.digest and entry.outcome is End.COMPLETE]
    if whole and any(entry.serial > whole[-1] and entry.digest != plan.digest for entry in history):
        since = state.since(plan.plan, whole[-1], plan.digest)
        return Due(plan, ways, day, _put(state.applied(plan.plan)), None, whole[-1], since)
    last = history[-1] if history and history[-1].serial in whole else None
    # After a whole apply an account may also be where another plan put it that was cut off: it is taken from there.
    put = state.applied(plan.plan, plan.digest if last is None else None)
    return Due(plan, ways, day, _put(put), last)


def found_due(repository: Repository, plan: Head, ways: Ways, day: date) -> Due:
    """Give what is to be done of a plan on a day by the state of a repository, where there is one.

    Raises
    ------
    Halt
        When the state cannot be read.
    """
    try:
        state = found_state(repository)
        if state is None:
            return Due(plan, ways, day)
        with closing(state):
            return due(plan, ways, state, day)
    except StateError as error:
        report = Report()
        report.error("The state cannot be read", f"{error}.", repository.locate(("state",)))
        raise Halt(report) from None


def _put(applied: pl.DataFrame) -> pl.DataFrame:
    return applied.select("account", "territory", owner=pl.coalesce("holder", "owner"))


def _steps_back(every: Iterator[Step], since: pl.DataFrame) -> Iterator[Step]:
    """Give what puts back each account that was changed since, and what has passed by the day of all others."""
    mine = ((step.account, step) for step in every)
    changed = (
        (account, (Place(territory=before, owner=had), Place(territory=after, owner=has)))
        for account, before, had, after, has in since.iter_rows()
    )
    both: Iterator[tuple[str, list[Step | tuple[Place, Place]]]] = beside(mine, changed)
    for account, found in both:
        step = next((one for one in found if isinstance(one, Step)), None)
        was = next((one for one in found if not isinstance(one, Step)), None)
        if was is not None:
            yield Step(account, was[1], was[0] if step is None else step.after)
        elif step is not None and not step.stands:
            yield step
