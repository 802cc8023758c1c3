"""Which CRM to read and write: what every `crm:` has, and where databases keep it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from terraform_like.domain.wish import Wish


class Connection(Wish):
    """What every `crm:` has: providers of other packages derive their own type from it."""

    provider: str
    """Name of the provider. Example: `sql`."""

    @property
    def changed_by(self) -> str | None:
        """Column of accounts with who changed them last; None where there is none."""
        return None


class AccountMapping(Wish):
    """Where the CRM keeps accounts."""

    table: str = "accounts"
    """Table (SQL) or object. Example: `accounts`."""
    key: str = "id"
    """Column with the account's id. Example: `id`."""
    owner: str = "owner_id"
    """Column with the CRM user id of the owner. Example: `owner_id`."""
    territory: str | None = None
    """Column with the territory, where the CRM has one. Example: `territory`."""
    version: str | None = None
    """Column that changes with every edit, where there is one. Example: `updated_at`."""
    changed_by: str | None = None
    """Column with who changed the account last, where there is one; drift tells it. Example: `updated_by`."""


class UserMapping(Wish):
    """Where the CRM keeps users."""

    table: str = "users"
    """Table (SQL) or object. Example: `users`."""
    key: str = "id"
    """Column with the user's id. Example: `id`."""
    name: str | None = None
    """Column with the user's name. Example: `name`."""
    email: str | None = None
    """Column with the user's e-mail. Example: `email`."""
    active: str | None = None
    """Column that says whether the user is active; leave out where all are. Example: `active`."""


class SqlConnection(Connection):
    """A CRM in a database: any that SQLAlchemy reaches."""

    provider: Literal["sql"] = "sql"
    """Kind of CRM. Example: `sql`."""
    url: SecretStr
    """Where it is; `${NAME}` is read from the environment. Example: `sqlite:///crm.sqlite`."""
    accounts: AccountMapping = AccountMapping()
    """Where accounts are. Example: `{table: accounts, key: id, owner: owner_id, territory: territory}`."""
    users: UserMapping = UserMapping()
    """Where users are. Example: `{table: users, key: id, email: email}`."""

    @property
    def changed_by(self) -> str | None:
        """Column of accounts with who changed them last; None where there is none."""
        return self.accounts.changed_by


class AccountsFile(Wish):
    """Which file of the folder holds accounts, and where in it."""

    file: str = "accounts.csv"
    """The file, CSV with a header, or Parquet to read only. Example: `accounts.csv`."""
    key: str = "id"
    """Column with the account's id. Example: `id`."""
    owner: str = "owner_id"
    """Column with the CRM user id of the owner. Example: `owner_id`."""
    territory: str | None = None
    """Column with the territory, where there is one. Example: `territory`."""
    changed_by: str | None = None
    """Column with who changed the account last, where there is one; drift tells it. Example: `updated_by`."""


class UsersFile(Wish):
    """Which file of the folder holds users, and where in it."""

    file: str = "users.csv"
    """The file, CSV with a header, or Parquet. Example: `users.csv`."""
    key: str = "id"
    """Column with the user's id. Example: `id`."""
    name: str | None = None
    """Column with the user's name. Example: `name`."""
    email: str | None = None
    """Column with the user's e-mail. Example: `email`."""
    active: str | None = None
    """Column that says whether the user is active; leave out where all are. Example: `active`."""


class CsvConnection(Connection):
    """A CRM in a folder of files, such as its export."""

    provider: Literal["csv"]
    """Kind of CRM. Example: `csv`."""
    folder: str = "."
    """The folder, relative to the repository. Example: `crm`."""
    accounts: AccountsFile = AccountsFile()
    """Where accounts are. Example: `{file: accounts.csv, key: Id, owner: OwnerId}`."""
    users: UsersFile = UsersFile()
    """Where users are. Example: `{file: users.csv, key: Id, name: Name, email: Email, active: IsActive}`."""
    changes: str | None = None
    """File of the folder to write changes to, for a data loader; leave out to change the file of accounts itself.

    Example: `changes.csv`.
    """
    separator: Annotated[str, Field(min_length=1, max_length=1, pattern="[,;|\t]")] = ","
    """What stands between cells. Example: `;`."""
    encoding: str | None = None
    """How the files are encoded; leave out for UTF-8, or what a byte order mark says. Example: `cp1252`."""

    @property
    def changed_by(self) -> str | None:
        """Column of accounts with who changed them last; None where there is none."""
        return self.accounts.changed_by
