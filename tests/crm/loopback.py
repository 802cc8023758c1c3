"""What all fakes of CRMs share: a real HTTP server on loopback, the log of what it was asked, and faults.

A fake derives from `Loopback` and says how it answers; the rest, its state above all, is its own.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit


class NotJson(Exception):
    """A body is no JSON."""


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
    def queries(self) -> dict[str, list[str]]:
        """The parameters behind the path, each with all its values."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    @cached_property
    def query(self) -> dict[str, str]:
        """The parameters behind the path, each with its last value."""
        return {name: values[-1] for name, values in self.queries.items()}

    @cached_property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode()).items()}

    def json(self) -> Any:
        """Give the body as JSON.

        Raises
        ------
        NotJson
            When it is none.
        """
        try:
            return json.loads(self.body)
        except ValueError:
            raise NotJson from None


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


Handler = Callable[..., Reply]

#: Method, path and what answers, all as patterns; what the path's groups hold is given to it.
Route = tuple[str, str, Handler]


def page(status: int, title: str, **headers: str) -> Reply:
    """Give a page as a proxy or a server that broke gives it."""
    return Reply(status, f"<html><body>{title}</body></html>", headers, "text/html")


#: What a server in trouble answers.
UNAVAILABLE = page(503, "Service Unavailable")


@dataclass
class Fault:
    """What goes wrong: which request, how often, and whether the request takes effect before.

    Parameters
    ----------
    path : str
        A pattern that is searched in what `Loopback.told` gives, as in `PATCH .*/composite`.
    answers : Reply, `drop` or `hang`
        What is answered instead; `drop` closes the connection, `hang` says nothing until the server stops.
    after : bool
        Whether the request takes effect first.
    times : int
        How many requests it meets.
    skip : int
        How many requests of that kind pass before.
    """

    path: str
    answers: Reply | Literal["drop", "hang"] = field(default_factory=lambda: UNAVAILABLE)
    after: bool = False
    times: int = 1
    skip: int = 0

    def meets(self, told: str) -> bool:
        """Say whether it meets this request, and count it."""
        if self.times <= 0 or not re.search(self.path, told):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class Loopback:
    """A server of a fake CRM; `requests` has what was asked, in order."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        #: Held while a request is answered: the state behind has one writer at a time.
        self.lock = threading.RLock()
        #: Called before each request that a fake lets in, as another client that works at the same time.
        self.meanwhile: Callable[[Request], None] | None = None
        self._stopped = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        raise NotImplementedError

    def told(self, request: Request) -> str:
        """Give what a fault is compared with."""
        return f"{request.method} {request.target}"

    @contextmanager
    def running(self) -> Iterator[Self]:
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
        return sum(re.search(pattern, self.told(each)) is not None for each in self.requests)

    def meet(self, request: Request) -> Reply | None:
        """Answer a request, or meet a fault; None where the connection is to be closed without a word."""
        with self.lock:
            self.requests.append(request)
            fault = next((each for each in self.faults if each.meets(self.told(request))), None)
            reply = self.answer(request) if fault is None or fault.after else None
        if fault is None or isinstance(fault.answers, Reply):
            return reply if fault is None else fault.answers
        if fault.answers == "hang":
            self._stopped.wait()
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handling(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: the test reads `requests`."""

            def act(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = server.meet(Request(self.command, self.path, headers, self._body()))
                if reply is None:
                    self.close_connection = True
                    return
                content = reply.content()
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.status != 204:
                    self.send_header("Content-Type", reply.type)
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def _body(self) -> bytes:
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = act  # noqa: N815

        return Handling


def route(routes: list[Route], request: Request) -> Reply | set[str]:
    """Let the first route that fits answer; else give the methods that its path takes, none where there is no such."""
    takes: set[str] = set()
    for methods, path, handler in routes:
        if (found := re.fullmatch(path, request.path)) is None:
            continue
        if re.fullmatch(methods, request.method):
            return handler(request, *found.groups())
        takes |= set(methods.split("|"))
    return takes
