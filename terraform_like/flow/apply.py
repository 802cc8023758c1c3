"""Apply: push exactly what was approved, batch by batch, and remember it; running it again continues."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Literal

from terraform_like.crm.port import Crm, CrmError, Needs, Outcome, Receipt, Record, Write
from terraform_like.diagnostics import Report, counted
from terraform_like.diff import Place
from terraform_like.flow.arranged import arrange
from terraform_like.flow.current import as_record, differing, stands
from terraform_like.flow.due import Due, due
from terraform_like.flow.interrupts import interrupts_held
from terraform_like.flow.outcome import CONTINUE, Applied, Context, Progress, tell
from terraform_like.flow.receipts import confirmed, settled
from terraform_like.plan import fresh
from terraform_like.plan.applied import End, Entry, Intent, Run, Settled, timestamp
from terraform_like.plan.check import errors
from terraform_like.plan.limits import beyond_limits, within_limits
from terraform_like.plan.placed import Placed
from terraform_like.plan.sealed import Sealed
from terraform_like.plan.steps import Batch, Step, batches, destinations
from terraform_like.state.lock import StateError
from terraform_like.state.store import State

OnConflict = Literal["skip", "overwrite", "fail"]

#: Outcomes of accounts that are as approved.
_RIGHT = (Outcome.DONE, Outcome.UNCHANGED)


def apply(
    saved: Sealed,
    crm: Crm,
    state: State,
    *,
    current: fresh.Current,
    context: Context,
    day: date | None = None,
    allow: AbstractSet[str] = frozenset(),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    lock_timeout: float = 0.0,
    on_conflict: OnConflict = "skip",
    on_batch: Callable[[Progress], None] | None = None,
) -> tuple[Applied, Report]:
    """Push a saved plan to the CRM.

    Every record is written only where the CRM still holds what the plan saw. Ctrl-C ends it after the batch that is
    being written; a second one at once, as any crash does, and the next apply of this plan continues.

    Parameters
    ----------
    saved : Sealed
        The plan.
    crm : Crm
        Where to push it.
    state : State
        What to remember it in.
    current : fresh.Current
        Digests of YAML and policies as the repository holds them now, and the limits.
    context : Context
        Who applies, for the history and for whoever meets the lock.
    day : datetime.date, optional
        The day that is to be true in the CRM: what passes by then is pushed too. The plan's own where left out.
    allow : set of str
        Limits to lift, of `ALLOWABLE`; those that the plan was beyond are recorded in the history.
    now : callable
        Gives the present moment, with its time zone.
    lock_timeout : float
        Seconds to wait for another apply to end.
    on_conflict : str
        What becomes of a record that somebody changed after the plan was made: `skip` leaves it alone, `overwrite`
        writes it all the same, `fail` keeps everything from being written.
    on_batch : callable, optional
        Told after each batch, when its receipts are journalled.

    Returns
    -------
    tuple of Applied and Report
        The report failed unless everything is as approved.
    """
    report = Report()
    day = day or saved.plan.as_of
    report.extend(errors(fresh.for_apply(saved, current, day, allow)))
    lifted = tuple(limit for limit in beyond_limits(saved.plan, saved.ways, current.limits) if limit in allow)
    work = _Work(
        saved, crm, state, context, Due(saved.plan, saved.ways, day), now, on_batch, on_conflict, lifted, current, allow
    )
    if report.failed:
        return work.so_far(), report
    try:
        with state.lock(context.who, context.host, os.getpid(), lock_timeout):
            return work.run(report)
    except StateError as error:
        report.error(str(error), f"What was written is journalled. {CONTINUE}" if work.count else "")
        return work.so_far(), report


@dataclass(slots=True)
class _Work:
    """One apply under way: its parts, how many accounts came out how, and the receipts of those that are not right."""

    saved: Sealed
    crm: Crm
    state: State
    context: Context
    due: Due
    now: Callable[[], datetime]
    on_batch: Callable[[Progress], None] | None
    on_conflict: OnConflict
    lifted: tuple[str, ...]
    current: fresh.Current
    allow: AbstractSet[str]
    count: Counter[Outcome] = field(default_factory=Counter)
    amiss: list[Receipt] = field(default_factory=list)

    def run(self, report: Report) -> tuple[Applied, Report]:
        """Do it, with the lock held."""
        plan, started = self.saved.plan, self.now()
        self.due = due(plan, self.saved.ways, self.state, self.due.day)
        if (done := self.due.done) is not None and not self.due.total:
            report.note("this plan is applied already", f"{done.who} applied it on {done.finished}. Nothing was done.")
            return Applied(plan.plan, plan.digest, self.due.day, before=done), report
        if not self._may_go_on(report):
            return self.so_far(), report
        if not self._found_crm(report):
            return self.so_far(), report
        if self.on_conflict == "fail" and not self._unchanged(report):
            return self.so_far(), report
        run = self.state.begin(plan.plan, plan.digest)
        if run.resumed:
            report.note(
                "an apply of this plan was cut off; this one continues it",
                f"{counted(run.receipts, 'account')} of {self.due.total:,} had been settled.",
            )
        places = Placed(self.saved, self.due.day)
        interrupted = False
        try:
            arrange(plan, self.due.day, self.crm, report)
            interrupted = self._write(run, places)
        except CrmError as error:
            report.error(str(error), f"What was written is journalled. {CONTINUE}")
        applied = replace(self.so_far(), resumed=run.resumed, interrupted=interrupted)
        entry = self.state.finish(run, self._entry(run, applied, started), places.parts() if applied.complete else None)
        tell(applied, report)
        return replace(applied, serial=entry.serial), report

    def so_far(self) -> Applied:
        """Say what became of the accounts."""
        plan = self.saved.plan
        return Applied(
            plan.plan,
            plan.digest,
            self.due.day,
            done=self.count[Outcome.DONE],
            unchanged=self.count[Outcome.UNCHANGED],
            conflicts=tuple(r for r in self.amiss if r.outcome is Outcome.CONFLICT),
            failed=tuple(r for r in self.amiss if r.outcome is Outcome.FAILED),
            pending=self.due.total - self.count.total(),
        )

    def _may_go_on(self, report: Report) -> bool:
        """Say whether the state is as the plan saw it, or the plan is gone back to, now that nobody else applies."""
        plan, standing = self.saved.plan, self.state.standing(self.saved.plan.plan)
        if plan.state is not None or self.due.back is not None:
            report.extend(errors([fresh.state_unchanged(plan, standing, self.current.beyond)]))
        if self.due.back is not None and not report.failed:
            count, serial = self.due.total, self.due.back
            report.extend(errors([within_limits(plan, count, self.current.limits, self.allow)]))
            self.lifted = () if within_limits(plan, count, self.current.limits).ok else ("changes",)
            report.note(
                f"the plan was applied before, as serial {serial}: this apply goes back to it",
                f"{counted(count, 'account')} of what was applied since are put back.",
            )
        return not report.failed

    def _found_crm(self, report: Report) -> bool:
        owners, territories = destinations(self.due.steps())
        report.extend(self.crm.preflight(Needs(owners=owners, territories=territories, writes=self.due.total)))
        return not report.failed

    def _unchanged(self, report: Report) -> bool:
        """Say whether the CRM still has what the plan saw, or has what it wants."""
        try:
            check = fresh.records_unchanged(differing(self.due.steps(), self.crm), self.due.total)
        except CrmError as error:
            report.error(str(error), "Nothing was written.")
            return False
        report.extend(errors([check]))
        return check.ok

    def _write(self, run: Run, places: Placed) -> bool:
        """Write batch by batch; say whether somebody interrupted it before the last."""
        size = self.crm.capabilities.batch_size
        count = -(-self.due.total // size)
        with interrupts_held() as interrupted:
            for batch in batches(self.due.steps(), size):
                if interrupted():
                    return True
                receipts = self._write_batch(run, batch)
                self.count.update(receipt.outcome for receipt in receipts)
                right = [r.account for r in receipts if r.outcome in _RIGHT]
                self.amiss += (r for r in receipts if r.outcome not in _RIGHT)
                here = places.of(right)
                told = [Settled(r.account, r.outcome.value, r.message) for r in receipts]
                self.state.settle(run, batch.number, told, here, gone=set(right) - set(here["account"]))
                if self.on_batch is not None:
                    self.on_batch(Progress(batch.number, count, tuple(receipts)))
        return False

    def _write_batch(self, run: Run, batch: Batch) -> list[Receipt]:
        """Write what is still as the plan saw it, and read it back."""
        found = self.crm.records([step.account for step in batch.steps])
        writes = [self._as_write(step, found) for step in batch.steps]
        known = {write.account: settled(write, found.get(write.account)) for write in writes}
        ready = [write for write in writes if known[write.account] is None]
        if ready:
            self.state.intend(
                run, batch.number, [Intent(w.account, _as_place(w.before), _as_place(w.after)) for w in ready]
            )
            receipts = self.crm.write(ready)
            held = self.crm.records([write.account for write in ready])
            known |= {
                write.account: confirmed(write, receipt, held.get(write.account))
                for write, receipt in zip(ready, receipts, strict=True)
            }
        return [receipt for receipt in known.values() if receipt is not None]

    def _as_write(self, step: Step, found: Mapping[str, Record]) -> Write:
        """Give what to write: over what the plan saw or put there before, or over whatever is there where so wished."""
        before, after = as_record(step.before, self.crm), as_record(step.after, self.crm)
        here = found.get(step.account)
        # What is there carries its version as well, which a CRM may take as a precondition.
        if here is not None and (self.on_conflict == "overwrite" or stands(here, step, self.crm)):
            before = here
        return Write(step.account, before, after)

    def _entry(self, run: Run, applied: Applied, started: datetime) -> Entry:
        unfinished = End.INTERRUPTED if applied.interrupted else End.PARTIAL
        return Entry(
            run=run.number,
            plan=run.plan,
            digest=run.digest,
            commit=self.context.commit,
            who=self.context.who,
            host=self.context.host,
            started=timestamp(started),
            finished=timestamp(self.now()),
            outcome=End.COMPLETE if applied.complete else unfinished,
            done=applied.done,
            unchanged=applied.unchanged,
            conflicts=len(applied.conflicts),
            failed=len(applied.failed),
            pending=applied.pending,
            lifted=self.lifted,
            merge=self.context.merge,
            approved=self.context.approved,
            ran=self.context.ran,
        )


def _as_place(record: Record) -> Place:
    return Place(territory=record.territory, owner=record.owner)
