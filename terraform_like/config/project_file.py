"""territory.yaml with all that the built-in providers take: what its schema and its layout are made of.

Reading it needs the provider that it names and no other: see `config/connection.py`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, Tag

from terraform_like.domain.connection import Connection, CsvConnection, SqlConnection
from terraform_like.domain.hubspot import HubspotConnection
from terraform_like.domain.odoo import OdooConnection
from terraform_like.domain.project import Project
from terraform_like.domain.salesforce import SalesforceConnection
from terraform_like.providers import BUILT_IN


class OtherConnection(Connection):
    """A CRM whose provider another package brings; what it takes is checked by the type that the package gives."""

    model_config = ConfigDict(extra="allow")

    provider: str = Field(json_schema_extra={"not": {"enum": [*BUILT_IN]}})
    """Name of an entry point of the group `territory.crm`. Example: `acme`."""


def _branch(value: Any) -> str:
    provider = value.get("provider", "sql") if isinstance(value, dict) else getattr(value, "provider", "sql")
    return provider if isinstance(provider, str) and provider in BUILT_IN else "other"


class ProjectFile(Project):
    """A territory repository: its CRM, its state and its defaults."""

    crm: Annotated[
        Annotated[SqlConnection, Tag("sql")]
        | Annotated[CsvConnection, Tag("csv")]
        | Annotated[SalesforceConnection, Tag("salesforce")]
        | Annotated[HubspotConnection, Tag("hubspot")]
        | Annotated[OdooConnection, Tag("odoo")]
        | Annotated[OtherConnection, Tag("other")],
        Discriminator(_branch),
    ]
    """The CRM. Example: `{provider: sql, url: "sqlite:///crm.sqlite"}`."""
