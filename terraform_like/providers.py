"""Providers that other packages bring: found by the entry points of the group `territory.crm`.

An entry point leads to a `Provider`; its name is what `crm: {provider: NAME}` of territory.yaml says:

    [project.entry-points."territory.crm"]
    acme = "acme_crm:PROVIDER"
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from terraform_like.domain.connection import Connection

#: Group of entry points that are providers.
GROUP = "territory.crm"


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
