"""`territory plan`: make a plan, show it, save it where asked, and say what to type next."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from terraform_like.cli.next_steps import plan_steps
from terraform_like.cli.options import today
from terraform_like.cli.session import CHANGES, DONE, Session

if TYPE_CHECKING:
    from terraform_like.diagnostics import Report
    from terraform_like.flow.plan import Planned
    from terraform_like.report.told.plan import NextSteps


def plan_command(
    session: Session,
    name: str | None,
    *,
    save: bool,
    detailed_exitcode: bool,
    as_of: date | None,
    all_changes: bool,
    variables: dict[str, str],
    time_limit: float | None,
    executor: str | None,
    refresh: bool,
) -> int:
    """Make a plan; give the exit code."""
    from terraform_like.carve.watch import Watch
    from terraform_like.flow.plan import make_plan, save_plan

    repository = session.repository()
    chosen = repository.choose(name)
    with session.progress() as tell, session.interruptible() as interrupted:
        planned, report = make_plan(
            repository,
            chosen,
            as_of or today(),
            overrides=session.overrides(variables),
            tell=tell,
            watch=Watch(tell, time_limit, interrupted),
            executor=executor,
            refresh=refresh,
        )
    if save:
        save_plan(repository, planned)

    def text(color: bool) -> str:
        return _shown(session, planned, report, color, all_changes, plan_steps(session, repository, planned, save))

    code = CHANGES if detailed_exitcode and planned.plan.has_changes else DONE
    return session.finish("plan", planned.plan, report, text, code, warned=True)


def rollback_command(session: Session, serial: int, name: str | None, as_of: date | None) -> int:
    """Save a plan that goes back to an earlier apply and show it; give the exit code."""
    from terraform_like.flow.plan import save_plan
    from terraform_like.flow.rollback import roll_back

    repository = session.repository()
    planned, report = roll_back(repository, serial, name, as_of or today())
    save_plan(repository, planned)

    def text(color: bool) -> str:
        return _shown(session, planned, report, color, False, plan_steps(session, repository, planned, saved=True))

    return session.finish("state rollback", planned.plan, report, text, warned=True)


def _shown(
    session: Session, planned: Planned, report: Report, color: bool, all_changes: bool, steps: NextSteps | None
) -> str:
    from terraform_like.report.text import brief_text, plan_text
    from terraform_like.report.told.plan import told_plan

    told = told_plan(planned.plan, planned.facts, said=report, next_steps=steps)
    width, warnings = session.width, not session.quiet
    if not planned.plan.has_changes:
        return brief_text(told, color=color, width=width, warnings=warnings)
    return plan_text(told, color=color, width=width, all_changes=all_changes, warnings=warnings)
