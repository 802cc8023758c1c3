"""Why each account changes, in a code for programs and a sentence for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from terraform_like.carve.form.problem import Problem
from terraform_like.diff import Change, ChangeKind, Place, Reason
from terraform_like.domain.carving import Carving, Slot, Territory
from terraform_like.domain.reason import ReasonCode
from terraform_like.domain.scope import FAMILY, SEGMENT
from terraform_like.staffing.tenure import owners_on


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What reasons are made of.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    day : datetime.date
        The day of the plan.
    inside : polars.DataFrame
        The accounts in scope before the carve, with segment, family and the territory under its name of now.
    deviations : dict
        For each territory, how far each load was off its fair share before, as a share of it.
    allowed : polars.Series
        Accounts that the rules still allow in the territory where they were.
    """

    carving: Carving
    day: date
    inside: pl.DataFrame
    deviations: Mapping[str, Mapping[str, float]]
    allowed: pl.Series


class _Like(NamedTuple):
    """All that the reason of a change is made of: the same for most accounts that go the same way.

    `family` is the account that stands for the account's family, where that is another; `split` says that it stands for
    a family that was in several territories.
    """

    kind: str
    territory_before: str | None
    territory_after: str | None
    owner_before: str | None
    owner_after: str | None
    was: str | None
    segment: str | None
    pinned: bool
    allowed: bool
    family: str | None
    split: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What is looked up for every change: built once."""

    why: Circumstances
    books: Mapping[str, Territory]
    filled: frozenset[str]
    off: Mapping[str, str]
    owners: Mapping[str, str]
    places: dict[tuple[str | None, str | None], Place] = field(default_factory=dict)

    def place(self, territory: str | None, owner: str | None) -> Place:
        """Give a place; the same one for all accounts that are there, since most of many are in few places."""
        if (known := self.places.get((territory, owner))) is None:
            known = self.places[territory, owner] = Place(territory=territory, owner=owner)
        return known

    @classmethod
    def of(cls, why: Circumstances) -> _Known:
        return cls(
            why,
            why.carving.books,
            frozenset(why.inside["territory"].drop_nulls().unique().to_list()),
            {territory: _off(off, territory) for territory, off in why.deviations.items()},
            owners_on(why.carving, why.day),
        )


def still_allowed(problem: Problem, accounts: pl.Series, territories: pl.Series) -> pl.Series:
    """Give those of some accounts that the rules of a component allow in their territory; both series are aligned."""
    order = {name: t for t, name in enumerate(problem.territories)}
    territory = territories.replace_strict(order, default=-1, return_dtype=pl.Int64).fill_null(-1).to_numpy()
    ids = accounts.to_numpy().astype(str)
    at = np.searchsorted(problem.accounts, ids) if len(problem.accounts) else np.zeros(len(ids), int)
    at = np.minimum(at, max(0, len(problem.accounts) - 1))
    known = (problem.accounts[at] == ids) & (territory >= 0)
    allowed = problem.ways.eligible.allows(problem.unit_of[at], np.maximum(territory, 0))
    return accounts.filter(pl.Series(known & allowed))


def explained(changed: pl.DataFrame, why: Circumstances) -> tuple[Change, ...]:
    """Give the changes of `diff` with their reasons.

    Parameters
    ----------
    changed : polars.DataFrame
        As `diff` gives it.
    why : Circumstances
        What reasons are made of.
    """
    known = _Known.of(why)
    told: dict[tuple[object, ...], dict[str, Any]] = {}
    changes = []
    for row in _facts(changed, known).iter_rows():
        # Millions of changes are of a few ten thousand kinds: each is explained once.
        if (alike := told.get(row[1:])) is None:
            alike = told[row[1:]] = _explained(_Like(*row[1:]), known)
        changes.append(Change(account=row[0], **alike))
    return tuple(changes)


def _facts(changed: pl.DataFrame, known: _Known) -> pl.DataFrame:
    """Give each change as a row, sorted: its account, then what `_Like` has."""
    inside = known.why.inside
    pinned = {account: name for name, book in known.books.items() for account in book.accounts}
    families = inside.group_by(FAMILY).agg(pl.col("territory").drop_nulls().n_unique().alias("places"))
    split = families.filter(pl.col("places") > 1)[FAMILY]
    account, other = pl.col("account"), pl.col(FAMILY) != pl.col("account")
    own = inside.select("account", SEGMENT, FAMILY, was="territory")
    return (
        changed.join(own, on="account", how="left")
        .sort("account")
        .select(
            "account",
            "kind",
            "territory_before",
            "territory_after",
            "owner_before",
            "owner_after",
            "was",
            SEGMENT,
            pinned=account.replace_strict(pinned, default=None, return_dtype=pl.String).eq_missing(
                pl.col("territory_after")
            ),
            allowed=account.is_in(known.why.allowed.implode()),
            family=pl.when(other).then(FAMILY),
            split=~other & account.is_in(split.implode()),
        )
    )


def _explained(like: _Like, known: _Known) -> dict[str, Any]:
    """Give what changes have in common that are alike."""
    kind = ChangeKind(like.kind)
    return {
        "kind": kind,
        "before": known.place(like.territory_before, like.owner_before),
        "after": known.place(like.territory_after, like.owner_after),
        "reasons": (_REASONS[kind](like, known),),
    }


def _added(like: _Like, known: _Known) -> Reason:
    return _pinned(like) or Reason(code=ReasonCode.NEW_ACCOUNT, text="it was in no territory")


def _removed(like: _Like, known: _Known) -> Reason:
    return Reason(code=ReasonCode.OUT_OF_SCOPE, text="it is no longer in scope")


def _moved(like: _Like, known: _Known) -> Reason:
    old, new = str(like.was), str(like.territory_after)
    before = known.books.get(old)
    if pinned := _pinned(like):
        return pinned
    if old in known.why.carving.lapsed:
        day = known.why.carving.overcarve[old].lapse
        return Reason(code=ReasonCode.SLOT_LAPSED, text=f"{old} lapsed on {day}, and nobody fills it")
    if before is None:
        return Reason(code=ReasonCode.TERRITORY_REMOVED, text=f"{old} is not in the plan")
    if before.segment != like.segment:
        return Reason(code=ReasonCode.SEGMENT_CHANGED, text=f"it is {like.segment} now, no longer {before.segment}")
    if not like.allowed:
        return Reason(code=ReasonCode.RULE_CHANGED, text=f"{old} may not hold it")
    if like.family is not None:
        return Reason(code=ReasonCode.FOLLOWS_FAMILY, text=f"it stays with {like.family}")
    if like.split:
        return Reason(code=ReasonCode.FOLLOWS_FAMILY, text="its family was in several territories")
    was_off = known.off.get(old, "")
    if new not in known.filled:
        slot = "slot" if isinstance(known.books[new], Slot) else "territory"
        text = f"{new} is a new {slot}, and {was_off}" if was_off else f"{new} is a new {slot}"
        return Reason(code=ReasonCode.TERRITORY_ADDED, text=text)
    return Reason(code=ReasonCode.REBALANCED, text=was_off or known.off.get(new, "") or "books are evened")


def _transferred(like: _Like, known: _Known) -> Reason:
    territory, before, after = str(like.territory_after), like.owner_before, like.owner_after
    if like.territory_before != territory:
        return Reason(code=ReasonCode.RENAMED, text=f"{like.territory_before} is called {territory} now")
    book = known.books[territory]
    owner = known.owners.get(territory)
    if isinstance(book, Slot) and after is not None and after == owner == book.filled_by:
        return Reason(code=ReasonCode.SLOT_FILLED, text=f"{after} fills {territory}")
    leaver = known.why.carving.people.get(before) if before else None
    if leaver is not None and leaver.leaves is not None and leaver.leaves < known.why.day:
        text = f"{before} left on {leaver.leaves}"
        return Reason(
            code=ReasonCode.OWNER_LEFT, text=text if after == owner else f"{text}; {after or 'nobody'} holds it"
        )
    if after is None or after != owner:
        return Reason(code=ReasonCode.COVERED, text=f"{after or 'nobody'} holds it while {territory} is vacant")
    if book.successor is not None and after == book.successor.person:
        return Reason(code=ReasonCode.OWNER_STARTED, text=f"{after} owns {territory} after {book.owner}")
    if known.why.carving.matched.get(territory) == after:
        return Reason(code=ReasonCode.MATCHED, text=f"{after} owns {territory}, which names no owner")
    return Reason(code=ReasonCode.RULE_CHANGED, text=f"{after} owns {territory}")


_REASONS: dict[ChangeKind, Callable[[_Like, _Known], Reason]] = {
    ChangeKind.ADD: _added,
    ChangeKind.REMOVE: _removed,
    ChangeKind.MOVE: _moved,
    ChangeKind.TRANSFER: _transferred,
}


def _pinned(like: _Like) -> Reason | None:
    if like.pinned:
        return Reason(code=ReasonCode.NAMED, text=f"it is pinned to {like.territory_after}")
    return None


def _off(off: Mapping[str, float], territory: str) -> str:
    """Say by how much a territory was off its fair share, where that is 1 % or more; else nothing."""
    metric = max(sorted(off), key=lambda m: abs(off[m]), default=None)
    if metric is None or abs(off[metric]) < 0.01:
        return ""
    side = "over" if off[metric] > 0 else "under"
    return f"{territory} was {abs(off[metric]):.0%} {side} its fair share of {metric}"
