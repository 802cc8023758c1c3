"""Is a saved plan still true of what is round it? Named checks with their way out, no side effects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date

from terraform_like import __version__
from terraform_like.diagnostics import counted, listing
from terraform_like.plan.check import REPLAN, Check, short
from terraform_like.plan.limits import territories_within_limits, within_limits
from terraform_like.plan.model import Head, StateSeen
from terraform_like.plan.sealed import Sealed
from terraform_like.plan.ways import Ways
from terraform_like.policy.rule import Limits


@dataclass(frozen=True, slots=True)
class Standing:
    """What the state says: which it is (nothing where there is none), and the last apply of the plan in it."""

    lineage: str = ""
    serial: int = 0
    digest: str = ""
    complete: Mapping[str, int] = field(default_factory=dict)
    """Serial of the newest complete apply of each digest of the plan."""
    commit: str | None = None
    """Commit that was applied last."""

    def __str__(self) -> str:
        return f"serial {self.serial} of the state {self.lineage}" if self.lineage else "no state"


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the repository stands.

    Parameters
    ----------
    branch : str
        The branch that a plan is applied from.
    tip : str
        Its newest commit; empty where there is no such branch.
    commit : str
        What is checked out; empty where nothing is.
    holds : bool
        Whether the commit is on the branch; before a merge, whether it holds all that is on the branch.
    uncommitted : tuple of str
        Files that the plan depends on and that differ from the commit.
    """

    branch: str
    tip: str
    commit: str
    holds: bool
    uncommitted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Current:
    """What the repository says now: digests of the plan's YAML and of the policies, and the limits of an apply.

    `standing` is what the state says, `checkout` where the repository stands; null where that is not to be checked.
    `beyond` is the commit that was applied last, where what is checked out was made on top of it.
    """

    config: str
    policies: str
    limits: Limits
    standing: Standing | None = None
    checkout: Checkout | None = None
    beyond: str | None = None


def currency(plan: Head, current: Current) -> tuple[Check, ...]:
    """Check that the plan was made from the YAML and the policies that the repository holds now."""
    return (
        Check(
            "config",
            plan.inputs.config == current.config,
            short(plan.inputs.config),
            short(current.config),
            f"plans/{plan.plan} changed after the plan was saved",
            REPLAN,
        ),
        Check(
            "policies",
            plan.inputs.policies == current.policies,
            short(plan.inputs.policies),
            short(current.policies),
            "the policies changed after the plan was saved",
            REPLAN,
        ),
    )


def begun(plan: Head, day: date) -> Check:
    """Check that the plan's day has come: who owns what is worked out for that day and those after it."""
    return Check(
        "day",
        plan.as_of <= day,
        f"{plan.as_of} or later",
        str(day),
        f"the plan is for a later day: it is as of {plan.as_of}",
        "Apply it on that day, or make a plan as of today: territory plan --save",
    )


def for_apply(saved: Sealed, current: Current, day: date, allow: AbstractSet[str] = frozenset()) -> tuple[Check, ...]:
    """Give every check that an apply makes before it writes, of a plan that is what was sealed."""
    plan = saved.plan
    return (*currency(plan, current), begun(plan, day), *standings(plan, saved.ways, current, allow))


def standings(plan: Head, ways: Ways, current: Current, allow: AbstractSet[str] = frozenset()) -> tuple[Check, ...]:
    """Check a plan against what is round it: this version of the tool, the state, git, and the limits."""
    found = [_version(plan)]
    if current.standing is not None and plan.state is not None:
        found.append(state_unchanged(plan, current.standing, current.beyond))
    if current.checkout is not None:
        found += _committed(current.checkout)
    if current.standing is not None and reverted(plan, current.standing, current.beyond):
        # What is put back is counted from the journal, by the apply.
        return tuple(found)
    found.append(within_limits(plan, ways.changes.height, current.limits, allow))
    each = territories_within_limits(plan, ways, current.limits, allow)
    return (*found, each) if each is not None else tuple(found)


def state_unchanged(plan: Head, standing: Standing, beyond: str | None = None) -> Check:
    """Check that nobody applied the plan since it was made, and that the state is the one that was seen then.

    What was applied in the meantime may have been this very digest: then it is gone on with. One that was applied
    before that is gone back to, as after `git revert`, but only in a commit on top of the one that was applied last:
    an old commit that somebody checks out, or a job that runs again, undoes nothing.
    """
    seen = plan.state or StateSeen()
    same = seen.lineage == standing.lineage if seen.lineage and standing.lineage else not seen.serial
    back = standing.complete.get(plan.digest)
    go_back = (
        f"It was applied before. To go back to what it left, revert the plan in a commit of its own: git revert; or: "
        f"territory state rollback {back}"
    )
    return Check(
        "state",
        (same and seen.serial == standing.serial) or standing.digest == plan.digest or reverted(plan, standing, beyond),
        str(Standing(seen.lineage or "", seen.serial)),
        str(standing),
        "the state is not the one that the plan was made with"
        if not same
        else "the plan was applied in another form after this one was made",
        REPLAN if back is None else go_back,
    )


def reverted(plan: Head, standing: Standing, beyond: str | None) -> bool:
    """Say whether a plan was applied before, and a commit on top of the one that was applied last takes it back."""
    return plan.digest in standing.complete and standing.commit is not None and standing.commit == beyond


def records_unchanged(differing: Iterable[tuple[str, str, str]], changes: int) -> Check:
    """Check that the CRM has what the plan saw: `differing` names each account, what was seen and what is there."""
    told = [f"{account}: {seen}, now {found}" for account, seen, found in differing]
    return Check(
        "records",
        not told,
        f"what the plan saw of {counted(changes, 'account')}",
        listing(told) if told else "the same",
        f"{counted(len(told), 'account')} changed in the CRM after the plan was made",
        REPLAN,
    )


def _version(plan: Head) -> Check:
    """Check that no newer version of the tool made the plan; what cannot be compared is let through."""
    made, ours = (_release(text) for text in (plan.created.by, f"territory {__version__}"))
    return Check(
        "version",
        made is None or ours is None or made <= ours,
        f"territory {__version__} or older",
        plan.created.by,
        "a newer version of territory made the plan",
        "Upgrade territory to that version, or make the plan again with this one: territory plan --save",
    )


def _release(text: str) -> tuple[int, ...] | None:
    found = re.match(r"territory ([0-9]+(?:\.[0-9]+){1,3})(?:\.?dev[0-9]*)?$", text)
    return tuple(int(part) for part in found.group(1).split(".")) if found else None


def _committed(checkout: Checkout) -> Iterator[Check]:
    branch, commit = checkout.branch, checkout.commit
    yield Check(
        "commit",
        checkout.holds,
        f"a commit of {branch} ({checkout.tip[:12] or 'there is no such branch'})",
        commit[:12] or "nothing committed",
        f"what is checked out is not on {branch}",
        f"Plans are applied from {branch} (`apply: branch` in territory.yaml): merge, check {branch} out, and push or "
        "fetch where it is another's",
    )
    yield Check(
        "clean",
        not checkout.uncommitted,
        "everything that the plan depends on as committed",
        listing(checkout.uncommitted) if checkout.uncommitted else "the same",
        f"{counted(len(checkout.uncommitted), 'file')} not as committed",
        "Commit them by way of a pull request, or take the committed ones back: git checkout",
    )
