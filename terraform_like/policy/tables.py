"""The published vocabulary: the tables that a policy may be `over`, and the columns of each.

Whoever asks for a judgement makes these tables; every one has an `address`, unique, of the thing that the row is about.
A *snapshot column* is a column of the CRM or of `accounts.columns`; a *figure* is a snapshot column of numbers, summed
over the accounts of the row, in the column's own unit. What is missing counts nothing; where not one value is known of
a row that has accounts, neither is the sum.

territories
    `address` (`territory.x` or `slot.x`), `territory`, `segment`, `size`, `owner`, `vacant` (true or false), `slot`
    (true or false), `accounts`, `accounts_before`, `uncovered` (accounts that nobody has), `vacant_days` (days that a
    vacant territory has had no owner, as far as it is known; null where it has one), `interim_days` (days until the
    person starts, or is expected, who will own a vacant territory; null where nobody is), then for each figure
    `<figure>`, `<figure>_before` and `<figure>_largest` (of its heaviest account).
people
    `address` (`person.x`), `person`, `role`, `capacity`, `quota` (what the person is to sell in the time of the plan;
    null where none is set), `size` (books that the person carries: sizes of owned territories, and of held ones the
    share of accounts held), `territories` and `accounts` (counts of what the person owns or holds) and both `_before`,
    `accounts_lost` (that another has after the plan), then for each figure `<figure>`, `<figure>_before`,
    `<figure>_lost` and `<figure>_largest`, then a column for each of the person's `groups`.
accounts
    `address` (`account.x`), `account`, `segment`, `territory`, `owner`, `territory_before`, `owner_before`, `family`
    (id of the account that stands for it), `family_territories` (how many territories hold some of the family),
    `pinned_to` (the territory that it is pinned to), `named` (whether a segment names it), `travel_km` and
    `travel_km_before` (from the home of whoever has it, as the crow flies), then every snapshot column.
changes
    One row an account that changes: `address` (`account.x`), `account`, `kind` (`add`, `move`, `transfer` or
    `remove`), `territory_before`, `territory_after`, `owner_before`, `owner_after`, `reason` (the weightiest reason's
    code), `segment`, then every snapshot column.
segments
    `address` (`segment.x`), `segment`, `accounts`, `accounts_before`, `moves`, `territories`, then for each figure
    `<figure>`, `<figure>_before` and `<figure>_moved` (of the accounts that change territory).
plan
    One row: `address` (`plan.x`), `accounts`, `adds`, `moves`, `transfers`, `removes`, `changes`, `territories`,
    `people`, then for each figure `<figure>` and `<figure>_moved`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from terraform_like.domain.columns import FAMILY, PROTECTED, RECORDED, SEGMENT
from terraform_like.domain.kinds import Kind
from terraform_like.policy.rule import Over

BEFORE, LARGEST, LOST, MOVED = "_before", "_largest", "_lost", "_moved"


def _kinds(texts: str, numbers: str, truths: str = "") -> dict[str, Kind]:
    words = ((texts, Kind.TEXT), (numbers, Kind.NUMBER), (truths, Kind.TRUTH))
    return {name: kind for names, kind in words for name in names.split()}


#: Columns that each table has in every company; figures, groups and snapshot columns come on top.
FIXED: Mapping[Over, Mapping[str, Kind]] = MappingProxyType(
    {
        "territories": _kinds(
            "address territory segment owner",
            "size accounts accounts_before uncovered vacant_days interim_days",
            "vacant slot",
        ),
        "people": _kinds(
            "address person role",
            "capacity quota size territories accounts territories_before accounts_before accounts_lost",
        ),
        "accounts": _kinds(
            "address account segment territory owner territory_before owner_before family pinned_to",
            "family_territories travel_km travel_km_before",
            "named",
        ),
        "changes": _kinds(
            "address account kind territory_before territory_after owner_before owner_after reason segment", ""
        ),
        "segments": _kinds("address segment", "accounts accounts_before moves territories"),
        "plan": _kinds("address", "accounts adds moves transfers removes changes territories people"),
    }
)

#: Tables with a row an account, whose further columns are those of the snapshot.
OVER_ACCOUNTS: tuple[Over, ...] = ("accounts", "changes")
#: What each table has of a figure, beside its sum.
OF_FIGURES: Mapping[Over, tuple[str, ...]] = MappingProxyType(
    {
        "territories": (BEFORE, LARGEST),
        "people": (BEFORE, LOST, LARGEST),
        "segments": (BEFORE, MOVED),
        "plan": (MOVED,),
    }
)
#: Columns of accounts that no policy sees under that name.
HIDDEN = ("holder", FAMILY, PROTECTED, RECORDED)


def table_columns(over: Over, groups: Iterable[str], accounts: Mapping[str, Kind]) -> dict[str, Kind]:
    """Give the columns of a table and their kinds, without the table.

    Parameters
    ----------
    over : str
        Which table.
    groups : iterable of str
        Groups that people are in.
    accounts : mapping of str to Kind
        Columns that accounts have in the end.
    """
    fixed = dict(FIXED[over])
    if over in OVER_ACCOUNTS:
        # Which territory and owner are meant, of the many that a change has, the table says itself.
        hidden = {*HIDDEN, "territory", "owner"}
        inside = {SEGMENT: Kind.TEXT, **accounts}
        return {name: kind for name, kind in inside.items() if name not in hidden} | fixed
    known = figures(accounts)
    columns = {name + end: Kind.NUMBER for name in known for end in ("", *OF_FIGURES[over])}
    return columns | (dict.fromkeys(groups, Kind.TEXT) if over == "people" else {}) | fixed


def figures(accounts: Mapping[str, Kind]) -> list[str]:
    """Give the columns of accounts that can be summed, sorted; what may be a number is one."""
    numeric = (Kind.WHOLE, Kind.NUMBER, Kind.UNKNOWN)
    return sorted(name for name, kind in accounts.items() if kind in numeric and name not in HIDDEN)


def read_of_accounts(over: Over, column: str, groups: Collection[str] = ()) -> str | None:
    """Give the column of accounts that a table's column is made of; None for what every table has."""
    if column in FIXED[over] or (over == "people" and column in groups):
        return None
    if over in OVER_ACCOUNTS:
        return column
    end = next((end for end in OF_FIGURES[over] if column.endswith(end) and column != end), "")
    return column.removesuffix(end)


def largest_of(column: str) -> str:
    """Give the name of the column that holds the heaviest account's part of a figure."""
    return column + LARGEST
