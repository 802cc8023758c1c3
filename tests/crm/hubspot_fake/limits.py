"""How often one may call: a burst of ten seconds, a day, five searches a second; time is the fake's own."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from crm.hubspot_fake.errors import Row, spent
from crm.loopback import Reply, Request

_BURST_SECONDS, _SEARCHES = 10.0, 5
_SHOWN = "X-HubSpot-RateLimit-"


@dataclass
class Limits:
    """Counts calls. A test that waits lets time `pass_by`; each call takes `pace` seconds.

    Vendor: 190 calls in ten seconds and 650,000 a day for a professional account; searches by themselves. Vendor: the
    headers, and that answers to searches lack them, and those of an OAuth app what they say of the day.
    """

    burst: int = 190
    day: int = 650_000
    used: int = 0
    pace: float = 0.06
    now: float = 0.0
    _calls: deque[float] = field(default_factory=deque)
    _searches: deque[float] = field(default_factory=deque)

    def pass_by(self, seconds: float) -> None:
        """Let time pass, in place of waiting."""
        self.now += seconds

    def spend(self, request: Request) -> None:
        """Count a call.

        Raises
        ------
        HubSpotError
            429, where a limit is met; such a call counts too. A guess.
        """
        self.now += self.pace
        search = request.path.endswith("/search")
        calls, seconds, most = (self._searches, 1.0, _SEARCHES) if search else (self._calls, _BURST_SECONDS, self.burst)
        while calls and calls[0] <= self.now - seconds:
            calls.popleft()
        self.used += 1
        if self.used > self.day:
            raise spent("DAILY")
        if len(calls) >= most:
            raise spent("SECONDLY" if search else "TEN_SECONDLY_ROLLING")
        calls.append(self.now)

    def show(self, request: Request, reply: Reply, *, oauth: bool) -> None:
        """Tell in the headers what is left."""
        if request.path.endswith("/search"):
            return
        left = max(0, self.burst - len(self._calls))
        told = {"Max": self.burst, "Remaining": left, "Interval-Milliseconds": int(1_000 * _BURST_SECONDS)}
        if not oauth:
            told |= {"Daily": self.day, "Daily-Remaining": max(0, self.day - self.used)}
        reply.headers |= {f"{_SHOWN}{name}": str(value) for name, value in told.items()}

    def of_day(self, request: Request) -> Reply:
        """GET account-info/.../api-usage/daily/private-apps. Vendor."""
        usage: Row = {
            "name": "private-apps-api-calls-daily",
            "usageLimit": self.day,
            "currentUsage": self.used,
            "collectedAt": "2026-11-02T08:00:00.000Z",
            "fetchStatus": "SUCCESS",
            "resetsAt": "2026-11-03T05:00:00.000Z",
        }
        return Reply(body={"results": [usage]})


def busy() -> Reply:
    """Give the answer of a burst that others spent, for a fault."""
    return spent("TEN_SECONDLY_ROLLING").reply()
