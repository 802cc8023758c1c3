"""The books of a CRM as they are, as territories that hold exactly them.

Where the CRM knows territories, a book is what has the same one; else it is what has the same owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from terraform_like.diagnostics import Report, counted, listing
from terraform_like.domain.carving import Slot, Territory
from terraform_like.domain.people import Cover
from terraform_like.flow.import_people import is_name, slug, unique

#: What makes a book: `territory` and `owner` give each book to one person; `today` keeps whoever has its accounts.
By = Literal["today", "territory", "owner"]


@dataclass(slots=True)
class Draft:
    """A book: its name, who has how many of its accounts (most first; None is nobody), and who shall own it.

    Parameters
    ----------
    name : str
        What its territory is called.
    held : dict of (str or None) to int
        How many of its accounts a person has.
    owner : str or None
        The person who shall own it; None where it stays with whoever has it.
    rule : str or None
        Expression that says what belongs to it, where the CRM does not say so by itself.
    recorded : str or None
        What the CRM calls it, where that is no name.
    pins : list of str
        Accounts that belong to it although their segment is another.
    """

    name: str
    held: dict[str | None, int]
    owner: str | None = None
    rule: str | None = None
    recorded: str | None = None
    pins: list[str] = field(default_factory=list)

    @property
    def accounts(self) -> int:
        """How many accounts it has."""
        return sum(self.held.values())

    @property
    def owned(self) -> dict[str, int]:
        """How many of its accounts a person has, nobody left out."""
        return {holder: count for holder, count in self.held.items() if holder is not None}

    @property
    def shared(self) -> bool:
        """Whether several people have it, and nobody shall own it."""
        return self.owner is None

    def holders(self, people: Mapping[str, object]) -> tuple[str, ...]:
        """Give the people who have some of it, sorted."""
        return tuple(sorted(person for person in self.owned if person in people))

    def territory(self, segment: str, people: Mapping[str, object]) -> Territory:
        """Give it as a territory, or as a slot whose holders keep what they have."""
        pins = tuple(self.pins)
        if not self.shared:
            return Territory(segment=segment, rule=self.rule, owner=self.owner, accounts=pins)
        holders = self.holders(people)
        cover = Cover(by=holders, spread="current") if holders else None
        return Slot(segment=segment, rule=self.rule, accounts=pins, cover=cover)


def drafts_of(
    accounts: pl.DataFrame, by: By, mapped: bool, people: Mapping[str, object], report: Report
) -> list[Draft]:
    """Find the books.

    Parameters
    ----------
    accounts : polars.DataFrame
        `account`, `owner` (a person where the CRM knows the user, else the CRM's id) and `territory`, as in the CRM.
    by : str
        What makes a book.
    mapped : bool
        Whether the CRM knows territories.
    people : mapping
        The people of the plan.
    report : Report
        Gathers books that several people share, and territories that need another name.

    Returns
    -------
    list of Draft
        Sorted by name.
    """
    if by == "owner" or not mapped:
        drafts = _by_owner(accounts, mapped, people)
    else:
        drafts = _by_territory(accounts, by, people, report)
    return sorted(drafts, key=lambda draft: draft.name)


def _held(accounts: pl.DataFrame, key: str) -> dict[str, dict[str | None, int]]:
    """Count the accounts of each `key` by owner, most first, then by name."""
    counts = accounts.filter(pl.col(key).is_not_null()).group_by(key, "owner").len()
    held: dict[str, dict[str | None, int]] = {}
    for one, owner, count in counts.sort("len", "owner", descending=[True, False], nulls_last=True).iter_rows():
        held.setdefault(one, {})[owner] = count
    return dict(sorted(held.items()))


def _by_territory(accounts: pl.DataFrame, by: By, people: Mapping[str, object], report: Report) -> list[Draft]:
    drafts: list[Draft] = []
    taken = set(accounts["territory"].drop_nulls())
    for recorded, held in _held(accounts, "territory").items():
        draft = Draft(recorded, held)
        known = [holder for holder in draft.owned if holder in people]
        if known and (by == "territory" or len(draft.owned) == 1):
            draft.owner = known[0]
        if not is_name(recorded):
            draft.name = unique(slug(recorded) or "territory", taken)
            draft.recorded = recorded
            draft.rule = f"territory IN ({literal(recorded)}, {literal(draft.name)})"
            taken.add(draft.name)
        drafts.append(draft)
    _tell_of_names(drafts, report)
    _tell_of_owners(drafts, by, report)
    return drafts


def _by_owner(accounts: pl.DataFrame, mapped: bool, people: Mapping[str, object]) -> list[Draft]:
    """Give each owner a book, named after the CRM's territory where most of it is, if that name is free."""
    count = dict(accounts.group_by("owner").len().iter_rows())
    owners = sorted(owner for owner in count if owner in people)
    if not mapped:
        return [Draft(owner, {owner: count[owner]}, owner=owner) for owner in owners]
    wishes = accounts.filter(pl.col("territory").is_not_null()).group_by("owner", "territory").len()
    names: dict[str, str] = {}
    order = wishes.sort("len", "owner", "territory", descending=[True, False, False], nulls_last=True)
    for owner, territory, _ in order.iter_rows():
        if owner in people and owner not in names and is_name(territory) and territory not in names.values():
            names[owner] = territory
    for owner in owners:
        names.setdefault(owner, unique(owner, [*accounts["territory"].drop_nulls().unique(), *names.values()]))
    return [Draft(names[o], {o: count[o]}, owner=o, rule=f"owner = {literal(o)}") for o in owners]


def _tell_of_names(drafts: list[Draft], report: Report) -> None:
    renamed = [draft for draft in drafts if draft.recorded is not None]
    if renamed:
        moves = sum(draft.accounts for draft in renamed)
        pairs = (f'"{draft.recorded}" becomes {draft.name}' for draft in renamed)
        report.warning(
            f"{counted(len(renamed), 'territory', 'territories')} of the CRM cannot be named so here",
            f"{listing(pairs)}. A name has letters, digits and . _ @ + - only. "
            f"The first plan writes the new names to {counted(moves, 'account')}.",
        )


def _tell_of_owners(drafts: list[Draft], by: By, report: Report) -> None:
    if nobodys := [draft for draft in drafts if None in draft.held]:
        count = sum(draft.held[None] for draft in nobodys)
        report.warning(
            f"Nobody has {counted(count, 'account')} of {counted(len(nobodys), 'territory', 'territories')}",
            f"{listing(draft.name for draft in nobodys)}. The first plan gives them to who owns the territory, or to "
            "who may hold its accounts. To leave them alone, take them out of their territory in the CRM.",
        )
    several = [draft for draft in drafts if len(draft.held.keys() - {None}) > 1]
    if not several:
        return
    told = listing(f"{draft.name} ({who_has(draft.held)})" for draft in several)
    aside = sum(sum(sorted(draft.owned.values())[:-1]) for draft in several)
    if by == "territory":
        transfers = sum(sum(draft.owned.values()) - draft.held[draft.owner] for draft in several if draft.owner)
        report.warning(
            f"The first plan transfers {counted(transfers, 'account')}",
            f"Each goes to who has most of its territory: {told}.",
        )
    else:
        report.warning(
            f"Several people share {counted(len(several), 'territory', 'territories')} of the CRM",
            f"{told}. They are imported as slots whose holders keep what they have, so that nothing changes. "
            f"With --by territory each goes to who has most of it, and the first plan transfers "
            f"{counted(aside, 'account')}.",
        )


def who_has(held: Mapping[str | None, int]) -> str:
    """Say who has how many accounts: `tsvi0 80, michael9 5`."""
    return listing((f"{person or 'nobody'} {count:,}" for person, count in held.items()), 4)


def literal(text: str) -> str:
    """Write a text as SQL does."""
    return "'" + text.replace("'", "''") + "'"
