"""Writes of up to 200 records a call, each with an answer of its own; what another holds is tried again by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from terraform_like.crm.http import Answer
from terraform_like.crm.port import CrmError
from terraform_like.crm.salesforce.refusal import LOCKED, Problem, problem_of
from terraform_like.crm.salesforce.session import Session
from terraform_like.crm.salesforce.shapes import Result, told

#: Records of one call at most, and of the calls of each further round, where another held some; the last are serial.
_ROUNDS = (200, 50, 10, 1, 1)
#: Seconds before the second round; each further pause is twice as long.
_PAUSE = 1.0

#: Rules of assignment would give accounts to others as soon as they are written.
_NO_RULES = {"Sforce-Auto-Assign": "FALSE"}

Row = Mapping[str, Any]


def update(session: Session, kind: str, rows: Sequence[Row], sleep: Callable[[float], None]) -> list[Problem | None]:
    """Update records of an object; give why each was refused, null where it was taken.

    Rows that hang together, such as those under one parent, are best given beside one another: calls that run at the
    same time then hold fewer of each other's locks.
    """
    return _sent(rows, lambda part: _posted(session, "PATCH", kind, part), sleep)


def insert(session: Session, kind: str, rows: Sequence[Row], sleep: Callable[[float], None]) -> list[Problem | None]:
    """Make records of an object; give why each was refused, null where it was taken."""
    return _sent(rows, lambda part: _posted(session, "POST", kind, part), sleep)


def delete(session: Session, ids: Sequence[str], sleep: Callable[[float], None]) -> list[Problem | None]:
    """Delete records; give why each was refused, null where it was taken."""

    def send(part: Sequence[str]) -> list[Problem | None]:
        params = {"ids": ",".join(part), "allOrNone": "false"}
        return _problems(session.ask("DELETE", "/composite/sobjects", params=params))

    return _sent(ids, send, sleep)


def _posted(session: Session, method: str, kind: str, part: Sequence[Row]) -> list[Problem | None]:
    records = [{"attributes": {"type": kind}, **row} for row in part]
    body = {"allOrNone": False, "records": records}
    return _problems(session.ask(method, "/composite/sobjects", body=body, headers=_NO_RULES))


def _problems(answer: Answer) -> list[Problem | None]:
    return [problem_of(one) for one in told(answer, list[Result])]


def _sent(
    things: Sequence[Any], send: Callable[[Sequence[Any]], list[Problem | None]], sleep: Callable[[float], None]
) -> list[Problem | None]:
    """Send things by parts, and those that another holds again by smaller parts, down to one by one."""
    found: dict[int, Problem | None] = {}
    open_, pause = list(range(len(things))), _PAUSE
    for size in _ROUNDS:
        for start in range(0, len(open_), size):
            part = open_[start : start + size]
            problems = send([things[place] for place in part])
            if len(problems) != len(part):
                raise CrmError("the CRM answers otherwise than Salesforce does: fewer results than records")
            found |= dict(zip(part, problems, strict=True))
        open_ = [place for place in open_ if (problem := found[place]) is not None and problem.code in LOCKED]
        if not open_:
            break
        sleep(pause)
        pause *= 2
    return [found[place] for place in range(len(things))]
