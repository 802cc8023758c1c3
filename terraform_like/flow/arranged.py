"""Territories and their members in a CRM that keeps them: seen to before accounts are written."""

from __future__ import annotations

from datetime import date

import polars as pl

from terraform_like.crm.port import Crm, Member, Outcome
from terraform_like.diagnostics import Report, counted, listing
from terraform_like.plan.model import Head


def arrange(plan: Head, day: date, crm: Crm, report: Report) -> None:
    """See that the CRM has the territories of a plan, with those on them as members who are on them that day.

    What cannot be is a warning: accounts are written all the same, where their territory is there.

    Raises
    ------
    CrmError
        When the CRM as a whole fails.
    """
    if not crm.capabilities.members:
        return
    names = sorted(territory.name for territory in plan.territories)
    receipts = crm.arrange(names, members_on(plan, day))
    done = [receipt.account for receipt in receipts if receipt.outcome is Outcome.DONE]
    if done:
        report.note(f"{counted(len(done), 'territory or member', 'territories or members')} changed", listing(done))
    for receipt in receipts:
        if receipt.outcome is not Outcome.DONE:
            report.warning(
                f"the CRM refused {receipt.account}: {receipt.message}",
                "Put that right in the CRM, or change it there by hand.",
            )


def members_on(plan: Head, day: date) -> list[Member]:
    """Give who is on which territory on a day: owners first, then holders, then those who cover it in other roles."""
    rows = sorted(
        (row for row in plan.staffing if row.person in plan.users and row.on(day)),
        key=lambda row: (row.territory, row.team, row.interim, row.role, row.person or ""),
    )
    return [Member(row.territory, plan.users[str(row.person)], row.role) for row in rows]


def tell_side_effects(before: pl.DataFrame, after: pl.DataFrame, effects: tuple[str, ...], report: Report) -> None:
    """Say what else happens in the CRM, where accounts get another owner.

    Parameters
    ----------
    before, after : polars.DataFrame
        `account`, `owner`, `holder`: who has them, and who is to.
    effects : tuple of str
        What the CRM does with a change of owner, in a sentence each.
    """
    has = pl.coalesce("holder", "owner")
    both = before.select("account", was=has).join(after.select("account", to=has), on="account")
    count = both.filter(pl.col("was").ne_missing(pl.col("to"))).height
    if count and effects:
        verb = "gets" if count == 1 else "get"
        report.note(f"{counted(count, 'account')} {verb} another owner, and the CRM does more then", " ".join(effects))
