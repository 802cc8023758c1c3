"""What becomes of one write: what is known before it is made, and what the CRM says and holds after it."""

from __future__ import annotations

from dataclasses import replace

from terraform_like.crm.port import Outcome, Receipt, Record, Write
from terraform_like.flow.current import shown


def settled(write: Write, found: Record | None) -> Receipt | None:
    """Say what is known of a write before it is made; nothing where it is to be made."""
    if found is None:
        return Receipt(write.account, Outcome.FAILED, "the CRM has no such account any more")
    if found == write.after:
        return Receipt(write.account, Outcome.UNCHANGED, found=found)
    if found != write.before:
        return Receipt(write.account, Outcome.CONFLICT, _seen(write.before, found), found)
    return None


def confirmed(write: Write, receipt: Receipt, held: Record | None) -> Receipt:
    """Believe a receipt only where the CRM holds what it says: a trigger or a rule may have changed it at once."""
    if receipt.outcome is Outcome.CONFLICT and receipt.found is not None:
        return replace(receipt, message=_seen(write.before, receipt.found))
    if receipt.outcome not in (Outcome.DONE, Outcome.UNCHANGED) or held == write.after:
        return receipt
    holds = "no such account any more" if held is None else shown(held)
    return Receipt(write.account, Outcome.FAILED, f"the CRM took the write, but now has {holds}", held)


def _seen(before: Record, found: Record) -> str:
    return f"the plan saw {shown(before)}; the CRM has {shown(found)}"
