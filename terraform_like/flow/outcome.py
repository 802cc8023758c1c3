"""What an apply did, told as it goes and in the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from terraform_like.crm.port import Receipt
from terraform_like.diagnostics import Report, counted, listing
from terraform_like.plan.applied import Entry

#: The way on after whatever cut an apply off.
CONTINUE = "Run territory apply again: it continues where this one stopped."


@dataclass(frozen=True, slots=True)
class Context:
    """Who applies, on which host, and what ties it to its approval.

    Parameters
    ----------
    who, host : str
        Who, and where.
    commit, merge : str or None
        The commit that is checked out, and the one that brought the plan to its branch; null outside git.
    approved : tuple of str
        Who signed this digest.
    ran : str or None
        Address of the CI run, where one applies.
    """

    who: str
    host: str
    commit: str | None = None
    merge: str | None = None
    approved: tuple[str, ...] = ()
    ran: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an apply has come: batches that are settled of all, and the receipts of the latest."""

    batch: int
    batches: int
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply did.

    Parameters
    ----------
    plan, digest : str
        The plan that was applied.
    day : datetime.date
        The day of which the CRM is to be as approved.
    done : int
        Accounts that it changed.
    unchanged : int
        Accounts that were as approved before it came to them.
    conflicts : tuple of Receipt
        Accounts that someone changed after the plan was made, with what was found; they were left alone.
    failed : tuple of Receipt
        Accounts that the CRM refused, with its words.
    pending : int
        Accounts that it did not come to, or of which the CRM gave no receipt.
    resumed : bool
        Whether it continued an apply that was cut off.
    interrupted : bool
        Whether somebody stopped it with Ctrl-C.
    before : Entry or None
        The apply that had pushed this very plan already, so that there was nothing to do.
    serial : int or None
        Its number in the history; null where it wrote none.
    """

    plan: str
    digest: str
    day: date
    done: int = 0
    unchanged: int = 0
    conflicts: tuple[Receipt, ...] = ()
    failed: tuple[Receipt, ...] = ()
    pending: int = 0
    resumed: bool = False
    interrupted: bool = False
    before: Entry | None = None
    serial: int | None = None

    @property
    def complete(self) -> bool:
        """Whether every account is as approved."""
        return not (self.conflicts or self.failed or self.pending)


def tell(applied: Applied, report: Report) -> None:
    """Say what is not as approved, and what to do about it."""
    if applied.conflicts:
        report.error(
            f"{counted(len(applied.conflicts), 'account')} changed in the CRM after the plan was made, and left alone",
            f"{listing(f'{r.account}: {r.message}' for r in applied.conflicts)}. "
            "Make the plan again, review and apply it: territory plan --save",
        )
    by_words: dict[str, list[str]] = {}
    for receipt in applied.failed:
        by_words.setdefault(receipt.message, []).append(receipt.account)
    for words, accounts in by_words.items():
        report.error(
            f"{counted(len(accounts), 'account')} refused by the CRM: {words}",
            f"{listing(accounts)}. Put that right in the CRM and run territory apply again; if the plan is wrong, make "
            "it again: territory plan --save",
        )
    if applied.interrupted:
        report.error(f"interrupted with {counted(applied.pending, 'account')} to go", CONTINUE)
