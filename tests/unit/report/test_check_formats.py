"""Each format says the same, and what users and CRMs wrote can steer none of them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import junitparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.diagnostics import Diagnostic, Severity, Span
from terraform_like.policy.verdict import Overridden, Verdict
from terraform_like.report.check import check_text
from terraform_like.report.check_github import github_text
from terraform_like.report.check_junit import junit_text
from terraform_like.report.check_sarif import sarif_text
from terraform_like.report.check_view import CheckView, Integrity

#: The schema of OASIS without its descriptions.
SCHEMA = jsonschema.Draft4Validator(json.loads((Path(__file__).parent / "sarif-2.1.0.schema.json").read_text()))
STALE = Integrity("config", False, "plans/fy27 changed after the plan was saved")
ENDS = Diagnostic(Severity.WARNING, "A waiver ends today", "Renew it.", Span("policies/more.yaml", 9, 5, 30))
PLACES = {"even-workload": Span("policies/fairness.yaml", 17, 3, 13)}
PROPERTIES = {"file", "line", "col", "title"}
HOSTILE = [
    "::error file=x::pwned",
    "a\n::error::pwned",
    "a\r\n##[error]pwned",
    "</failure><script>",
    "]]>",
    "%0A::stop-commands::x",
    "\x1b[2Jx",
    "\u202egnp",
    "a,b:c%",
    "[here](https://example.com)",
    "\ufffe\ud800",
    "\0",
]


@pytest.fixture
def view(plan):
    signed = Overridden(by="vp", reason="agreed")
    soft = plan.verdicts[1].model_copy(update={"policy": "even-travel", "level": "soft", "overridden": signed})
    return CheckView(
        plan="fy27",
        digest="0" * 64,
        as_of=date(2027, 2, 1),
        integrity=[Integrity("seal", True, "whole"), STALE],
        verdicts=(*plan.verdicts, soft),
        places=PLACES,
        file="plans/fy27/plan.json",
        prefix="sales/",
        diagnostics=[ENDS],
    )


def hostile(text: str) -> CheckView:
    verdict = Verdict(policy="p", level="hard", passed=False, says=text, rule=text, remark=text, subjects=(text,))
    wrong = Diagnostic(Severity.ERROR, text, text, Span(text, 1, 1))
    return CheckView(plan="p", integrity=[Integrity(text, False, text)], verdicts=[verdict], diagnostics=[wrong])


def suite_of(view: CheckView) -> ElementTree.Element:
    return ElementTree.fromstring(junit_text(view).split("\n", 1)[1])[0]


def test_annotations_point_at_the_policy_from_the_top_of_the_repository(view):
    lines = github_text(view).splitlines()

    assert "::error file=sales/plans/fy27/plan.json,line=1,col=1,title=saved plan%3A config::" in lines[0]
    assert lines[1].startswith("::error file=sales/policies/fairness.yaml,line=17,col=3,title=even-workload (hard)::")
    assert "it is 1.5004 in town%0ANobody has half" in lines[1]
    assert [line.split(" ")[0] for line in lines[2:-1]] == ["::warning", "::warning", "::notice", "::notice"]
    assert lines[-1] == "Check failed: 1 fault in the saved plan, 1 hard policy broken."


def test_junit_has_a_case_for_every_question_and_policy(view):
    suite = suite_of(view)

    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "8", "failures": "2", "errors": "0", "skipped": "2"}
    told = {case.get("name"): {part.tag: part for part in case} for case in suite}
    assert [name for name, parts in told.items() if "failure" in parts] == ["config", "even-workload"]
    assert "slot.town-04 (88.1), territory.town-01 (132)" in told["even-workload"]["failure"].text
    assert told["scope"]["skipped"].get("message") == "waived by vp.sales until 2027-03-31: first carve of the year"
    assert told["even-travel"]["skipped"].get("message") == "overridden by vp: agreed"
    assert told["hot-deals-stay"].keys() == {"system-out"}


def test_a_reader_of_junit_finds_each_case_its_result_and_its_file(view):
    suites = junitparser.JUnitXml.fromstring(junit_text(view).encode())
    (suite,) = suites
    found = {case.name: [type(result).__name__ for result in case.result] for case in suite}

    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (8, 2, 0, 2)
    assert {name: results for name, results in found.items() if results} == {
        "config": ["Failure"],
        "even-workload": ["Failure"],
        "scope": ["Skipped"],
        "even-travel": ["Skipped"],
    }
    files = {case.name: case._elem.get("file") for case in suite}
    assert files["even-workload"] == "policies/fairness.yaml"
    counted = (suite.tests, suite.failures, suite.errors, suite.skipped)
    suite.update_statistics()
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == counted


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_adds_a_case_or_a_result_for_a_reader_of_junit(text):
    (suite,) = junitparser.JUnitXml.fromstring(junit_text(hostile(text)).encode())

    assert [len(case.result) for case in suite] == [1, 1, 1]


def test_sarif_is_valid_and_opens_on_the_line_of_the_policy(view):
    document = json.loads(sarif_text(view))
    SCHEMA.validate(document)

    (run,) = document["runs"]
    results = {run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"]: r for r in run["results"]}
    assert {r["ruleId"] for r in run["results"]} == results.keys()
    place = results["policy/even-workload"]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "sales/policies/fairness.yaml", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 17, "startColumn": 3, "endColumn": 16}
    assert {name: r["level"] for name, r in results.items()} == {
        "plan/config": "error",
        "policy/even-workload": "error",
        "policy/hot-deals-stay": "warning",
        "policy/scope": "error",
        "policy/even-travel": "error",
        "diagnostic/warning": "warning",
    }
    excused = [name for name, r in results.items() if r.get("suppressions")]
    assert excused == ["policy/scope", "policy/even-travel"]


def test_a_check_that_passes_has_no_results(view):
    passing = replace(view, integrity=view.integrity[:1], verdicts=view.verdicts[:1], diagnostics=())

    assert json.loads(sarif_text(passing))["runs"][0]["results"] == []
    assert github_text(passing) == "Check passed."
    assert "<failure" not in junit_text(passing)


def test_what_a_branch_changes_of_the_gate_is_told_in_every_format():
    view = CheckView(plan="fy27", policy_changes=["~ policies.even.at_most: 1.25 -> 99", "- waiver of ::error::x"])

    told = "1.25 -> 99"
    (notice, conclusion) = github_text(view).splitlines()
    assert notice.startswith("::notice title=This branch changes the gate; none of it counts before it is merged::~ ")
    assert told in notice
    assert conclusion == "Check passed."
    assert told in suite_of(view).findtext("system-out")
    (result,) = json.loads(sarif_text(view))["runs"][0]["results"]
    assert (result["ruleId"], result["level"], told in result["message"]["text"]) == ("gate/changed", "note", True)


def test_errors_alone_fail_every_format():
    wrong = CheckView(diagnostics=[Diagnostic(Severity.ERROR, "there is no plan.json")])

    assert github_text(wrong).endswith("Check failed: 1 error.")
    assert suite_of(wrong).get("errors") == "1"
    SCHEMA.validate(json.loads(sarif_text(wrong)))


def harmless(view: CheckView) -> None:
    annotations = github_text(view).splitlines()
    commands = [line for line in annotations if line.lstrip().startswith("::")]
    assert len(commands) == len(annotations) - 1 == 3
    assert all(re.match(r"::(error|warning|notice) [^:]*::[^\r\n]*\Z", line) for line in commands)
    for line in commands:
        assert set(re.findall(r"(?:^|,)(\w+)=", line.split("::")[1].split(" ", 1)[1])) <= PROPERTIES
    assert len(suite_of(view)) == 3
    document = sarif_text(view)
    SCHEMA.validate(json.loads(document))
    shown = check_text(view, color=False)
    for output in (shown, document):
        assert not any(line.lstrip().startswith("::") or "##[" in line for line in output.splitlines())
    assert "](" not in json.loads(document)["runs"][0]["results"][0]["message"]["text"]
    assert not re.search("[\0-\x09\x0b-\x1f\x7f\u202e\ud800]", shown)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_steers_no_format(text):
    harmless(hostile(text))


@given(st.text(st.sampled_from(":#[]%,=\n\r\x1b\u202e\ufffe<>&'\"aä \ud800"), max_size=120))
def test_no_text_steers_any_format(text):
    harmless(hostile(text))
