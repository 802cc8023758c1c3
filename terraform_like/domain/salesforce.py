"""`crm: {provider: salesforce}`: how to come in, which fields to use, and what of the API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from terraform_like.domain.connection import Connection
from terraform_like.domain.wish import Wish

#: A name of a field or an object in the API, as `OwnerId` or `Territory__c`.
ApiName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=80)]
#: An id of a record: 15 characters, or 18 with the check.
RecordId = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$")]


class SalesforceLogin(Wish):
    """How to come in: by a secret, a signed assertion, a refresh token or an access token."""

    client_id: SecretStr | None = None
    """Consumer key of the connected app. Example: `${SALESFORCE_CLIENT_ID}`."""
    client_secret: SecretStr | None = None
    """Consumer secret of the app, for the client credentials flow. Example: `${SALESFORCE_CLIENT_SECRET}`."""
    username: str | None = None
    """User whom the app may act as, for the JWT bearer flow. Example: `territory@acme.com`."""
    private_key: SecretStr | None = None
    """Private key in PEM whose certificate the app has, for the JWT bearer flow. Example: `${SALESFORCE_KEY}`."""
    audience: str | None = None
    """Whom an assertion is addressed to, where the address does not tell. Example: `https://test.salesforce.com`."""
    refresh_token: SecretStr | None = None
    """A refresh token that the app gave. Example: `${SALESFORCE_REFRESH_TOKEN}`."""
    access_token: SecretStr | None = None
    """A session as it is, which cannot be renewed. Example: `${SALESFORCE_ACCESS_TOKEN}`."""

    @property
    def way(self) -> Literal["secret", "assertion", "refresh", "token"]:
        """Which of the ways it is."""
        if self.access_token:
            return "token"
        if self.refresh_token:
            return "refresh"
        return "assertion" if self.private_key else "secret"

    @model_validator(mode="after")
    def _one_way(self) -> SalesforceLogin:
        ways = {
            "access_token": ("access_token",),
            "refresh_token": ("refresh_token", "client_id"),
            "private_key": ("private_key", "client_id", "username"),
            "client_secret": ("client_secret", "client_id"),
        }
        told = [way for way in ways if getattr(self, way)]
        if told == ["refresh_token", "client_secret"]:
            told = ["refresh_token"]
        if len(told) != 1:
            raise ValueError(
                "give one way in: `access_token`; or `client_id` with `client_secret`, with `refresh_token`, or with "
                "`username` and `private_key`"
            )
        missing = [f"`{part}`" for part in ways[told[0]] if not getattr(self, part)]
        if missing:
            raise ValueError(f"`{told[0]}` needs {' and '.join(missing)} beside it")
        return self


class SalesforceAccounts(Wish):
    """Which fields of Account are used; the id is `Id`, and `SystemModstamp` tells edits apart."""

    owner: ApiName = "OwnerId"
    """Field with the owner. Example: `OwnerId`."""
    territory: ApiName | None = None
    """Field of text with the territory, where Enterprise Territory Management is off. Example: `Territory__c`."""
    where: str | None = None
    """Condition in SOQL on the accounts to read; leave out to read all. Example: `RecordType.Name = 'Customer'`."""
    unassigned: RecordId | None = None
    """User who has the accounts that nobody owns, since each needs an owner. Example: `0055g00000AbCdEAAV`."""


class SalesforceUsers(Wish):
    """Which users may own accounts."""

    where: str | None = "UserType = 'Standard'"
    """Condition in SOQL on the users to read; null to read all. Example: `UserType = 'Standard'`."""


class TerritoryManagement(Wish):
    """Where Enterprise Territory Management is on: territories of a model instead of a field of accounts."""

    model: str = Field(min_length=1, max_length=80)
    """Developer name of the territory model, which is active or in planning; it is never activated from here.

    Example: `FY27`.
    """
    type: str = Field(min_length=1, max_length=80)
    """Developer name of the type of territories that are made. Example: `Book`."""
    key: ApiName = "Territory_Key__c"
    """Field of Territory2 with the territory's name in the plan. Example: `Territory_Key__c`."""
    roles: dict[str, str] = Field(default_factory=dict)
    """Role in the territory by role in the plan; who has another is a member without. Memberships in these roles are
    ended where the plan has nobody on them, all others are left alone. Example: `{account-executive: Sales Rep}`."""
    exclusions: bool = True
    """Whether an account that a rule would bring back is excluded from the territory it leaves. Example: `true`."""


class SalesforceBulk(Wish):
    """From how many records on the Bulk API is used."""

    read_above: Annotated[int, Field(ge=0)] = 50_000
    """Accounts above which they are read by the Bulk API. Example: `50000`."""
    write_above: Annotated[int, Field(ge=0)] = 2_000
    """Accounts of a batch above which they are written by the Bulk API. Example: `2000`."""


class SalesforceConnection(Connection):
    """A CRM at Salesforce."""

    provider: Literal["salesforce"]
    """Kind of CRM. Example: `salesforce`."""
    url: str
    """Address of the org; `${NAME}` is read from the environment. Example: `https://acme.my.salesforce.com`."""
    login: SalesforceLogin
    """How to come in. Example: `{client_id: "${SALESFORCE_ID}", client_secret: "${SALESFORCE_SECRET}"}`."""
    api: Annotated[str, Field(pattern=r"^[0-9]{2}\.0$")] = "65.0"
    """Version of the API. Example: `"65.0"`."""
    accounts: SalesforceAccounts = SalesforceAccounts()
    """Which fields of accounts are used. Example: `{owner: OwnerId, territory: Territory__c}`."""
    users: SalesforceUsers = SalesforceUsers()
    """Which users may own accounts. Example: `{where: "UserType = 'Standard'"}`."""
    territory_management: TerritoryManagement | None = None
    """Enterprise Territory Management, where it is on. Example: `{model: FY27, type: Book}`."""
    precondition: Literal["look", "strict"] = "look"
    """How a record that somebody changed meanwhile is found: by a look just before the write, or by the CRM itself for
    two calls a record. Example: `look`."""
    bulk: SalesforceBulk = SalesforceBulk()
    """From how many records on the Bulk API is used. Example: `{read_above: 50000, write_above: 2000}`."""

    @property
    def changed_by(self) -> str | None:
        """Field of accounts with who changed them last."""
        return "LastModifiedById"

    @model_validator(mode="after")
    def _one_territory(self) -> SalesforceConnection:
        if self.accounts.territory and self.territory_management:
            raise ValueError("an account's territory is told by `accounts.territory` or by `territory_management`: one")
        return self
