"""What drifted: how the CRM differs from what was last applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from terraform_like.diff import Place


@dataclass(frozen=True, slots=True)
class Drifted:
    """An account that is not where it was last put; owners are people, or CRM user ids of others.

    Parameters
    ----------
    account : str
        Its id.
    applied, live : Place
        Where it was put, and where it is.
    changed_by : str or None
        Who changed it last, where the CRM says.
    """

    account: str
    applied: Place
    live: Place
    changed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """How the CRM differs from what was last applied.

    Parameters
    ----------
    plan : str
        The plan.
    changed : tuple of Drifted
        Accounts that somebody put elsewhere, sorted by applied territory and account.
    gone : tuple of (str, Place)
        Accounts that the CRM has no more, with where they were put.
    new : tuple of (str, Place)
        Accounts that are in scope and were never applied, with where they are.
    books : mapping of str to int
        How many accounts each territory has by the applies, those that are gone left out.
    """

    plan: str
    changed: tuple[Drifted, ...] = ()
    gone: tuple[tuple[str, Place], ...] = ()
    new: tuple[tuple[str, Place], ...] = ()
    books: Mapping[str, int] = field(default_factory=dict)

    @property
    def drifted(self) -> bool:
        """Whether anything that was applied is no longer so; accounts that are new are no drift."""
        return bool(self.changed or self.gone)
