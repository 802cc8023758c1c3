"""Sign-offs: who approved which digest of a plan, and what the policies ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import polars as pl
from pydantic import Field

from terraform_like.diagnostics import listing
from terraform_like.domain.expression import Expression, ExpressionError
from terraform_like.domain.quantity import Name
from terraform_like.domain.wish import Wish
from terraform_like.plan.check import Check
from terraform_like.plan.model import Plan
from terraform_like.policy.rule import Approval


class SignOff(Wish):
    """A named sign-off of a plan, in plans/<plan>/approvals/; `territory approve` writes it."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Digest of the plan that is approved; another plan needs another sign-off.

    Example: `2e9676ec307f73d266188cb3aaea5e8df299e55c94aef562b932aaa5dc8308f7`.
    """
    person: Name
    """Who approves it, as the policies name people. Example: `vp.sales`."""
    by: str
    """Who wrote it, as git knows them. Example: `Vera Sales <vera@acme.com>`."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A sign-off as it was found: of whom, of which digest, and whether its author is the author of the plan."""

    person: str
    digest: str
    own: bool


def approvals_held(approvals: Sequence[Approval], plan: Plan, people: int, signed: Iterable[Signed]) -> Iterator[Check]:
    """Check that a plan has the sign-offs that the policies ask for.

    Parameters
    ----------
    approvals : sequence of Approval
        What the policies ask for; what does not concern this plan is left out.
    plan : Plan
        The saved plan.
    people : int
        How many people its YAML names, for `when`.
    signed : iterable of Signed
        The sign-offs that were found, of this digest or another.
    """
    found = sorted(signed, key=lambda one: one.person)
    counts = _counts(plan, people)
    for approval in approvals:
        try:
            concerned = approval.when is None or bool(Expression.parse(approval.when).evaluate(counts, "boolean")[0])
        except ExpressionError as error:
            yield _check(approval, False, f"`when` of it cannot be judged: {error}")
            continue
        if not concerned:
            continue
        may = [one for one in found if one.person in approval.approvers]
        valid = [one.person for one in may if one.digest == plan.digest and (approval.by_author or not one.own)]
        void = [f"{one.person} (another digest)" for one in may if one.digest != plan.digest]
        own = [f"{one.person} (made the plan)" for one in may if one.digest == plan.digest and one.person not in valid]
        yield _check(approval, len(set(valid)) >= approval.count, listing([*valid, *void, *own]))


def _check(approval: Approval, ok: bool, found: str) -> Check:
    when = f", as {approval.when}" if approval.when is not None else ""
    others = "" if approval.by_author else ", not by whoever made the plan"
    return Check(
        "approvals",
        ok,
        f"{approval.count} of {listing(approval.approvers)}{when}{others}",
        found,
        "the plan lacks sign-offs",
        "Sign it: territory approve --as PERSON, and commit the file that it writes",
    )


def _counts(plan: Plan, people: int) -> pl.DataFrame:
    """Give what policies may ask of a plan as a whole: one row."""
    summary = plan.summary
    counts = {
        "accounts": summary.accounts,
        "adds": summary.adds,
        "moves": summary.moves,
        "transfers": summary.transfers,
        "removes": summary.removes,
        "changes": len(plan.changes),
        "territories": len(plan.territories),
        "people": people,
    }
    return pl.DataFrame({name: [float(count)] for name, count in counts.items()})
