"""What an org must have before anything is read or written: fields, a model, permissions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from terraform_like.crm.port import CrmError
from terraform_like.crm.salesforce.accounts import ACCOUNT, USER, VERSION, Accounts
from terraform_like.crm.salesforce.refusal import Refused
from terraform_like.crm.salesforce.session import Session
from terraform_like.crm.salesforce.territories import ASSOCIATION, EXCLUSION, MEMBER, OPEN, TERRITORY, Territories
from terraform_like.diagnostics import Diagnostic, Severity, did_you_mean, listing
from terraform_like.domain.salesforce import SalesforceConnection, TerritoryManagement

#: Types of fields that hold a territory's name.
_TEXTS = ("string", "textarea", "picklist", "combobox")


def lacking_fields(connection: SalesforceConnection, accounts: Accounts) -> Iterator[Diagnostic]:
    """Name the fields of accounts that are mapped and not there."""
    fields, mapping = accounts.fields(), connection.accounts
    for setting, field in (("owner", mapping.owner), ("territory", mapping.territory)):
        if field is not None and field not in fields:
            yield _error(no_field(field, fields), f"`crm.accounts.{setting}` in territory.yaml names it.")
    if mapping.owner in fields and USER not in fields[mapping.owner].referenceTo:
        yield _error(f'the field "{mapping.owner}" does not refer to users', "`crm.accounts.owner` names it.")
    if mapping.territory in fields and fields[str(mapping.territory)].type not in _TEXTS:
        yield _error(f'the field "{mapping.territory}" holds no text', "`crm.accounts.territory` names it.")
    if VERSION not in fields:
        yield _error(no_field(VERSION, fields), "It tells edits apart.")


def lacking_columns(columns: Sequence[str], accounts: Accounts) -> Iterator[Diagnostic]:
    """Name the columns of an expression that accounts do not have."""
    types = accounts.types()
    for column in columns:
        if column not in types:
            yield _error(no_field(column, types), "An expression of the plan uses it.")


def lacking_conditions(connection: SalesforceConnection, session: Session) -> Iterator[Diagnostic]:
    """Say which of the conditions of territory.yaml Salesforce does not take."""
    told = ((ACCOUNT, "accounts", connection.accounts.where), (USER, "users", connection.users.where))
    for kind, place, where in told:
        if where is None:
            continue
        try:
            session.count(kind, where)
        except Refused as error:
            _raise_what_meets_all(error)
            yield _error(f"`crm.{place}.where` is no condition on {kind}: {error.problem.told}")


def lacking_rights(connection: SalesforceConnection, accounts: Accounts) -> Iterator[Diagnostic]:
    """Name the fields of accounts that are to be written and that this user may not write."""
    fields, mapping = accounts.fields(), connection.accounts
    for field in (mapping.owner, mapping.territory):
        if field in fields and not fields[str(field)].updateable:
            yield _error(
                f'this user may not write the field "{field}" of {ACCOUNT}',
                "Give it Edit on accounts and on that field, and Transfer Record for owners.",
            )


def lacking_territories(
    settings: TerritoryManagement, accounts: Accounts, territories: Territories, session: Session
) -> Iterator[Diagnostic]:
    """Say what Enterprise Territory Management lacks: the feature, the key, the model, the type, the roles."""
    try:
        fields = accounts.fields(TERRITORY)
        there = {kind: accounts.fields(kind) for kind in (ASSOCIATION, MEMBER)}
    except Refused as error:
        _raise_what_meets_all(error)
        yield _error(
            f"Enterprise Territory Management is off, or this user may not see it: {error.problem.told}",
            "Turn it on in Setup and give the user Manage Territories, or leave out `crm.territory_management`.",
        )
        return
    place = "`crm.territory_management.{}` in territory.yaml names it."
    if settings.key not in fields:
        yield _error(no_field(settings.key, fields, TERRITORY), place.format("key"))
        return
    role = there[MEMBER].get("RoleInTerritory2")
    known = {choice.value for choice in role.picklistValues} if role else set()
    if strangers := sorted(set(settings.roles.values()) - known):
        hint = f"There are: {', '.join(sorted(known))}." if known else "The org has none."
        yield _error(f"Salesforce has no role {listing(strangers)} in territories", hint)
    try:
        _, state = territories.model()
        territories.type()
        territories.ids()
        if settings.exclusions:
            accounts.fields(EXCLUSION)
    except CrmError as error:
        yield _error(str(error))
        return
    if state not in OPEN:
        yield _error(
            f"the territory model {settings.model} is {state}",
            "Only a model that is active or in planning can be changed. " + place.format("model"),
        )


def _raise_what_meets_all(error: Refused) -> None:
    """Leave it to the caller to tell of a refusal that says nothing of what was asked, as of a day without calls."""
    if not error.of_one_record:
        raise error


def no_field(field: str, fields: Mapping[str, Any], kind: str = ACCOUNT) -> str:
    """Say that there is no such field, or that this user may not see it."""
    return f'Salesforce has no field "{field}" of {kind} that this user may see.{did_you_mean(field, fields)}'


def _error(summary: str, detail: str = "") -> Diagnostic:
    return Diagnostic(Severity.ERROR, summary, detail)
