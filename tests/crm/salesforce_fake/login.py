"""Who may come in: tokens, and the three ways of OAuth to one."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

import jwt
from crm.loopback import Reply, Request
from crm.salesforce_fake.org import ApiError

#: Whom an assertion may be addressed to.
_AUDIENCES = ["https://login.salesforce.com", "https://test.salesforce.com"]


@dataclass
class Door:
    """The connected app of the org, and the tokens that it gave."""

    client_id: str = "3MVG9.client"
    client_secret: str = "s3cret-of-the-app"
    refresh_token: str = "5Aep.refresh"
    username: str = "api@acme.example"
    #: Key in PEM that assertions are signed with, the public part of it.
    public_key: bytes | None = None
    tokens: set[str] = field(default_factory=set)
    given: int = 0

    def token(self) -> str:
        """Give a new token."""
        self.given += 1
        token = f"00D5g000000Org1!AQ.{self.given:04d}"
        self.tokens.add(token)
        return token

    def expire(self) -> None:
        """Let all tokens lapse."""
        self.tokens.clear()

    def check(self, request: Request) -> None:
        """Let a request in.

        Raises
        ------
        ApiError
            INVALID_SESSION_ID, where its token is none or has lapsed.
        """
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() not in ("bearer", "oauth") or token not in self.tokens:
            raise ApiError("INVALID_SESSION_ID", "Session expired or invalid", status=401)

    def grant(self, request: Request, base: str) -> Reply:
        """Answer a request for a token."""
        form = request.form
        way = form.get("grant_type", "")
        if way == "client_credentials":
            return (
                self._given(base)
                if self._is_client(request)
                else _refused("invalid_client", "invalid client credentials")
            )
        if way == "refresh_token":
            if not self._is_client(request):
                return _refused("invalid_client", "invalid client credentials")
            right = form.get("refresh_token") == self.refresh_token
            return self._given(base) if right else _refused("invalid_grant", "expired access/refresh token")
        if way == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return self._by_assertion(form.get("assertion", ""), base)
        return _refused("unsupported_grant_type", "grant type not supported")

    def _is_client(self, request: Request) -> bool:
        kind, _, pair = request.headers.get("authorization", "").partition(" ")
        form = request.form
        if kind.lower() == "basic":
            return base64.b64decode(pair).decode() == f"{self.client_id}:{self.client_secret}"
        return (form.get("client_id"), form.get("client_secret")) == (self.client_id, self.client_secret)

    def _by_assertion(self, assertion: str, base: str) -> Reply:
        if self.public_key is None:
            return _refused("invalid_app_access", "user is not admin approved to access this app")
        try:
            claims = jwt.decode(assertion, self.public_key, algorithms=["RS256"], audience=[*_AUDIENCES, base])
        except jwt.InvalidAudienceError:
            return _refused("invalid_grant", "audience is invalid")
        except jwt.InvalidTokenError:
            return _refused("invalid_grant", "invalid assertion")
        if claims.get("iss") != self.client_id:
            return _refused("invalid_client_id", "client identifier invalid")
        if claims.get("sub") != self.username:
            return _refused("invalid_grant", "user hasn't approved this consumer")
        return self._given(base)

    def _given(self, base: str) -> Reply:
        answer = {"access_token": self.token(), "instance_url": base, "token_type": "Bearer", "scope": "api"}
        return Reply(body=answer | {"id": f"{base}/id/00D5g000000Org1EAC/0055g000000000AAA", "issued_at": "0"})


def _refused(error: str, description: str) -> Reply:
    return Reply(400, {"error": error, "error_description": description})
