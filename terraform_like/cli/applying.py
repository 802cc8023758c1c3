"""`territory apply`: show, ask, push, tell."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import click

from terraform_like.cli.options import today
from terraform_like.cli.session import DONE, FAILED, INTERRUPTED, Session
from terraform_like.diagnostics import Halt, Report, did_you_mean

if TYPE_CHECKING:
    from terraform_like.config.load import Repository
    from terraform_like.flow.dry_run import DryRun
    from terraform_like.flow.outcome import Applied
    from terraform_like.plan.model import Plan
    from terraform_like.plan.sealed import Sealed


def apply_command(
    session: Session,
    name: str | None,
    auto_approve: bool,
    allow: tuple[str, ...],
    lock_timeout: float,
    as_of: date | None,
    *,
    only_shown: bool,
    all_changes: bool,
) -> int:
    """Apply the saved plan; give the exit code."""
    from terraform_like.flow.apply_saved import apply_saved, load_for_apply, whole_plan
    from terraform_like.flow.dry_run import goes_back
    from terraform_like.plan.limits import ALLOWABLE

    report = Report()
    for limit in allow:
        if limit not in ALLOWABLE:
            hint = did_you_mean(limit, ALLOWABLE).strip() or f"Limits: {', '.join(ALLOWABLE)}."
            report.error(f'There is no limit "{limit}"', hint)
    if report.failed:
        raise Halt(report)
    repository = session.repository()
    day = as_of or today()
    saved = load_for_apply(repository, repository.choose(name), day, frozenset(allow))
    if only_shown:
        return _dry_run(session, repository, saved, day, all_changes)
    if not auto_approve:
        back = goes_back(repository, saved, day)
        if back is not None:
            _ask(session, _dry_run_text(session, back, all_changes))
        elif saved.ways.changes.height or saved.ways.passing_by(day).height:
            _ask(session, _plan_text(session, whole_plan(repository, saved), all_changes))
    with session.progress() as tell:
        applied, said = apply_saved(
            repository, saved, day=day, allow=frozenset(allow), lock_timeout=lock_timeout, tell=tell
        )
    code = INTERRUPTED if applied.interrupted else DONE if applied.complete else FAILED
    return session.finish("apply", applied, said, lambda color: _text(applied, color, session.width), code)


def _dry_run(session: Session, repository: Repository, saved: Sealed, day: date, all_changes: bool) -> int:
    """Show the steps of an apply; give the exit code."""
    from terraform_like.flow.dry_run import dry_run

    found, report = dry_run(repository, saved, day)
    return session.finish("apply", found, report, _dry_run_text(session, found, all_changes))


def _dry_run_text(session: Session, found: DryRun, all_changes: bool) -> Callable[[bool], str]:
    from terraform_like.report.dry_run import dry_run_text

    def text(color: bool) -> str:
        return dry_run_text(
            found.plan,
            found.day,
            found.batches,
            calls=found.calls,
            color=color,
            width=session.width,
            all_changes=all_changes,
        )

    return text


def _plan_text(session: Session, plan: Plan, all_changes: bool) -> Callable[[bool], str]:
    from terraform_like.report.text import plan_text
    from terraform_like.report.told.plan import told_plan

    return lambda color: plan_text(told_plan(plan), color=color, width=session.width, all_changes=all_changes)


def _ask(session: Session, text: Callable[[bool], str]) -> None:
    """Show what is about to happen and ask; only `yes` goes on.

    Raises
    ------
    Halt
        When there is nobody to ask, or the answer is not `yes`.
    """
    report = Report()
    if session.as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        report.error("Nobody can be asked", "There is no terminal. To apply without asking: --auto-approve")
        raise Halt(report)
    click.echo(text(session.colored(sys.stdout)))
    # Polars has reads go on after Ctrl-C, and the question would not let go.
    signal.siginterrupt(signal.SIGINT, True)
    answer = click.prompt("Apply this plan to the CRM? Only `yes` will do", default="", show_default=False)
    if answer != "yes":
        report.error("Not applied", "The answer was not `yes`. Nothing was written.")
        raise Halt(report)


def _text(applied: Applied, color: bool, width: int) -> str:
    from terraform_like.report.applied import applied_text

    told = {"conflict": applied.conflicts, "failed": applied.failed}
    counts = {"done": applied.done, "unchanged": applied.unchanged, "not tried": applied.pending}
    counts |= {kind: len(receipts) for kind, receipts in told.items()}
    named = {kind: [(r.account, r.message) for r in receipts] for kind, receipts in told.items()}
    return applied_text(applied.plan, counts, named, color=color, width=width)
