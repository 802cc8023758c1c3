from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from crm.salesforce_fake.org import Org
from crm.salesforce_fake.server import SalesforceServer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from terraform_like.crm.port import CrmError
from terraform_like.crm.salesforce.provider import SalesforceCrm
from terraform_like.domain.salesforce import SalesforceConnection


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def server(key: rsa.RSAPrivateKey) -> Iterator[SalesforceServer]:
    server = SalesforceServer(Org())
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    server.door.public_key = key.public_key().public_bytes(serialization.Encoding.PEM, public)
    with server.running():
        yield server


def count(server: SalesforceServer, login: dict[str, str], times: int = 1, url: str = "") -> None:
    told: dict[str, Any] = {"provider": "salesforce", "url": url or server.url, "login": login}
    crm = SalesforceCrm(SalesforceConnection.model_validate(told))
    try:
        for _ in range(times):
            crm.records([])
            crm.read([])
            server.door.expire()
    finally:
        crm.close()


def ways(server: SalesforceServer, key: rsa.RSAPrivateKey) -> dict[str, dict[str, str]]:
    door, plain = server.door, serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()
    client = {"client_id": door.client_id, "client_secret": door.client_secret}
    return {
        "secret": client,
        "assertion": {"client_id": door.client_id, "username": door.username, "private_key": pem.replace("\n", "\\n")},
        "refresh": {
            "client_id": door.client_id,
            "client_secret": door.client_secret,
            "refresh_token": door.refresh_token,
        },
    }


@pytest.mark.parametrize("way", ["secret", "assertion", "refresh"])
def test_a_session_that_lapsed_is_renewed_by_each_way_in(
    way: str, server: SalesforceServer, key: rsa.RSAPrivateKey
) -> None:
    count(server, ways(server, key)[way], times=2)
    assert server.door.given == 2


def test_an_access_token_is_taken_as_it_is_and_cannot_be_renewed(server: SalesforceServer) -> None:
    token = server.door.token()
    with pytest.raises(CrmError, match="the session has lapsed; get a new token") as error:
        count(server, {"access_token": token}, times=2)
    assert token not in str(error.value)
    assert server.count("POST /services/oauth2/token") == 0


@pytest.mark.parametrize(
    ("way", "wrong", "words"),
    [
        ("secret", {"client_secret": "a-wrong-secret"}, "invalid client credentials"),
        ("assertion", {"username": "eve@acme.example"}, "user hasn't approved this consumer"),
        ("assertion", {"private_key": "no key at all"}, "no private key in PEM"),
        ("assertion", {"audience": "https://elsewhere.example"}, "audience is invalid"),
        ("refresh", {"refresh_token": "a-spent-token"}, "expired access/refresh token"),
    ],
)
def test_whoever_is_not_let_in_is_told_why_without_the_secret(
    way: str, wrong: dict[str, str], words: str, server: SalesforceServer, key: rsa.RSAPrivateKey
) -> None:
    login = ways(server, key)[way] | wrong
    with pytest.raises(CrmError, match=words) as error:
        count(server, login)
    secrets = [value for name, value in login.items() if name not in ("username", "audience")]
    assert not any(secret in str(error.value) for secret in secrets)


def test_an_org_that_is_elsewhere_gets_no_token(server: SalesforceServer, key: rsa.RSAPrivateKey) -> None:
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    with pytest.raises(CrmError, match=f"the org is at {server.url}; write that as crm.url"):
        count(server, ways(server, key)["secret"], url=elsewhere)


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ({}, "give one way in"),
        ({"client_id": "a"}, "give one way in"),
        ({"access_token": "a", "client_secret": "b", "client_id": "c"}, "give one way in"),
        ({"private_key": "a", "client_id": "b"}, "`private_key` needs `username` beside it"),
        ({"client_secret": "a"}, "`client_secret` needs `client_id` beside it"),
    ],
)
def test_one_way_in_is_given_whole(login: dict[str, str], words: str) -> None:
    told = {"provider": "salesforce", "url": "https://acme.my.salesforce.com", "login": login}
    with pytest.raises(ValidationError, match=words):
        SalesforceConnection.model_validate(told)
