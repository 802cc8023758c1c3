"""The published vocabulary: the tables that a policy may be `over`, and the columns of each.

Whoever asks for a judgement makes these tables; every one has an `address`, unique, of the thing that the row is about.
A metric column holds the load after the plan, in the metric's own unit; `<metric>_before` holds it before. A snapshot
column is a column of the CRM or of `accounts.columns`.

territories
    `address` (`territory.x` or `slot.x`), `territory`, `segment`, `size`, `owner`, `vacant` (true or false), `slot`
    (true or false), `accounts`, then a column and a `_before` column for each metric.
people
    `address` (`person.x`), `person`, `role`, `territories` and `accounts` (counts of what the person owns or holds),
    then a column and a `_before` column for each metric, then a column for each of the person's `groups`.
accounts
    `address` (`account.x`), `account`, `segment`, `territory`, `owner`, `territory_before`, `owner_before`, then every
    snapshot column.
changes
    One row an account that changes: `address` (`account.x`), `account`, `kind` (`add`, `move`, `transfer` or
    `remove`), `territory_before`, `territory_after`, `owner_before`, `owner_after`, `reason` (the weightiest reason's
    code), then every snapshot column.
segments
    `address` (`segment.x`), `segment`, `accounts`, `moves`, `territories`, then the sum of each metric.
plan
    One row: `address` (`plan.x`), `accounts`, `adds`, `moves`, `transfers`, `removes`, `changes`, `territories`,
    `people`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from terraform_like.domain.columns import FAMILY, PROTECTED, RECORDED, SEGMENT
from terraform_like.domain.kinds import Kind
from terraform_like.policy.rule import Over

#: Columns that each table has in every company; metrics, groups and snapshot columns come on top.
FIXED: Mapping[Over, Mapping[str, Kind]] = MappingProxyType(
    {
        "territories": {
            **dict.fromkeys(("address", "territory", "segment"), Kind.TEXT),
            "size": Kind.NUMBER,
            "owner": Kind.TEXT,
            **dict.fromkeys(("vacant", "slot"), Kind.TRUTH),
            "accounts": Kind.NUMBER,
        },
        "people": {
            **dict.fromkeys(("address", "person", "role"), Kind.TEXT),
            **dict.fromkeys(("territories", "accounts"), Kind.NUMBER),
        },
        "accounts": dict.fromkeys(
            ("address", "account", "segment", "territory", "owner", "territory_before", "owner_before"), Kind.TEXT
        ),
        "changes": dict.fromkeys(
            (
                *("address", "account", "kind", "territory_before", "territory_after"),
                *("owner_before", "owner_after", "reason"),
            ),
            Kind.TEXT,
        ),
        "segments": {
            **dict.fromkeys(("address", "segment"), Kind.TEXT),
            **dict.fromkeys(("accounts", "moves", "territories"), Kind.NUMBER),
        },
        "plan": {
            "address": Kind.TEXT,
            **dict.fromkeys(
                ("accounts", "adds", "moves", "transfers", "removes", "changes", "territories", "people"), Kind.NUMBER
            ),
        },
    }
)

#: Tables with a row an account, whose further columns are those of the snapshot.
OVER_ACCOUNTS: tuple[Over, ...] = ("accounts", "changes")

#: Figures that a table has also as they were before, beside metrics.
_BEFORE: Mapping[Over, tuple[str, ...]] = {"territories": ("accounts",), "people": ("territories", "accounts")}
#: Columns of accounts that no policy sees.
_HIDDEN = ("holder", FAMILY, PROTECTED, RECORDED)


def table_columns(
    over: Over, metrics: Iterable[str], groups: Iterable[str], accounts: Mapping[str, Kind]
) -> dict[str, Kind]:
    """Give the columns of a table and their kinds, without the table.

    Parameters
    ----------
    over : str
        Which table.
    metrics : iterable of str
        Columns that the balance of any segment limits.
    groups : iterable of str
        Groups that people are in.
    accounts : mapping of str to Kind
        Columns that accounts have in the end.
    """
    columns = dict(FIXED[over])
    if over in OVER_ACCOUNTS:
        hidden = (*_HIDDEN, *(("territory", "owner") if over == "changes" else ()))
        inside = {SEGMENT: Kind.TEXT, **accounts}
        return {name: kind for name, kind in inside.items() if name not in hidden} | columns
    if over == "plan":
        return columns
    figures = [metric for metric in metrics if metric != "accounts"]
    columns |= dict.fromkeys(figures, Kind.NUMBER)
    if over in _BEFORE:
        columns |= dict.fromkeys((f"{name}_before" for name in (*_BEFORE[over], *figures)), Kind.NUMBER)
    if over == "people":
        columns = dict.fromkeys(groups, Kind.TEXT) | columns
    return columns
