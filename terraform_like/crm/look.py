"""What a look at the CRM settles before a write: the same for every provider that looks for itself."""

from __future__ import annotations

from collections.abc import Container

from terraform_like.crm.port import Outcome, Receipt, Record, Write


def looked(write: Write, found: Record | None, users: Container[str], *, territories: bool) -> Receipt:
    """Say what will become of a write by what the CRM holds; DONE where nothing stands against it.

    Parameters
    ----------
    write : Write
        What is to be written.
    found : Record or None
        What the account has now; None where it is gone.
    users : container of str
        Ids of the CRM's users.
    territories : bool
        Whether the CRM holds a territory beside an owner.
    """
    before, after = write.before, write.after
    if not territories:
        before, after = Record(before.owner, None), Record(after.owner, None)
    if found is None:
        return Receipt(write.account, Outcome.FAILED, "the CRM has no such account any more")
    if found == after:
        return Receipt(write.account, Outcome.UNCHANGED, found=found)
    if found != before:
        return Receipt(write.account, Outcome.CONFLICT, "the record was changed meanwhile", found)
    if after.owner is not None and after.owner not in users:
        return Receipt(write.account, Outcome.FAILED, f'the CRM has no user "{after.owner}"', found)
    return Receipt(write.account, Outcome.DONE)
