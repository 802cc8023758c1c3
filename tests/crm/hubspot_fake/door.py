"""Who may come in: service keys, tokens of OAuth that lapse, and what each may do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from crm.hubspot_fake.errors import CORRELATION, HubSpotError, Row, without_scopes
from crm.hubspot_fake.limits import Limits
from crm.loopback import Reply, Request

READ, WRITE = "crm.objects.companies.read", "crm.objects.companies.write"
OWNERS = "crm.objects.owners.read"
SEE, SHAPE = "crm.schemas.companies.read", "crm.schemas.companies.write"
ALL = (READ, WRITE, OWNERS, SEE, SHAPE)

#: Seconds that a token of OAuth is good for. Vendor.
GOOD = 1_800


@dataclass
class Door:
    """An app, and the keys and tokens that it gave; `scopes` are what all of them may do."""

    limits: Limits
    client_id: str = "b0f2f9ab-client"
    client_secret: str = "s3cret-of-the-app"
    refresh_token: str = "na1-refresh"
    #: Whether each token of OAuth comes with another refresh token, the last one being good no more. A guess.
    rotates: bool = False
    scopes: set[str] = field(default_factory=lambda: {*ALL})
    #: Keys do not lapse; each token has the moment when it does.
    keys: set[str] = field(default_factory=set)
    tokens: dict[str, float] = field(default_factory=dict)
    given: int = 0

    def key(self) -> str:
        """Give a new service key, or the token of a private app: both are sent in the same way. Vendor."""
        self.given += 1
        key = f"pat-na1-{self.given:08d}-0000-4000-8000-000000000000"
        self.keys.add(key)
        return key

    def token(self) -> str:
        """Give a new token of OAuth."""
        self.given += 1
        token = f"CJSP5qf1KhICAQEYs-{self.given:04d}"
        self.tokens[token] = self.limits.now + GOOD
        return token

    def expire(self) -> None:
        """Let all tokens lapse, and revoke all keys."""
        self.keys.clear()
        self.tokens = dict.fromkeys(self.tokens, -1.0)

    def is_oauth(self, request: Request) -> bool:
        """Say whether a request comes with a token of OAuth."""
        return self._carried(request) in self.tokens

    def check(self, request: Request, scopes: Sequence[str]) -> None:
        """Let a request in that has one of the scopes.

        Raises
        ------
        HubSpotError
            401 where its token is none or has lapsed, 403 where it may not.
        """
        token = self._carried(request)
        lapses = self.tokens.get(token)
        if lapses is not None and lapses <= self.limits.now:
            # Seen, to the letter.
            seconds = int(self.limits.now - max(lapses, 0.0))
            words = f"The OAuth token used to make this call expired {seconds} second(s) ago."
            context = {"expire time": ["2026-11-02T08:00:00.000Z"]}
            raise HubSpotError(401, "EXPIRED_AUTHENTICATION", words, context=context)
        if lapses is None and token not in self.keys:
            words = (
                "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find "
                "more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
            )
            raise HubSpotError(401, "INVALID_AUTHENTICATION", words)
        if scopes and self.scopes.isdisjoint(scopes):
            raise without_scopes(scopes)

    def grant(self, request: Request) -> Reply:
        """Answer a request for a token. Vendor: what is sent and given; seen: how it is refused."""
        form = request.form
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return _refused("BAD_CLIENT_ID", "missing or invalid client id", "invalid_client")
        if form.get("grant_type") != "refresh_token":
            return _refused("BAD_GRANT_TYPE", "missing or unknown grant type", "unsupported_grant_type")
        if form.get("refresh_token") != self.refresh_token:
            return _refused("BAD_REFRESH_TOKEN", "refresh token is invalid, expired or revoked", "invalid_grant")
        if self.rotates:
            self.refresh_token = f"na1-refresh-{self.given + 1}"
        body: Row = {"token_type": "bearer", "refresh_token": self.refresh_token, "access_token": self.token()}
        return Reply(body=body | {"expires_in": GOOD, "scopes": sorted(self.scopes)})

    def _carried(self, request: Request) -> str:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return token if kind.lower() == "bearer" else ""


def _refused(status: str, words: str, code: str) -> Reply:
    body = {"status": status, "message": words, "error": code, "error_description": words}
    return Reply(400, body | {"correlationId": CORRELATION})
