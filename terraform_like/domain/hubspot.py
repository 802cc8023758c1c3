"""`crm: {provider: hubspot}`: how to come in, which properties to use, and by which version of the API."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from terraform_like.domain.connection import Connection
from terraform_like.domain.wish import Wish

_NAME = "[a-z][a-z0-9_]*"


def _internal(name: str) -> str:
    if not re.fullmatch(_NAME, name):
        raise ValueError("write the internal name of the property, not its label: `hubspot_owner_id`")
    return name


#: A property's internal name, as `hubspot_owner_id`.
PropertyName = Annotated[
    str, Field(max_length=100, json_schema_extra={"pattern": f"^{_NAME}$"}), AfterValidator(_internal)
]


class HubspotLogin(Wish):
    """How to come in: by a key as it is, or by a refresh token of an app."""

    key: SecretStr | None = None
    """A service key, or the access token of a private app. Example: `${HUBSPOT_KEY}`."""
    client_id: SecretStr | None = None
    """Client id of an app, for OAuth. Example: `${HUBSPOT_CLIENT_ID}`."""
    client_secret: SecretStr | None = None
    """Client secret of that app. Example: `${HUBSPOT_CLIENT_SECRET}`."""
    refresh_token: SecretStr | None = None
    """A refresh token that the app was given. Example: `${HUBSPOT_REFRESH_TOKEN}`."""

    @model_validator(mode="after")
    def _one_way(self) -> HubspotLogin:
        parts = ("client_id", "client_secret", "refresh_token")
        missing = [f"`{part}`" for part in parts if not getattr(self, part)]
        if self.key is not None and len(missing) < len(parts):
            raise ValueError("give one way in: `key` stands alone")
        if self.key is None and len(missing) == len(parts):
            raise ValueError("give a way in: `key`; or `client_id`, `client_secret` and `refresh_token`")
        if self.key is None and missing:
            raise ValueError(f"OAuth needs {' and '.join(missing)} beside the rest")
        return self


class HubspotAccounts(Wish):
    """Which properties of companies are used; the id is HubSpot's record id."""

    owner: PropertyName = "hubspot_owner_id"
    """Property with the owner. Example: `hubspot_owner_id`."""
    territory: PropertyName | None = None
    """Property of text, or one that offers values, with the territory; leave out where owners say it all.
    `territory init --crm-setup` makes it. Example: `territory`."""
    changed_by: PropertyName | None = None
    """Property with who changed the company last; drift tells it. Example: `hs_updated_by_user_id`."""


class HubspotUsers(Wish):
    """Which owners may own accounts."""

    teams: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Teams, by name or id, whose members they are; leave out to read all owners. Example: `[Sales East]`."""


class HubspotConnection(Connection):
    """A CRM at HubSpot."""

    provider: Literal["hubspot"]
    """Kind of CRM. Example: `hubspot`."""
    login: HubspotLogin
    """How to come in. Example: `{key: "${HUBSPOT_KEY}"}`."""
    url: str = "https://api.hubapi.com"
    """Address of the API; `${NAME}` is read from the environment. Example: `https://api.hubapi.com`."""
    api: Literal["2026-09", "v3"] = "2026-09"
    """Version of the API; HubSpot ends v3 in September 2027. Example: `"2026-09"`."""
    accounts: HubspotAccounts = HubspotAccounts()
    """Which properties of companies are used. Example: `{owner: hubspot_owner_id, territory: territory}`."""
    users: HubspotUsers = HubspotUsers()
    """Which owners may own accounts. Example: `{teams: [Sales East, Sales West]}`."""

    @property
    def changed_by(self) -> str | None:
        """Property of accounts with who changed them last; None where there is none."""
        return self.accounts.changed_by
