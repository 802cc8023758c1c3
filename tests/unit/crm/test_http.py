from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from terraform_like.crm.http import Http
from terraform_like.crm.port import CrmError

SECRET = "s3cr3t/token"


class Handler(BaseHTTPRequestHandler):
    """Does what the path asks for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts[0] == "status":
            self.say(int(parts[1]), b'{"said": "' + SECRET.encode() + b'"}', {})
        elif parts[0] == "after":
            self.say(429, b"", {"Retry-After": parts[1].replace("_", " ")})
        elif parts[0] == "elsewhere":
            self.say(302, b"", {"Location": f"https://evil.example.com/?token={SECRET}"})
        elif parts[0] == "long":
            self.say(200, b"x" * 5_000, {})
        elif parts[0] == "hangs":
            time.sleep(0.3)
            self.close_connection = True
        elif parts[0] == "drips":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _ in range(20):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.02)
            self.close_connection = True
        elif parts[0] == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.close_connection = True
        else:
            self.say(200, self.path.encode(), {})

    def say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.fixture
def http(address: str) -> Iterator[Http]:
    http = Http(address, "crm.url", secrets=[SECRET], silence=2.0, largest=1_000)
    yield http
    http.close()


def test_an_answer_has_its_status_whatever_that_is(http: Http) -> None:
    answer = http.ask("GET", "/status/404")
    assert (answer.status, answer.well, answer.json()) == (404, False, {"said": SECRET})


@pytest.mark.parametrize(
    ("path", "passing", "says"),
    [
        ("/cut", True, "cannot be reached"),
        ("/long", False, "more than 1,000 bytes"),
        ("/elsewhere", False, "sends elsewhere, to https://evil.example.com"),
        ("https://evil.example.com/next", False, "sends elsewhere"),
    ],
)
def test_what_is_no_answer_is_an_error_that_says_whether_it_may_pass(
    http: Http, path: str, passing: bool, says: str
) -> None:
    with pytest.raises(CrmError, match=says) as caught:
        http.ask("GET", path)
    assert caught.value.passing is passing
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "says"), [("/hangs", "does not answer in time"), ("/drips", "takes more than 0.1 seconds")]
)
def test_a_server_that_is_slow_or_hangs_is_not_waited_for_without_end(address: str, path: str, says: str) -> None:
    http = Http(address, "crm.url", silence=0.1, longest=0.1)
    with pytest.raises(CrmError, match=says) as caught:
        http.ask("GET", path)
    http.close()
    assert caught.value.passing


def test_nobody_at_home_may_pass() -> None:
    with serving() as address:
        pass
    http = Http(address, "crm.url")
    with pytest.raises(CrmError, match="cannot be reached") as caught:
        http.ask("GET", "/")
    http.close()
    assert caught.value.passing


@pytest.mark.parametrize(
    ("said", "after"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        ("0", 0.0),
        ("soon", None),
        ("-3", None),
        ("", None),
        ("Sun,_22_Nov_1990_10:00:00_GMT", 0.0),
    ],
)
def test_how_long_to_wait_is_what_the_server_says(http: Http, said: str, after: float | None) -> None:
    assert http.ask("GET", f"/after/{said or '%20'}").after == after


@pytest.mark.parametrize(
    ("status", "passing"), [(400, False), (401, False), (403, False), (429, True), (500, True), (503, True)]
)
def test_an_error_of_the_server_says_its_words_without_secrets(http: Http, status: int, passing: bool) -> None:
    error = http.failed(http.ask("GET", f"/status/{status}"))
    assert str(error) == f'the CRM at 127.0.0.1 answers {status}: {{"said": "***"}}'
    assert error.passing is passing


def test_a_secret_that_comes_later_is_struck_out_too_and_long_words_are_cut(http: Http) -> None:
    http.keep_secret("later-token")
    said = http.words("later-token\n\x00 s3cr3t%2Ftoken " + "x" * 1_000)
    assert said.startswith("*** \x00 *** xxx")
    assert len(said) == 300


@pytest.mark.parametrize(
    ("base", "says"),
    [
        ("http://crm.example.com", "plain http"),
        ("http://127.0.0.1.example.com", "plain http"),
        ("crm.example.com", "is no address"),
        ("ftp://crm.example.com", "is no address"),
        ("https://jane:s3cr3t@crm.example.com", "is no address"),
        ("https://", "is no address"),
        ("https://crm.example.com:port", "is no address"),
    ],
)
def test_credentials_are_sent_over_tls_only(base: str, says: str) -> None:
    with pytest.raises(CrmError, match=says) as caught:
        Http(base, "crm.url")
    assert "s3cr3t" not in str(caught.value)


def test_plain_http_is_for_this_machine_or_where_it_is_allowed() -> None:
    for base, plain in [("http://localhost:1", False), ("http://[::1]:1", False), ("http://crm.example.com", True)]:
        Http(base, "crm.url", plain=plain).close()


def test_the_next_page_may_be_named_in_full(http: Http, address: str) -> None:
    assert http.ask("GET", f"{address}/next", params={"q": "a b"}).body == b"/next?q=a+b"
