"""What to type next, as it must be typed where the user is."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from terraform_like.cli.session import Session

if TYPE_CHECKING:
    from terraform_like.config.load import Repository
    from terraform_like.flow.plan import Planned
    from terraform_like.plan.model import Plan
    from terraform_like.report.told.plan import NextSteps


def plan_steps(session: Session, repository: Repository, planned: Planned, saved: bool) -> NextSteps | None:
    """Give what follows a plan: to save it, or to have it approved and to apply it."""
    from terraform_like.report.told.plan import NextSteps

    plan = planned.plan
    if session.quiet or not (saved or plan.has_changes):
        return None
    typed = _Typed(session, repository, plan)
    if not saved:
        return NextSteps(
            "Nothing is saved. To have this plan reviewed:",
            (typed("plan", *(["--refresh"] if plan.refresh else []), "--save"),),
        )
    kept = "the snapshot" if repository.project.snapshot == "commit" else "the snapshot under .territory/"
    says = f"Saved plans/{plan.plan}/plan.json, assignments.csv and {kept}. Merging them is approving them:"
    git = ["git", *(["-C", str(session.chdir)] if typed.here else [])]
    commit = f"{shlex.join([*git, 'add', f'plans/{plan.plan}'])} && {shlex.join([*git, 'commit'])}"
    allowed = [word for limit in planned.beyond for word in ("--allow", limit)]
    return NextSteps(says, (typed("check"), commit, typed("apply", *allowed)))


def show_steps(session: Session, repository: Repository, plan: Plan, *, named: bool) -> NextSteps | None:
    """Give what follows a look at a saved plan: to judge it, to ask why where accounts are `named`, to carry it out."""
    from terraform_like.report.told.plan import NextSteps

    if session.quiet or not plan.has_changes:
        return None
    typed = _Typed(session, repository, plan)
    dry = typed("apply", "--dry-run")
    # Nobody types an id that holds what cannot be seen.
    account = next((c.account for c in plan.changes if c.account.isprintable()), None) if named else None
    if account is None:
        return NextSteps("To judge it, and to see what an apply would write:", (typed("check"), dry))
    why = shlex.join(["territory", *typed.here, "explain", f"account.{account}", *typed.named])
    return NextSteps("To judge it, to ask why, and to see what an apply would write:", (typed("check"), why, dry))


class _Typed:
    def __init__(self, session: Session, repository: Repository, plan: Plan) -> None:
        self.here = [] if session.chdir.resolve() == session.chdir.cwd() else ["--chdir", str(session.chdir)]
        self.named = [] if len(repository.plans) == 1 else [plan.plan]

    def __call__(self, command: str, *options: str) -> str:
        return shlex.join(["territory", *self.here, command, *self.named, *options])
