"""What Salesforce says when it refuses: codes, what they mean, and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from terraform_like.crm.port import CrmError
from terraform_like.crm.salesforce.shapes import Fault, Result

#: Another holds the record, or the group that it belongs to.
LOCKED = frozenset({"UNABLE_TO_LOCK_ROW", "TooManyLockFailure"})
#: The record is gone.
GONE = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND"})
#: The row of a junction is there already.
TWICE = frozenset({"DUPLICATE_VALUE"})
EXPIRED = "INVALID_SESSION_ID"
#: The record is not as the tag says that was sent along.
NOT_AS_SEEN = "PRECONDITION_FAILED"

#: Refusals of everything that may pass when it is tried again.
_PASSING = LOCKED | {"SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG", "UNKNOWN_EXCEPTION"}
#: Refusals that would meet every other request too.
_OF_ALL = frozenset(
    {"REQUEST_LIMIT_EXCEEDED", EXPIRED, "API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "INVALID_TYPE"}
)
_WAYS_OUT = {
    "REQUEST_LIMIT_EXCEEDED": "the calls of the day are spent; they come back within 24 hours, and territory apply "
    "then continues where it stopped",
    EXPIRED: "the session has lapsed; get a new token, or let crm.login get one by itself",
    "API_DISABLED_FOR_ORG": "the org or its edition has no API; ask its administrator",
    "API_CURRENTLY_DISABLED": "the user may not use the API; give it the permission API Enabled",
    "INSUFFICIENT_ACCESS": "the user lacks a permission; the setup page of Salesforce in the documentation lists them",
    "QUERY_TIMEOUT": "the query takes too long; lower crm.bulk.read_above, so that the Bulk API reads by parts",
    "INVALID_TYPE": "the user may not see that object, or the org does not have it",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record was refused: Salesforce's own name for the reason, and its words."""

    code: str
    words: str

    @property
    def told(self) -> str:
        """What to tell a person."""
        return f"{self.words} ({self.code})"


class Refused(CrmError):
    """Salesforce refuses a request as a whole, because of `problem`."""

    def __init__(self, problem: Problem, way_out: str = "", *, passing: bool = False) -> None:
        super().__init__(f"Salesforce refuses: {problem.told}" + (f"; {way_out}" if way_out else ""), passing=passing)
        self.problem = problem

    @property
    def of_one_record(self) -> bool:
        """Whether a record may be the cause, where the request was about one, so that others can still be written."""
        return self.problem.code not in _OF_ALL and (self.problem.code in LOCKED or not self.passing)


def refused(body: Any) -> tuple[str, str]:
    """Give code and words of an answer that is no success; both empty where it holds none of Salesforce's.

    Parameters
    ----------
    body : object
        The answer as JSON: a list of errors, or what OAuth says.
    """
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, Mapping):
        return "", ""
    code = first.get("errorCode") or first.get("error") or ""
    words = first.get("message") or first.get("error_description") or ""
    return str(code), str(words)


def as_error(code: str, words: str) -> Refused:
    """Make the error for a request that was refused, with the way out where there is one."""
    way, passing = _WAYS_OUT.get(code, ""), code in _PASSING
    if code == "REQUEST_LIMIT_EXCEEDED" and "concurrent" in words.lower():
        # Too many at once is over in a moment; too many of a day is not.
        way, passing = "", True
    return Refused(Problem(code, words), way, passing=passing)


def problem_of(result: Result) -> Problem | None:
    """Give why a record of a collection was refused; None where it was taken."""
    if result.success:
        return None
    first = next(iter(result.errors), Fault())
    return Problem(first.statusCode, first.message)


def problem_in(said: str) -> Problem:
    """Read why a row of a bulk job was refused: `CODE:words:fields --`."""
    code, _, rest = said.removesuffix(" --").partition(":")
    words = rest.rpartition(":")[0] or rest
    return Problem(code or "UNKNOWN_EXCEPTION", words)
