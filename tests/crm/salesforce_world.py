"""A Salesforce of the test's own, as the conformance suite wants it: territories in a field, or in a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from crm.loopback import Fault as ServerFault
from crm.salesforce_fake.ids import make_id
from crm.salesforce_fake.objects import Field
from crm.salesforce_fake.org import ApiError, Org, Row
from crm.salesforce_fake.server import BUSY, SalesforceServer
from crm.salesforce_fake.territories import Territories, set_up

from terraform_like.crm.conformance import Account, Fault
from terraform_like.crm.patient import PatientCrm
from terraform_like.crm.port import Crm
from terraform_like.crm.salesforce.provider import SalesforceCrm
from terraform_like.domain.salesforce import SalesforceConnection

#: Territories that an org has, where a test names no others.
KEYS = ("ent-east", "ent-west")
#: Requests that write owners.
_WRITES = r"PATCH .*/(composite/sobjects|sobjects/Account)|PUT .*/jobs/ingest"


class SalesforceWorld:
    """An org with two territories, served on loopback."""

    name_column = "Name"
    #: Seconds after which a server that says nothing has gone: long, since the machine of a test may be slow.
    silence = 30.0

    def __init__(
        self, server: SalesforceServer, model: Territories | None, keys: Sequence[str], **settings: Any
    ) -> None:
        self.territories = keys
        self.server, self.org, self.model = server, server.org, model
        self.house = self.org.create("User", Name="House", Username="house", Email="house@acme.example")
        self._settings = settings
        self._people = 0
        self._opened: list[PatientCrm] = []
        if model is None:
            self.org.objects["Account"].add(Field("Territory__c"))
        else:
            self._keys = {key: model.add(key) for key in self.territories}

    def connection(self) -> SalesforceConnection:
        """Give `crm:` of a territory.yaml for this org."""
        door = self.server.door
        accounts = {"unassigned": self.house} | ({"territory": "Territory__c"} if self.model is None else {})
        management = {} if self.model is None else {"territory_management": {"model": "FY27", "type": "Book"}}
        login = {"client_id": door.client_id, "client_secret": door.client_secret}
        told = {"provider": "salesforce", "url": self.server.url, "login": login, "accounts": accounts}
        return SalesforceConnection.model_validate(told | management | self._settings)

    def open(self) -> Crm:
        """Open the provider, without waits."""
        crm = SalesforceCrm(self.connection(), sleep=lambda seconds: None, silence=self.silence)
        self._opened.append(PatientCrm(crm, sleep=lambda seconds: None))
        return self._opened[-1]

    def close(self) -> None:
        """Close what was opened."""
        for crm in self._opened:
            crm.close()

    def add_user(self, name: str, *, active: bool = True) -> str:
        """Make a user and give the id."""
        self._people += 1
        email = f"{name.lower()}-{self._people}@acme.example"
        return self.org.create("User", Name=name, Username=email, Email=email, IsActive=active)

    def add_accounts(self, accounts: Sequence[Account], **values: Any) -> list[str]:
        """Make accounts and give their ids in the same order; what nobody owns is the house's."""
        made = []
        for account in accounts:
            row: Row = {"Name": account.name, "OwnerId": account.owner or self.house, **values}
            if self.model is None:
                row["Territory__c"] = account.territory
            made.append(self.org.create("Account", **row))
            if self.model is not None and account.territory:
                self.model.assign(made[-1], self._keys[account.territory])
        return made

    def edit(self, account: str, owner: str | None) -> None:
        """Change an account's owner as another client does."""
        self.org.edit("Account", account, OwnerId=owner or self.house)

    def remove(self, account: str) -> None:
        """Delete an account."""
        self.org.remove("Account", account)

    def held(self, account: str) -> tuple[str | None, str | None]:
        """Give owner and territory of an account, past the provider."""
        row = self.org.rows["Account"][account]
        owner = None if row["OwnerId"] == self.house else row["OwnerId"]
        if self.model is None:
            return owner, row["Territory__c"]
        return owner, " + ".join(self.model.held(account)) or None

    def no_user(self) -> str:
        """Give an id such as users have, that none of them has."""
        return make_id("005", 99_999_999)

    def fail(self, fault: Fault, account: str | None = None, times: int = 1) -> None:
        """Let the next so many writes meet this fault."""
        planted = {
            Fault.FAILS_BEFORE: ServerFault(_WRITES, times=times),
            Fault.FAILS_AFTER: ServerFault(_WRITES, "drop", after=True, times=times),
            Fault.HANGS: ServerFault(_WRITES, "hang", times=times),
            Fault.RATE_LIMIT: ServerFault(_WRITES, BUSY, times=times),
        }
        if fault in planted:
            self.server.faults.append(planted[fault])
        elif fault is Fault.EXPIRED:
            self.server.door.expire()
        elif fault is Fault.SILENT:
            self.org.pretending.add(str(account))
        elif fault is Fault.LOCKED:
            self.org.locked[str(account)] = times
        elif fault is Fault.FORBIDDEN:
            self.org.read_only |= self.org.rows["Account"].keys()
        else:
            self.org.rules.append(lambda name, row, given: _refuse(name, row, str(account)))

    def writes(self, account: str) -> int:
        """Give how often an account got another owner."""
        return self.org.owner_changes.count(account)


def _refuse(name: str, row: Row, account: str) -> None:
    if name == "Account" and row.get("Id") == account:
        raise ApiError("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Named accounts stay where they are: ask the desk")


@contextmanager
def salesforce(territories: bool, keys: Sequence[str] = KEYS, **settings: Any) -> Iterator[SalesforceWorld]:
    """Serve an org with Enterprise Territory Management on or off."""
    org = Org(territories=territories)
    model = set_up(org) if territories else None
    with SalesforceServer(org).running() as server:
        world = SalesforceWorld(server, model, keys, **settings)
        yield world
        world.close()
