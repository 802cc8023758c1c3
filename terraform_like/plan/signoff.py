"""Sign-offs: who approved which digest of a plan, and what the policies ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from terraform_like.diagnostics import listing
from terraform_like.domain.expression import ExpressionError
from terraform_like.domain.quantity import Name
from terraform_like.domain.wish import Wish
from terraform_like.plan.check import Check
from terraform_like.plan.counts import holds
from terraform_like.plan.model import Head
from terraform_like.plan.signers import FILE
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
    """A sign-off as it was found.

    Parameters
    ----------
    person, digest : str
        Of whom, and of which plan.
    own : bool
        Whether its author is the author of the plan.
    unsigned : str
        Why its commit does not count as signed by that person; empty where it does.
    """

    person: str
    digest: str
    own: bool
    unsigned: str = ""


def approvals_held(
    approvals: Sequence[Approval], plan: Head, changes: int, people: int, signed: Iterable[Signed]
) -> Iterator[Check]:
    """Check that a plan has the sign-offs that the policies ask for.

    Parameters
    ----------
    approvals : sequence of Approval
        What the policies ask for; what does not concern this plan is left out.
    plan : Head
        The saved plan.
    changes : int
        How many accounts it changes, for `when`.
    people : int
        How many people its YAML names, for `when`.
    signed : iterable of Signed
        The sign-offs that were found, of this digest or another.
    """
    found = sorted(signed, key=lambda one: one.person)
    for approval in approvals:
        try:
            concerned = approval.when is None or holds(approval.when, plan, changes, people)
        except ExpressionError as error:
            yield _check(approval, False, f"`when` of it cannot be judged: {error}")
            continue
        if not concerned:
            continue
        may = [one for one in found if one.person in approval.approvers]
        faults = [(one.person, _fault(one, approval, plan)) for one in may]
        valid = [person for person, fault in faults if not fault]
        void = [f"{person} ({fault})" for person, fault in faults if fault]
        yield _check(approval, len(set(valid)) >= approval.count, listing([*valid, *void]))


def _fault(one: Signed, approval: Approval, plan: Head) -> str:
    """Say why a sign-off does not count; nothing where it does."""
    if one.digest != plan.digest:
        return "another digest"
    if one.own and not approval.by_author:
        return "made the plan"
    return one.unsigned if approval.signed else ""


def _check(approval: Approval, ok: bool, found: str) -> Check:
    when = f", as {approval.when}" if approval.when is not None else ""
    others = "" if approval.by_author else ", not by whoever made the plan"
    signed = ", in commits that they sign" if approval.signed else ""
    keys = f"{FILE} of the base branch names for you, or one of GnuPG in policies/YOU.asc"
    key = f" with git commit -S, with a key that {keys}" if approval.signed else ""
    return Check(
        "approvals",
        ok,
        f"{approval.count} of {listing(approval.approvers)}{when}{others}{signed}",
        found,
        "the plan lacks sign-offs",
        f"Sign it: territory approve --as PERSON, and commit the file that it writes{key}",
    )
