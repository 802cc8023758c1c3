"""Where a saved plan was edited by hand, as far as its files tell: which record, which field, and what was saved.

plan.json and assignments.csv say the same in part: where one of them is as it was sealed, it bears witness against the
other. What accounts that do not change have, the snapshot says.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from terraform_like.plan.file import SavedPlan
from terraform_like.plan.model import Plan
from terraform_like.plan.scheduled import waiting_at_first

if TYPE_CHECKING:
    import polars as pl


def in_assignments(saved: SavedPlan) -> Iterator[str]:
    """Say what differs in assignments.csv, where plan.json is as it was sealed; nothing where that cannot be told."""
    plan, table = saved.plan, saved.assignments.table
    if table is None or plan.digest != saved.seal:
        return
    told = False
    for account, territory, expected in _moved(plan, table, _snapshot(saved)):
        told = True
        yield f"account {account} is in {_named(territory)}, the plan was saved with {_named(expected)}"
    for account, count in sorted(Counter(table["account"]).items()):
        if count > 1:
            told = True
            yield f"account {account} stands {count} times"
    if told:
        return
    for name, found, expected_holder in _held(plan, table):
        told = True
        yield f"holder of account {name} is {_named(found)}, the plan was saved with {_named(expected_holder)}"
    if not told:
        for name, count, expected_count in _counts(plan, table):
            yield f"territory {name} has {count:,} accounts, the plan was saved with {expected_count:,}"


def in_plan(saved: SavedPlan) -> Iterator[str]:
    """Say what differs in plan.json, where assignments.csv is as it was sealed; nothing where that cannot be told."""
    plan, table = saved.plan, saved.assignments.table
    if table is None or plan.inputs.assignments != saved.assignments.digest:
        return
    for account, territory, found in _moved(plan, table, None):
        yield (
            f"changes[{account}].after.territory is {_named(found)}, the plan was saved with {_named(territory)} by "
            "assignments.csv"
        )
    for name, count, found_count in _counts(plan, table):
        yield (f"territories[{name}].accounts is {found_count:,}, the plan was saved with {count:,} by assignments.csv")


def _moved(
    plan: Plan, table: pl.DataFrame, snapshot: pl.DataFrame | None
) -> Iterator[tuple[str, str | None, str | None]]:
    """Give accounts that do not stand where the plan puts them: where they do, and where the plan puts them."""
    # An account that waits for its territory stands in the one to come, and its change says where it is until then.
    waiting = waiting_at_first(plan)
    expected = {change.account: change.after.territory for change in plan.changes if change.account not in waiting}
    if snapshot is not None and "territory" in snapshot.columns:
        for account, territory in snapshot.select("account", "territory").iter_rows():
            if territory is not None and account not in waiting:
                expected.setdefault(account, territory)
    places = dict(table.select("account", "territory").iter_rows())
    for account, territory in sorted(expected.items()):
        if account in places and places[account] != territory:
            yield account, places[account], territory


def _held(plan: Plan, table: pl.DataFrame) -> Iterator[tuple[str, str | None, str | None]]:
    """Give changed accounts that another has than the plan says, where nothing passes later."""
    passing = {account for one in plan.scheduled for account in one.accounts}
    owners = {territory.name: territory.owner for territory in plan.territories}
    places = {account: (territory, holder) for account, territory, holder in table.iter_rows()}
    for change in plan.changes:
        territory, holder = places.get(change.account, (None, None))
        found = holder or owners.get(territory or "")
        if territory is not None and change.account not in passing and found != change.after.owner:
            yield change.account, found, change.after.owner


def _counts(plan: Plan, table: pl.DataFrame) -> Iterator[tuple[str, int, int]]:
    """Give territories that hold another number of accounts than the plan says: what they hold, and what it says."""
    count = Counter(table["territory"])
    for territory in plan.territories:
        if count[territory.name] != territory.accounts:
            yield territory.name, count[territory.name], territory.accounts


def _snapshot(saved: SavedPlan) -> pl.DataFrame | None:
    return saved.snapshot.table if saved.snapshot.digest == saved.plan.inputs.snapshot else None


def _named(value: str | None) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
