"""simple-salesforce on loopback: a client that nobody here wrote, on a server that it takes for the real one."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests
from crm.salesforce_fake.server import SalesforceServer
from simple_salesforce import Salesforce


class Loopback(requests.adapters.HTTPAdapter):
    """Takes what is meant for https, which the library insists on, to the server on loopback."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = urlsplit(url)

    def send(self, request, **more):
        request.url = urlsplit(request.url)._replace(scheme="http", netloc=self._url.netloc).geturl()
        return super().send(request, **more)


def connected(server: SalesforceServer, **login: str) -> Salesforce:
    """Give a client, with a token of its own where it is told no other way in."""
    session = requests.Session()
    session.mount("https://", Loopback(server.url))
    login = login or {"session_id": server.door.token(), "instance_url": server.url}
    return Salesforce(session=session, **login)
