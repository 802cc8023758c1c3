"""The server: routes, the door, the limits and the faults, over HTTP on loopback."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from crm.salesforce_fake.bulk import Bulk
from crm.salesforce_fake.login import Door
from crm.salesforce_fake.org import ApiError, Org
from crm.salesforce_fake.rest import Rest
from crm.salesforce_fake.web import Fault, Handler, Reply, Request

_DATA = r"/services/data/v(\d\d\.\d)"
_BUSY = "ConcurrentPerOrgLongTxn Limit exceeded."
_PAGE = "<html><body>Service Unavailable</body></html>"


class SalesforceServer:
    """A fake org behind a URL; `requests` has what was asked, in order.

    Parameters
    ----------
    org : Org
        The org to serve.
    """

    def __init__(self, org: Org) -> None:
        self.org, self.door = org, Door()
        self.rest, self.bulk = Rest(org), Bulk(org)
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        #: Called before each request that is let in, as another client that works at the same time.
        self.meanwhile: Callable[[Request], None] | None = None
        self._stopped = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        rest, bulk = self.rest, self.bulk
        #: Method, path and what answers; what has `open` needs no token.
        self._routes: list[tuple[str, str, Handler]] = [
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

    @contextmanager
    def running(self) -> Iterator[SalesforceServer]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            self._http.shutdown()
            self._http.server_close()
            thread.join()

    def count(self, pattern: str) -> int:
        """Count the requests whose method and target match."""
        return sum(re.search(pattern, f"{each.method} {each.target}") is not None for each in self.requests)

    def _answer(self, request: Request) -> Reply:
        """Answer one request, all by itself: the org has one writer at a time."""
        with self.org.lock:
            if request.path == "/services/oauth2/token" and request.method == "POST":
                return self.door.grant(request, self.url)
            try:
                self.door.check(request)
                self.rest.spend()
                if self.meanwhile is not None:
                    self.meanwhile(request)
                reply = self._route(request)
            except ApiError as error:
                reply = Reply(error.status, error.as_reply())
            used = self.rest.calls_most - self.rest.calls_left
            reply.headers.setdefault("Sforce-Limit-Info", f"api-usage={used}/{self.rest.calls_most}")
            return reply

    def _route(self, request: Request) -> Reply:
        for methods, path, handler in self._routes:
            if (found := re.fullmatch(path, request.path)) is None:
                continue
            if re.fullmatch(methods, request.method):
                return handler(request, *found.groups())
        if any(re.fullmatch(path, request.path) for _, path, _ in self._routes):
            raise ApiError("METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed.", status=405)
        raise ApiError("NOT_FOUND", "The requested resource does not exist", status=404)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handling(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: the test reads `requests`."""

            def act(self) -> None:
                body = self._body()
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, self.path, headers, body)
                server.requests.append(request)
                fault = next((each for each in server.faults if each.meets(request)), None)
                if fault is None:
                    self._send(server._answer(request))
                    return
                if fault.after:
                    server._answer(request)
                if fault.does == "fail":
                    self._send(Reply(503, _PAGE, type="text/html"))
                    return
                if fault.does == "lie":
                    self._send(Reply(200, fault.body))
                    return
                if fault.does == "busy":
                    self._send(Reply(403, ApiError("REQUEST_LIMIT_EXCEEDED", _BUSY).as_reply()))
                    return
                if fault.does == "hang":
                    server._stopped.wait()
                self.close_connection = True

            def _body(self) -> bytes:
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)

            def _send(self, reply: Reply) -> None:
                content = reply.content()
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.status != 204:
                    self.send_header("Content-Type", reply.type)
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = act  # noqa: N815

        return Handling
