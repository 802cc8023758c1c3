"""A HubSpot of the test's own, as the conformance suite wants it: by a service key, or by OAuth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from crm.hubspot_fake.door import WRITE
from crm.hubspot_fake.limits import busy
from crm.hubspot_fake.portal import Portal
from crm.hubspot_fake.properties import Property, option
from crm.hubspot_fake.server import HubSpotServer
from crm.loopback import Fault as ServerFault

from terraform_like.crm.conformance import Account, Fault
from terraform_like.crm.hubspot.provider import HubspotCrm
from terraform_like.crm.patient import PatientCrm
from terraform_like.domain.hubspot import HubspotConnection

#: Territories that a portal has, where a test names no others.
KEYS = ("ent-east", "ent-west")
OWNER, TERRITORY = "hubspot_owner_id", "territory"
#: Requests that write companies.
WRITES = r"POST .*/batch/update"


class HubspotWorld:
    """A portal with a property for territories, served on loopback."""

    name_column = "name"
    #: Seconds after which a server that says nothing has gone: long, since the machine of a test may be slow.
    silence = 30.0

    def __init__(self, server: HubSpotServer, keys: Sequence[str], *, oauth: bool = False, **settings: Any) -> None:
        self.server, self.portal, self.territories = server, server.portal, keys
        self._oauth, self._settings = oauth, settings
        self.key = server.door.key()
        self._opened: list[PatientCrm] = []

    @property
    def login(self) -> dict[str, str]:
        """The login of a territory.yaml."""
        door = self.server.door
        if not self._oauth:
            return {"key": self.key}
        return {"client_id": door.client_id, "client_secret": door.client_secret, "refresh_token": door.refresh_token}

    def connection(self) -> HubspotConnection:
        """Give `crm:` of a territory.yaml for this portal."""
        told = {"provider": "hubspot", "url": self.server.url, "login": self.login}
        return HubspotConnection.model_validate(told | {"accounts": {"territory": TERRITORY}} | self._settings)

    def open(self) -> PatientCrm:
        """Open the provider; a wait is time that passes on the portal's clock."""
        wait = self.server.limits.pass_by
        crm = HubspotCrm(self.connection(), sleep=wait, silence=self.silence, clock=lambda: self.server.limits.now)
        self._opened.append(PatientCrm(crm, sleep=wait))
        return self._opened[-1]

    def close(self) -> None:
        """Close what was opened."""
        for crm in self._opened:
            crm.close()

    def add_user(self, name: str, *, active: bool = True) -> str:
        """Make an owner and give the id."""
        return self.portal.hire(name, active=active)

    def add_accounts(self, accounts: Sequence[Account], **values: Any) -> list[str]:
        """Make companies and give their ids in the same order."""
        told = {name: str(value) for name, value in values.items()}
        return [
            self.portal.create(
                **told, name=account.name, **{OWNER: account.owner or "", TERRITORY: account.territory or ""}
            )
            for account in accounts
        ]

    def edit(self, account: str, owner: str | None) -> None:
        """Change a company's owner as another client does."""
        self.portal.edit(account, **{OWNER: owner or ""})

    def remove(self, account: str) -> None:
        """Put a company into the recycling bin."""
        self.portal.archive(account)

    def held(self, account: str) -> tuple[str | None, str | None]:
        """Give owner and territory of a company, past the provider."""
        values = self.portal.companies[account].values
        return values.get(OWNER), values.get(TERRITORY)

    def no_user(self) -> str:
        """Give an id such as owners have, that none of them has."""
        return "99999999"

    def fail(self, fault: Fault, account: str | None = None, times: int = 1) -> None:
        """Let the next so many writes meet this fault."""
        planted = {
            Fault.FAILS_BEFORE: ServerFault(WRITES, times=times),
            Fault.FAILS_AFTER: ServerFault(WRITES, "drop", after=True, times=times),
            Fault.HANGS: ServerFault(WRITES, "hang", times=times),
            Fault.RATE_LIMIT: ServerFault(WRITES, busy(), times=times),
        }
        if fault in planted:
            self.server.faults.append(planted[fault])
        elif fault is Fault.EXPIRED:
            self.server.door.expire()
        elif fault is Fault.SILENT:
            self.portal.pretending.add(str(account))
        elif fault is Fault.LOCKED:
            self.portal.locked[str(account)] = times
        elif fault is Fault.FORBIDDEN:
            self.server.door.scopes.discard(WRITE)
        else:
            self.portal.rules.append(lambda id_, values: _refuse(id_, values, str(account)))

    def writes(self, account: str) -> int:
        """Give how often a company was written."""
        return self.portal.written.count(account)


def _refuse(id_: str, values: Mapping[str, str], account: str) -> str | None:
    return "Named accounts stay where they are: ask the desk" if id_ == account and OWNER in values else None


def choice(*values: str) -> Property:
    """Give a property of territories that offers some values only."""
    return Property(TERRITORY, "enumeration", "select", options=[option(each) for each in values], own=False)


@contextmanager
def hubspot(keys: Sequence[str] = KEYS, *, field: Property | None = None, **settings: Any) -> Iterator[HubspotWorld]:
    """Serve a portal whose companies have a territory: a text, or the property that is given."""
    with HubSpotServer(Portal()).running() as server:
        server.portal.add(field or Property(TERRITORY, own=False))
        world = HubspotWorld(server, keys, **settings)
        yield world
        world.close()
