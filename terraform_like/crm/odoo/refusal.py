"""What Odoo says when it refuses: the exception that it raised, and whether that is of one record or of all."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from terraform_like.crm.port import CrmError


class Cause(StrEnum):
    """Why Odoo refuses."""

    LOGIN = "login"
    ACCESS = "access"
    MISSING = "missing"
    LOCKED = "locked"
    RECORD = "record"
    ALL = "all"


#: By the last part of an exception's name; what is not here may come from a rule or a module that minds one record.
_CAUSES = {
    "AccessDenied": Cause.LOGIN,
    "SessionExpiredException": Cause.LOGIN,
    "Unauthorized": Cause.LOGIN,
    "AccessError": Cause.ACCESS,
    "MissingError": Cause.MISSING,
    "ConcurrencyError": Cause.LOCKED,
    "LockError": Cause.LOCKED,
    "LockNotAvailable": Cause.LOCKED,
    "SerializationFailure": Cause.LOCKED,
    "TransactionRollbackError": Cause.LOCKED,
    "DeadlockDetected": Cause.LOCKED,
    **dict.fromkeys(
        ("KeyError", "ValueError", "NameError", "BadRequest", "NotFound", "UnprocessableEntity", "OperationalError"),
        Cause.ALL,
    ),
}
_WAYS_OUT = {
    Cause.LOGIN: "check crm.key and crm.login in territory.yaml and the environment variables that they name; keys "
    "lapse on a day of their own",
    Cause.ACCESS: "give the user of the key more rights; the setup page of Odoo in the documentation lists them",
}


class Refused(CrmError):
    """Odoo refuses a call; `words` are its own."""

    def __init__(self, cause: Cause, words: str) -> None:
        way = f"; {_WAYS_OUT[cause]}" if cause in _WAYS_OUT else ""
        super().__init__(f"Odoo refuses: {words}{way}", passing=cause is Cause.LOCKED)
        self.cause, self.words = cause, words

    @property
    def of_one_record(self) -> bool:
        """Whether one record may have caused it, so that others can still be written."""
        return self.cause in (Cause.ACCESS, Cause.MISSING, Cause.RECORD, Cause.LOCKED)


def said(error: object) -> tuple[str, str] | None:
    """Read what Odoo serialised of an exception: its name and its words; None where it is none of Odoo's."""
    if not isinstance(error, Mapping) or not isinstance(error.get("name"), str):
        return None
    name = str(error["name"])
    words: Any = error.get("message") or name
    return name, str(words)


def cause_of(name: str, words: str) -> Cause:
    """Tell the cause by the name of an exception, as `odoo.exceptions.AccessError`, and its words."""
    # What a selection does not offer is one record's; any other ValueError, as of a field that is not there, is not.
    if name == "builtins.ValueError" and words.startswith("Wrong value for"):
        return Cause.RECORD
    return _CAUSES.get(name.rpartition(".")[2], Cause.RECORD)
