"""A check as GitHub annotations: workflow commands on stdout, which show at the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from terraform_like.diagnostics import Severity, Span
from terraform_like.report.check_view import CHANGES_TITLE, CheckView
from terraform_like.report.escape import escaped
from terraform_like.report.told.verdicts import described, excused, word

#: The commands in the order in which they are written: GitHub shows the first ten of each step.
_COMMANDS = ("error", "warning", "notice")
_OF_SEVERITY = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def github_text(view: CheckView) -> str:
    """Give one command a line, errors first, and last the line that sums the check up."""
    told = list(_annotations(view))
    lines = [line for command in _COMMANDS for one, line in told if one == command]
    return "\n".join([*lines, view.conclusion])


def _annotations(view: CheckView) -> Iterator[tuple[str, str]]:
    for finding in view.integrity:
        if not finding.holds:
            whole = Span(view.file, 1, 1)
            yield "error", _command(view, "error", f"saved plan: {finding.question}", finding.message, whole)
    for verdict in view.verdicts:
        if word(verdict) != "passed":
            command = "notice" if excused(verdict) else "error" if verdict.blocks else "warning"
            title = f"{verdict.policy} ({verdict.level})"
            yield command, _command(view, command, title, described(verdict), view.places.get(verdict.policy))
    if view.policy_changes:
        yield "notice", _command(view, "notice", CHANGES_TITLE, view.told_changes, None)
    for diagnostic in view.diagnostics:
        command = _OF_SEVERITY[diagnostic.severity]
        detail = escaped(diagnostic.detail, keep="\n") or escaped(diagnostic.summary)
        yield command, _command(view, command, diagnostic.summary, detail, diagnostic.span)


def _command(view: CheckView, command: str, title: str, message: str, span: Span | None) -> str:
    properties = {"file": view.path(span.file), "line": span.line, "col": span.column} if span else {}
    told = ",".join(f"{key}={_property(str(value))}" for key, value in {**properties, "title": title}.items())
    return f"::{command} {told}::{_message(escaped(message, keep=chr(10)))}"


def _message(text: str) -> str:
    """Write a message: what would end the line, or stand for it, is written out."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Write a property: also what would end it, or all of them."""
    return _message(escaped(text)).replace(":", "%3A").replace(",", "%2C")
