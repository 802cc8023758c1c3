"""Pages: how many, after which, and where the next one is."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from crm.hubspot_fake.errors import Row, unread
from crm.loopback import Request


def number_of(request: Request, name: str, unasked: int, most: int) -> int:
    """Give a number behind the path.

    Raises
    ------
    HubSpotError
        When it is none, or too large. Vendor: the largest; a guess: the words.
    """
    said = request.query.get(name, str(unasked))
    if not said.isdigit() or not 1 <= int(said) <= most:
        raise unread(f"Invalid request: {name} must be a whole number from 1 to {most}, and is {said}")
    return int(said)


def archived(request: Request) -> bool:
    """Say whether those that are archived are asked for; a client in Python writes `True`."""
    return request.query.get("archived", "false").lower() == "true"


def page_of(request: Request, results: list[Row], after: str | None) -> dict[str, Any]:
    """Give a page; specification: `paging` is there where more follows, and only then."""
    if after is None:
        return {"results": results}
    host = request.headers.get("host", "api.hubapi.com")
    query = urlencode({**request.query, "after": after})
    return {"results": results, "paging": {"next": {"after": after, "link": f"http://{host}{request.path}?{query}"}}}
