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

from collections.abc import Mapping
from types import MappingProxyType

from terraform_like.policy.rule import Over

#: Columns that each table has in every company; metrics, groups and snapshot columns come on top.
FIXED: Mapping[Over, tuple[str, ...]] = MappingProxyType(
    {
        "territories": ("address", "territory", "segment", "size", "owner", "vacant", "slot", "accounts"),
        "people": ("address", "person", "role", "territories", "accounts"),
        "accounts": (
            "address",
            "account",
            "segment",
            "territory",
            "owner",
            "territory_before",
            "owner_before",
        ),
        "changes": (
            "address",
            "account",
            "kind",
            "territory_before",
            "territory_after",
            "owner_before",
            "owner_after",
            "reason",
        ),
        "segments": ("address", "segment", "accounts", "moves", "territories"),
        "plan": (
            "address",
            "accounts",
            "adds",
            "moves",
            "transfers",
            "removes",
            "changes",
            "territories",
            "people",
        ),
    }
)

#: Tables with a row an account, whose further columns are those of the snapshot.
OVER_ACCOUNTS: tuple[Over, ...] = ("accounts", "changes")
