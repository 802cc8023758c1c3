"""Policies, tables and waivers -> verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import get_args

import polars as pl

from terraform_like.address import Kind
from terraform_like.diagnostics import NAMED_AT_MOST, Locate, Report, counted, did_you_mean, listing, nowhere
from terraform_like.domain.carving import Location
from terraform_like.domain.expression import sentence, span_inside
from terraform_like.policy.finding import Breach, Finding, PolicyError, ask, question_rows
from terraform_like.policy.measured import COUNTING, Measure
from terraform_like.policy.rule import Over, Policies, Policy, Waiver
from terraform_like.policy.verdict import Verdict, Waived

#: Waivers of one policy whose combinations are tried, in the order in which they are declared.
_TRIED_AT_MOST = 8


def judge(
    policies: Policies,
    tables: Mapping[Over, pl.DataFrame],
    as_of: date,
    location: Location | None = None,
    locate: Locate = nowhere,
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

    Returns
    -------
    tuple of Verdict, Report
        One verdict a policy, in the order of their names, and what there is to say about policies and waivers: an error
        for each policy that cannot be judged (its verdict is a failure).
    """
    report = Report()
    if not policies.policies:
        report.warning("There are no policies", "Nothing gates this plan. Policies stand in policies/*.yaml.")
    verdicts = []
    for name, policy in sorted(policies.policies.items()):
        waivers = tuple(w for w in policies.waivers if w.policy == name)
        try:
            rows = question_rows(policy, tables[policy.over], location)
        except PolicyError as error:
            span = span_inside(error, error.text, locate(("policies", name, error.key)))
            way = "Until it can be, it counts as failed."
            report.error(f'Policy "{name}" cannot be judged', f"{sentence(error)}\n{way}", span)
            verdicts.append(_said(name, policy, Finding(False, 0, "not judged", None, ())))
        else:
            verdicts.append(_verdict(name, policy, rows, waivers, as_of, report))
    for waiver in policies.waivers:
        if waiver.policy not in policies.policies:
            report.error(
                f'The waiver of {waiver.subject} names a policy that does not exist: "{waiver.policy}"',
                did_you_mean(waiver.policy, policies.policies).strip(),
            )
    return tuple(verdicts), report


@dataclass(frozen=True, slots=True)
class _Excused:
    """What a policy finds once waived rows are left out, and the waivers that it took."""

    finding: Finding
    used: tuple[Waiver, ...]


def _verdict(
    name: str, policy: Policy, rows: pl.DataFrame, waivers: tuple[Waiver, ...], as_of: date, report: Report
) -> Verdict:
    first = ask(policy, rows)
    _tell_of_nothing(name, policy, first, report)
    if first.unknown:
        report.warning(
            f'Policy "{name}" measures {counted(len(first.unknown), "row")} without a usable value',
            f"{listing(first.unknown)}: the value is missing, infinite or negative, so the policy fails. Where missing "
            f"means none, write COALESCE(column, 0).",
        )
    excused = _excuse(policy, rows, first, tuple(w for w in waivers if w.holds_on(as_of)))
    _tell_of_waivers(policy, waivers, excused, as_of, report)
    if first.passed or not excused.finding.passed:
        return _said(name, policy, excused.finding)
    soonest = min(excused.used, key=lambda w: (w.expires, w.owner, w.reason))
    waived = Waived(owner=soonest.owner, reason=soonest.reason, expires=soonest.expires)
    return _said(name, policy, first).model_copy(update={"passed": True, "waived": waived})


def _excuse(policy: Policy, rows: pl.DataFrame, first: Finding, waivers: tuple[Waiver, ...]) -> _Excused:
    """Leave out the waived rows that break the policy and ask again, until it passes or an unwaived row breaks it.

    A waiver thus excuses its own subject and hides no other: once the lowest book is waived, the next lowest counts.
    Leaving out more rows can make a measure worse, so where all of them do not help, some of them are tried: one more
    waiver never turns a pass into a failure.
    """
    finding, used, left = first, list[Waiver](), rows
    while not finding.passed:
        broken = {a for breach in finding.breaches for a in _addresses(policy, breach)}
        hit = [waiver for waiver in waivers if waiver.subject in broken and waiver not in used]
        if not hit:
            break
        used += hit
        left = _without(policy, left, hit)
        finding = ask(policy, left)
    if finding.passed or policy.assertion is not None:
        return _Excused(finding, tuple(used))
    known = {*rows["address"], *(f"{policy.by}.{part}" for part in rows["part"].unique())}
    candidates = [waiver for waiver in waivers if waiver.subject in known][:_TRIED_AT_MOST]
    for count in range(1, len(candidates) + 1):
        for some in combinations(candidates, count):
            tried = ask(policy, _without(policy, rows, some))
            if tried.passed:
                return _Excused(tried, some)
    return _Excused(finding, tuple(used))


