"""The server: routes of v3 and of the versions by date, the door, the limits."""

from __future__ import annotations

from collections.abc import Sequence

from crm.hubspot_fake.companies import Companies
from crm.hubspot_fake.door import OWNERS, READ, SEE, SHAPE, WRITE, Door
from crm.hubspot_fake.errors import HubSpotError, unread
from crm.hubspot_fake.limits import Limits
from crm.hubspot_fake.people import People
from crm.hubspot_fake.portal import Portal
from crm.hubspot_fake.schema import Schema
from crm.loopback import Handler, Loopback, NotJson, Reply, Request, Route, route

_DATE = r"20\d\d-\d\d"
#: Companies by their three names. Specification: of the versions by date.
_OBJECTS = rf"(?:/crm/v3/objects/companies|/crm/objects/{_DATE}/(?:companies|company|0-2))"
_PROPERTIES = rf"(?:/crm/v3/properties|/crm/properties/{_DATE})/(?:companies|company|0-2)"
#: HubSpot's own client in Python asks with a slash at the end, the specification has none.
_OWNERS = rf"(?:/crm/v3/owners|/crm/owners/{_DATE})"
_ACCOUNT = rf"/account-info/(?:v3|{_DATE})"
_TOKEN = rf"/oauth/(?:v1|v3|{_DATE})/token"

#: Characters of a target at most. Vendor: 414 beyond; a guess: the number.
_LONGEST_TARGET = 16_384


class HubSpotServer(Loopback):
    """A fake portal behind a URL.

    Parameters
    ----------
    portal : Portal
        The portal to serve.
    """

    def __init__(self, portal: Portal) -> None:
        super().__init__()
        self.portal, self.lock = portal, portal.lock
        self.limits = Limits()
        self.door = Door(self.limits)
        companies, schema, people = Companies(portal), Schema(portal), People(portal)
        self._routes: list[Route] = [
            ("GET", _OBJECTS, self._for((READ,), companies.pages)),
            ("POST", _OBJECTS, self._for((WRITE,), companies.create)),
            ("POST", rf"{_OBJECTS}/search", self._for((READ,), companies.search)),
            ("POST", rf"{_OBJECTS}/batch/(read)", self._for((READ,), companies.batch)),
            ("POST", rf"{_OBJECTS}/batch/(update|create|archive)", self._for((WRITE,), companies.batch)),
            ("GET", rf"{_OBJECTS}/(\w+)", self._for((READ,), companies.one)),
            ("PATCH|DELETE", rf"{_OBJECTS}/(\w+)", self._for((WRITE,), companies.one)),
            ("GET", rf"{_OWNERS}/?", self._for((OWNERS,), people.pages)),
            ("GET", rf"{_OWNERS}/(\w+)", self._for((OWNERS,), people.one)),
            ("GET", rf"{_PROPERTIES}/groups", self._for((SEE, READ, WRITE), schema.groups)),
            ("POST", rf"{_PROPERTIES}/groups", self._for((SHAPE,), schema.groups)),
            ("GET", rf"{_PROPERTIES}/groups/(\w+)", self._for((SEE, READ, WRITE), schema.group)),
            ("PATCH|DELETE", rf"{_PROPERTIES}/groups/(\w+)", self._for((SHAPE,), schema.group)),
            ("GET", _PROPERTIES, self._for((SEE, READ, WRITE), schema.properties)),
            ("POST", _PROPERTIES, self._for((SHAPE,), schema.properties)),
            ("GET", rf"{_PROPERTIES}/(\w+)", self._for((SEE, READ, WRITE), schema.property)),
            ("PATCH|DELETE", rf"{_PROPERTIES}/(\w+)", self._for((SHAPE,), schema.property)),
            ("GET", rf"{_ACCOUNT}/api-usage/daily/private-apps", self._for((), self.limits.of_day)),
            ("GET", rf"{_ACCOUNT}/details", self._for((), self._details)),
            ("POST", _TOKEN, self.door.grant),
        ]

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        try:
            if len(request.target) > _LONGEST_TARGET:
                raise HubSpotError(414, "URI_TOO_LONG", "Request URI too long")
            reply = self._found(request)
        except NotJson:
            reply = unread("Invalid input JSON on line 1, column 1").reply()
        except HubSpotError as error:
            reply = error.reply()
        self.limits.show(request, reply, oauth=self.door.is_oauth(request))
        return reply

    def _found(self, request: Request) -> Reply:
        found = route(self._routes, request)
        if isinstance(found, Reply):
            return found
        if found:
            raise HubSpotError(405, "METHOD_NOT_ALLOWED", f"{request.method} is not allowed here")
        raise HubSpotError(404, "RESOURCE_NOT_FOUND", "The requested resource does not exist")

    def _for(self, scopes: Sequence[str], handler: Handler) -> Handler:
        """Let in who has one of the scopes, and count the call. A guess: a call that is not let in counts too."""

        def guarded(request: Request, *parts: str) -> Reply:
            self.limits.spend(request)
            self.door.check(request, scopes)
            if self.meanwhile is not None:
                self.meanwhile(request)
            return handler(request, *parts)

        return guarded

    def _details(self, request: Request) -> Reply:
        """GET account-info/.../details. Specification."""
        body = {
            "portalId": self.portal.id,
            "accountType": "DEVELOPER_TEST",
            "timeZone": "US/Eastern",
            "companyCurrency": "USD",
            "additionalCurrencies": [],
            "utcOffset": "-05:00",
            "utcOffsetMilliseconds": -18_000_000,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        }
        return Reply(body=body)
