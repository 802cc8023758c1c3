"""What HubSpot answers instead: the shapes of its errors.

Specification: `category`, `correlationId` and `message` are always there; `errors`, `context`, `links` and
`subCategory` may be. Within a batch each error has `status`, `category`, `message`, `context`, `errors` and `links`;
seen: the last two are left out where there are none. Seen: `status` is `error`, whatever the status of HTTP is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm.loopback import Reply

Row = dict[str, Any]
CORRELATION = "aeb5f871-7f07-4993-9211-075dc63e7cbf"
VALIDATION, NOT_FOUND = "VALIDATION_ERROR", "OBJECT_NOT_FOUND"


class HubSpotError(Exception):
    """A refusal: its status, category and words, and what else the body has."""

    def __init__(self, status: int, category: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.category, self.message, self.more = status, category, message, more

    def reply(self) -> Reply:
        """Give it as the answer to a request."""
        body = {"status": "error", "message": self.message, "correlationId": CORRELATION, **self.more}
        return Reply(self.status, body | {"category": self.category})

    def of_inputs(self, **context: Sequence[str]) -> Row:
        """Give it as one error of a batch; `context` says which inputs it is about."""
        told = {"context": dict(self.more.get("context", {})) | {name: list(each) for name, each in context.items()}}
        return {"status": "error", "category": self.category, "message": self.message} | self.more | told


@dataclass
class Invalid:
    """A value that a property does not take. Seen: the codes of `Values`, and the words they come with."""

    name: str
    code: str
    words: str

    def within(self) -> Row:
        """Give it as it stands in the message."""
        return {"isValid": False, "message": self.words, "error": self.code, "name": self.name}

    def beside(self) -> Row:
        """Give it as it stands in `errors`."""
        return {"message": self.words, "code": self.code, "context": {"propertyName": [self.name]}}


@dataclass
class InvalidValues(Exception):
    """An input has values that are not valid. Seen: the message has them as JSON, `errors` has them again."""

    values: list[Invalid] = field(default_factory=list)

    def error(self) -> HubSpotError:
        """Make the refusal."""
        told = json.dumps([each.within() for each in self.values])
        errors = [each.beside() for each in self.values]
        return HubSpotError(400, VALIDATION, f"Property values were not valid: {told}", errors=errors)


def together(refused: Sequence[HubSpotError]) -> HubSpotError:
    """Make one refusal of a whole batch from those of its inputs; seen: what is wrong comes once an input."""
    errors = [error for each in refused for error in each.more.get("errors", [{"message": each.message}])]
    return HubSpotError(400, VALIDATION, refused[0].message, errors=errors)


def no_object(kind: str = "COMPANY") -> HubSpotError:
    """Some ids are of no object. Seen, to the letter."""
    words = f"Could not get some {kind} objects, they may be deleted or not exist. Check that ids are valid."
    return HubSpotError(207, NOT_FOUND, words)


def not_found() -> HubSpotError:
    """Make the refusal of a single id. Seen."""
    return HubSpotError(404, NOT_FOUND, "resource not found")


def unread(words: str) -> HubSpotError:
    """Make the refusal of a request that asks for what cannot be. Seen: the category; a guess: the words."""
    return HubSpotError(400, VALIDATION, words)


def spent(policy: str) -> HubSpotError:
    """A limit of calls was met. Vendor, to the letter; no Retry-After is documented."""
    words = f"You have reached your {policy.lower()} limit."
    return HubSpotError(429, "RATE_LIMITS", words, errorType="RATE_LIMIT", policyName=policy)


def without_scopes(scopes: Sequence[str]) -> HubSpotError:
    """The token lacks scopes. Seen: one of those that are named would do."""
    words = (
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: "
        "https://developers.hubspot.com/scopes."
    )
    one = {"message": "One or more of the following scopes are required."}
    context: Mapping[str, Sequence[str]] = {"requiredGranularScopes": list(scopes)}
    links = {"scopes": "https://developers.hubspot.com/scopes"}
    return HubSpotError(403, "MISSING_SCOPES", words, errors=[one | {"context": context}], links=links)