def _without(policy: Policy, rows: pl.DataFrame, waivers: Sequence[Waiver]) -> pl.DataFrame:
    """Leave out the rows that waivers excuse, by their own address or by that of their part."""
    subjects = [waiver.subject for waiver in waivers]
    own = pl.col("address").is_in(subjects)
    part = (pl.lit(f"{policy.by}.") + pl.col("part")).is_in(subjects).fill_null(False)
    return rows.filter(~(own | part))


def _addresses(policy: Policy, breach: Breach) -> tuple[str, ...]:
    """Give what a waiver may name to excuse a row: the row, or its part where parts have addresses (`segment.smb`)."""
    if breach.part is not None and policy.by in get_args(Kind):
        return breach.address, f"{policy.by}.{breach.part}"
    return (breach.address,)


def _tell_of_nothing(name: str, policy: Policy, finding: Finding, report: Report) -> None:
    """Tell of a policy that looked at no row, unless that is an answer: a count of 0, nothing of what must not be."""
    if finding.matched or (policy.measure is not None and Measure.parse(policy.measure).name in COUNTING):
        return
    if _is_ban(policy):
        return
    summary = f'Policy "{name}" matched nothing'
    if policy.over == "changes":
        report.note(summary, "No change of this plan is one that it looks at.")
    else:
        where = f"`where: {policy.where}` leaves none of the {policy.over}" if policy.where else f"no {policy.over}"
        report.warning(summary, f"It passes without having looked at a row: {where}.")


def _is_ban(policy: Policy) -> bool:
    """Whether the policy says that there must be no such row at all."""
    return policy.assertion is not None and policy.assertion.strip().lower() == "false"


def _tell_of_waivers(
    policy: Policy, waivers: tuple[Waiver, ...], excused: _Excused, as_of: date, report: Report
) -> None:
    broken = {a for breach in excused.finding.breaches for a in _addresses(policy, breach)}
    for waiver in waivers:
        title = f'waiver of {waiver.subject} from policy "{waiver.policy}"'
        if waiver in excused.used:
            continue
        if waiver.holds_on(as_of):
            report.note(f"Unused {title}", f"{waiver.subject} does not break the policy; the waiver can be removed.")
        elif waiver.subject in broken:
            report.warning(
                f"Expired {title}",
                f"It ended on {waiver.expires} and would have applied. Ask {waiver.owner} to renew it, or change the "
                "plan.",
            )
        else:
            report.note(f"Expired {title}", f"It ended on {waiver.expires} and is not needed; it can be removed.")


def _said(name: str, policy: Policy, finding: Finding) -> Verdict:
    told: dict[str, float | None] = {}
    for breach in finding.breaches:
        told.setdefault(breach.address, breach.value)
    subjects = tuple(told)[:NAMED_AT_MOST]
    values = tuple(v for s in subjects if (v := told[s]) is not None)
    return Verdict(
        policy=name,
        level=policy.level,
        passed=finding.passed,
        says=policy.says,
        rule=_rule(policy),
        measured=finding.measured,
        part=finding.part,
        limit=_limit(policy),
        subjects=subjects,
        values=values if len(values) == len(subjects) else (),
        more_subjects=len(told) - len(subjects),
    )


def _rule(policy: Policy) -> str:
    where = f" where {policy.where}" if policy.where else ""
    by = f" by {policy.by}" if policy.by else ""
    if _is_ban(policy):
        return f"no {policy.over}{where}"
    if policy.assertion is not None:
        return f"{policy.over}{where}: {policy.assertion}"
    limits = [f"at most {policy.at_most:g}"] if policy.at_most is not None else []
    limits += [f"at least {policy.at_least:g}"] if policy.at_least is not None else []
    return f"{policy.over}{where}{by}: {policy.measure} {' and '.join(limits)}"


def _limit(policy: Policy) -> float | str | None:
    if policy.at_most is not None and policy.at_least is not None:
        return f"{policy.at_least:g} to {policy.at_most:g}"
    limit = policy.at_most if policy.at_most is not None else policy.at_least
    if limit is None:
        return policy.assertion
    return limit if limit - limit == 0 else str(limit)
