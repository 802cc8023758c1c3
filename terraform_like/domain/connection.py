"""Which CRM to read and write: what every `crm:` has, and where databases keep it."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

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
