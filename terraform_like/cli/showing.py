"""`territory show`: the saved plan in the format that was asked for, on stdout or in a file."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from terraform_like.cli.next_steps import show_steps
from terraform_like.cli.session import Session
from terraform_like.diagnostics import Halt, Report

if TYPE_CHECKING:
    from terraform_like.flow.show import Shown

PageFormat = Literal["html", "svg", "png"]
ShowFormat = Literal["text", "json", "html", "svg", "png"]


def show_command(
    session: Session, name: str | None, *, form: ShowFormat, out: Path | None, all_changes: bool, as_of: date | None
) -> int:
    """Show a saved plan; give the exit code."""
    from terraform_like.flow.show import show

    repository = session.repository()
    shown, report = show(repository, repository.choose(name))
    if form in ("html", "svg", "png"):
        return _page(session, shown, report, form, out)

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
        return session.finish("show", shown.plan, report, lambda _: f"Wrote {session.chdir / out}.")
    return session.finish("show", shown.plan, report, text)


def _page(session: Session, shown: Shown, report: Report, form: PageFormat, out: Path | None) -> int:
    """Write a page or a picture into a file, or on stdout where it goes on to another program."""
    from terraform_like.report.told.plan import told_plan

    told = told_plan(shown.plan, shown.facts)
    if out is None and (sys.stdout.isatty() or session.as_json):
        way = f"Name the file that it goes to: --out {shown.plan.plan}.{form}"
        report.error(f"{form.upper()} is nothing to read as text", way)
        raise Halt(report)
    if form == "html":
        from terraform_like.report.page.compose import page_html

        data = page_html(told).encode()
    else:
        from terraform_like.report.pictures import picture

        data = picture(told, form)
    if out is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return session.finish("show", shown.plan, report)
    (session.chdir / out).write_bytes(data)
    return session.finish("show", shown.plan, report, lambda _: f"Wrote {session.chdir / out}.")
