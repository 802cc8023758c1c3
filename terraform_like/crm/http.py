"""Calls over HTTP: one layer for all providers that speak it, so that none is careless in its own way.

It tries nothing again (`patient` does), follows no redirect, speaks TLS, reads no more than so many bytes in no more
than so many seconds, and no message that it makes holds a secret.
"""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from terraform_like.crm.port import CrmError
from terraform_like.domain.secrecy import forms, struck_out

#: Seconds until a server that says nothing counts as not to be had; seconds that a whole answer may take.
SILENCE_SECONDS, ANSWER_SECONDS = 30.0, 300.0

#: Bytes of an answer at most, and characters of what a server says that a message repeats.
LARGEST_ANSWER, LONGEST_WORDS = 256 * 2**20, 300

#: Statuses that may pass: too early, locked, too many calls, trouble on the way.
_PASSING = frozenset({408, 423, 425, 429, 500, 502, 503, 504, 524})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; `after` are the seconds that it asks to be left alone for, where it says so."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    after: float | None

    @property
    def well(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Read the body as JSON; None where there is none.

        Raises
        ------
        CrmError
            When it is no JSON.
        """
        if not self.body:
            return None
        try:
            return json.loads(self.body)
        except ValueError:
            raise CrmError(f"the CRM answers {self.status} with what is no JSON") from None


class Http:
    """A server by its address.

    Parameters
    ----------
    base : str
        Where paths begin: `https://api.example.com`.
    key : str
        The key of territory.yaml that says so, for messages.
    secrets : iterable of str
        What no message may hold; `keep_secret` adds to them.
    plain : bool
        Whether plain HTTP is allowed to other machines than this one.
    transport : httpx.BaseTransport, optional
        What carries calls, where it is not the network.

    Raises
    ------
    CrmError
        When the address is none, or would send credentials where others can read them.
    """

    def __init__(
        self,
        base: str,
        key: str,
        *,
        secrets: Iterable[str] = (),
        plain: bool = False,
        transport: httpx.BaseTransport | None = None,
        silence: float = SILENCE_SECONDS,
        longest: float = ANSWER_SECONDS,
        largest: int = LARGEST_ANSWER,
    ) -> None:
        try:
            url = httpx.URL(base.rstrip("/"))
        except httpx.InvalidURL:
            raise CrmError(f"{key} in territory.yaml is no address; write it as https://HOST") from None
        if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query:
            raise CrmError(f"{key} in territory.yaml is no address; write it as https://HOST")
        if url.scheme == "http" and not plain and not _is_here(url.host):
            raise CrmError(
                f"{key} in territory.yaml is plain http, which sends credentials where others can read them; "
                "write https, or allow it with crm.plain_http: true"
            )
        self.shown = url.host
        self._base = str(url)
        self._secrets = forms(secrets)
        self._longest, self._largest = longest, largest
        self._client = httpx.Client(timeout=silence, follow_redirects=False, transport=transport)

    def keep_secret(self, *secrets: str) -> None:
        """Strike these out of messages from now on, as well."""
        self._secrets = forms({*self._secrets, *secrets})

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """Make one call and give the answer, whatever its status but one that sends elsewhere.

        Parameters
        ----------
        method, path : str
            What to ask; the path follows the base, and may be a whole address on the same server.
        params, headers : mapping, optional
            Query and headers.
        body : object, optional
            Sent as JSON.
        form : mapping, optional
            Sent as a form.
        content : bytes, optional
            Sent as it is.

        Raises
        ------
        CrmError
            When there is no answer, or it is too long or too slow: that may pass. When it sends elsewhere.
        """
        url = self._address(path)
        began = time.monotonic()
        try:
            with self._client.stream(
                method, url, params=params, headers=headers, json=body, data=form, content=content
            ) as response:
                received = bytearray()
                for chunk in response.iter_bytes():
                    received += chunk
                    if len(received) > self._largest:
                        raise CrmError(f"the CRM at {self.shown} answers with more than {self._largest:,} bytes")
                    if time.monotonic() - began > self._longest:
                        raise CrmError(
                            f"the CRM at {self.shown} takes more than {self._longest:g} seconds", passing=True
                        )
        except httpx.TimeoutException:
            raise CrmError(f"the CRM at {self.shown} does not answer in time", passing=True) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise self.failure(f"the CRM at {self.shown} cannot be reached: {error}", passing=True) from None
        if response.is_redirect:
            elsewhere = response.headers.get("location", "another address")
            raise self.failure(f"the CRM at {self.shown} sends elsewhere, to {elsewhere}; name the server itself")
        return Answer(response.status_code, response.headers, bytes(received), _after(response.headers))

    def failed(self, answer: Answer, said: str = "") -> CrmError:
        """Make the error for an answer that is none of success: what the server said, and whether it may pass."""
        words = said or answer.body.decode("utf-8", "replace")
        return self.failure(
            f"the CRM at {self.shown} answers {answer.status}: {words.strip() or 'nothing more'}",
            passing=answer.status in _PASSING,
            after=answer.after,
        )

    def failure(self, message: str, *, passing: bool = False, after: float | None = None) -> CrmError:
        """Make an error whose message holds no secret."""
        return CrmError(self.words(message), passing=passing, after=after)

    def words(self, said: str) -> str:
        """Give what a server said without secrets, in one line of a bounded length."""
        text = " ".join(struck_out(said, self._secrets).split())
        return text if len(text) <= LONGEST_WORDS else f"{text[: LONGEST_WORDS - 3]}..."

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _address(self, path: str) -> str:
        if "://" not in path:
            return self._base + path
        # Addresses of next pages come from the server: credentials go to no other one.
        there, here = httpx.URL(path), httpx.URL(self._base)
        if (there.scheme, there.host, there.port) != (here.scheme, here.host, here.port):
            raise self.failure(f"the CRM at {self.shown} sends elsewhere, to {path}; name the server itself")
        return path


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After: seconds, or a moment, which is told from the moment that the server has itself."""
    said = headers.get("retry-after", "").strip()
    if not said:
        return None
    try:
        return max(0.0, float(said)) if said.replace(".", "", 1).isdigit() else _seconds_until(said, headers)
    except (ValueError, TypeError):
        return None


def _seconds_until(moment: str, headers: Mapping[str, str]) -> float:
    there = headers.get("date")
    now = parsedate_to_datetime(there) if there else datetime.now(UTC)
    return max(0.0, (parsedate_to_datetime(moment) - now).total_seconds())
