"""HubSpot's own client in Python on loopback: nobody here wrote it, and it takes the server for the real one."""

from __future__ import annotations

from crm.hubspot_fake.server import HubSpotServer
from hubspot import HubSpot


def connected(server: HubSpotServer, token: str = "") -> HubSpot:
    """Give a client, with a key of its own where it is told no token."""
    return HubSpot(access_token=token or server.door.key(), host=server.url, base_url=server.url)
