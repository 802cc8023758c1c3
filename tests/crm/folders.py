"""A world of the `csv` provider: files in a folder, read and edited by Python's own csv."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from terraform_like.crm.conformance import Account
from terraform_like.crm.files import FilesCrm
from terraform_like.crm.patient import PatientCrm
from terraform_like.crm.port import Crm
from terraform_like.domain.connection import CsvConnection

ACCOUNTS = ["id", "name", "owner_id", "territory", "note"]
USERS = ["id", "name", "active"]


class FolderWorld:
    """A folder with accounts and users; with `changes`, what an account has is what that file says."""

    name_column = "name"
    territories = ("west", "east")

    def __init__(self, root: Path, **settings: Any) -> None:
        self._root, self._settings = root, settings
        self._numbers = itertools.count(1)
        self._save("accounts.csv", [ACCOUNTS])
        self._save("users.csv", [USERS])

    def open(self) -> Crm:
        mapping = {"accounts": {"territory": "territory"}, "users": {"name": "name", "active": "active"}}
        connection = CsvConnection.model_validate({"provider": "csv", **mapping, **self._settings})
        return PatientCrm(FilesCrm(connection, self._root), sleep=lambda _: None)

    def add_user(self, name: str, *, active: bool = True) -> str:
        user = f"u-{next(self._numbers)}"
        self._save("users.csv", [*self._rows("users.csv"), [user, name, str(active).lower()]])
        return user

    def add_accounts(self, accounts: Sequence[Account]) -> list[str]:
        made = [[f"A-{next(self._numbers)}", a.name, a.owner or "", a.territory or "", ""] for a in accounts]
        self._save("accounts.csv", [*self._rows("accounts.csv"), *made])
        return [row[0] for row in made]

    def edit(self, account: str, owner: str | None) -> None:
        self._change(account, lambda row: [*row[:2], owner or "", *row[3:]])

    def remove(self, account: str) -> None:
        self._save("accounts.csv", [row for row in self._rows("accounts.csv") if row[0] != account])

    def held(self, account: str) -> tuple[str | None, str | None]:
        (row,) = (row for row in self._rows("accounts.csv") if row[0] == account)
        owner, territory = row[2:4]
        if "changes" in self._settings and (self._root / self._settings["changes"]).exists():
            for changed in self._rows(self._settings["changes"]):
                if changed[0] == account:
                    owner, territory = changed[1:3]
        return owner or None, territory or None

    def no_user(self) -> str:
        return "u-0"

    def _change(self, account: str, change: Callable[[list[str]], list[str]]) -> None:
        rows = self._rows("accounts.csv")
        self._save("accounts.csv", [change(row) if row[0] == account else row for row in rows])

    def _rows(self, name: str) -> list[list[str]]:
        with (self._root / name).open(newline="", encoding="utf-8") as file:
            return list(csv.reader(file))

    def _save(self, name: str, rows: Sequence[Sequence[str]]) -> None:
        with (self._root / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\r\n").writerows(rows)
