"""What HubSpot says when it refuses: a category, words, the scopes that are missing, the limit that was met."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from terraform_like.crm.http import Answer, Http
from terraform_like.crm.port import CrmError

UNAUTHORISED, FORBIDDEN, LOCKED, TOO_MANY, MIGRATING = 401, 403, 423, 429, 477
_PASSING = frozenset({408, LOCKED, MIGRATING, 500, 502, 503, 504, 524})
#: Statuses that one record of a call may have caused: not valid, not there, in conflict, held by another.
_OF_RECORDS = frozenset({400, 404, 409, LOCKED})
#: What meets all records alike, though HubSpot calls it a value that is not valid.
_OF_ALL = ("PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE")
#: Seconds to wait for a lock at least, and for each of the limits, by the name of its policy.
_LOCK_SECONDS, _LIMIT_SECONDS = 2.0, {"SECONDLY": 1.0}
_ROLLING_SECONDS = 10.0
#: The policy of a limit that comes back the next day.
_DAILY = "DAILY"
#: Where errors name scopes, in the ways that were seen.
_SCOPES = ("requiredGranularScopes", "requiredScopes", "missingScopes")
_WAYS_OUT = {
    UNAUTHORISED: "check crm.login in territory.yaml and the environment variables that it names; keys that were "
    "rotated lapse after a week",
    414: "the plan reads too many columns for one call",
}


class Refused(CrmError):
    """HubSpot refuses a call.

    Parameters
    ----------
    status : int
        Of the answer.
    words : str
        HubSpot's own, without what a program alone could use.
    told : str
        What to tell a person.
    of_one_record : bool
        Whether one record of several may be the cause, so that others can still be written.
    scopes : tuple of str
        Scopes that the key lacks, where that is the cause and HubSpot names them.
    """

    def __init__(
        self,
        status: int,
        words: str,
        told: str,
        *,
        of_one_record: bool = False,
        scopes: tuple[str, ...] = (),
        passing: bool = False,
        after: float | None = None,
    ) -> None:
        super().__init__(told, passing=passing, after=after)
        self.status, self.words, self.of_one_record, self.scopes = status, words, of_one_record, scopes


def refused(answer: Answer, http: Http) -> CrmError:
    """Make the error of an answer that is none of success; of what something between answered, as a proxy's page."""
    body = answer.json() if "json" in answer.headers.get("content-type", "") else None
    if not isinstance(body, Mapping) or not body.get("message"):
        return http.failed(answer)
    words, status, after = http.words(plain(str(body["message"]))), answer.status, answer.after
    policy = str(body.get("policyName") or "")
    if status == TOO_MANY and policy == _DAILY:
        told = (
            f"HubSpot refuses: {words}; the calls of the day are spent. They come back at midnight, by the clock of "
            "the account, and territory apply then continues where it stopped"
        )
        return Refused(status, words, told)
    if status == TOO_MANY:
        after = _LIMIT_SECONDS.get(policy, _ROLLING_SECONDS) if after is None else after
        return Refused(status, words, f"HubSpot refuses: {words}", passing=True, after=after)
    if status == LOCKED:
        after = max(after or 0.0, _LOCK_SECONDS)
    scopes = tuple(sorted(set(_scopes(body)))) if status == FORBIDDEN else ()
    way = _WAYS_OUT.get(status, "")
    if scopes:
        way = f"give the key the scope {' or '.join(scopes)}"
    return Refused(
        status,
        words,
        f"HubSpot refuses: {words}" + (f"; {way}" if way else ""),
        of_one_record=status in _OF_RECORDS and not any(mark in str(body["message"]) for mark in _OF_ALL),
        scopes=scopes,
        passing=status in _PASSING,
        after=after,
    )


def plain(message: str) -> str:
    """Give a message without the JSON that HubSpot puts into those on values: what each value is told instead."""
    head, _, rest = message.partition(": [{")
    if not rest:
        return message
    try:
        problems = json.loads(f"[{{{rest}")
    except ValueError:
        return message
    said = [str(one.get("message") or one.get("error") or "") for one in problems if isinstance(one, Mapping)]
    return f"{head}: {'; '.join(filter(None, said))}" if any(said) else message


def _scopes(told: Mapping[str, Any]) -> Iterator[str]:
    """Give the scopes that an error names, in its own context and in those of its parts."""
    context = told.get("context")
    for key in _SCOPES:
        named = context.get(key) if isinstance(context, Mapping) else None
        yield from (str(scope) for scope in named or () if isinstance(named, list))
    for part in told.get("errors") or ():
        if isinstance(part, Mapping):
            yield from _scopes(part)
