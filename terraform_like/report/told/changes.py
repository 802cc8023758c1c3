"""The changes of a plan, counted: by kind and reason, and by pair of territories with what they are worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from terraform_like.diff import Change, ChangeKind
from terraform_like.plan.facts import Facts, figure_of

#: What a kind of change means, in the order in which kinds are told.
MEANS: Mapping[ChangeKind, str] = MappingProxyType(
    {
        ChangeKind.ADD: "new to a book",
        ChangeKind.MOVE: "moves between territories",
        ChangeKind.TRANSFER: "owner changes in place",
        ChangeKind.REMOVE: "leaves every book",
    }
)
MARKS: Mapping[ChangeKind, str] = MappingProxyType(
    {ChangeKind.ADD: "+", ChangeKind.MOVE: ">", ChangeKind.TRANSFER: "~", ChangeKind.REMOVE: "-"}
)
_RENAMED = "territory has a new name"


@dataclass(frozen=True, slots=True)
class KindOfChange:
    """Changes of one kind, in the order of their flows, with what the kind means and why they are: counts by reason."""

    kind: ChangeKind
    changes: tuple[Change, ...]
    means: str
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """Accounts that go from one territory to another.

    Parameters
    ----------
    before, after : str or None
        The territories; null is none.
    accounts : int
        How many.
    reasons : tuple of (str, int)
        Why, and how many for that reason, most first.
    sums : mapping of str to float
        What they are worth in each metric, in its own unit; empty where figures of accounts are not at hand.
    protected : int or None
        How many of them are protected, null where that is not known.
    """

    before: str | None
    after: str | None
    accounts: int
    reasons: tuple[tuple[str, int], ...]
    sums: Mapping[str, float]
    protected: int | None


def only_renamed(change: Change) -> bool:
    """Say whether nobody gets another account: a territory or person only has a new name."""
    return change.kind is ChangeKind.TRANSFER and change.before.owner == change.after.owner


def changed_fields(change: Change) -> list[tuple[str, str | None, str | None]]:
    """Give the fields that change: name, before, after."""
    before, after = change.before, change.after
    fields = [("territory", before.territory, after.territory), ("owner", before.owner, after.owner)]
    return [field for field in fields if field[1] != field[2]]


def told_kinds(changes: Iterable[Change]) -> tuple[KindOfChange, ...]:
    """Give the kinds of change that there are."""
    found: dict[ChangeKind, list[Change]] = {kind: [] for kind in MEANS}
    for change in changes:
        found[change.kind].append(change)
    return tuple(
        KindOfChange(
            kind,
            tuple(sorted(those, key=flow_order)),
            _RENAMED if all(map(only_renamed, those)) else MEANS[kind],
            _reasons(those),
        )
        for kind, those in found.items()
        if those
    )


def flow_order(change: Change) -> tuple[str, str, str]:
    """Order changes so that those between the same two territories stand together."""
    return change.before.territory or "", change.after.territory or "", change.account


def varied(changes: Sequence[Change]) -> list[Change]:
    """Order changes so that the first so many show as many flows as can be, and of each flow its first accounts."""
    seen: Counter[tuple[str | None, str | None]] = Counter()
    rounds = []
    for position, change in enumerate(changes):
        flow = change.before.territory, change.after.territory
        rounds.append((seen[flow], position))
        seen[flow] += 1
    return [changes[position] for _, position in sorted(rounds)]


def told_flows(changes: Iterable[Change], facts: Facts | None) -> tuple[Flow, ...]:
    """Give the pairs of territories between which accounts go, most accounts first."""
    between: dict[tuple[str | None, str | None], list[Change]] = {}
    for change in changes:
        if change.kind is not ChangeKind.TRANSFER:
            between.setdefault((change.before.territory, change.after.territory), []).append(change)
    worth = {} if facts is None else _worth(facts)
    flows = []
    for pair, those in between.items():
        sums = worth.get(pair, {})
        flows.append(
            Flow(
                *pair,
                len(those),
                _reasons(those),
                {metric: value for metric, value in sums.items() if metric != _PROTECTED},
                None if facts is None else round(sums.get(_PROTECTED, 0)),
            )
        )
    return tuple(sorted(flows, key=lambda f: (-f.accounts, f.before or "", f.after or "")))


#: Beside names of metrics, of which none is empty.
_PROTECTED = ""


def _worth(facts: Facts) -> dict[tuple[str | None, str | None], dict[str, float]]:
    moving = facts.table.filter(pl.col("before").ne_missing(pl.col("after")))
    # Summed in the order of the rows: the same bytes everywhere.
    summed = moving.group_by("before", "after", maintain_order=True).agg(
        pl.col("protected").sum(), *(pl.col(figure_of(metric)).sum() for metric in facts.metrics)
    )
    return {
        (row[0], row[1]): dict(zip((_PROTECTED, *facts.metrics), map(float, row[2:]), strict=True))
        for row in summed.iter_rows()
    }


def _reasons(changes: Sequence[Change]) -> tuple[tuple[str, int], ...]:
    codes = Counter(str(change.reasons[0].code) for change in changes if change.reasons)
    return tuple(sorted(codes.items(), key=lambda item: (-item[1], item[0])))
