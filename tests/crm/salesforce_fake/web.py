"""What comes in and goes out: requests, replies, and the faults that a test plants between them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from crm.salesforce_fake.org import ApiError


@dataclass
class Request:
    """What a client asks: `headers` by their names in small letters."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def path(self) -> str:
        """The path alone."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        """The parameters behind the path."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @cached_property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode()).items()}

    def json(self) -> Any:
        """Give the body as JSON.

        Raises
        ------
        ApiError
            When it is none.
        """
        try:
            return json.loads(self.body)
        except ValueError:
            raise ApiError("JSON_PARSER_ERROR", "Unexpected character at [line:1, column:1]") from None


@dataclass
class Reply:
    """What is answered: JSON where `body` is no text."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    type: str = "application/json;charset=UTF-8"

    def content(self) -> bytes:
        """Give the bytes to send."""
        if self.body is None:
            return b""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass
class Fault:
    """What goes wrong: which request, how often, and whether the request takes effect before.

    Parameters
    ----------
    path : str
        A pattern that is searched in the method and the target, as in `PATCH .*/composite`.
    does : str
        `fail` answers 503 with a page, `busy` 403 since too many long calls run at once, `drop` closes the connection,
        `hang` answers nothing until the server stops, `lie` answers 200 with `body`.
    after : bool
        Whether the request takes effect first.
    times : int
        How many requests it meets.
    skip : int
        How many requests of that kind pass before.
    """

    path: str
    does: Literal["fail", "busy", "drop", "hang", "lie"] = "fail"
    after: bool = False
    times: int = 1
    skip: int = 0
    body: Any = None

    def meets(self, request: Request) -> bool:
        """Say whether it meets this request, and count it."""
        if self.times <= 0 or not re.search(self.path, f"{request.method} {request.target}"):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


Handler = Callable[..., Reply]
