"""Owners as resources: read, and no more. Vendor."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from crm.hubspot_fake.errors import not_found, unread
from crm.hubspot_fake.pages import archived, number_of, page_of
from crm.hubspot_fake.portal import Portal
from crm.loopback import Reply, Request

#: Owners of one page. Specification: where nothing is said; seen: at most.
_UNASKED, _MOST = 100, 500
_SINCE = "2025-01-01T00:00:00.000Z"


@dataclass
class People:
    """The resources of owners over a portal."""

    portal: Portal

    def pages(self, request: Request) -> Reply:
        """GET: those who are active, or those who are archived. Vendor."""
        email = request.query.get("email")
        limit = number_of(request, "limit", _UNASKED, _MOST)
        found = [owner for owner in self.portal.owners.values() if owner.active is not archived(request)]
        found = [owner for owner in found if email is None or owner.email == email]
        start = _place(request.query.get("after"))
        results = [owner.told(_SINCE) for owner in found[start : start + limit]]
        more = start + limit < len(found)
        return Reply(body=page_of(request, results, _cursor(start + limit) if more else None))

    def one(self, request: Request, id_: str) -> Reply:
        """GET one by `id`, or by `userId`. Vendor."""
        by_user = request.query.get("idProperty", "id") == "userId"
        for owner in self.portal.owners.values():
            if owner.active is not archived(request) and id_ == (str(owner.user) if by_user else owner.id):
                return Reply(body=owner.told(_SINCE))
        raise not_found()


def _cursor(place: int) -> str:
    """Make a cursor that nobody can count with. Seen: they are no numbers."""
    return base64.b64encode(f"owners:{place}".encode()).decode()


def _place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return int(base64.b64decode(cursor.encode(), validate=True).decode().removeprefix("owners:"))
    except ValueError:
        raise unread(f"The 'after' cursor {cursor} is invalid") from None
