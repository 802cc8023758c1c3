"""The server: routes, the door, the limits and the faults, over HTTP on loopback."""

from __future__ import annotations

from crm.loopback import Loopback, NotJson, Reply, Request, Route, route
from crm.salesforce_fake.bulk import Bulk
from crm.salesforce_fake.login import Door
from crm.salesforce_fake.org import ApiError, Org
from crm.salesforce_fake.rest import Rest

_DATA = r"/services/data/v(\d\d\.\d)"

#: What an org answers that has too many long calls at once.
BUSY = Reply(403, ApiError("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.").as_reply())


class SalesforceServer(Loopback):
    """A fake org behind a URL.

    Parameters
    ----------
    org : Org
        The org to serve.
    """

    def __init__(self, org: Org) -> None:
        self.org, self.door = org, Door()
        self.rest, self.bulk = Rest(org), Bulk(org)
        super().__init__()
        self.lock = org.lock
        rest, bulk = self.rest, self.bulk
        self._routes: list[Route] = [
            ("GET", r"/services/data/?", rest.versions),
            ("GET", r"/services/oauth2/userinfo", rest.userinfo),
            ("GET", _DATA + r"/?", rest.resources),
            ("GET", _DATA + r"/limits/?", rest.limits),
            ("GET", _DATA + r"/sobjects/?", rest.describe_all),
            ("GET", _DATA + r"/sobjects/(\w+)/describe/?", rest.describe),
            ("GET", _DATA + r"/query/?", rest.query),
            ("GET", _DATA + r"/query/(\w+)-(\d+)", rest.query_more),
            ("GET|POST", _DATA + r"/sobjects/(\w+)/?", rest.create),
            ("GET|PATCH|DELETE", _DATA + r"/sobjects/(\w+)/(\w+)", rest.row),
            ("PATCH|POST|DELETE", _DATA + r"/composite/sobjects/?", rest.collection),
            ("GET|POST", _DATA + r"/composite/sobjects/(\w+)", rest.retrieve),
            ("POST", _DATA + r"/jobs/(query|ingest)/?", bulk.create),
            ("GET", _DATA + r"/jobs/(query|ingest)/?", bulk.all),
            ("GET|PATCH|DELETE", _DATA + r"/jobs/(query|ingest)/(\w+)/?", bulk.job),
            ("PUT", _DATA + r"/jobs/ingest/(\w+)/batches/?", bulk.upload),
            ("GET", _DATA + r"/jobs/query/(\w+)/(results)/?", bulk.results),
            (
                "GET",
                _DATA + r"/jobs/ingest/(\w+)/(successfulResults|failedResults|unprocessed[rR]ecords)/?",
                bulk.results,
            ),
        ]

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        if request.path == "/services/oauth2/token" and request.method == "POST":
            return self.door.grant(request, self.url)
        try:
            self.door.check(request)
            self.rest.spend()
            if self.meanwhile is not None:
                self.meanwhile(request)
            reply = self._route(request)
        except NotJson:
            unread = ApiError("JSON_PARSER_ERROR", "Unexpected character at [line:1, column:1]")
            reply = Reply(unread.status, unread.as_reply())
        except ApiError as error:
            reply = Reply(error.status, error.as_reply())
        used = self.rest.calls_most - self.rest.calls_left
        reply.headers.setdefault("Sforce-Limit-Info", f"api-usage={used}/{self.rest.calls_most}")
        return reply

    def _route(self, request: Request) -> Reply:
        found = route(self._routes, request)
        if isinstance(found, Reply):
            return found
        if found:
            raise ApiError("METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed.", status=405)
        raise ApiError("NOT_FOUND", "The requested resource does not exist", status=404)
