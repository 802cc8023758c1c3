"""`territory plan`: make a plan, show it, save it where asked, and say what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from terraform_like.cli.options import today
from terraform_like.cli.session import CHANGES, DONE, Session

if TYPE_CHECKING:
    from terraform_like.config.load import Repository
    from terraform_like.diagnostics import Report
    from terraform_like.flow.plan import Planned


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
        shown = _shown(session, planned, report, color, all_changes)
        return "\n".join([shown, *_next_steps(session, repository, planned, save)])

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
        return "\n".join(
            [_shown(session, planned, report, color, False), *_next_steps(session, repository, planned, saved=True)]
        )

    return session.finish("state rollback", planned.plan, report, text, warned=True)


def _shown(session: Session, planned: Planned, report: Report, color: bool, all_changes: bool) -> str:
    from terraform_like.report.text import brief_text, plan_text

    plan, warnings = planned.plan, not session.quiet
    if not plan.has_changes:
        return brief_text(plan, color=color, width=session.width, warnings=warnings, said=report)
    return plan_text(plan, color=color, width=session.width, all_changes=all_changes, warnings=warnings, said=report)


def _next_steps(session: Session, repository: Repository, planned: Planned, saved: bool) -> Iterator[str]:
    """Give the commands to type next, as they must be typed where the user is."""
    plan = planned.plan
    if session.quiet or not (saved or plan.has_changes):
        return
    here = [] if session.chdir.resolve() == session.chdir.cwd() else ["--chdir", str(session.chdir)]
    named = [] if len(repository.plans) == 1 else [plan.plan]
    yield ""
    if not saved:
        yield "Nothing is saved. To have this plan reviewed:"
        yield _typed("territory", *here, "plan", *named, *(["--refresh"] if plan.refresh else []), "--save")
        return
    kept = "the snapshot" if repository.project.snapshot == "commit" else "the snapshot under .territory/"
    yield f"Saved plans/{plan.plan}/plan.json, assignments.csv and {kept}. Merging them is approving them:"
    yield _typed("territory", *here, "check", *named)
    git = ["git", *(["-C", str(session.chdir)] if here else [])]
    yield f"{_typed(*git, 'add', f'plans/{plan.plan}')} && {' '.join(git)} commit"
    allowed = [word for limit in planned.beyond for word in ("--allow", limit)]
    yield _typed("territory", *here, "apply", *named, *allowed)


def _typed(*words: str) -> str:
    return f"  {shlex.join(words)}"
