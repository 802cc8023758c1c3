"""CRMs behind one port: every provider keeps the same promises."""

from __future__ import annotations

from pathlib import Path

from terraform_like.crm.port import Crm
from terraform_like.domain.project import CrmConnection


def open_crm(connection: CrmConnection, root: Path) -> Crm:
    """Give the CRM that territory.yaml names; nothing is asked of it yet.

    Parameters
    ----------
    connection : CrmConnection
        `crm:` of territory.yaml.
    root : pathlib.Path
        The territory repository, which relative paths are relative to.

    Raises
    ------
    CrmError
        When the URL cannot be read or its driver is not installed.
    """
    from terraform_like.crm.patient import PatientCrm
    from terraform_like.crm.sql import SqlCrm

    return PatientCrm(SqlCrm(connection, root))
