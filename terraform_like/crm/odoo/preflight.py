"""What a database must have before anything is read or written: fields, rights, domains that it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from terraform_like.crm.odoo import values
from terraform_like.crm.odoo.accounts import ACCOUNT, USER, VERSION, Accounts
from terraform_like.crm.odoo.refusal import Refused
from terraform_like.crm.odoo.session import Session
from terraform_like.diagnostics import Diagnostic, Severity, did_you_mean
from terraform_like.domain.odoo import OdooConnection

#: Types of fields that hold a territory's name.
_TEXTS = ("char", "text", "selection")


def lacking_fields(connection: OdooConnection, accounts: Accounts) -> Iterator[Diagnostic]:
    """Name the fields of accounts that are mapped and not there, or not what they are mapped for."""
    fields, mapping = accounts.fields(), connection.accounts
    for setting, field in (("owner", mapping.owner), ("territory", mapping.territory)):
        if field is not None and field not in fields:
            yield _error(no_field(field, fields), f"`crm.accounts.{setting}` in territory.yaml names it.")
    if mapping.owner in fields and fields[mapping.owner].get("relation") != USER:
        yield _error(f'The field "{mapping.owner}" does not refer to users', "`crm.accounts.owner` names it.")
    if mapping.territory in fields and fields[str(mapping.territory)]["type"] not in _TEXTS:
        yield _error(
            f'The field "{mapping.territory}" holds no text',
            "`crm.accounts.territory` names it; a field of type char or selection can hold a territory's name.",
        )
    if VERSION not in fields:
        yield _error(no_field(VERSION, fields), "It tells edits apart.")


def lacking_columns(columns: Sequence[str], accounts: Accounts) -> Iterator[Diagnostic]:
    """Name the columns of an expression that accounts do not have."""
    fields = values.readable(accounts.fields())
    for column in columns:
        if column not in fields:
            yield _error(no_field(column, fields), "An expression of the plan uses it.")


def lacking_conditions(connection: OdooConnection, accounts: Accounts) -> Iterator[Diagnostic]:
    """Say which of the domains of territory.yaml Odoo does not take."""
    for model, place, where in (
        (ACCOUNT, "accounts", connection.accounts.where),
        (USER, "users", connection.users.where),
    ):
        try:
            accounts.takes(model, where)
        except Refused as error:
            yield _error(f"`crm.{place}.where` finds nothing in {model}: {error.words}")


def lacking_rights(connection: OdooConnection, accounts: Accounts, session: Session) -> Iterator[Diagnostic]:
    """Say what this user may not write."""
    if not session.may(ACCOUNT, "write"):
        yield _error(
            f"This user may not write {ACCOUNT}",
            "Give it the group Contact Creation, or another that may write contacts.",
        )
    fields, mapping = accounts.fields(), connection.accounts
    for field in (mapping.owner, mapping.territory):
        if field in fields and fields[str(field)].get("readonly"):
            yield _error(f'Odoo lets nobody write the field "{field}" of {ACCOUNT}', "It is reckoned from others.")


def no_field(field: str, fields: Mapping[str, Any]) -> str:
    """Say that there is no such field, or that this user may not see it."""
    return f'Odoo has no field "{field}" of {ACCOUNT} that this user may see.{did_you_mean(field, fields)}'


def _error(summary: str, detail: str = "") -> Diagnostic:
    return Diagnostic(Severity.ERROR, summary, detail)
