"""What waivers except from a policy: whose rows are left out, until when, and what there is to tell of it."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import get_args

import numpy as np
import polars as pl

from terraform_like.address import Kind
from terraform_like.diagnostics import Locate, Report, counted
from terraform_like.domain.carving import Location
from terraform_like.domain.expression import sentence, span_inside
from terraform_like.policy.asking import Flags, PolicyError, Question, matches
from terraform_like.policy.finding import Finding, ask
from terraform_like.policy.rule import Policy, Waiver

#: Waivers of one policy whose combinations are tried, in the order in which they are declared.
_TRIED_AT_MOST = 8


@dataclass(frozen=True, slots=True)
class Excepted:
    """A waiver, the rows that it names, those that it excuses on the day, and whether it ends too far ahead."""

    waiver: Waiver
    number: int
    named: Flags
    excuses: Flags
    too_long: bool

    @property
    def title(self) -> str:
        """How it is called in what is told of it."""
        return f'waiver of {self.waiver.shown} from policy "{self.waiver.policy}"'


@dataclass(frozen=True, slots=True)
class Excused:
    """What a policy finds once waived rows are left out, and the waivers that it took."""

    finding: Finding
    used: tuple[Excepted, ...]


def excepted(
    question: Question,
    waivers: tuple[tuple[int, Waiver], ...],
    day: date,
    today: date,
    touched: AbstractSet[str],
    location: Location | None,
    locate: Locate,
    report: Report,
) -> tuple[Excepted, ...]:
    """Find the rows of each waiver of a policy.

    Parameters
    ----------
    question : Question
        The policy, put to its rows.
    waivers : tuple of (int, Waiver)
        Its waivers, each with its number among all.
    day : datetime.date
        The day on which they must hold.
    today : datetime.date
        The day from which it counts how far ahead they end: a plan for a later day makes no waiver shorter.
    touched : set of str
        Addresses that the plan changes something of: beyond its last day a waiver excuses what is none of them.
    location : Location or None
        The columns that say where accounts are.
    locate : Locate
        Where waivers stand.
    report : Report
        Gathers filters that cannot be evaluated, or that except everything, and waivers that end too far ahead.
    """
    found: list[Excepted] = []
    rows, policy = question.rows, question.policy
    for number, waiver in waivers:
        try:
            named = _named(question, waiver, location)
        except PolicyError as error:
            path = ("waivers", number, "where")
            span = span_inside(error, error.text, locate(path))
            report.error(f'A waiver of policy "{waiver.policy}" cannot be read', f"{sentence(error)}.", span)
            continue
        excuses = named
        too_long = waiver.too_long_on(today, policy.waivers_at_most)
        if too_long:
            excuses = np.zeros_like(named)
        elif waiver.expired_on(day):
            excuses = named & ~_touched(question, waiver, touched)
        one = Excepted(waiver, number, named, excuses, too_long)
        if waiver.where is not None and len(rows) > 1 and named.all():
            detail = f"It matches all {len(rows):,} {policy.over}, so the policy judges nothing. Name what is meant."
            report.warning(f"A {one.title} excepts everything", detail, locate(("waivers", number)))
        found.append(one)
    return tuple(found)


def excuse(question: Question, first: Finding, waivers: tuple[Excepted, ...]) -> Excused:
    """Leave out the waived rows that break the policy and ask again, until it passes or an unwaived row breaks it.

    A waiver thus excuses its own subject and hides no other: once the lowest book is waived, the next lowest counts.
    Leaving out more rows can make a measure worse, so where all of them do not help, fewer are tried: one more waiver
    never turns a pass into a failure.
    """
    excused = _greedy(question, first, waivers)
    if excused.finding.passed or question.policy.assertion is not None:
        return excused
    for count in range(1, len(waivers)):
        fewer = _greedy(question, first, waivers[:count])
        if fewer.finding.passed:
            return fewer
    candidates = [one for one in waivers if one.excuses.any()][:_TRIED_AT_MOST]
    for count in range(1, len(candidates) + 1):
        for some in combinations(candidates, count):
            tried = ask(question, _left(some))
            if tried.passed:
                return Excused(tried, some)
    return excused


def tell_of_waivers(
    policy: Policy, waivers: tuple[Excepted, ...], excused: Excused, day: date, locate: Locate, report: Report
) -> None:
    """Tell of waivers that end soon, have ended, would end too late, or that nothing needs."""
    for one in waivers:
        waiver, span = one.waiver, locate(("waivers", one.number))
        used = any(one.number == other.number for other in excused.used)
        breaks = bool(one.named[excused.finding.breaking].any())
        renew = f"Ask {waiver.owner} to renew it, or change the plan."
        if waiver.expired_on(day) and used:
            detail = f"It ended on {waiver.expires}. This plan changes nothing of what it excepts; the next that does "
            report.warning(f"Expired {one.title}", f"{detail}will fail. {renew}", span)
        elif waiver.expired_on(day) and breaks:
            detail = f"It ended on {waiver.expires} and would have applied. {renew}"
            report.warning(f"Expired {one.title}", detail, span)
        elif waiver.expired_on(day):
            detail = f"It ended on {waiver.expires} and is not needed; it can be removed."
            report.note(f"Expired {one.title}", detail, span)
        elif one.too_long:
            most = counted(policy.waivers_at_most.days, "day")
            detail = f"It ends on {waiver.expires}; waivers of this policy may end {most} ahead (waivers_at_most)."
            report.warning(f"A {one.title} does not count", detail, span)
        elif used and waiver.ends_soon_on(day):
            days = (waiver.expires - day).days
            when = "today" if not days else f"in {counted(days, 'day')}"
            report.warning(f"A {one.title} ends {when}", f"Its last day is {waiver.expires}. {renew}", span)
        elif not used:
            detail = f"{waiver.shown} does not break the policy; the waiver can be removed."
            report.note(f"Unused {one.title}", detail, span)


def touched_by(changes: pl.DataFrame, territories: pl.DataFrame, plan: pl.DataFrame) -> frozenset[str]:
    """Give the addresses of everything that a plan changes something of, from the tables of policies."""

    def texts(name: str) -> set[str]:
        return set(changes[name].drop_nulls().unique()) if name in changes.columns else set()

    books = texts("territory_before") | texts("territory_after")
    segments = dict(zip(territories["territory"], territories["segment"], strict=True))
    people = texts("owner_before") | texts("owner_after")
    kept = {segments[book] for book in books if segments.get(book)} | texts("segment")
    return frozenset(
        {
            *changes["address"],
            *(f"{kind}.{book}" for book in books for kind in ("territory", "slot")),
            *(f"person.{person}" for person in people),
            *(f"segment.{segment}" for segment in kept),
            *(plan["address"] if changes.height else ()),
        }
    )


def _greedy(question: Question, first: Finding, waivers: tuple[Excepted, ...]) -> Excused:
    finding, used = first, list[Excepted]()
    while not finding.passed:
        taken = {one.number for one in used}
        hit = [one for one in waivers if one.number not in taken and one.excuses[finding.breaking].any()]
        if not hit:
            break
        used += hit
        finding = ask(question, _left(used))
    return Excused(finding, tuple(used))


def _left(waivers: list[Excepted] | tuple[Excepted, ...]) -> Flags:
    """Give the rows that no waiver excuses."""
    out: Flags = ~np.logical_or.reduce([one.excuses for one in waivers])
    return out


def _named(question: Question, waiver: Waiver, location: Location | None) -> Flags:
    """Give the rows that a waiver names: by filter, by their own address or by that of their part."""
    if waiver.where is not None:
        return matches(waiver.where, question, location)
    rows = question.rows
    named: Flags = (rows.address == (waiver.subject or "")).to_numpy().copy()
    for number, part in enumerate(rows.parts):
        if waiver.subject in tuple(_part_addresses(question.policy, part)):
            named |= rows.part == number
    return named


def _part_addresses(policy: Policy, part: str) -> Iterator[str]:
    """Give what a waiver may call a part: its address, where parts have one, as in `segment.smb`."""
    if policy.by in get_args(Kind):
        yield f"{policy.by}.{part}"
    if policy.by == "territory":
        yield f"slot.{part}"


def _touched(question: Question, waiver: Waiver, touched: AbstractSet[str]) -> Flags:
    """Say which rows the plan changes something of; all of them, where that is true of the subject itself."""
    rows = question.rows
    if waiver.subject in touched:
        return np.ones(len(rows), dtype=np.bool_)
    flags: Flags = rows.address.is_in(list(touched)).to_numpy()
    return flags
