"""HubSpot's own client from npm drives the fake HubSpot.

`make test-clients` installs it and runs this; an error of it ends it.
"""

from __future__ import annotations

from crm.hubspot_fake.portal import Portal
from crm.hubspot_fake.server import HubSpotServer
from crm.loopback import Fault
from node import run

from terraform_like.crm.conformance import HOSTILE

COUNT = 250


def main() -> None:
    """Serve a portal whose server fails once, as the client then tries again by itself."""
    portal = Portal()
    jane, idle = portal.hire("Jane", teams=["West"]), portal.hire("Idle", active=False)
    companies = [portal.create(name=HOSTILE[at % len(HOSTILE)]) for at in range(COUNT)]
    with HubSpotServer(portal).running() as server:
        server.faults.append(Fault("GET .*/owners"))
        door = server.door
        login = {"clientId": door.client_id, "secret": door.client_secret, "refresh": door.refresh_token}
        told = {"url": server.url, "login": login, "jane": jane, "idle": idle, "companies": companies}
        run("hubspot.mjs", told | {"names": HOSTILE})
        assert server.count("GET .*/owners") == 3, "an answer of 503 is tried again"
    assert {company.values["hubspot_owner_id"] for company in portal.companies.values()} == {jane}
    assert [option["value"] for option in portal.properties["territory"].options] == ["west", "east"]


if __name__ == "__main__":
    main()
