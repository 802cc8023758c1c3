"""A plan for eyes that may not see everything: names become stand-ins, amounts become shares of the fair share.

Stand-ins are numbers in an order that HMAC-SHA-256 gives, keyed by the digests of the plan's snapshot and assignments.
The same plan has the same stand-ins wherever it is redacted; without plan.json nobody can tell, or try out, whom one
stands for: the digests are not in what is given out, and the number says nothing of the name.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import polars as pl

from terraform_like.diff import Change, Place, Reason
from terraform_like.domain.reason import ReasonCode
from terraform_like.plan.facts import Facts, figure_of
from terraform_like.plan.model import HandOver, Inputs, Load, Plan, PlannedTerritory, Said, Scheduled
from terraform_like.policy.verdict import Overridden, Verdict, Waived
from terraform_like.staffing.timeline import Staffing


class Hidden(StrEnum):
    """What can be left out of a report: who people and accounts are, and how much things are worth."""

    NAMES = "names"
    AMOUNTS = "amounts"


#: Reasons that tell of territories only.
_NAMELESS = {ReasonCode.REBALANCED, ReasonCode.TERRITORY_ADDED, ReasonCode.NEW_ACCOUNT, ReasonCode.OUT_OF_SCOPE}
#: Measures that have no unit, and so tell no amount.
_NO_UNIT = re.compile(r"\b(?:spread|gini|jain|cv|max_share|parity|share|count|range_share)\(")
_WORD = re.compile(r"[\w@+-](?:[\w.@+-]*[\w@+-])?")
_NOT_SHOWN = "not shown"


@dataclass(frozen=True, slots=True)
class StandIns:
    """Stand-ins for people and accounts; names that it does not know, it does not let through either."""

    people: Mapping[str, str]
    accounts: Mapping[str, str]

    def person(self, name: str | None) -> str | None:
        """Give the stand-in of a person or CRM user; nobody stays nobody."""
        return None if name is None else self.people.get(name, "somebody")

    def account(self, name: str) -> str:
        """Give the stand-in of an account."""
        return self.accounts.get(name, "account")

    def place(self, place: Place) -> Place:
        """Give the same place with a stand-in of who has it."""
        return Place(territory=place.territory, owner=self.person(place.owner))

    def address(self, text: str) -> str:
        """Give the address of a stand-in where it names a person or an account; others as they are."""
        kind, _, name = text.partition(".")
        if kind == "account":
            return f"account.{self.account(name)}"
        return f"person.{self.person(name)}" if kind in ("person", "people") else text

    def text(self, text: str) -> str:
        """Give a text of the policies with stand-ins for the names that are words of it."""
        return _WORD.sub(lambda word: self.people.get(word[0], self.accounts.get(word[0], word[0])), text)


@dataclass(frozen=True, slots=True)
class Redacted:
    """A plan and its facts without what is hidden; `stand_ins` says who is who, and is for who has the plan only."""

    plan: Plan
    facts: Facts | None
    stand_ins: StandIns | None = field(repr=False)


def redacted(plan: Plan, facts: Facts | None, hidden: Iterable[Hidden]) -> Redacted:
    """Leave out of a plan what is hidden.

    What is free text (details of warnings, reasons of waivers, remarks on figures) may name anybody and any amount: it
    is left out whatever is hidden. What is given is to be read, not applied: its digest is that of the whole plan.
    """
    what = frozenset(hidden)
    if not what:
        return Redacted(plan, facts, None)
    plan = _without_texts(plan, what)
    if Hidden.AMOUNTS in what:
        full = _full_shares(plan)
        plan = _without_amounts(plan)
        facts = None if facts is None else _facts_in_shares(facts, full)
    if Hidden.NAMES not in what:
        return Redacted(plan, facts, None)
    stand_ins = _stand_ins(plan, facts)
    facts = None if facts is None else _nameless_facts(facts, stand_ins)
    return Redacted(_nameless(plan, stand_ins), facts, stand_ins)


def _without_texts(plan: Plan, what: frozenset[Hidden]) -> Plan:
    told = []
    if Hidden.NAMES in what:
        told.append("people and accounts stand under names that only whoever has the plan can tell")
    if Hidden.AMOUNTS in what:
        told.append("amounts are shares of the fair share of a full book")
    if plan.diagnostics:
        told.append("warnings and notes of the plan are not shown")
    note = Said(severity="note", summary="Redacted", detail="; ".join(told).capitalize() + ".")
    verdicts = tuple(map(_without_remarks, plan.verdicts))
    return plan.model_copy(update={"diagnostics": (note,), "variables": {}, "verdicts": verdicts})


def redacted_verdicts(
    verdicts: Iterable[Verdict], hidden: Iterable[Hidden], stand_ins: StandIns | None
) -> tuple[Verdict, ...]:
    """Leave out of verdicts what is hidden, with the stand-ins that `redacted` gave for their plan."""
    what, told = frozenset(hidden), tuple(verdicts)
    if what:
        told = tuple(map(_without_remarks, told))
    if Hidden.AMOUNTS in what:
        told = tuple(map(_without_figures, told))
    return told if stand_ins is None else tuple(_verdict(verdict, stand_ins) for verdict in told)


def _without_remarks(verdict: Verdict) -> Verdict:
    """Leave out what may name anybody and any amount, whatever is hidden."""
    signed = verdict.overridden and Overridden(by=verdict.overridden.by, reason=_NOT_SHOWN)
    silent = {"remark": "", "details": (), "parts": (), "part_figures": {}}
    return verdict.model_copy(update={**silent, "waived": _silent(verdict.waived), "overridden": signed})


def _silent(waived: Waived | None) -> Waived | None:
    return waived and Waived(owner=waived.owner, reason=_NOT_SHOWN, expires=waived.expires)


def _full_shares(plan: Plan) -> dict[tuple[str, str], float]:
    """Give the fair share of a full book by segment and metric; where nothing says one, the mean load."""
    found: dict[tuple[str, str], list[float]] = {}
    loads: dict[tuple[str, str], list[float]] = {}
    for territory in plan.territories:
        for metric, load in territory.loads.items():
            key = territory.segment, metric
            loads.setdefault(key, []).append(load.after)
            if load.share is not None:
                found.setdefault(key, []).append(load.share / territory.size)
    means = {key: sum(values) / len(values) for key, values in loads.items()}
    return {key: (found[key][0] if key in found else mean) or 1.0 for key, mean in means.items()}


def _without_amounts(plan: Plan) -> Plan:
    full = _full_shares(plan)

    def shared(territory: PlannedTerritory) -> PlannedTerritory:
        loads = {
            # How many accounts there are is no amount.
            m: load if m == "accounts" else _scaled(load, full[territory.segment, m])
            for m, load in territory.loads.items()
        }
        return territory.model_copy(update={"loads": loads})

    return plan.model_copy(
        update={
            "currency": None,
            "territories": tuple(map(shared, plan.territories)),
            "scheduled": tuple(s.model_copy(update={"pipeline": None}) for s in plan.scheduled),
            "handovers": tuple(h.model_copy(update={"pipeline": None}) for h in plan.handovers),
            "verdicts": tuple(map(_without_figures, plan.verdicts)),
            "proof": tuple(p.model_copy(update={"prices": {}}) for p in plan.proof),
        }
    )


def _scaled(load: Load, by: float) -> Load:
    def share(value: float | None) -> float | None:
        return None if value is None else round(value / by, 6)

    return Load(
        before=round(load.before / by, 6),
        after=round(load.after / by, 6),
        share=share(load.share),
        low=share(load.low),
        high=share(load.high),
    )


def _without_figures(verdict: Verdict) -> Verdict:
    update: dict[str, object] = {"values": ()}
    if not _NO_UNIT.search(verdict.rule):
        update |= {
            name: _NOT_SHOWN
            for name, value in (("measured", verdict.measured), ("before", verdict.before))
            if isinstance(value, float | int)
        }
    return verdict.model_copy(update=update)


def _facts_in_shares(facts: Facts, full: Mapping[tuple[str, str], float]) -> Facts:
    segment = pl.col("segment")
    columns = []
    for metric in facts.metrics:
        of = {s: by for (s, m), by in full.items() if m == metric}
        by = segment.replace_strict(of, default=None, return_dtype=pl.Float64)
        columns.append((pl.col(figure_of(metric)) / by).round(6))
    table = facts.table.with_columns(*columns, pipeline=pl.lit(None, pl.Float64))
    return replace(facts, table=table)


def people_of(plan: Plan) -> list[str]:
    """Give everybody who is on a territory at any time, or has accounts before or after."""
    names = {t.owner for t in plan.territories} | {row.person for row in plan.staffing}
    names |= {place.owner for place in _places(plan)}
    return sorted(name for name in names if name is not None)


def _places(plan: Plan) -> Iterator[Place]:
    for one in plan.changes:
        yield from (one.before, one.after)
    for passing in plan.scheduled:
        yield from (passing.before, passing.after)


def _stand_ins(plan: Plan, facts: Facts | None) -> StandIns:
    people: set[str | None] = {*people_of(plan), *plan.users, *plan.users.values(), *plan.inactive}
    accounts = {change.account for change in plan.changes}
    for passing in plan.scheduled:
        accounts |= set(passing.accounts)
    people |= {one.person for one in plan.matched}
    people |= {name for h in plan.handovers for name in (h.giver, h.taker)}
    people |= {v.waived.owner for v in plan.verdicts if v.waived}
    people |= {v.overridden.by for v in plan.verdicts if v.overridden}
    for address in (subject for verdict in plan.verdicts for subject in verdict.subjects):
        kind, _, name = address.partition(".")
        accounts |= {name} if kind == "account" else set()
        people |= {name} if kind in ("person", "people") else set()
    if facts is not None:
        accounts |= set(facts.table["account"])
        people |= {*facts.table["had"], *facts.table["has"], *facts.homes}
    key = f"{plan.inputs.snapshot}:{plan.inputs.assignments}".encode()
    return StandIns(
        _numbered(key, "person", (name for name in people if name is not None)), _numbered(key, "account", accounts)
    )


def _numbered(key: bytes, kind: str, names: Iterable[str]) -> dict[str, str]:
    order = sorted(
        names, key=lambda name: hmac.digest(key, f"{kind}:{name}".encode("utf-8", "surrogatepass"), "sha256")
    )
    width = len(str(len(order)))
    return {name: f"{kind}-{number:0{width}}" for number, name in enumerate(order, 1)}


def _nameless(plan: Plan, stand_ins: StandIns) -> Plan:
    person = stand_ins.person
    changes = (
        Change(
            account=stand_ins.account(change.account),
            kind=change.kind,
            before=stand_ins.place(change.before),
            after=stand_ins.place(change.after),
            reasons=tuple(r if r.code in _NAMELESS else Reason(code=r.code, text="") for r in change.reasons),
        )
        for change in plan.changes
    )
    return plan.model_copy(
        update={
            "inputs": Inputs(config="", policies="", snapshot="", assignments=""),
            "users": {},
            "inactive": tuple(sorted(filter(None, map(person, plan.inactive)))),
            "territories": tuple(
                t.model_copy(update={"owner": person(t.owner), "size_says": _size(t, stand_ins)})
                for t in plan.territories
            ),
            "staffing": tuple(_staffing(row, stand_ins) for row in plan.staffing),
            "matched": tuple(
                m.model_copy(update={"person": person(m.person), "why": "fits it best"}) for m in plan.matched
            ),
            # In the order of names it would tell which of two names comes first.
            "changes": tuple(sorted(changes, key=lambda change: change.account)),
            "scheduled": tuple(_scheduled(passing, stand_ins) for passing in plan.scheduled),
            "handovers": tuple(_handover(one, stand_ins) for one in plan.handovers),
            "moved": tuple(
                m.model_copy(update={"old": person(m.old), "new": person(m.new)})
                if {m.old, m.new} & stand_ins.people.keys()
                else m
                for m in plan.moved
            ),
            "verdicts": tuple(_verdict(verdict, stand_ins) for verdict in plan.verdicts),
        }
    )


def _size(territory: PlannedTerritory, stand_ins: StandIns) -> str:
    _, colon, why = territory.size_says.partition(": ")
    return f"{stand_ins.person(territory.owner)}: {why}" if colon else ""


def _staffing(row: Staffing, stand_ins: StandIns) -> Staffing:
    return row.model_copy(update={"person": stand_ins.person(row.person)})


def _scheduled(passing: Scheduled, stand_ins: StandIns) -> Scheduled:
    return passing.model_copy(
        update={
            "before": stand_ins.place(passing.before),
            "after": stand_ins.place(passing.after),
            "accounts": tuple(sorted(map(stand_ins.account, passing.accounts))),
        }
    )


def _handover(one: HandOver, stand_ins: StandIns) -> HandOver:
    return one.model_copy(update={"giver": stand_ins.person(one.giver), "taker": stand_ins.person(one.taker)})


def _verdict(verdict: Verdict, stand_ins: StandIns) -> Verdict:
    waived, overridden = verdict.waived, verdict.overridden
    return verdict.model_copy(
        update={
            "says": stand_ins.text(verdict.says),
            "remedy": stand_ins.text(verdict.remedy),
            "rule": stand_ins.text(verdict.rule),
            "part": None if verdict.part is None else stand_ins.people.get(verdict.part, verdict.part),
            "subjects": tuple(map(stand_ins.address, verdict.subjects)),
            "waived": waived and waived.model_copy(update={"owner": stand_ins.person(waived.owner)}),
            "overridden": overridden and overridden.model_copy(update={"by": stand_ins.person(overridden.by)}),
        }
    )


def _nameless_facts(facts: Facts, stand_ins: StandIns) -> Facts:
    nowhere = pl.lit(None, pl.Float64)
    people = pl.col("had", "has").replace_strict(stand_ins.people, default=None, return_dtype=pl.String)
    account = pl.col("account").replace_strict(stand_ins.accounts, default=None, return_dtype=pl.String)
    table = facts.table.with_columns(account, people, latitude=nowhere, longitude=nowhere).sort("account")
    return replace(facts, table=table, homes={}, centers={})
