"""Tries again what may pass: one layer for all providers, so that none of them waits in its own way."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

from terraform_like.crm.port import (
    Capabilities,
    Crm,
    CrmError,
    Furnishable,
    Member,
    Needs,
    Outcome,
    Reading,
    Receipt,
    Record,
    Write,
)
from terraform_like.diagnostics import Diagnostic, Severity

T = TypeVar("T")

#: How often something is tried, and seconds before the second try; each further wait is twice as long at most.
_TRIES, _FIRST, _LONGEST = 5, 0.5, 60.0

#: Seconds that a CRM may ask to be left alone for: who asks for more, such as until midnight, is asked another day.
_LONGEST_ASKED = 300.0


class PatientCrm:
    """A CRM that is asked again where an error may pass, such as a lost connection or a limit of calls.

    A wait is a random part of twice the last one, so that many who met the same error do not come back together; where
    the CRM says how long to wait, that long. What a write that failed has changed is looked up before the rest is sent
    again, so nothing is written twice.

    Parameters
    ----------
    crm : Crm
        The provider.
    sleep : callable
        Waits so many seconds.
    chance : callable
        Gives a number between two others.
    """

    def __init__(
        self,
        crm: Crm,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._crm = crm
        self._sleep = sleep
        self._chance = chance

    @property
    def capabilities(self) -> Capabilities:
        """What this provider can do."""
        return self._crm.capabilities

    def preflight(self, needs: Needs) -> Iterator[Diagnostic]:
        """Give a diagnostic for each thing that is missing; where the CRM fails as a whole, one says so."""
        found: list[Diagnostic] = []

        def attempt() -> None:
            found.clear()
            for one in self._crm.preflight(needs):
                found.append(one)

        try:
            self._patiently(attempt)
        except CrmError as error:
            found.append(Diagnostic(Severity.ERROR, str(error)))
        yield from found

    def read(self, columns: Sequence[str]) -> Reading:
        """Read every account, with those columns, and every user."""
        return self._patiently(lambda: self._crm.read(columns))

    def records(self, accounts: Sequence[str]) -> dict[str, Record]:
        """Read what those accounts have now; accounts that are gone are left out."""
        return self._patiently(lambda: self._crm.records(accounts))

    def write(self, batch: Sequence[Write]) -> list[Receipt]:
        """Write one batch; what an attempt that failed has written already is not written again."""
        done: dict[str, Receipt] = {}
        failed = False

        def attempt() -> list[Receipt]:
            nonlocal failed
            if failed:
                held = self._crm.records([write.account for write in batch])
                there = (write for write in batch if held.get(write.account) == write.after)
                done.update((write.account, Receipt(write.account, Outcome.DONE)) for write in there)
            failed = True
            return self._crm.write([write for write in batch if write.account not in done])

        receipts = {receipt.account: receipt for receipt in self._patiently(attempt)} | done
        return [receipts[write.account] for write in batch]

    def arrange(self, territories: Sequence[str], members: Sequence[Member]) -> list[Receipt]:
        """See that the CRM has those territories and members; what is there already is not made again."""
        return self._patiently(lambda: self._crm.arrange(territories, members))

    def furnish(self, territories: Collection[str]) -> Iterator[str]:
        """Make what `crm:` names and the CRM lacks; give of each thing what it is, and only then fail."""
        crm, made = self._crm, list[str]()
        if not isinstance(crm, Furnishable):
            raise CrmError(
                "in this CRM nothing can be made from here; its page in the documentation says what it needs"
            )

        def attempt() -> None:
            for one in crm.furnish(territories):
                made.append(one)

        failure = None
        try:
            self._patiently(attempt)
        except CrmError as error:
            failure = error
        yield from made
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Let go of connections."""
        self._crm.close()

    def _patiently(self, ask: Callable[[], T]) -> T:
        return patiently(ask, self._sleep, self._chance)


def passes(error: CrmError) -> bool:
    """Say whether an error may pass, and soon enough to be waited for."""
    return error.passing and (error.after or 0.0) <= _LONGEST_ASKED


def patiently(
    ask: Callable[[], T],
    sleep: Callable[[float], None],
    chance: Callable[[float, float], float] = random.uniform,
    worth: Callable[[CrmError], bool] = passes,
) -> T:
    """Ask, and ask again after a wait where an error is worth it.

    Parameters
    ----------
    ask : callable
        What is tried.
    sleep : callable
        Waits so many seconds.
    chance : callable
        Gives a number between two others.
    worth : callable
        Says whether an error is worth another try.

    Raises
    ------
    CrmError
        The first that is not worth it, or that of the last try.
    """
    wait = _FIRST
    for _ in range(_TRIES - 1):
        try:
            return ask()
        except CrmError as error:
            if not worth(error):
                raise
            sleep(error.after if error.after is not None else chance(wait / 2, wait))
            wait = min(2 * wait, _LONGEST)
    return ask()
