"""The people of a plan: who gains and loses how many accounts, and who covers what for which credit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from terraform_like.plan.facts import Facts, figure_of
from terraform_like.plan.model import Plan
from terraform_like.staffing.timeline import Staffing


@dataclass(frozen=True, slots=True)
class ToldPerson:
    """What a plan does to one person on its day.

    Parameters
    ----------
    name : str
        The person, or the CRM's user id of somebody else.
    owns, holds : tuple of str
        Territories that the person owns on the plan's day, and those of which the person holds accounts beside.
    gains, loses : int
        Accounts that come and go.
    before, after : int or None
        Accounts that the person has before and after; null where the books are not at hand.
    sums : mapping of str to (float, float)
        What they are worth before and after in each metric, in its own unit; empty where figures are not at hand.
    """

    name: str
    owns: tuple[str, ...]
    holds: tuple[str, ...]
    gains: int
    loses: int
    before: int | None
    after: int | None
    sums: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Covered:
    """A territory whose accounts others hold on the plan's day: who, to when and for what share of the credit."""

    territory: str
    rows: tuple[Staffing, ...]

    @property
    def by_terms(self) -> tuple[tuple[tuple[float, date | None], tuple[Staffing, ...]], ...]:
        """Who holds them for the same credit to the same day, together."""
        terms = dict.fromkeys((row.credit, row.to) for row in self.rows)
        return tuple((term, tuple(row for row in self.rows if (row.credit, row.to) == term)) for term in terms)


def told_people(plan: Plan, facts: Facts | None) -> tuple[ToldPerson, ...]:
    """Give everybody who has accounts before or after, most changed first."""
    gains: Counter[str] = Counter()
    loses: Counter[str] = Counter()
    for change in plan.changes:
        had = change.before.owner if change.before.territory is not None else None
        has = change.after.owner if change.after.territory is not None else None
        if had == has:
            continue
        if has is not None:
            gains[has] += 1
        if had is not None:
            loses[had] += 1
    owns: dict[str, list[str]] = {}
    for territory in sorted(plan.territories, key=lambda t: t.name):
        if territory.owner is not None:
            owns.setdefault(territory.owner, []).append(territory.name)
    holds: dict[str, list[str]] = {}
    for row in plan.staffing:
        if row.interim and row.person is not None and row.on(plan.as_of):
            theirs = holds.setdefault(row.person, [])
            theirs += [] if row.territory in theirs else [row.territory]
    count = Counter(facts.table["has"].drop_nulls().to_list()) if facts is not None else Counter()
    sums = {} if facts is None else _sums(facts)
    people = [
        ToldPerson(
            name=name,
            owns=tuple(owns.get(name, ())),
            holds=tuple(holds.get(name, ())),
            gains=gains[name],
            loses=loses[name],
            before=None if facts is None else count[name] - gains[name] + loses[name],
            after=None if facts is None else count[name],
            sums=sums.get(name, {}),
        )
        for name in sorted({*gains, *loses, *owns, *holds, *count})
    ]
    return tuple(sorted(people, key=lambda p: (-(p.gains + p.loses), p.name)))


def told_covers(plan: Plan) -> tuple[Covered, ...]:
    """Give territories whose accounts others hold on the plan's day."""
    today = [row for row in plan.staffing if row.interim and row.on(plan.as_of)]
    names = dict.fromkeys(row.territory for row in today)
    return tuple(Covered(name, tuple(row for row in today if row.territory == name)) for name in names)


def _sums(facts: Facts) -> dict[str, dict[str, tuple[float, float]]]:
    """Sum each metric over what everybody has before and after; a metric that no account of theirs has is left out."""
    found: dict[str, dict[str, list[float]]] = {}
    for position, (person, place) in enumerate((("had", "before"), ("has", "after"))):
        there = facts.table.filter(pl.col(person).is_not_null() & pl.col(place).is_not_null())
        figures = [pl.col(figure_of(metric)) for metric in facts.metrics]
        totals = [pl.when(figure.is_not_null().any()).then(figure.sum()) for figure in figures]
        # Summed in the order of the rows: the same bytes everywhere.
        for row in there.group_by(person, maintain_order=True).agg(totals).iter_rows():
            for metric, value in zip(facts.metrics, row[1:], strict=True):
                if value is not None:
                    found.setdefault(row[0], {}).setdefault(metric, [0.0, 0.0])[position] = float(value)
    return {name: {m: (was, will) for m, (was, will) in of.items()} for name, of in found.items()}
