"""`territory show`: the saved plan in the format that was asked for, on stdout or in a file."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from terraform_like.cli.next_steps import show_steps
from terraform_like.cli.session import Session
from terraform_like.diagnostics import Halt, Report

if TYPE_CHECKING:
    from terraform_like.report.told.person import ToldPersonPage
    from terraform_like.report.told.plan import ToldPlan

TextFormat = Literal["text", "json", "jsonl", "markdown"]
PageFormat = Literal["html", "svg", "png"]


def show_command(
    session: Session,
    name: str | None,
    *,
    form: TextFormat | PageFormat,
    out: Path | None,
    all_changes: bool,
    as_of: date | None,
    person: str | None,
    redact: tuple[Any, ...] | None,
) -> int:
    """Show a saved plan, or what it means for one person; give the exit code."""
    from terraform_like.flow.show import show
    from terraform_like.report.told.person import told_person
    from terraform_like.report.told.plan import told_plan

    repository = session.repository(offline=True)
    shown, report = show(repository, repository.choose(name), person=person, hidden=redact)
    steps = show_steps(session, repository, shown.plan, named=not shown.nameless)
    told = told_plan(shown.plan, shown.facts, next_steps=steps)
    page = told_person(told, shown.person) if shown.person is not None else None

    result = page.result if page is not None else shown.plan
    match form:
        case "html" | "svg" | "png":
            data = _page(session, told, page, report, form, out)
            if out is None:
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
                return session.finish("show", result, report)
            (session.chdir / out).write_bytes(data)
            return session.finish("show", result, report, lambda _: f"Wrote {session.chdir / out}.")
        case _:
            written: TextFormat = form

    def text(color: bool) -> str:
        if as_of is not None and written == "text":
            from terraform_like.report.text_staffing import day_text

            return day_text(shown.plan, as_of, color=color, width=session.width)
        if page is not None:
            return _person(session, page, written, color, all_changes)
        return _plan(session, told, written, color, all_changes)

    if out is not None:
        (session.chdir / out).write_text(text(False).rstrip("\n") + "\n", encoding="utf-8")
        return session.finish("show", result, report, lambda _: f"Wrote {session.chdir / out}.")
    return session.finish("show", result, report, text)


def _plan(session: Session, told: ToldPlan, form: TextFormat, color: bool, all_changes: bool) -> str:
    if form == "json":
        from terraform_like.report.machine import json_text

        return json_text(told.plan)
    if form == "jsonl":
        from terraform_like.report.machine import json_lines

        return json_lines(told.plan.changes)
    if form == "markdown":
        from terraform_like.report.markdown import plan_markdown

        return plan_markdown(told)
    from terraform_like.report.text import plan_text

    return plan_text(told, color=color, width=session.width, all_changes=all_changes, warnings=not session.quiet)


def _person(session: Session, page: ToldPersonPage, form: TextFormat, color: bool, all_changes: bool) -> str:
    if form == "json":
        from terraform_like.report.machine import json_text

        return json_text(page.result)
    if form == "jsonl":
        from terraform_like.report.machine import json_lines

        return json_lines(page.changes)
    if form == "markdown":
        from terraform_like.report.markdown_person import person_markdown

        return person_markdown(page)
    from terraform_like.report.text_person import person_text

    return person_text(page, color=color, width=session.width, all_changes=all_changes)


def _page(
    session: Session, told: ToldPlan, page: ToldPersonPage | None, report: Report, form: PageFormat, out: Path | None
) -> bytes:
    """Give a page or a picture, for a file, or for another program that stdout goes to."""
    if out is None and (sys.stdout.isatty() or session.as_json):
        way = f"Name the file that it goes to: --out {told.plan.plan}.{form}"
        report.error(f"{form.upper()} is nothing to read as text", way)
        raise Halt(report)
    if form != "html":
        from terraform_like.report.pictures import picture

        if page is not None:
            report.error("There is no picture of one person", "Ask for a page: --format html, or markdown.")
            raise Halt(report)
        return picture(told, form)
    if page is not None:
        from terraform_like.report.page.person import person_html

        return person_html(page).encode()
    from terraform_like.report.page.compose import page_html

    return page_html(told).encode()
