"""An Odoo of the test's own, as the conformance suite wants it: the fake, or a real one, driven alike over JSON-2."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
from crm.loopback import Fault as ServerFault
from crm.odoo_fake import BAD_GATEWAY, BUSY, DATABASE, PARTNER, USER, WRITES, FakeOdoo, OdooError, Row

from terraform_like.crm.conformance import Account, Fault
from terraform_like.crm.odoo.provider import OdooCrm
from terraform_like.crm.patient import PatientCrm
from terraform_like.crm.port import Crm
from terraform_like.domain.odoo import OdooConnection


class OdooWorld:
    """Companies of a database that carry a mark of this world's own.

    Parameters
    ----------
    url : str
        Address of the server.
    keys : mapping of str to str
        API keys of `admin` and of `sync`, who writes for the provider.
    tick : float
        Seconds until the server's clock shows another second; 0 where it goes by itself.
    """

    name_column = "name"
    territories: Sequence[str] = ("ent-east", "ent-west")

    def __init__(self, url: str, keys: Mapping[str, str], *, tick: float = 0.0, **settings: Any) -> None:
        self.url, self.keys, self.mark = url, dict(keys), uuid.uuid4().hex
        self._tick, self._settings = tick, settings
        #: Seconds until the provider gives up on an answer.
        self.silence = 300.0 if tick else 0.5
        self._client = httpx.Client(base_url=url, timeout=300)
        self._opened: list[PatientCrm] = []

    @property
    def where(self) -> str:
        """The domain of this world's accounts."""
        return f"[('ref', '=', '{self.mark}'), ('is_company', '=', True)]"

    def connection(self) -> OdooConnection:
        """Give `crm:` of a territory.yaml for this world."""
        accounts = {"territory": "x_territory", "where": self.where}
        told = {"provider": "odoo", "url": self.url, "database": DATABASE, "key": self.keys["sync"], "login": "sync"}
        return OdooConnection.model_validate(told | {"accounts": accounts} | self._settings)

    def open(self) -> Crm:
        """Open the provider, without waits."""
        crm = OdooCrm(self.connection(), sleep=lambda seconds: None, silence=self.silence)
        self._opened.append(PatientCrm(crm, sleep=lambda seconds: None))
        return self._opened[-1]

    def close(self) -> None:
        """Close what was opened."""
        for crm in self._opened:
            crm.close()
        self._client.close()

    def call(self, model: str, method: str, **given: Any) -> Any:
        """Call a method as the administrator, past the provider."""
        headers = {"Authorization": f"bearer {self.keys['admin']}", "X-Odoo-Database": DATABASE}
        answer = self._client.post(f"/json/2/{model}/{method}", headers=headers, json=given)
        assert answer.is_success, answer.text[:2_000]
        return answer.json()

    def add_user(self, name: str, *, active: bool = True) -> str:
        """Make a user and give the id."""
        login = f"{name.lower().replace(' ', '-')}-{uuid.uuid4().hex[:8]}@acme.example"
        user = {"name": name, "login": login, "email": login, "active": active}
        return str(self.call(USER, "create", vals_list=[user], context={"no_reset_password": True})[0])

    def add_accounts(self, accounts: Sequence[Account], **values: Any) -> list[str]:
        """Make accounts and give their ids in the same order."""
        rows: list[Row] = [
            {
                "name": account.name,
                "ref": self.mark,
                "is_company": True,
                "user_id": int(account.owner) if account.owner else False,
                "x_territory": account.territory or False,
                **values,
            }
            for account in accounts
        ]
        made = self.call(PARTNER, "create", vals_list=rows, context={"tracking_disable": True})
        return [str(id_) for id_ in made]

    def edit(self, account: str, owner: str | None) -> None:
        """Change an account's owner as another client does."""
        time.sleep(self._tick)
        vals = {"user_id": int(owner) if owner else False}
        self.call(PARTNER, "write", ids=[int(account)], vals=vals, context={"tracking_disable": True})

    def remove(self, account: str) -> None:
        """Delete an account."""
        self.call(PARTNER, "unlink", ids=[int(account)])

    def held(self, account: str) -> tuple[str | None, str | None]:
        """Give owner and territory of an account, past the provider."""
        return self.all_held([account])[account]

    def all_held(self, accounts: Sequence[str]) -> dict[str, tuple[str | None, str | None]]:
        """Give owner and territory of accounts, past the provider."""
        domain, fields = [["id", "in", [int(account) for account in accounts]]], ["user_id", "x_territory"]
        rows = self.call(PARTNER, "search_read", domain=domain, fields=fields)
        return {
            str(row["id"]): (str(row["user_id"][0]) if row["user_id"] else None, row["x_territory"] or None)
            for row in rows
        }

    def no_user(self) -> str:
        """Give an id such as users have, that none of them has."""
        return "99999999"


class FakeOdooWorld(OdooWorld):
    """A world on a server that can be made to fail."""

    def __init__(self, server: FakeOdoo, **settings: Any) -> None:
        self.server, self.database = server, server.database
        super().__init__(server.url, {name: self.database.key(name) for name in ("admin", "sync")}, **settings)

    def fail(self, fault: Fault, account: str | None = None, times: int = 1) -> None:
        """Let the next so many writes meet this fault."""
        planted: dict[Fault, ServerFault] = {
            Fault.FAILS_BEFORE: ServerFault(WRITES, BAD_GATEWAY, times=times),
            Fault.FAILS_AFTER: ServerFault(WRITES, "drop", after=True, times=times),
            Fault.HANGS: ServerFault(WRITES, "hang", times=times),
            Fault.RATE_LIMIT: ServerFault(WRITES, BUSY, times=times),
        }
        if fault in planted:
            self.server.faults.append(planted[fault])
        elif fault is Fault.EXPIRED:
            del self.database.keys[self.keys["sync"]]
        elif fault is Fault.SILENT:
            self.database.pretending.add(int(str(account)))
        elif fault is Fault.FORBIDDEN:
            self.database.readers.add(self.database.keys[self.keys["sync"]])
        elif fault is Fault.LOCKED:
            self.refuse(str(account), "psycopg2.errors.SerializationFailure", "could not serialize access", times)
        else:
            self.refuse(str(account), "odoo.exceptions.ValidationError", "Named accounts stay where they are", times)

    def writes(self, account: str) -> int:
        """Give how often an account was written."""
        return self.database.written.count(int(account))

    def refuse(self, account: str, name: str, words: str, times: int) -> None:
        """Let the next so many writes of an account meet an exception of that name."""
        left = [times]

        def judge(row: Row) -> None:
            if row["id"] == int(account) and left[0] > 0:
                left[0] -= 1
                raise OdooError(name, words)

        self.database.refusing.append(judge)


@contextmanager
def fake_odoo(**settings: Any) -> Iterator[FakeOdooWorld]:
    """Serve a fake Odoo."""
    with FakeOdoo().running() as server:
        world = FakeOdooWorld(server, **settings)
        yield world
        world.close()
