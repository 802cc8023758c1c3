"""CRMs behind one port: every provider keeps the same promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from terraform_like.crm.port import Crm, CrmError
from terraform_like.domain.connection import Connection

if TYPE_CHECKING:
    from terraform_like.crm.patient import PatientCrm

#: Where every provider stands that is built in, by its name.
_BUILT_IN = {
    "sql": "terraform_like.crm.sql:SqlCrm",
    "csv": "terraform_like.crm.files:FilesCrm",
    "salesforce": "terraform_like.crm.salesforce.provider:SalesforceCrm",
    "hubspot": "terraform_like.crm.hubspot.provider:HubspotCrm",
    "odoo": "terraform_like.crm.odoo.provider:OdooCrm",
}
#: Those whose addresses may be relative to the territory repository.
_RELATIVE = {"sql", "csv"}


def open_crm(connection: Connection, root: Path) -> PatientCrm:
    """Give the CRM that territory.yaml names; nothing is asked of it yet.

    Parameters
    ----------
    connection : Connection
        `crm:` of territory.yaml.
    root : pathlib.Path
        The territory repository, which relative paths are relative to.

    Raises
    ------
    CrmError
        When the address cannot be read, or what the provider needs is not installed.
    """
    from terraform_like.crm.patient import PatientCrm

    return PatientCrm(_opened(connection, root))


def _opened(connection: Connection, root: Path) -> Crm:
    if connection.provider in _BUILT_IN:
        built_in: Callable[..., Crm] = resolve_name(_BUILT_IN[connection.provider])
        return built_in(connection, root) if connection.provider in _RELATIVE else built_in(connection)
    from terraform_like.providers import ProviderError, provider

    try:
        crm: Crm = provider(connection.provider).open(connection, root)
    except ProviderError as error:
        raise CrmError(f'there is no provider "{connection.provider}": {error}') from None
    return crm
