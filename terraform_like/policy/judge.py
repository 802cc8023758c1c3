"""Policies, tables and waivers -> verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from terraform_like.diagnostics import NAMED_AT_MOST, Locate, Report, counted, did_you_mean, listing, nowhere
from terraform_like.domain.carving import Location
from terraform_like.domain.expression import Expression, sentence, span_inside
from terraform_like.policy.asking import PolicyError, Question, put
from terraform_like.policy.finding import Finding, ask, told
from terraform_like.policy.measure import COUNTING, OF_GROUPS, Measure
from terraform_like.policy.rule import Over, Policies, Policy
from terraform_like.policy.verdict import Verdict, Waived
from terraform_like.policy.waiving import excepted, excuse, tell_of_waivers, touched_by

#: Columns of a row that a remark tells.
_TOLD_AT_MOST = 4


def judge(
    policies: Policies,
    tables: Mapping[Over, pl.DataFrame],
    as_of: date,
    location: Location | None = None,
    locate: Locate = nowhere,
    today: date | None = None,
) -> tuple[tuple[Verdict, ...], Report]:
    """Ask every policy of its table.

    Parameters
    ----------
    policies : Policies
        The gate.
    tables : mapping of Over to polars.DataFrame
        What `policy.tables` publishes, a table for each `over`; the order of rows does not matter.
    as_of : date
        The day on which waivers must hold.
    location : Location, optional
        The columns that say where an account is.
    locate : Locate
        Where the policies stand.
    today : datetime.date, optional
        The day from which it counts how far ahead waivers end; `as_of` where left out.

    Returns
    -------
    tuple of Verdict, Report
        One verdict a policy, in the order of their names, and what there is to say about policies and waivers: an error
        for each policy that cannot be judged (its verdict is a failure).
    """
    report = Report()
    if not policies.policies:
        report.warning("There are no policies", "Nothing gates this plan. Policies stand in policies/*.yaml.")
    touched = frozenset[str]()
    if policies.waivers:
        touched = touched_by(tables["changes"], tables["territories"], tables["plan"])
    verdicts = []
    for name, policy in sorted(policies.policies.items()):
        policy = policy.model_copy(update={"level": policies.level(name)})
        try:
            question = put(policy, tables[policy.over], location)
        except PolicyError as error:
            span = span_inside(error, error.text, locate(("policies", name, error.key)))
            way = "Until it can be, it counts as failed."
            report.error(f'Policy "{name}" cannot be judged', f"{sentence(error)}\n{way}", span)
            verdicts.append(_said(name, policy, None, Finding(False, 0, "not judged", None)))
            continue
        own = tuple((number, w) for number, w in enumerate(policies.waivers) if w.policy == name)
        waivers = excepted(question, own, as_of, today or as_of, touched, location, locate, report)
        first = ask(question)
        _tell_of_rows(name, question, first, locate, report)
        excused = excuse(question, first, waivers)
        tell_of_waivers(policy, waivers, excused, as_of, locate, report)
        if first.passed or not excused.finding.passed:
            verdicts.append(_said(name, policy, question, excused.finding))
            continue
        soonest = min((one.waiver for one in excused.used), key=lambda w: (w.expires, w.owner, w.reason))
        waived = Waived(owner=soonest.owner, reason=soonest.reason, expires=soonest.expires)
        verdict = _said(name, policy, question, first)
        verdicts.append(verdict.model_copy(update={"passed": True, "waived": waived}))
    for waiver in policies.waivers:
        if waiver.policy not in policies.policies:
            report.error(
                f'The waiver of {waiver.shown} names a policy that does not exist: "{waiver.policy}"',
                did_you_mean(waiver.policy, policies.policies).strip(),
            )
    return tuple(verdicts), report


def _tell_of_rows(name: str, question: Question, finding: Finding, locate: Locate, report: Report) -> None:
    """Tell of a policy that looked at no row, unless that is an answer, and of rows without a usable value."""
    policy, span = question.policy, locate(("policies", name), key=True)
    if len(finding.unknown):
        lost = listing(question.rows.address.gather(finding.unknown))
        report.warning(
            f'Policy "{name}" measures {counted(len(finding.unknown), "row")} without a usable value',
            f"{lost}: the value is missing, infinite or negative, so the policy fails. Where missing means none, write "
            "COALESCE(column, 0).",
            span,
        )
    measure = Measure.parse(policy.measure) if policy.measure is not None else None
    if finding.matched:
        if finding.measured is None and measure is not None and measure.name in OF_GROUPS:
            report.warning(f'Policy "{name}" has no groups to compare', "Its rows are all of one group.", span)
        return
    # A count of 0 is an answer, and so is nothing of what must not be.
    if (measure is not None and measure.name in COUNTING) or _is_ban(policy):
        return
    summary = f'Policy "{name}" matched nothing'
    if policy.over == "changes":
        report.note(summary, "No change of this plan is one that it looks at.")
    else:
        where = f"`where: {policy.where}` leaves none of the {policy.over}" if policy.where else f"no {policy.over}"
        report.warning(summary, f"It passes without having looked at a row: {where}.", span)


def _is_ban(policy: Policy) -> bool:
    """Whether the policy says that there must be no such row at all."""
    return policy.assertion is not None and policy.assertion.strip().lower() == "false"


def _said(name: str, policy: Policy, question: Question | None, finding: Finding) -> Verdict:
    subjects, values, parts = tuple[str, ...](), tuple[float, ...](), tuple[str, ...]()
    if question is not None:
        rows, worst = question.rows, finding.breaking[:NAMED_AT_MOST]
        subjects = tuple(rows.address.gather(worst))
        known = [told(float(value)) for value in rows.value[worst]]
        values = tuple(value for value in known if isinstance(value, float))
        parts = tuple(rows.parts[part] for part in rows.part[worst]) if finding.figures else ()
    return Verdict(
        policy=name,
        level=policy.level,
        passed=finding.passed,
        says=policy.says,
        remedy=policy.remedy,
        rule=_rule(policy),
        measured=finding.measured,
        before=finding.before,
        p_value=finding.p_value,
        remark=finding.remark,
        part=finding.part,
        limit=_limit(policy, finding),
        subjects=subjects,
        values=values if len(values) == len(subjects) else (),
        details=_details(question, finding),
        parts=parts,
        part_figures={part: finding.figures[part] for part in dict.fromkeys(parts)},
        more_subjects=len(finding.breaking) - len(subjects),
    )


def _details(question: Question | None, finding: Finding) -> tuple[str, ...]:
    """Give what an assertion reads of the rows that break it, so that a person sees by how much; else nothing."""
    if question is None or question.policy.assertion is None or not len(finding.breaking):
        return ()
    policy = question.policy
    text = policy.where if _is_ban(policy) else policy.assertion
    read = tuple(Expression.parse(text).columns) if text else ()
    if not read:
        return ()
    rows = question.table.select(read)
    return tuple(
        ", ".join([f"{name} {_value(value)}" for name, value in row.items() if value is not None][:_TOLD_AT_MOST])
        for row in rows[finding.breaking[:NAMED_AT_MOST]].iter_rows(named=True)
    )


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:,.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _rule(policy: Policy) -> str:
    where = f" where {policy.where}" if policy.where else ""
    by = f" by {policy.by}" if policy.by else ""
    if _is_ban(policy):
        return f"no {policy.over}{where}"
    if policy.assertion is not None:
        return f"{policy.over}{where}: {policy.assertion}"
    limits = [f"at most {policy.at_most:g}"] if policy.at_most is not None else []
    limits += [f"at least {policy.at_least:g}"] if policy.at_least is not None else []
    limits += ["no worse than before"] if policy.compare else []
    return f"{policy.over}{where}{by}: {policy.measure} {' and '.join(limits)}"


def _limit(policy: Policy, finding: Finding) -> float | str | None:
    if policy.at_most is not None and policy.at_least is not None:
        return f"{policy.at_least:g} to {policy.at_most:g}"
    limit = policy.at_most if policy.at_most is not None else policy.at_least
    return limit if limit is not None else finding.before if policy.compare else policy.assertion
