"""The parts that an apply needs, opened and closed: the saved plan, the CRM, the state, and who applies."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import closing
from datetime import date

from terraform_like import git
from terraform_like.config.gate import read_overrides
from terraform_like.config.load import Repository, Wanted, load_wanted
from terraform_like.config.variables import Overrides
from terraform_like.crm import open_crm
from terraform_like.crm.port import CrmError
from terraform_like.diagnostics import Halt, Report, counted, listing
from terraform_like.flow.apply import apply
from terraform_like.flow.approve import approval_checks, signers_of
from terraform_like.flow.current import current
from terraform_like.flow.gate import signers_here
from terraform_like.flow.inputs import SNAPSHOTS
from terraform_like.flow.opened import opened_state
from terraform_like.flow.outcome import Applied, Context, Progress
from terraform_like.flow.plan import head_commit
from terraform_like.flow.provenance import ran
from terraform_like.flow.saved_carve import load_saved
from terraform_like.plan import fresh
from terraform_like.plan.check import Check, errors
from terraform_like.plan.file import PLAN_FILE
from terraform_like.plan.model import Head, Plan
from terraform_like.plan.sealed import Sealed, load_sealed
from terraform_like.policy.override import overridden
from terraform_like.staffing.lapse import lapsed
from terraform_like.state.lock import StateError


def load_for_apply(repository: Repository, name: str, day: date, allow: AbstractSet[str]) -> Sealed:
    """Read a saved plan and check that it may be applied on a day, before anybody is asked.

    Raises
    ------
    Halt
        When it may not.
    """
    report = Report()
    saved = load_sealed(repository.plan_folder(name), report, kept=repository.root / SNAPSHOTS)
    if saved is None:
        raise Halt(report)
    wanted = _wanted(repository, saved.plan)
    checks = fresh.for_apply(saved, current(repository, wanted, merged=True), day, allow)
    report.extend(errors(checks))
    report.extend(errors([_policies_held(repository, saved.plan, report)]))
    signers = signers_here(repository)
    asked, count = wanted.policies.approvals, saved.ways.changes.height
    report.extend(errors(approval_checks(repository, wanted, saved.plan, count, asked, signers)))
    if report.failed:
        raise Halt(report)
    return saved


def whole_plan(repository: Repository, saved: Sealed) -> Plan:
    """Give a plan with all of its changes and their reasons, to be shown to whoever is asked.

    Raises
    ------
    Halt
        When another plan was saved there in the meantime.
    """
    report = Report()
    found = load_saved(repository, saved.plan.plan, report)
    if found.seal != saved.plan.digest:
        report.error(f"{found.shown} changed while it was read", "Run territory apply again. Nothing was written.")
        raise Halt(report)
    return found.plan


def apply_saved(
    repository: Repository,
    saved: Sealed,
    *,
    day: date,
    allow: AbstractSet[str],
    lock_timeout: float,
    tell: Callable[[str], None],
) -> tuple[Applied, Report]:
    """Apply a saved plan to the repository's CRM and remember it in its state.

    Raises
    ------
    Halt
        When the CRM or the state cannot be opened.
    """
    report = Report()

    begun, done = time.monotonic(), 0

    def on_batch(progress: Progress) -> None:
        nonlocal done
        done += len(progress.receipts)
        took = max(time.monotonic() - begun, 1e-3)
        left = took / progress.batch * (progress.batches - progress.batch)
        rate = f"{done:,} accounts, {done / took:,.0f} a second"
        tell(f"Applying: batch {progress.batch:,} of {progress.batches:,}; {rate}, {left:,.0f} s left")

    context = _context(repository, saved.plan)
    try:
        crm = open_crm(repository.project.crm, repository.root)
        try:
            with closing(opened_state(repository)) as state:
                applied, said = apply(
                    saved,
                    crm,
                    state,
                    current=current(repository, _wanted(repository, saved.plan), merged=True),
                    context=context,
                    day=day,
                    allow=allow,
                    lock_timeout=lock_timeout,
                    on_conflict=repository.project.apply.on_conflict,
                    on_batch=on_batch,
                )
                _tell_of_lapses(repository, saved.plan, day, said)
                if applied.done and (file := crm.capabilities.written_to) is not None:
                    said.note(
                        f"The changes are in {file}, and not in the CRM yet",
                        "Load it into the CRM, and export the accounts anew. Until then a plan takes them as made, "
                        "and nobody knows whether the CRM will.",
                    )
                return applied, said
        finally:
            crm.close()
    except CrmError as error:
        report.error("The CRM cannot be opened", str(error))
    except StateError as error:
        report.error("The state cannot be opened", str(error))
    raise Halt(report)


def _context(repository: Repository, plan: Head) -> Context:
    commit = head_commit(repository)
    file = (repository.plan_folder(plan.plan) / PLAN_FILE).relative_to(repository.root).as_posix()
    return Context(
        git.who(repository.root),
        socket.gethostname(),
        commit=commit,
        merge=git.merge_of(repository.root, file) if commit is not None else None,
        approved=signers_of(repository, plan),
        ran=ran(),
    )


def _policies_held(repository: Repository, plan: Head, report: Report) -> Check:
    """Check that no policy stops the plan, by what its verdicts say, which `check` has judged again before the merge.

    An apply judges nothing anew: what was merged is what happens, and the policies are those of the verdicts, or the
    plan is stale.
    """
    overrides, locate = read_overrides(repository.root, report)
    verdicts = overridden(plan.verdicts, overrides, plan.plan, plan.digest, locate, Report())
    broken = [f"{verdict.policy} ({verdict.level})" for verdict in verdicts if verdict.blocks]
    return Check(
        "verdicts",
        not broken,
        "every policy passed, waived or, where it is soft, overridden",
        f"broken: {listing(broken)}" if broken else "that",
        f"the plan breaks {counted(len(broken), 'policy', 'policies')}",
        "territory check shows where. Mend the plan, or have a waiver or an override approved",
    )


def _tell_of_lapses(repository: Repository, plan: Head, day: date, report: Report) -> None:
    """Warn of slots that lapsed after the plan was made: an apply moves no accounts, the next plan does."""
    wanted = _wanted(repository, plan)
    for name in sorted(lapsed(wanted.carving, day) - lapsed(wanted.carving, plan.as_of)):
        report.warning(
            f"{name} lapsed on {wanted.carving.overcarve[name].lapse}",
            "Nobody fills it, and its accounts are still in it. Make a plan that dissolves it: territory plan --save",
            wanted.locate(("overcarve", name, "lapse")),
        )


def _wanted(repository: Repository, plan: Head) -> Wanted:
    return load_wanted(repository, plan.plan, Report(), Overrides(plan.variables))
