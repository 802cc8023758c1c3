"""`territory apply --dry-run`: the steps that an apply of that day would run, and nothing written or locked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from terraform_like.config.load import Repository
from terraform_like.crm import open_crm
from terraform_like.crm.port import Crm, CrmError, Needs
from terraform_like.diagnostics import Halt, Report
from terraform_like.diff import Place
from terraform_like.flow.current import as_record, differing
from terraform_like.flow.due import found_due
from terraform_like.plan import fresh
from terraform_like.plan.check import errors
from terraform_like.plan.sealed import Sealed
from terraform_like.plan.steps import Batch, Step, batches, destinations


@dataclass(frozen=True, slots=True)
class DryRun:
    """What an apply of a plan on a day would write, batch by batch; owners are CRM user ids.

    `calls` says about how many calls of the CRM that takes; null where it does not count them.
    """

    plan: str
    digest: str
    day: date
    batches: tuple[Batch, ...]
    calls: int | None = None

    @property
    def steps(self) -> int:
        """How many accounts it would write."""
        return sum(len(batch.steps) for batch in self.batches)


def dry_run(repository: Repository, saved: Sealed, day: date) -> tuple[DryRun, Report]:
    """Give the steps of an apply, with what would stop it told as the apply tells it.

    Parameters
    ----------
    repository : Repository
        The territory repository.
    saved : Sealed
        The plan, as `load_for_apply` let it through.
    day : datetime.date
        The day that is to be true in the CRM.

    Raises
    ------
    Halt
        When the CRM or the state cannot be read, or an apply would stop before its first batch.
    """
    report, plan = Report(), saved.plan
    due = found_due(repository, plan, saved.ways, day)
    try:
        crm = open_crm(repository.project.crm, repository.root)
        try:
            every = [_as_held(step, crm) for step in due.steps() if not step.stands]
            found = DryRun(plan.plan, plan.digest, day, tuple(batches(every, crm.capabilities.batch_size)))
            found = replace(found, calls=crm.capabilities.calls_of(found.steps))
            owners, territories = destinations(every)
            report.extend(crm.preflight(Needs(owners=owners, territories=territories, writes=found.steps)))
            if not report.failed and repository.project.apply.on_conflict == "fail":
                check = fresh.records_unchanged(differing(due.steps(), crm), due.total)
                report.extend(errors([check]))
            if report.failed:
                raise Halt(report)
            if due.done is not None and not found.steps:
                report.note("this plan is applied already", f"{due.done.who} applied it on {due.done.finished}.")
            return found, report
        finally:
            crm.close()
    except CrmError as error:
        report.error("The CRM cannot be read", str(error))
        raise Halt(report) from None


def goes_back(repository: Repository, saved: Sealed, day: date) -> DryRun | None:
    """Give the steps of an apply that goes back to a plan that was applied before; None where it does not.

    Raises
    ------
    Halt
        As `dry_run`.
    """
    due = found_due(repository, saved.plan, saved.ways, day)
    return dry_run(repository, saved, day)[0] if due.back is not None else None


def _as_held(step: Step, crm: Crm) -> Step:
    """Say a step as the CRM holds it: without territories where it knows none."""

    def held(place: Place) -> Place:
        record = as_record(place, crm)
        return Place(territory=record.territory, owner=record.owner)

    return replace(step, before=held(step.before), after=held(step.after), between=tuple(map(held, step.between)))
