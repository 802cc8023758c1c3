"""CRMs behind one port: every provider keeps the same promises."""

from __future__ import annotations

from pathlib import Path

from terraform_like.crm.port import Crm, CrmError
from terraform_like.domain.connection import Connection, CsvConnection, SqlConnection
from terraform_like.domain.odoo import OdooConnection
from terraform_like.domain.salesforce import SalesforceConnection


def open_crm(connection: Connection, root: Path) -> Crm:
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
    if isinstance(connection, SqlConnection):
        from terraform_like.crm.sql import SqlCrm

        return SqlCrm(connection, root)
    if isinstance(connection, CsvConnection):
        from terraform_like.crm.files import FilesCrm

        return FilesCrm(connection, root)
    if isinstance(connection, SalesforceConnection):
        from terraform_like.crm.salesforce.provider import SalesforceCrm

        return SalesforceCrm(connection)
    if isinstance(connection, OdooConnection):
        from terraform_like.crm.odoo.provider import OdooCrm

        return OdooCrm(connection)
    from terraform_like.providers import ProviderError, provider

    try:
        crm: Crm = provider(connection.provider).open(connection, root)
    except ProviderError as error:
        raise CrmError(f'there is no provider "{connection.provider}": {error}') from None
    return crm
