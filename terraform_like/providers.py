"""Which providers there are: those that are built in, and those that other packages bring by entry points.

No type of `crm:` is imported before territory.yaml names its provider: all of them would slow down every start.

An entry point of another package leads to a `Provider`; its name is what `crm: {provider: NAME}` says:

    [project.entry-points."territory.crm"]
    acme = "acme_crm:PROVIDER"
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from terraform_like.domain.connection import Connection

#: Group of entry points that are providers.
GROUP = "territory.crm"
#: Where the type of `crm:` of every provider stands that is built in, by the provider's name.
BUILT_IN: dict[str, str] = {
    "sql": "terraform_like.domain.connection:SqlConnection",
    "csv": "terraform_like.domain.connection:CsvConnection",
    "salesforce": "terraform_like.domain.salesforce:SalesforceConnection",
    "hubspot": "terraform_like.domain.hubspot:HubspotConnection",
    "odoo": "terraform_like.domain.odoo:OdooConnection",
}


class ProviderError(Exception):
    """A provider cannot be had; the message says why."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A kind of CRM.

    Parameters
    ----------
    connection : type of Connection
        What `crm:` of territory.yaml says for it; `validate` checks it, with file and line.
    open : callable
        Gives a `terraform_like.crm.port.Crm` for such a connection and the folder of the territory repository; asks
        nothing of it yet.
    """

    connection: type[Connection]
    open: Callable[[Any, Path], Any]


def built_in(name: str) -> type[Connection]:
    """Give the type of `crm:` of a provider that is built in."""
    kind: type[Connection] = resolve_name(BUILT_IN[name])
    return kind


def installed() -> list[str]:
    """Give the names of all providers that other packages bring, sorted."""
    return sorted({found.name for found in entry_points(group=GROUP)})


def provider(name: str) -> Provider:
    """Give the provider of another package.

    Raises
    ------
    ProviderError
        When no package brings it, several do, or what it brings is none.
    """
    found = list(entry_points(group=GROUP, name=name))
    if len(found) != 1:
        raise ProviderError(f"{len(found)} packages bring it" if found else "no package brings it")
    try:
        loaded = found[0].load()
    except (ImportError, AttributeError) as error:
        raise ProviderError(f"{found[0].value} cannot be loaded: {error}") from None
    if not isinstance(loaded, Provider):
        raise ProviderError(f"{found[0].value} is no terraform_like.providers.Provider")
    return loaded
