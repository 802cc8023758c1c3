"""Why each account changes, in a code for programs and a sentence for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

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
    allowed : frozenset of (str, str)
        Account and territory pairs of before that the rules still allow.
    """

    carving: Carving
    day: date
    inside: pl.DataFrame
    deviations: Mapping[str, Mapping[str, float]]
    allowed: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is looked up for every account: built once."""

    why: Circumstances
    books: Mapping[str, Territory]
    pinned: Mapping[str, str]
    filled: frozenset[str]
    split: frozenset[str]
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
        books = why.carving.books
        families = why.inside.group_by(FAMILY).agg(pl.col("territory").drop_nulls().n_unique().alias("places"))
        return cls(
            why,
            books,
            {account: name for name, book in books.items() for account in book.accounts},
            frozenset(why.inside["territory"].drop_nulls().unique().to_list()),
            frozenset(families.filter(pl.col("places") > 1)[FAMILY].to_list()),
            {territory: _off(off, territory) for territory, off in why.deviations.items()},
            owners_on(why.carving, why.day),
        )


def still_allowed(problem: Problem, accounts: pl.Series, territories: pl.Series) -> frozenset[tuple[str, str]]:
    """Give the pairs of account and territory, of those given, that the rules of a component allow."""
    order = {name: t for t, name in enumerate(problem.territories)}
    territory = territories.replace_strict(order, default=-1, return_dtype=pl.Int64).to_numpy()
    ids = accounts.to_numpy().astype(str)
    at = np.searchsorted(problem.accounts, ids) if len(problem.accounts) else np.zeros(len(ids), int)
    at = np.minimum(at, max(0, len(problem.accounts) - 1))
    known = (problem.accounts[at] == ids) & (territory >= 0)
    allowed = problem.ways.eligible.allows(problem.unit_of[at], np.maximum(territory, 0))
    hits = np.flatnonzero(known & allowed)
    return frozenset(zip(ids[hits].tolist(), territories.gather(hits).to_list(), strict=True))


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
    own = why.inside.select("account", SEGMENT, FAMILY, was="territory")
    facts = changed.join(own, on="account", how="left").sort("account")
    return tuple(_change(row, known) for row in facts.iter_rows(named=True))


def _change(row: dict[str, str | None], known: _Known) -> Change:
    kind = ChangeKind(str(row["kind"]))
    reason = _REASONS[kind](row, known)
    return Change(
        account=str(row["account"]),
        kind=kind,
        before=known.place(row["territory_before"], row["owner_before"]),
        after=known.place(row["territory_after"], row["owner_after"]),
        reasons=(reason,),
    )


def _added(row: dict[str, str | None], known: _Known) -> Reason:
    return _pinned(row, known) or Reason(code=ReasonCode.NEW_ACCOUNT, text="it was in no territory")


def _removed(row: dict[str, str | None], known: _Known) -> Reason:
    return Reason(code=ReasonCode.OUT_OF_SCOPE, text="it is no longer in scope")


def _moved(row: dict[str, str | None], known: _Known) -> Reason:
    account, family, old, new = str(row["account"]), str(row[FAMILY]), str(row["was"]), str(row["territory_after"])
    before = known.books.get(old)
    if pinned := _pinned(row, known):
        return pinned
    if old in known.why.carving.lapsed:
        day = known.why.carving.overcarve[old].lapse
        return Reason(code=ReasonCode.SLOT_LAPSED, text=f"{old} lapsed on {day}, and nobody fills it")
    if before is None:
        return Reason(code=ReasonCode.TERRITORY_REMOVED, text=f"{old} is not in the plan")
    if before.segment != row[SEGMENT]:
        return Reason(code=ReasonCode.SEGMENT_CHANGED, text=f"it is {row[SEGMENT]} now, no longer {before.segment}")
    if (account, old) not in known.why.allowed:
        return Reason(code=ReasonCode.RULE_CHANGED, text=f"{old} may not hold it")
    if family != account:
        return Reason(code=ReasonCode.FOLLOWS_FAMILY, text=f"it stays with {family}")
    if family in known.split:
        return Reason(code=ReasonCode.FOLLOWS_FAMILY, text="its family was in several territories")
    was_off = known.off.get(old, "")
    if new not in known.filled:
        slot = "slot" if isinstance(known.books[new], Slot) else "territory"
        text = f"{new} is a new {slot}, and {was_off}" if was_off else f"{new} is a new {slot}"
        return Reason(code=ReasonCode.TERRITORY_ADDED, text=text)
    return Reason(code=ReasonCode.REBALANCED, text=was_off or known.off.get(new, "") or "books are evened")


def _transferred(row: dict[str, str | None], known: _Known) -> Reason:
    territory, before, after = str(row["territory_after"]), row["owner_before"], row["owner_after"]
    if row["territory_before"] != territory:
        return Reason(code=ReasonCode.RENAMED, text=f"{row['territory_before']} is called {territory} now")
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


_REASONS: dict[ChangeKind, Callable[[dict[str, str | None], _Known], Reason]] = {
    ChangeKind.ADD: _added,
    ChangeKind.REMOVE: _removed,
    ChangeKind.MOVE: _moved,
    ChangeKind.TRANSFER: _transferred,
}


def _pinned(row: dict[str, str | None], known: _Known) -> Reason | None:
    new = str(row["territory_after"])
    if known.pinned.get(str(row["account"])) == new:
        return Reason(code=ReasonCode.NAMED, text=f"it is pinned to {new}")
    return None


def _off(off: Mapping[str, float], territory: str) -> str:
    """Say by how much a territory was off its fair share, where that is 1 % or more; else nothing."""
    metric = max(sorted(off), key=lambda m: abs(off[m]), default=None)
    if metric is None or abs(off[metric]) < 0.01:
        return ""
    side = "over" if off[metric] > 0 else "under"
    return f"{territory} was {abs(off[metric]):.0%} {side} its fair share of {metric}"
