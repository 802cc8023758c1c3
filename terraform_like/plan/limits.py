"""How much an apply may change unasked: accounts in all, and of each territory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from terraform_like.diagnostics import counted, listing
from terraform_like.diff import ChangeKind
from terraform_like.plan.check import Check, CheckName
from terraform_like.plan.model import Head
from terraform_like.plan.ways import Ways
from terraform_like.policy.rule import Limits

#: Limits that `--allow` lifts.
ALLOWABLE: tuple[CheckName, ...] = ("changes", "territory")


def within_limits(plan: Head, count: int, limits: Limits, allow: AbstractSet[str] = frozenset()) -> Check:
    """Check that no more accounts change than the limits let through; it fails only beyond both of them.

    `count` says how many accounts of the plan an apply changes.
    """
    accounts = plan.summary.accounts
    # A hair of room: 29% of 100 accounts are 28.999999999999996 in binary.
    most = limits.changes * accounts * (1 + 1e-12)
    share = f"{count / accounts:.1%} of {counted(accounts, 'account')}" if accounts else "there are no accounts"
    return Check(
        "changes",
        "changes" in allow or count <= limits.floor or count <= most,
        f"at most {limits.changes * 100:.4g}% of the accounts (limits.changes) or {limits.floor:,} (limits.floor)",
        f"{counted(count, 'change')} ({share})",
        f"the plan changes {counted(count, 'account')}, more than the limits of the policies let through",
        "Where that many are meant: territory apply --allow changes",
    )


def territories_within_limits(
    plan: Head, ways: Ways, limits: Limits, allow: AbstractSet[str] = frozenset()
) -> Check | None:
    """Check that no territory gains or loses more than the limits let through; None where there is no such limit.

    A territory that had no accounts is new and gains what it likes; one that is gone from the plan loses all it had.
    """
    share = limits.of_territories(first=plan.state is None or not plan.state.serial)
    if share is None:
        return None
    told = [
        f"territory.{name} {word} {count:,}, had {before:,}"
        for name, before, gained, lost in _flows(plan, ways)
        for word, count in (("gains", gained), ("loses", lost))
        if before and count > limits.floor and count > share * before * (1 + 1e-12)
    ]
    over = len({line.split()[0] for line in told})
    return Check(
        "territory",
        "territory" in allow or not told,
        f"at most {share * 100:.4g}% of the accounts of a territory (limits.territory) or {limits.floor:,} "
        "(limits.floor)",
        listing(told) if told else "no more",
        f"{counted(over, 'territory', 'territories')} would change by more than the limits of the policies let through",
        "Where that is meant: territory apply --allow territory",
    )


def beyond_limits(plan: Head, ways: Ways, limits: Limits) -> tuple[str, ...]:
    """Name the limits that a plan is beyond: what `--allow` has to lift."""
    checks = (within_limits(plan, ways.changes.height, limits), territories_within_limits(plan, ways, limits))
    return tuple(check.name for check in checks if check is not None and not check.ok)


def _flows(plan: Head, ways: Ways) -> Iterator[tuple[str, int, int, int]]:
    """Give each territory with its accounts before, and how many it gains and loses; a new name is no loss."""
    names, renamed = {t.name for t in plan.territories}, {one.old: one.new for one in plan.moved}
    gained, left, gone = Counter[str](), Counter[str](), Counter[str]()
    for (kind, before, after), count in ways.flows().items():
        if kind in (ChangeKind.ADD, ChangeKind.MOVE) and after.territory is not None:
            gained[after.territory] += count
        if kind in (ChangeKind.MOVE, ChangeKind.REMOVE) and before.territory is not None:
            name, steps = before.territory, len(renamed)
            while name not in names and name in renamed and steps:
                name, steps = renamed[name], steps - 1
            if name not in names:
                gone[name] += count
            elif kind is ChangeKind.REMOVE:
                left[name] += count
    for one in sorted(plan.territories, key=lambda territory: territory.name):
        # The counts of a territory are of accounts in scope; those that leave the scope were its accounts too.
        lost = one.accounts_before + gained[one.name] - one.accounts + left[one.name]
        yield one.name, one.accounts_before + left[one.name], gained[one.name], lost
    yield from ((name, count, 0, count) for name, count in sorted(gone.items()))
