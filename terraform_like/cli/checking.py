"""`territory check` and `territory test`: the flow, and its result in the format that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from terraform_like.cli.options import today
from terraform_like.cli.session import DONE, FAILED, Session
from terraform_like.diagnostics import Halt, Report

if TYPE_CHECKING:
    from terraform_like.flow.check import Checked
    from terraform_like.flow.policy_test import Tested
    from terraform_like.plan.check import Check
    from terraform_like.plan.redacted import Hidden
    from terraform_like.report.check_view import CheckView, Format

CheckFormat = Literal["text", "json", "junit", "sarif", "github"]


def check_command(
    session: Session,
    plan: str | None,
    *,
    base: str | None,
    fresh: bool,
    form: CheckFormat,
    as_of: date | None,
    redact: tuple[str, ...] | None,
) -> int:
    """Check a saved plan and show what was found; give the exit code."""
    from terraform_like.flow.check import check
    from terraform_like.flow.check_redacted import check_redacted, report_redacted
    from terraform_like.flow.hidden import hidden_in

    session.as_json = session.as_json or form == "json"
    # The one clock of a check: waivers end by the day in UTC, wherever it runs.
    day = as_of or today()
    written = None if session.as_json else _written(form)
    hidden: frozenset[Hidden] = frozenset()
    try:
        repository = session.repository(offline=not fresh)
        hidden = hidden_in(repository, redact)
        found, said = check(repository, repository.choose(plan), base=base, fresh=fresh, today=day)
        checked, report = check_redacted(repository, found, said, hidden)
    except Halt as halt:
        report = report_redacted(halt.report, hidden)
        if written is None:
            raise Halt(report) from None
        # Programs that read the format would take an empty file for an error of their own.
        return session.finish("check", None, report, _without_plan(written, plan, report), FAILED, warned=True)
    view = _view(checked, report)

    def text(color: bool) -> str:
        if written is not None:
            return written(view)
        from terraform_like.report.check import check_text

        return check_text(view, color=color, width=session.width)

    code = DONE if checked.passed else FAILED
    # A format that programs read holds the warnings itself.
    return session.finish("check", _result(checked), report, text, code, warned=written is not None)


def _without_plan(written: Format, plan: str | None, report: Report) -> Callable[[bool], str]:
    from terraform_like.report.check_view import CheckView

    view = CheckView(plan=plan or "", diagnostics=tuple(report))
    return lambda _: written(view)


def _written(form: CheckFormat) -> Format | None:
    match form:
        case "junit":
            from terraform_like.report.check_junit import junit_text

            return junit_text
        case "sarif":
            from terraform_like.report.check_sarif import sarif_text

            return sarif_text
        case "github":
            from terraform_like.report.check_github import github_text

            return github_text
        case _:
            return None


def _view(checked: Checked, report: Report) -> CheckView:
    from terraform_like.report.check_view import CheckView, Integrity

    return CheckView(
        plan=checked.plan.plan,
        digest=checked.plan.digest,
        as_of=checked.plan.as_of,
        integrity=[Integrity(c.name, c.ok, _found(c)) for c in checked.checks],
        verdicts=checked.verdicts,
        policies_from=checked.policies_from,
        places=checked.places,
        policy_changes=checked.policy_changes,
        file=checked.file,
        prefix=checked.prefix,
        auto_merge=(checked.auto_merge.allowed, checked.auto_merge.why) if checked.auto_merge else None,
        diagnostics=tuple(report),
    )


def _result(checked: Checked) -> dict[str, Any]:
    places = {name: {"file": span.file, "line": span.line} for name, span in checked.places.items()}
    return {
        "passed": checked.passed,
        "plan": checked.plan.plan,
        "digest": checked.plan.digest,
        "policies_from": checked.policies_from,
        "policy_changes": checked.policy_changes,
        "checks": checked.checks,
        "verdicts": checked.verdicts,
        "places": places,
        "auto_merge": checked.auto_merge is not None and checked.auto_merge.allowed,
        "auto_merge_why": checked.auto_merge.why if checked.auto_merge else "the policies say nothing of `auto_merge`",
    }


def _found(check: Check) -> str:
    if check.ok:
        return f"{check.expected}"
    return f"{check.says}. Expected {check.expected}, found {check.found or 'nothing'}. {check.way_out}"


def policy_test_command(session: Session) -> int:
    """Test the policies and show what became of each test; give the exit code."""
    from terraform_like.flow.policy_test import run_policy_tests

    tested, report = run_policy_tests(session.chdir)
    return session.finish("test", tested, report, lambda _: _tested(tested), DONE if tested.passed else FAILED)


def _tested(tested: Tested) -> str:
    from itertools import groupby

    from terraform_like.diagnostics import counted, listing
    from terraform_like.report.escape import escaped

    lines: list[str] = []
    for file, tests in groupby(tested.tests, key=lambda test: test.file):
        lines.append(file)
        for test in tests:
            lines.append(f"  {'passed' if test.passed else 'FAILED'}  {escaped(test.name)}")
            lines += [f"          {escaped(fault)}" for fault in test.faults]
    failed = sum(not test.passed for test in tested.tests)
    if tested.untested:
        lines.append(f"No test asks {listing(tested.untested)}.")
    lines.append(f"{counted(len(tested.tests), 'test')}: {len(tested.tests) - failed:,} passed, {failed:,} failed.")
    return "\n".join(lines)
