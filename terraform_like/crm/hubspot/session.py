"""One session with an account: every call, with a token that is renewed, within the limits that answers tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from terraform_like.crm.http import Answer, Http
from terraform_like.crm.hubspot.paths import Paths
from terraform_like.crm.hubspot.refusal import TOO_MANY, UNAUTHORISED, Refused, refused
from terraform_like.crm.hubspot.shapes import Page, Token, told
from terraform_like.crm.patient import passes, patiently
from terraform_like.crm.port import CrmError
from terraform_like.domain.hubspot import HubspotConnection, HubspotLogin

T = TypeVar("T")

#: Records of one page of a list, and of one batch.
PAGE = 100
#: Seconds before its end at which a token is renewed, and that a window of calls lasts where HubSpot does not say.
_EARLY, _WINDOW = 60.0, 10.0
_LIMIT = "x-hubspot-ratelimit-"
_SERVER_FAULT = 500


@dataclass(frozen=True, slots=True)
class Daily:
    """The calls of the day: how many there are, how many are left."""

    most: int
    left: int


class Session:
    """Calls to one account.

    Parameters
    ----------
    connection : HubspotConnection
        `crm:` of territory.yaml.
    sleep : callable
        Waits so many seconds, for a limit of calls or for what passes.
    silence : float
        Seconds until an API that says nothing counts as not to be had.
    clock : callable
        Seconds that go by.

    Raises
    ------
    CrmError
        When the address cannot be read.
    """

    def __init__(
        self,
        connection: HubspotConnection,
        sleep: Callable[[float], None],
        *,
        silence: float,
        clock: Callable[[], float],
    ) -> None:
        self._login, self._sleep, self._clock = connection.login, sleep, clock
        self.paths = Paths(connection.api)
        #: What the last answer that told of it said of the calls of the day.
        self.daily: Daily | None = None
        self._http = Http(connection.url, "crm.url", secrets=_secrets(connection.login), silence=silence)
        self._token, self._lapses, self._pause = "", 0.0, 0.0
        refresh = connection.login.refresh_token
        self._refresh = refresh.get_secret_value() if refresh else ""
        if connection.login.key is not None:
            self._token, self._lapses = connection.login.key.get_secret_value(), float("inf")

    @property
    def renewable(self) -> bool:
        """Whether a token that lapsed can be renewed."""
        return self._login.key is None

    def read(
        self, method: str, path: str, *, params: Mapping[str, str | int] | None = None, body: Any = None
    ) -> Answer:
        """Make a call that changes nothing, and make it again where what failed may pass: a page of many, by itself.

        Raises
        ------
        Refused
            When HubSpot refuses.
        CrmError
            When there is no answer after some tries.
        """
        try:
            return patiently(lambda: self._once(method, path, params, body), self._sleep)
        except CrmError as error:
            if not passes(error):
                raise
            # It was tried long enough: to begin with the first page again would try it 25 times.
            raise CrmError(str(error)) from None

    def write(self, method: str, path: str, body: Any) -> Answer:
        """Make a call that changes something; it is made again only where a limit of calls kept it from being heard.

        Raises
        ------
        Refused
            When HubSpot refuses.
        CrmError
            When there is no answer: whether the call took effect is not known.
        """
        return patiently(lambda: self._once(method, path, None, body), self._sleep, worth=_was_not_heard)

    def pages(self, path: str, kind: type[T], params: Mapping[str, str | int]) -> Iterator[T]:
        """Give the records of a list, page by page.

        Raises
        ------
        CrmError
            As `read`, and when a page is followed by itself.
        """
        after: str | None = None
        while True:
            turned = {} if after is None else {"after": after}
            page = told(self.read("GET", path, params={"limit": PAGE, **params, **turned}), Page[kind])  # type: ignore[valid-type]
            yield from page.results
            if page.after is None:
                return
            if page.after == after:
                raise CrmError(f"the CRM at {self._http.shown} answers otherwise than HubSpot does: a page without end")
            after = page.after

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def words(self, said: str) -> str:
        """Give what HubSpot said without secrets, in one line of a bounded length."""
        return self._http.words(said)

    def _once(self, method: str, path: str, params: Mapping[str, str | int] | None, body: Any) -> Answer:
        for last in (not self.renewable, True):
            if self._clock() >= self._lapses:
                self._renew()
            if self._pause:
                self._sleep(self._pause)
            headers = {"Authorization": f"Bearer {self._token}"}
            answer = self._http.ask(method, path, params=params, headers=headers, body=body)
            self._note(answer.headers)
            if answer.well:
                return answer
            if answer.status != UNAUTHORISED or last:
                break
            self._lapses = 0.0
        raise refused(answer, self._http)

    def _renew(self) -> None:
        login = self._login
        assert login.client_id is not None and login.client_secret is not None
        form = {
            "grant_type": "refresh_token",
            "client_id": login.client_id.get_secret_value(),
            "client_secret": login.client_secret.get_secret_value(),
            "refresh_token": self._refresh,
        }
        answer = self._http.ask("POST", self.paths.token, form=form)
        if not answer.well:
            error = refused(answer, self._http)
            if answer.status >= _SERVER_FAULT or error.passing:
                raise error
            words = error.words if isinstance(error, Refused) else f"it answers {answer.status}"
            raise self._http.failure(
                f"HubSpot lets nobody in: {words}; check crm.login in territory.yaml, the environment variables that "
                "it names, and the app"
            )
        given = told(answer, Token)
        self._http.keep_secret(given.access_token, given.refresh_token)
        self._token, self._lapses = given.access_token, self._clock() + max(given.expires_in - _EARLY, 0.0)
        # By HubSpot's papers it stays the same; some say that they were given another one each time.
        self._refresh = given.refresh_token or self._refresh

    def _note(self, headers: Mapping[str, str]) -> None:
        """Note what an answer tells of limits: the calls of the day, and whether none is left of these seconds."""
        most, left = _number(headers, "daily"), _number(headers, "daily-remaining")
        if most is not None and left is not None:
            self.daily = Daily(most, left)
        milliseconds = _number(headers, "interval-milliseconds")
        seconds = _WINDOW if milliseconds is None else milliseconds / 1_000
        self._pause = seconds if _number(headers, "remaining") == 0 else 0.0


def _was_not_heard(error: CrmError) -> bool:
    return isinstance(error, Refused) and error.status == TOO_MANY and passes(error)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    said = headers.get(_LIMIT + name, "")
    return int(said) if said.isascii() and said.isdigit() else None


def _secrets(login: HubspotLogin) -> tuple[str, ...]:
    kept = (login.key, login.client_id, login.client_secret, login.refresh_token)
    return tuple(one.get_secret_value() for one in kept if one is not None)
