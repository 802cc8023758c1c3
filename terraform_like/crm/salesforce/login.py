"""Tokens: one for a secret, for a signed assertion or for a refresh token, or the one that there is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from terraform_like.crm.http import Http
from terraform_like.crm.port import CrmError
from terraform_like.crm.salesforce.refusal import refused
from terraform_like.crm.salesforce.shapes import Token, told
from terraform_like.domain.salesforce import SalesforceConnection, SalesforceLogin

_TOKENS = "/services/oauth2/token"
_ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
#: Seconds that an assertion is good for; three minutes is the most that Salesforce takes.
_GOOD_SECONDS = 120


def secrets_of(login: SalesforceLogin) -> tuple[str, ...]:
    """Give what no message may hold."""
    kept = (login.client_secret, login.private_key, login.refresh_token, login.access_token, login.client_id)
    return tuple(one.get_secret_value() for one in kept if one is not None)


def renewable(login: SalesforceLogin) -> bool:
    """Say whether a session that lapsed can be renewed."""
    return login.way != "token"


def new_token(connection: SalesforceConnection, http: Http) -> str:
    """Get a token.

    Raises
    ------
    CrmError
        When Salesforce gives none, or what signs assertions is not installed.
    """
    login = connection.login
    if login.access_token is not None:
        return login.access_token.get_secret_value()
    answer = http.ask("POST", _TOKENS, form=_form(login, connection.url), headers={"Accept": "application/json"})
    if not answer.well:
        if answer.status >= 500:
            raise http.failed(answer)
        _, words = refused(answer.json() if "json" in answer.headers.get("content-type", "") else None)
        raise http.failure(
            f"Salesforce lets nobody in: {words or f'it answers {answer.status}'}; check crm.login in territory.yaml, "
            "the environment variables that it names, and the connected app"
        )
    given = told(answer, Token)
    token, there = given.access_token, given.instance_url or connection.url
    http.keep_secret(token)
    if urlsplit(there).netloc.lower() != urlsplit(connection.url).netloc.lower():
        raise CrmError(f"the org is at {there}; write that as crm.url in territory.yaml")
    return token


def _form(login: SalesforceLogin, url: str) -> Mapping[str, str]:
    """Give what to post, by the way in."""
    client = {"client_id": login.client_id.get_secret_value()} if login.client_id else {}
    if login.client_secret is not None:
        client["client_secret"] = login.client_secret.get_secret_value()
    if login.refresh_token is not None:
        return client | {"grant_type": "refresh_token", "refresh_token": login.refresh_token.get_secret_value()}
    if login.private_key is not None:
        return {"grant_type": _ASSERTION, "assertion": _assertion(login, url)}
    return client | {"grant_type": "client_credentials"}


def _assertion(login: SalesforceLogin, url: str) -> str:
    try:
        import jwt
    except ImportError:
        raise CrmError(
            "what signs assertions is not installed; install it beside territory: pip install "
            "'terraform-like[salesforce]'"
        ) from None
    assert login.client_id is not None and login.private_key is not None
    sandbox = ".sandbox." in (urlsplit(url).hostname or "")
    audience = login.audience or f"https://{'test' if sandbox else 'login'}.salesforce.com"
    claims = {
        "iss": login.client_id.get_secret_value(),
        "sub": login.username,
        "aud": audience,
        "exp": int(time.time()) + _GOOD_SECONDS,
    }
    # A key that comes through the environment often has its line ends written out.
    key = login.private_key.get_secret_value().replace("\\n", "\n")
    try:
        return str(jwt.encode(claims, key, algorithm="RS256"))
    except (jwt.PyJWTError, ValueError, TypeError):
        raise CrmError("crm.login.private_key in territory.yaml is no private key in PEM") from None
