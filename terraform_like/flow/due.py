"""What of a saved plan is to be done on a day, by what applies of it have done before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from terraform_like.config.load import Repository
from terraform_like.diagnostics import Halt, Report
from terraform_like.diff import Place
from terraform_like.flow.opened import found_state
from terraform_like.plan.applied import End, Entry, Since
from terraform_like.plan.model import Plan
from terraform_like.plan.steps import Step, steps
from terraform_like.state.lock import StateError
from terraform_like.state.store import State


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done.

    Parameters
    ----------
    plan : Plan
        The saved plan.
    day : datetime.date
        The day that is to be true in the CRM.
    here : dict of str to Place
        Where applies have put accounts of which there are receipts; owners are CRM user ids.
    done : Entry or None
        The apply that pushed this very plan to the last account, where the last one did.
    back : int or None
        Serial of the apply that is gone back to: the plan was applied then, and another after it.
    since : dict of str to Since
        What became of accounts since that apply.
    """

    plan: Plan
    day: date
    here: Mapping[str, Place] = field(default_factory=dict)
    done: Entry | None = None
    back: int | None = None
    since: Mapping[str, Since] = field(default_factory=dict)

    def steps(self) -> Iterator[Step]:
        """Give each account to write or to look at, sorted.

        Accounts that are where they belong are looked at until the plan was pushed as a whole: in between somebody may
        have put one elsewhere. After that it is drift, and nothing of an apply.
        """
        every = steps(self.plan, self.day, self.here)
        if self.back is not None:
            return self._steps_back(every)
        return every if self.done is None else (step for step in every if not step.stands)

    def _steps_back(self, every: Iterator[Step]) -> Iterator[Step]:
        """Give what puts back each account that was changed since, and what has passed by the day of all others."""
        mine = {step.account: step for step in every if not step.stands or step.account in self.since}
        for account in sorted(mine.keys() | self.since.keys()):
            if account not in self.since:
                yield mine[account]
                continue
            since = self.since[account]
            yield Step(account, since.after, mine[account].after if account in mine else since.before)

    @property
    def total(self) -> int:
        """How many those are; counted, since to keep the steps takes memory for each."""
        return sum(1 for _ in self.steps())


def due(plan: Plan, state: State, day: date) -> Due:
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
        return Due(plan, day, _put(state.applied(plan.plan)), None, whole[-1], since)
    last = history[-1] if history and history[-1].serial in whole else None
    # After a whole apply an account may also be where another plan put it that was cut off: it is taken from there.
    put = state.applied(plan.plan, plan.digest if last is None else None)
    return Due(plan, day, _put(put), last)


def found_due(repository: Repository, plan: Plan, day: date) -> Due:
    """Give what is to be done of a plan on a day by the state of a repository, where there is one.

    Raises
    ------
    Halt
        When the state cannot be read.
    """
    try:
        state = found_state(repository)
        if state is None:
            return Due(plan, day)
        with closing(state):
            return due(plan, state, day)
    except StateError as error:
        report = Report()
        report.error("The state cannot be read", f"{error}.", repository.locate(("state",)))
        raise Halt(report) from None


def _put(applied: pl.DataFrame) -> dict[str, Place]:
    held = applied.select("account", "territory", pl.coalesce("holder", "owner").alias("owner"))
    return {account: Place(territory=territory, owner=owner) for account, territory, owner in held.iter_rows()}
