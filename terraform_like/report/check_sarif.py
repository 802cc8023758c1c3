"""A check as SARIF 2.1.0 (OASIS, 2020), which code scanning shows at the lines of the policies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from terraform_like import __version__
from terraform_like.diagnostics import Severity, Span
from terraform_like.policy.verdict import Verdict
from terraform_like.report.check_view import CHANGES_TITLE, CheckView
from terraform_like.report.escape import escaped
from terraform_like.report.machine import json_text
from terraform_like.report.told.verdicts import described, excused, word

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def sarif_text(view: CheckView) -> str:
    """Give the document: a rule for each policy and question, and a result for each that does not simply pass."""
    rules, results = dict[str, dict[str, Any]](), list[dict[str, Any]]()
    for rule, result in _results(view):
        rules.setdefault(rule["id"], rule)
        results.append({**result, "ruleId": rule["id"], "ruleIndex": list(rules).index(rule["id"])})
    driver = {"name": "territory", "semanticVersion": __version__, "rules": list(rules.values())}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"territory-check/{view.plan}"},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _results(view: CheckView) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for finding in view.integrity:
        if not finding.holds:
            rule = _rule(f"plan/{finding.question}", f"The saved plan: {finding.question}")
            yield rule, _result(view, "error", finding.message, Span(view.file, 1, 1), finding.question)
    for verdict in view.verdicts:
        if word(verdict) != "passed":
            rule = _rule(f"policy/{verdict.policy}", verdict.says or verdict.rule or verdict.policy)
            level = "error" if verdict.level != "advisory" else "warning"
            span = view.places.get(verdict.policy) or Span(view.file, 1, 1)
            result = _result(view, level, described(verdict), span, verdict.policy)
            yield rule, {**result, **_suppressed(verdict)}
    if view.policy_changes:
        text = f"{CHANGES_TITLE}:\n{view.told_changes}"
        yield _rule("gate/changed", CHANGES_TITLE), _result(view, "note", text, Span(view.file, 1, 1), "gate")
    for diagnostic in view.diagnostics:
        rule = _rule(f"diagnostic/{diagnostic.severity}", f"What territory tells as {diagnostic.severity}")
        text = f"{diagnostic.summary}\n{diagnostic.detail}".strip()
        span = diagnostic.span or Span(view.file, 1, 1)
        yield rule, _result(view, _LEVELS[diagnostic.severity], text, span, diagnostic.summary)


def _rule(name: str, says: str) -> dict[str, Any]:
    return {"id": escaped(name), "shortDescription": {"text": escaped(says)}}


def _result(view: CheckView, level: str, text: str, span: Span, what: str) -> dict[str, Any]:
    region = {"startLine": span.line, "startColumn": span.column, "endColumn": span.column + span.length}
    artifact = {"uri": quote(view.path(span.file), errors="replace"), "uriBaseId": "%SRCROOT%"}
    # The same finding of the same plan stays one alert, wherever its policy moves in the file.
    print_of = hashlib.sha256(f"{view.plan}\n{what}".encode(errors="backslashreplace")).hexdigest()
    return {
        "level": level,
        # A message may hold links; what users wrote makes none.
        "message": {"text": escaped(text, keep="\n").replace("](", "] (")},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
        "partialFingerprints": {"territory/v1": print_of},
    }


def _suppressed(verdict: Verdict) -> dict[str, Any]:
    why = excused(verdict)
    return {"suppressions": [{"kind": "external", "status": "accepted", "justification": why}]} if why else {}
