"""What a plan means for one person: what changes and when, the book with its reasons, and what is handed over.

Of others it tells names only, of those who hand over or take, and one median: nobody's figures, load or credit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from math import isnan
from statistics import median
from types import MappingProxyType

import polars as pl

from terraform_like.diagnostics import counted
from terraform_like.diff import Change, ChangeKind, Place
from terraform_like.domain.geography import great_circle_km
from terraform_like.domain.reason import ReasonCode
from terraform_like.plan.facts import Facts, figure_of
from terraform_like.plan.model import Plan, Scheduled
from terraform_like.report.told.books import COUNT
from terraform_like.report.told.plan import ToldPlan

#: Of fewer colleagues a median would tell what one of them has.
COLLEAGUES_AT_LEAST = 3
#: Why an account is somebody's, without a word on other people's books.
_WHY: Mapping[ReasonCode, str] = MappingProxyType(
    {
        ReasonCode.NEW_ACCOUNT: "was in no book",
        ReasonCode.SEGMENT_CHANGED: "changes segment",
        ReasonCode.NAMED: "named in the plan",
        ReasonCode.RULE_CHANGED: "by the rules of the territories",
        ReasonCode.REBALANCED: "evens out the books",
        ReasonCode.FOLLOWS_FAMILY: "follows its family",
        ReasonCode.OWNER_LEFT: "who had it leaves",
        ReasonCode.SLOT_FILLED: "its slot is filled",
        ReasonCode.SLOT_LAPSED: "its slot lapsed",
        ReasonCode.COVERED: "its territory is vacant",
        ReasonCode.TERRITORY_ADDED: "share of a new territory",
        ReasonCode.TERRITORY_REMOVED: "its territory is gone",
        ReasonCode.RENAMED: "a new name only",
        ReasonCode.ROLLED_BACK: "goes back",
        ReasonCode.OWNER_STARTED: "its owner starts",
        ReasonCode.HELD_OVER: "its deal was held over",
        ReasonCode.EFFECTIVE: "its territory takes effect",
        ReasonCode.MATCHED: "its territory found an owner",
        ReasonCode.OUT_OF_SCOPE: "out of scope",
    }
)


@dataclass(frozen=True, slots=True)
class Kept:
    """An account of the person's book on the plan's day, with why it is theirs.

    Parameters
    ----------
    account, territory : str
        The account, and the territory that it is in.
    why : str
        Why it is theirs.
    new : bool
        Whether somebody else, or nobody, had it before.
    figures : mapping of str to float
        What it is worth in each metric that its segment limits, in the metric's own unit.
    km : float or None
        How far it lies from the person's home, null where either place is not known.
    """

    account: str
    territory: str
    why: str
    new: bool
    figures: Mapping[str, float]
    km: float | None


@dataclass(frozen=True, slots=True)
class Passed:
    """An account that comes to the person or goes on the plan's day: from whom or to whom (null is nobody), and why."""

    account: str
    other: str | None
    territory: str | None
    why: str
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Later:
    """Accounts that come to the person or go on a later day, by an apply on that day."""

    on: date
    comes: bool
    other: str | None
    territory: str | None
    accounts: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Held:
    """A territory whose accounts the person holds: how many of them, from when to when, and for what credit.

    `what` says why: it is a `slot`, it is `vacant`, or its accounts are `held over` from before.
    """

    territory: str
    what: str
    accounts: int | None
    since: date | None
    to: date | None
    credit: float


@dataclass(frozen=True, slots=True)
class Compared:
    """The person's book of a segment beside the median of all who own one there; null where they are too few."""

    segment: str
    metric: str
    mine: float
    middle: float | None


