"""Everything a plan says, from what the CRM holds, what is wanted and where accounts shall go.

`territory plan` composes a plan from a carve, `territory check` composes it again from the saved assignments and
prices: whatever differs was not made by the tool.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from terraform_like.carve.form.problem import Problem
from terraform_like.carve.prove.certify import rounded
from terraform_like.carve.prove.proof import Proof
from terraform_like.diagnostics import Locate, Report, Severity, nowhere
from terraform_like.diff import ChangeKind, Reason, diff
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Balance, Carving, Slot
from terraform_like.domain.measure import EVENNESS, loads, per_size
from terraform_like.domain.reason import ReasonCode
from terraform_like.domain.scope import RECORDED, Population
from terraform_like.plan.broken_limits import refuse_too_many_moves, tell_broken_limits
from terraform_like.plan.handover import handed_over, handovers
from terraform_like.plan.model import (
    BeforeAfter,
    Created,
    Inputs,
    Load,
    Plan,
    PlannedTerritory,
    Renamed,
    Rollback,
    Said,
    Summary,
)
from terraform_like.plan.policy_tables import policy_tables
from terraform_like.plan.reasons import Circumstances, explained, still_allowed
from terraform_like.plan.scheduled import scheduled
from terraform_like.policy.judge import judge
from terraform_like.policy.rule import Over, Policies
from terraform_like.staffing.matching import Matched
from terraform_like.staffing.tenure import owners_on
from terraform_like.staffing.timeline import Staffed


@dataclass(frozen=True, slots=True)
class Parts:
    """What a plan is composed of.

    Parameters
    ----------
    carving, policies
        What is wanted, and the gate.
    population : Population
        The accounts, with what the CRM holds now.
    staffed : Staffed
        The accounts in scope with territory, owner and holder as wanted, and who has them on later days.
    problems, proofs
        One a component: what was to be solved, and how well it was.
    users : dict of str to str
        CRM user id of each person.
    inputs, created, as_of
        Where the plan comes from.
    matched : tuple of Matched
        Who was found for territories that name no owner; `carving` has them as owners.
    inactive : tuple of str
        People whose CRM user is not active.
    locate : Locate
        Where the wishes stand; `locate_policy` finds policies.
    columns : dict of str to str
        Every column that the CRM's accounts had, with its kind.
    report : Report
        What was said on the way; limits that do not hold and what the judge of the policies says come to it. Warnings
        and notes become part of the plan.
    rollback : Rollback or None
        What the plan goes back to, where it was not carved.
    refresh : bool
        Whether accounts stayed wherever they may be.
    """

    carving: Carving
    policies: Policies
    population: Population
    staffed: Staffed
    problems: tuple[Problem, ...]
    proofs: tuple[Proof, ...]
    users: Mapping[str, str]
    inputs: Inputs
    created: Created
    as_of: date
    locate: Locate
    report: Report
    done: frozenset[tuple[str, str]] = frozenset()
    variables: Mapping[str, str] = field(default_factory=dict)
    locate_policy: Locate = nowhere
    columns: Mapping[str, str] = field(default_factory=dict)
    rollback: Rollback | None = None
    refresh: bool = False
    matched: tuple[Matched, ...] = ()
    inactive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Composed:
    """A plan, not yet sealed, the tables that its policies were asked over, and what the judge of them said."""

    plan: Plan
    tables: Mapping[Over, pl.DataFrame]
    said: Report


def compose(parts: Parts) -> Plan:
    """Compose a plan, not yet sealed. Equal parts give equal plans, whatever the order of rows and keys."""
    return composed(parts).plan


def composed(parts: Parts) -> Composed:
    """Compose a plan, and give what it was judged by."""
    carving, population = parts.carving, parts.population
    before = _before(carving, population)
    after = _after(population, parts.staffed.shown)
    changed = diff(before, after, carving.renames(parts.done))
    territories = _territories(parts)
    inside = population.inside.table
    moved = inside.select("account", "territory").join(changed, on="account", how="semi")
    allowed = (still_allowed(p, moved["account"], moved["territory"]) for p in parts.problems)
    why = Circumstances(
        carving=carving,
        day=parts.as_of,
        inside=inside,
        deviations=_deviations(territories),
        allowed=pl.concat([pl.Series("account", [], pl.String), *allowed]),
    )
    changes = explained(changed, why)
    if parts.rollback is not None:
        back = Reason(code=ReasonCode.ROLLED_BACK, text=f"as it was after {parts.rollback}")
        changes = tuple(change.model_copy(update={"reasons": (back,)}) for change in changes)
    summary = _summary(parts.staffed.desired, changed)
    for problem, proof in zip(parts.problems, parts.proofs, strict=True):
        tell_broken_limits(carving, problem, proof, parts.staffed.desired, parts.locate, parts.report)
    refuse_too_many_moves(carving, parts.problems, parts.staffed.desired, parts.locate, parts.report)
    tables = policy_tables(carving, population, parts.staffed.desired, territories, changes, summary, parts.as_of)
    verdicts, said = judge(parts.policies, tables, parts.as_of, carving.accounts.location, parts.locate_policy)
    parts.report.extend(said)
    later = scheduled(carving, population, parts.staffed.passings)
    plan = Plan(
        plan=carving.name,
        inputs=parts.inputs,
        created=parts.created,
        rollback=parts.rollback,
        refresh=parts.refresh,
        as_of=parts.as_of,
        currency=carving.plan.currency,
        variables=dict(parts.variables),
        moved=tuple(Renamed(old=m.old, new=m.new, done=(m.old, m.new) in parts.done) for m in carving.moved),
        summary=summary,
        territories=territories,
        staffing=parts.staffed.timeline,
        matched=parts.matched,
        users=dict(sorted(parts.users.items())),
        inactive=parts.inactive,
        columns=dict(parts.columns),
        changes=changes,
        scheduled=later,
        handovers=handovers(handed_over(carving, population, parts.as_of, changes, later)),
        fairness=_fairness(carving, territories),
        verdicts=verdicts,
        proof=parts.proofs,
        diagnostics=tuple(
            Said(severity="warning" if d.severity is Severity.WARNING else "note", summary=d.summary, detail=d.detail)
            for d in parts.report
            if d.severity is not Severity.ERROR
        ),
    )
    return Composed(plan, tables, said)


def _before(carving: Carving, population: Population) -> Book:
    """Give accounts in scope as they are, and those out of scope that still stand in a book of the plan."""
    left = population.outside.table.filter(pl.col("territory").is_in(list(carving.books)))
    columns = ("account", pl.col(RECORDED).alias("territory"), "owner", "holder")
    return Book.of(pl.concat([population.inside.table.select(columns), left.select(columns)]))


def _after(population: Population, desired: Book) -> Book:
    """Give accounts in scope as wanted; those that leave every book keep whoever owns them."""
    columns = ("account", "territory", "owner", "holder")
    left = population.outside.table.select(columns).with_columns(pl.lit(None, pl.String).alias("territory"))
    return Book.of(pl.concat([desired.table.select(columns), left]))


def _summary(desired: Book, changed: pl.DataFrame) -> Summary:
    count = Counter(dict(changed.group_by("kind").len().iter_rows()))
    changing = desired.table.join(changed, on="account", how="semi").height
    return Summary(
        accounts=len(desired),
        adds=count[ChangeKind.ADD],
        moves=count[ChangeKind.MOVE],
        transfers=count[ChangeKind.TRANSFER],
        removes=count[ChangeKind.REMOVE],
        unchanged=len(desired) - changing,
    )


def _territories(parts: Parts) -> tuple[PlannedTerritory, ...]:
    carving = parts.carving
    limits = {name: (problem, t) for problem in parts.problems for t, name in enumerate(problem.territories)}
    owners = owners_on(carving, parts.as_of)
    planned: list[PlannedTerritory] = []
    for segment in carving.segments:
        metrics = carving.balance.get(segment.name, Balance()).metrics
        summed = tuple(dict.fromkeys((*metrics, "accounts")))
        # What a book holds now counts whatever its accounts' segment: the book is what people compare.
        before = _by_book(parts.population.inside.table, summed)
        after = _by_book(parts.staffed.desired.table, summed)
        for name, book in carving.books.items():
            if book.segment != segment.name:
                continue
            was, will = before.get(name, {}), after.get(name, {})
            planned.append(
                PlannedTerritory(
                    name=name,
                    segment=segment.name,
                    size=book.size,
                    size_says=carving.share_of(name)[1],
                    slot=isinstance(book, Slot),
                    protect=book.lifecycle.protect,
                    owner=owners.get(name),
                    vacant=name not in owners,
                    vacant_since=parts.staffed.vacant_since.get(name),
                    accounts=int(will.get("accounts", 0)),
                    accounts_before=int(was.get("accounts", 0)),
                    loads={m: _load(m, was, will, *limits.get(name, (None, 0))) for m in metrics},
                )
            )
    return tuple(planned)


def _by_book(table: pl.DataFrame, metrics: tuple[str, ...]) -> dict[str, dict[str, float]]:
    summed = loads(table, metrics)
    return {str(row["territory"]): {m: float(row[m]) for m in metrics} for row in summed.iter_rows(named=True)}


def _load(metric: str, was: dict[str, float], will: dict[str, float], problem: Problem | None, t: int) -> Load:
    before, after = rounded(was.get(metric, 0.0)), rounded(will.get(metric, 0.0))
    if problem is None:
        return Load(before=before, after=after)
    limits, m = problem.limits, problem.metrics.index(metric)
    high = float(limits.high[t, m])
    return Load(
        before=before,
        after=after,
        share=rounded(float(limits.share[t, m])),
        low=rounded(float(limits.low[t, m])),
        high=rounded(high) if math.isfinite(high) else None,
    )


def _deviations(territories: tuple[PlannedTerritory, ...]) -> dict[str, dict[str, float]]:
    return {t.name: {m: load.before / load.share - 1 for m, load in t.loads.items() if load.share} for t in territories}


def _fairness(carving: Carving, territories: tuple[PlannedTerritory, ...]) -> dict[str, dict[str, BeforeAfter]]:
    """Measure evenness of each segment, size for size; before, over the books that held accounts."""
    fairness: dict[str, dict[str, BeforeAfter]] = {}
    for segment in carving.segments:
        books = [t for t in territories if t.segment == segment.name]
        measures: dict[str, BeforeAfter] = {}
        for metric in carving.balance.get(segment.name, Balance()).metrics:
            held = [t for t in books if t.accounts_before]
            for name in ("spread", "gini", "jain"):
                was = _measured(name, [(t.loads[metric].before, t.size) for t in held])
                will = _measured(name, [(t.loads[metric].after, t.size) for t in books])
                measures[f"{name}({metric})"] = BeforeAfter(before=was, after=will)
        fairness[segment.name] = measures
    return fairness


def _measured(name: str, pairs: list[tuple[float, float]]) -> float | None:
    if not pairs:
        return None
    load, size = np.array(pairs).T
    value = EVENNESS[name](per_size(load, size))
    return rounded(value) if math.isfinite(value) else None
