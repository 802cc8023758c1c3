"""`territory show`: the saved plan in the format that was asked for, on stdout or in a file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from terraform_like.cli.next_steps import show_steps
from terraform_like.cli.session import Session

ShowFormat = Literal["text", "json"]


def show_command(
    session: Session, name: str | None, *, form: ShowFormat, out: Path | None, all_changes: bool, as_of: date | None
) -> int:
    """Show a saved plan; give the exit code."""
    from terraform_like.flow.show import show

    repository = session.repository()
    shown, report = show(repository, repository.choose(name))

    def text(color: bool) -> str:
        if form == "json":
            from terraform_like.report.machine import json_text

            return json_text(shown.plan)
        if as_of is not None:
            from terraform_like.report.text_staffing import day_text

            return day_text(shown.plan, as_of, color=color, width=session.width)
        from terraform_like.report.text import plan_text
        from terraform_like.report.told.plan import told_plan

        told = told_plan(shown.plan, shown.facts, next_steps=show_steps(session, repository, shown.plan))
        return plan_text(told, color=color, width=session.width, all_changes=all_changes, warnings=not session.quiet)

    if out is not None:
        (session.chdir / out).write_text(text(False).rstrip("\n") + "\n", encoding="utf-8")
        return session.finish("show", shown.plan, report, lambda _: f"Wrote {out}.")
    return session.finish("show", shown.plan, report, text)