@dataclass(frozen=True, slots=True)
class ToldPersonPage:
    """All that a page for one person shows; the book by worth in `ranked_by`, the largest first."""

    told: ToldPlan
    name: str
    owns: tuple[str, ...]
    before: int | None
    after: int | None
    comes: tuple[Passed, ...]
    goes: tuple[Passed, ...]
    later: tuple[Later, ...]
    book: tuple[Kept, ...] | None
    metrics: tuple[str, ...]
    holds: tuple[Held, ...]
    compared: tuple[Compared, ...]

    @property
    def ranked_by(self) -> str | None:
        """The metric that the book is ranked by; null where no figures are at hand."""
        return self.metrics[0] if self.metrics else None

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes of the plan by which something comes to the person or goes."""
        passing = {passed.account for passed in (*self.comes, *self.goes)}
        return tuple(change for change in self.told.plan.changes if change.account in passing)

    @property
    def result(self) -> dict[str, object]:
        """The same for programs: nothing of the plan beside."""
        return {
            "plan": self.told.plan.plan,
            "as_of": self.told.plan.as_of,
            "person": self.name,
            **{f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("told", "name")},
        }

    @property
    def headline(self) -> str:
        """What the plan does, in one sentence."""
        if not (self.comes or self.goes):
            return "Nothing changes for you on the day of this plan."
        count = f" Your book goes from {self.before:,} to {self.after:,}." if self.after is not None else ""
        come = counted(len(self.comes), "account comes", "accounts come")
        return f"{come} to you, {len(self.goes):,} {'goes' if len(self.goes) == 1 else 'go'}.{count}"


def told_person(told: ToldPlan, name: str) -> ToldPersonPage:
    """Give what a plan means for somebody of it."""
    plan, facts = told.plan, told.facts
    one = next((p for p in told.people if p.name == name), None)
    figures = {} if facts is None else _figures(facts, [c.account for c in plan.changes if name in _people(c)])
    comes = [_passed(c, c.before, figures) for c in plan.changes if _has(c.after, name) and not _has(c.before, name)]
    goes = [_passed(c, c.after, figures) for c in plan.changes if _has(c.before, name) and not _has(c.after, name)]
    book = None if facts is None else tuple(_book(plan, facts, told.metrics, name))
    metrics = tuple(m for m in told.metrics if book and any(m in kept.figures for kept in book))
    rank = metrics[0] if metrics else ""
    return ToldPersonPage(
        told=told,
        name=name,
        owns=one.owns if one else (),
        before=one.before if one else None,
        after=one.after if one else None,
        comes=tuple(sorted(comes, key=lambda p: (-p.figures.get(rank, 0), p.account))),
        goes=tuple(sorted(goes, key=lambda p: (p.other or "", -p.figures.get(rank, 0), p.account))),
        later=tuple(_later(plan.scheduled, name)),
        book=book if book is None else tuple(sorted(book, key=lambda k: (-k.figures.get(rank, 0), k.account))),
        metrics=metrics,
        holds=tuple(_held(plan, facts, name)),
        compared=tuple(_compared(told, name)),
    )


def _has(place: Place, name: str) -> bool:
    return place.owner == name and place.territory is not None


def _people(change: Change) -> tuple[str | None, str | None]:
    return change.before.owner, change.after.owner


def _why(change: Change) -> str:
    return _WHY.get(change.reasons[0].code, str(change.reasons[0].code)) if change.reasons else ""


def _passed(change: Change, other: Place, figures: Mapping[str, Mapping[str, float]]) -> Passed:
    who = None if change.kind is ChangeKind.REMOVE or change.before.owner == change.after.owner else other.owner
    return Passed(change.account, who, other.territory, _why(change), figures.get(change.account, {}))


def _figures(facts: Facts, accounts: Iterable[str]) -> dict[str, dict[str, float]]:
    rows = facts.table.filter(pl.col("account").is_in(list(accounts)))
    return {
        row[0]: {m: v for m, v in zip(facts.metrics, row[1:], strict=True) if v is not None}
        for row in rows.select("account", *map(figure_of, facts.metrics)).iter_rows()
    }


def _book(plan: Plan, facts: Facts, metrics: tuple[str, ...], name: str) -> Iterator[Kept]:
    """Give the accounts that a person has on the plan's day."""
    mine = facts.table.filter((pl.col("has") == name) & pl.col("after").is_not_null())
    changes = {c.account: c for c in plan.changes if _has(c.after, name)}
    holding = {row.territory for row in plan.staffing if row.interim and row.person == name and row.on(plan.as_of)}
    home = facts.homes.get(name)
    away: list[float | None] = [None] * mine.height
    if home is not None and mine.height:
        latitude, longitude = mine.select(pl.col("latitude", "longitude").fill_null(float("nan"))).to_numpy().T
        away = [None if isnan(km) else round(km, 1) for km in great_circle_km(latitude, longitude, *home).tolist()]
    figures = mine.select(map(figure_of, facts.metrics)).iter_rows() if facts.metrics else iter([()] * mine.height)
    for (account, territory, had), row, km in zip(
        mine.select("account", "after", "had").iter_rows(), figures, away, strict=True
    ):
        change = changes.get(account)
        why = f"held for {territory}" if territory in holding else _why(change) if change else "stays"
        known = {m: v for m, v in zip(facts.metrics, row, strict=True) if v is not None}
        yield Kept(account, territory, why, had != name, {m: known[m] for m in metrics if m in known}, km)


def _later(scheduled: Iterable[Scheduled], name: str) -> Iterator[Later]:
    for one in scheduled:
        had, has = _has(one.before, name), _has(one.after, name)
        if had != has:
            other, here = (one.before.owner, one.after) if has else (one.after.owner, one.before)
            yield Later(one.on, has, other, here.territory, one.accounts, _WHY.get(one.reason, str(one.reason)))


def _held(plan: Plan, facts: Facts | None, name: str) -> Iterator[Held]:
    slots = {t.name for t in plan.territories if t.slot}
    owning = [row for row in plan.staffing if not (row.interim or row.team or row.person is None)]
    for row in plan.staffing:
        if row.interim and row.person == name:
            day = max(row.since or plan.as_of, plan.as_of)
            owned = any(other.territory == row.territory and other.on(day) for other in owning)
            what = "held over" if owned else "slot" if row.territory in slots else "vacant"
            there = None
            if facts is not None and row.on(plan.as_of):
                there = facts.table.filter((pl.col("has") == name) & (pl.col("after") == row.territory)).height
            yield Held(row.territory, what, there, row.since, row.to, row.credit)


def _compared(told: ToldPlan, name: str) -> Iterator[Compared]:
    """Compare what a person owns in each segment with the median of what its owners do; held accounts do not count."""
    for segment in told.segments:
        for metric in (COUNT, *(m.name for m in segment.metrics if m.name != COUNT)):
            of: dict[str, float] = {}
            for book in segment.books:
                if book.territory.owner is not None and metric in book.loads:
                    owner = book.territory.owner
                    of[owner] = of.get(owner, 0.0) + book.loads[metric].figures.after
            if name in of:
                enough = len(of) > COLLEAGUES_AT_LEAST
                yield Compared(segment.name, metric, of[name], median(of.values()) if enough else None)
