"""A named question about a saved plan, with what is wrong and the way out where it does not pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from terraform_like.diagnostics import Diagnostic, Severity

CheckName = Literal[
    "seal",
    "format-version",
    "version",
    "state",
    "commit",
    "clean",
    "records",
    "approvals",
    "assignments",
    "snapshot",
    "config",
    "policies",
    "changes",
    "territory",
    "day",
    "accounts",
    "rules",
    "proof",
    "figures",
    "verdicts",
]

#: The way out where a plan is not that of its inputs any more.
REPLAN = "Make the plan again and have it approved: territory plan --save"


@dataclass(frozen=True, slots=True)
class Check:
    """One question about a saved plan: `says` is what is wrong where it is not `ok`, `way_out` what to do then."""

    name: CheckName
    ok: bool
    expected: str
    found: str
    says: str
    way_out: str

    def as_error(self) -> Diagnostic:
        """Give what to tell a person when the check does not pass."""
        return Diagnostic(
            Severity.ERROR, self.says, f"Expected {self.expected}, found {self.found or 'nothing'}. {self.way_out}"
        )


def errors(checks: Iterable[Check]) -> Iterator[Diagnostic]:
    """Give a diagnostic for each check that does not pass."""
    return (check.as_error() for check in checks if not check.ok)


def short(digest: str) -> str:
    """Name a digest as people compare them; twelve digits tell any two plans of a company apart."""
    return digest[:12]
