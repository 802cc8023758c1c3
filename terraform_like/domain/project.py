"""territory.yaml: which CRM, which state, which defaults."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from terraform_like.domain.quantity import Name
from terraform_like.domain.wish import Wish


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


class CrmConnection(Wish):
    """Which CRM to read and write."""

    provider: Literal["sql"] = "sql"
    """Kind of CRM. Example: `sql`."""
    url: SecretStr
    """Where it is; `${NAME}` is read from the environment. Example: `sqlite:///crm.sqlite`."""
    accounts: AccountMapping = AccountMapping()
    """Where accounts are. Example: `{table: accounts, key: id, owner: owner_id, territory: territory}`."""
    users: UserMapping = UserMapping()
    """Where users are. Example: `{table: users, key: id, email: email}`."""


class Applying(Wish):
    """When a plan may be applied, and what to do about records that somebody changed meanwhile."""

    branch: Annotated[str | None, Field(min_length=1, max_length=200, pattern=r"^[^-\s~^:?*\[\\][^\s~^:?*\[\\]*$")] = (
        None
    )
    """Branch that must hold the commit, with nothing uncommitted; leave out to apply from anywhere. Example: `main`."""
    on_conflict: Literal["skip", "overwrite", "fail"] = "skip"
    """What becomes of a record that was changed after the plan was made: it is left alone, written all the same, or
    keeps everything from being written. Example: `skip`."""


class Project(Wish):
    """A territory repository: its CRM, its state and its defaults."""

    project: Name
    """Name of the project. Example: `acme`."""
    crm: CrmConnection
    """The CRM. Example: `{provider: sql, url: "sqlite:///crm.sqlite"}`."""
    state: Annotated[SecretStr, Field(validate_default=True)] = SecretStr("sqlite:///.territory/state.sqlite")
    """Where to remember what was applied: a file, a server, or `git` itself; `${NAME}` is read from the environment.

    Example: `postgresql://territory:${PASSWORD}@db.acme.com/sales`.
    """
    apply: Applying = Applying()
    """When a plan may be applied. Example: `{branch: main, on_conflict: skip}`."""
    snapshot: Literal["commit", "local"] = "commit"
    """Whether snapshots are committed beside plans or kept under `.territory/`. Example: `commit`."""
