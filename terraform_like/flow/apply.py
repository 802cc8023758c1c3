"""Apply: push exactly what was approved, batch by batch, and remember it; running it again continues."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from types import FrameType
from typing import Literal

import polars as pl

from terraform_like.crm.port import Crm, CrmError, Outcome, Receipt, Record, Write
from terraform_like.diagnostics import Report, Severity, counted, listing
from terraform_like.diff import Place
from terraform_like.flow.current import as_record, differing, put_by, shown
from terraform_like.plan import fresh
from terraform_like.plan.applied import End, Entry, Intent, Run, Settled, timestamp
from terraform_like.plan.file import SavedPlan
from terraform_like.plan.scheduled import places_on
from terraform_like.plan.steps import Batch, Step, batches, steps
from terraform_like.state.lock import StateError
from terraform_like.state.store import State

OnConflict = Literal["skip", "overwrite", "fail"]

#: Outcomes of accounts that are as approved.
_RIGHT = (Outcome.DONE, Outcome.UNCHANGED)

_CONTINUE = "Run territory apply again: it continues where this one stopped."


@dataclass(frozen=True, slots=True)
class Context:
    """Who applies, on which host, and which commit approved it (null outside git)."""

    who: str
    host: str
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an apply has come: batches that are settled of all, and the receipts of the latest."""

    batch: int
    batches: int
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply did.

    Parameters
    ----------
    plan, digest : str
        The plan that was applied.
    day : datetime.date
        The day of which the CRM is to be as approved.
    done : int
        Accounts that it changed.
    unchanged : int
        Accounts that were as approved before it came to them.
    conflicts : tuple of Receipt
        Accounts that someone changed after the plan was made, with what was found; they were left alone.
    failed : tuple of Receipt
        Accounts that the CRM refused, with its words.
    pending : int
        Accounts that it did not come to, or of which the CRM gave no receipt.
    resumed : bool
        Whether it continued an apply that was cut off.
    interrupted : bool
        Whether somebody stopped it with Ctrl-C.
    before : Entry or None
        The apply that had pushed this very plan already, so that there was nothing to do.
    serial : int or None
        Its number in the history; null where it wrote none.
    """

    plan: str
    digest: str
    day: date
    done: int = 0
    unchanged: int = 0
    conflicts: tuple[Receipt, ...] = ()
    failed: tuple[Receipt, ...] = ()
    pending: int = 0
    resumed: bool = False
    interrupted: bool = False
    before: Entry | None = None
    serial: int | None = None

    @property
    def complete(self) -> bool:
        """Whether every account is as approved."""
        return not (self.conflicts or self.failed or self.pending)


def apply(
    saved: SavedPlan,
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
    saved : SavedPlan
        The plan as it was loaded.
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
        Limits to lift, of `fresh.ALLOWABLE`; those that the plan was beyond are recorded in the history.
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
    report.extend(fresh.errors(fresh.for_apply(saved, current, day, allow)))
    lifted = tuple(limit for limit in fresh.beyond_limits(saved.plan, current.limits) if limit in allow)
    work = _Work(saved, crm, state, context, day, now, on_batch, on_conflict, lifted)
    if report.failed:
        return work.so_far(), report
    try:
        with state.lock(context.who, context.host, os.getpid(), lock_timeout):
            return work.run(report)
    except StateError as error:
        report.error(str(error), f"What was written is journalled. {_CONTINUE}" if work.count else "")
        return work.so_far(), report


@dataclass(slots=True)
class _Work:
    """One apply under way: its parts, how many accounts came out how, and the receipts of those that are not right."""

    saved: SavedPlan
    crm: Crm
    state: State
    context: Context
    day: date
    now: Callable[[], datetime]
    on_batch: Callable[[Progress], None] | None
    on_conflict: OnConflict
    lifted: tuple[str, ...]
    here: Mapping[str, Place] = field(default_factory=dict)
    count: Counter[Outcome] = field(default_factory=Counter)
    amiss: list[Receipt] = field(default_factory=list)

    def steps(self) -> Iterator[Step]:
        """Give what there is to do."""
        return steps(self.saved.plan, self.day, self.here)

    @property
    def total(self) -> int:
        """How many accounts there are to do; counted, since to keep the steps takes memory for each."""
        return sum(1 for _ in self.steps())

    def run(self, report: Report) -> tuple[Applied, Report]:
        """Do it, with the lock held."""
        plan, started = self.saved.plan, self.now()
        last = self.state.last(plan.plan)
        if last is not None and last.digest == plan.digest and last.outcome is End.COMPLETE:
            self.here = put_by(self.state, plan)
            if not self.total:
                detail = f"{last.who} applied it on {last.finished}. Nothing was done."
                report.note("this plan is applied already", detail)
                return Applied(plan.plan, plan.digest, self.day, before=last), report
        if plan.state is not None and not (check := fresh.state_unchanged(plan, self.state.standing(plan.plan))).ok:
            report.add(check.as_error())
            return self.so_far(), report
        if not self._found_crm(report):
            return self.so_far(), report
        if self.on_conflict == "fail" and not self._unchanged(report):
            return self.so_far(), report
        run = self.state.begin(plan.plan, plan.digest)
        if run.resumed:
            report.note(
                "an apply of this plan was cut off; this one continues it",
                f"{counted(run.receipts, 'account')} of {self.total:,} had been settled.",
            )
        places = places_on(plan, self.saved.assignments.table, self.day)
        interrupted = False
        try:
            interrupted = self._write(run, places)
        except CrmError as error:
            report.error(str(error), f"What was written is journalled. {_CONTINUE}")
        applied = replace(self.so_far(), resumed=run.resumed, interrupted=interrupted)
        entry = self.state.finish(run, self._entry(run, applied, started), places if applied.complete else None)
        _tell(applied, report)
        return replace(applied, serial=entry.serial), report

    def so_far(self) -> Applied:
        """Say what became of the accounts."""
        plan = self.saved.plan
        return Applied(
            plan.plan,
            plan.digest,
            self.day,
            done=self.count[Outcome.DONE],
            unchanged=self.count[Outcome.UNCHANGED],
            conflicts=tuple(r for r in self.amiss if r.outcome is Outcome.CONFLICT),
            failed=tuple(r for r in self.amiss if r.outcome is Outcome.FAILED),
            pending=self.total - self.count.total(),
        )

    def _found_crm(self, report: Report) -> bool:
        report.extend(d for d in self.crm.preflight([]) if d.severity is Severity.ERROR)
        return not report.failed

    def _unchanged(self, report: Report) -> bool:
        """Say whether the CRM still has what the plan saw, or has what it wants."""
        try:
            check = fresh.records_unchanged(differing(self.saved.plan, self.crm), len(self.saved.plan.changes))
        except CrmError as error:
            report.error(str(error), "Nothing was written.")
            return False
        report.extend(fresh.errors([check]))
        return check.ok

    def _write(self, run: Run, places: pl.DataFrame) -> bool:
        """Write batch by batch; say whether somebody interrupted it before the last."""
        size = self.crm.capabilities.batch_size
        count = -(-self.total // size)
        with _interrupts_held() as interrupted:
            for batch in batches(self.steps(), size):
                if interrupted():
                    return True
                receipts = self._write_batch(run, batch)
                self.count.update(receipt.outcome for receipt in receipts)
                right = [r.account for r in receipts if r.outcome in _RIGHT]
                self.amiss += (r for r in receipts if r.outcome not in _RIGHT)
                here = places.filter(pl.col("account").is_in(right))
                settled = [Settled(r.account, r.outcome.value, r.message) for r in receipts]
                self.state.settle(run, batch.number, settled, here, gone=set(right) - set(here["account"]))
                if self.on_batch is not None:
                    self.on_batch(Progress(batch.number, count, tuple(receipts)))
        return False

    def _write_batch(self, run: Run, batch: Batch) -> list[Receipt]:
        """Write what is still as the plan saw it, and read it back."""
        found = self.crm.records([step.account for step in batch.steps])
        writes = [self._as_write(step, found) for step in batch.steps]
        settled = {write.account: _settled(write, found.get(write.account)) for write in writes}
        ready = [write for write in writes if settled[write.account] is None]
        if ready:
            self.state.intend(
                run, batch.number, [Intent(w.account, _as_place(w.before), _as_place(w.after)) for w in ready]
            )
            receipts = self.crm.write(ready)
            held = self.crm.records([write.account for write in ready])
            settled |= {
                write.account: _confirmed(write, receipt, held.get(write.account))
                for write, receipt in zip(ready, receipts, strict=True)
            }
        return [receipt for receipt in settled.values() if receipt is not None]

    def _as_write(self, step: Step, found: Mapping[str, Record]) -> Write:
        """Give what to write: over what the plan saw or put there before, or over whatever is there where so wished."""
        before, after = as_record(step.before, self.crm), as_record(step.after, self.crm)
        here = found.get(step.account)
        between = [as_record(place, self.crm) for place in step.between]
        # What is there carries its version as well, which a CRM may take as a precondition.
        if here is not None and (self.on_conflict == "overwrite" or here in (before, *between)):
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
        )


def _settled(write: Write, found: Record | None) -> Receipt | None:
    """Say what is known of a write before it is made; nothing where it is to be made."""
    if found is None:
        return Receipt(write.account, Outcome.FAILED, "the CRM has no such account any more")
    if found == write.after:
        return Receipt(write.account, Outcome.UNCHANGED, found=found)
    if found != write.before:
        return Receipt(write.account, Outcome.CONFLICT, _seen(write.before, found), found)
    return None


def _confirmed(write: Write, receipt: Receipt, held: Record | None) -> Receipt:
    """Believe a receipt only where the CRM holds what it says: a trigger or a rule may have changed it at once."""
    if receipt.outcome is Outcome.CONFLICT and receipt.found is not None:
        return replace(receipt, message=_seen(write.before, receipt.found))
    if receipt.outcome not in (Outcome.DONE, Outcome.UNCHANGED) or held == write.after:
        return receipt
    holds = "no such account any more" if held is None else shown(held)
    return Receipt(write.account, Outcome.FAILED, f"the CRM took the write, but now has {holds}", held)


def _as_place(record: Record) -> Place:
    return Place(territory=record.territory, owner=record.owner)


def _seen(before: Record, found: Record) -> str:
    return f"the plan saw {shown(before)}; the CRM has {shown(found)}"


def _tell(applied: Applied, report: Report) -> None:
    """Say what is not as approved, and what to do about it."""
    if applied.conflicts:
        report.error(
            f"{counted(len(applied.conflicts), 'account')} changed in the CRM after the plan was made, and left alone",
            f"{listing(f'{r.account}: {r.message}' for r in applied.conflicts)}. "
            "Make the plan again, review and apply it: territory plan --save",
        )
    by_words: dict[str, list[str]] = {}
    for receipt in applied.failed:
        by_words.setdefault(receipt.message, []).append(receipt.account)
    for words, accounts in by_words.items():
        report.error(
            f"{counted(len(accounts), 'account')} refused by the CRM: {words}",
            f"{listing(accounts)}. Put that right in the CRM and run territory apply again; if the plan is wrong, make "
            "it again: territory plan --save",
        )
    if applied.interrupted:
        report.error(f"interrupted with {counted(applied.pending, 'account')} to go", _CONTINUE)


@contextmanager
def _interrupts_held() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C wait until it is asked for, so that no batch is left without its receipts.

    Elsewhere than in the main thread Python delivers no signals, and there is nothing to hold.
    """
    pressed = False

    def hold(_number: int, _frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    previous = signal.signal(signal.SIGINT, hold)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, previous or signal.default_int_handler)
