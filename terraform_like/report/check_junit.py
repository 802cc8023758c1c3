"""A check as JUnit XML: a test case for each question about the saved plan and for each policy."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from terraform_like.diagnostics import Severity
from terraform_like.report.check_view import CHANGES_TITLE, CheckView
from terraform_like.report.escape import escaped
from terraform_like.report.told.verdicts import described, excused, word

#: Beside what `escaped` writes out, XML 1.0 has no such characters.
_NO_XML = re.compile("[\ufffe\uffff]")


def junit_text(view: CheckView) -> str:
    """Give the document. What is waived or overridden is skipped, with who and why; advice is told beside a pass."""
    suite = ElementTree.Element("testsuite", name=f"territory check {view.plan}".rstrip(), hostname="", time="0")
    for finding in view.integrity:
        case = _case(suite, "plan", finding.question, view.file)
        if not finding.holds:
            _told(case, "failure", finding.message, type="broken")
    for verdict in view.verdicts:
        span = view.places.get(verdict.policy)
        case = _case(suite, f"policies.{verdict.level}", verdict.policy, span.file if span else "policies")
        if why := excused(verdict):
            _told(case, "skipped", why)
        elif verdict.blocks:
            _told(case, "failure", described(verdict), type=verdict.level)
        elif word(verdict) == "advice":
            _told(case, "system-out", described(verdict))
    for diagnostic in view.diagnostics:
        if diagnostic.severity is Severity.ERROR:
            case = _case(suite, "errors", diagnostic.summary, diagnostic.span.file if diagnostic.span else view.file)
            _told(case, "error", f"{diagnostic.span or ''} {diagnostic.detail}".strip(), type="error")
    for count, element in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(len(list(suite.iter(element)))))
    if view.policy_changes:
        ElementTree.SubElement(suite, "system-out").text = _written(f"{CHANGES_TITLE}:\n{view.told_changes}")
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}'


def _case(suite: ElementTree.Element, group: str, name: str, file: str) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite, "testcase", classname=group, name=_written(name), file=_written(file), time="0"
    )


def _told(case: ElementTree.Element, element: str, message: str, **attributes: str) -> None:
    text = _written(message)
    if element != "system-out":
        attributes["message"] = text.split("\n", 1)[0]
    ElementTree.SubElement(case, element, attributes).text = text


def _written(text: str) -> str:
    return _NO_XML.sub("?", escaped(text, keep="\n"))
