"""What an account must have before anything is read or written: scopes, properties, the values that they offer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from terraform_like.crm.hubspot import values
from terraform_like.crm.hubspot.accounts import Accounts
from terraform_like.crm.hubspot.refusal import FORBIDDEN, TOO_MANY, UNAUTHORISED, Refused
from terraform_like.crm.hubspot.session import Session
from terraform_like.crm.hubspot.shapes import Property
from terraform_like.diagnostics import Diagnostic, Severity, did_you_mean, listing
from terraform_like.domain.hubspot import HubspotConnection

#: What a property of owners refers to.
_OWNER = "OWNER"
#: Types of properties that hold a territory's name, but for those of several values.
_TEXTS, _SEVERAL = ("string", "enumeration"), "checkbox"
READ_COMPANIES, READ_OWNERS = "crm.objects.companies.read", "crm.objects.owners.read"
WRITE_COMPANIES = "crm.objects.companies.write"


def lacking_reads(session: Session) -> Iterator[Diagnostic]:
    """Name each scope that the key lacks to read companies and owners."""
    for path, scope in ((session.paths.companies, READ_COMPANIES), (session.paths.owners, READ_OWNERS)):
        try:
            session.read("GET", path, params={"limit": 1})
        except Refused as error:
            yield from _without(error, scope)


def lacking_writes(session: Session) -> Iterator[Diagnostic]:
    """Name the scope that the key lacks to write companies: a batch of none is refused for that before all else.

    What else HubSpot says of such a batch, nobody knows, and no write depends on it.
    """
    try:
        session.write("POST", f"{session.paths.companies}/batch/update", {"inputs": []})
    except Refused as error:
        if error.status in (FORBIDDEN, UNAUTHORISED, TOO_MANY):
            yield from _without(error, WRITE_COMPANIES)


def lacking_properties(connection: HubspotConnection, accounts: Accounts, *, writes: bool) -> Iterator[Diagnostic]:
    """Name the properties that are mapped and not there, not what they are mapped for, or not to be written."""
    properties, mapping = accounts.properties(), connection.accounts
    mapped = {"owner": mapping.owner, "territory": mapping.territory}
    for setting, name in mapped.items():
        if name is not None and name not in properties:
            makes = " `territory init --crm-setup` makes it." if setting == "territory" else ""
            yield _error(no_property(name, properties), f"`crm.accounts.{setting}` in territory.yaml names it.{makes}")
        elif name is not None and writes and properties[name].modification.read_only_value:
            yield _error(f'HubSpot lets nobody write the property "{name}"', "It is reckoned from others.")
    if mapping.owner in properties and properties[mapping.owner].refers != _OWNER:
        yield _error(f'The property "{mapping.owner}" does not refer to owners', "`crm.accounts.owner` names it.")
    if mapping.territory in properties and not _holds_a_name(properties[str(mapping.territory)]):
        yield _error(
            f'The property "{mapping.territory}" does not hold one text',
            "`crm.accounts.territory` names it; a property of text, or one that offers values of which a company has "
            "one, can hold a territory's name.",
        )


def _holds_a_name(each: Property) -> bool:
    return each.type in _TEXTS and each.field != _SEVERAL and each.refers is None


def lacking_values(
    connection: HubspotConnection, accounts: Accounts, territories: Collection[str]
) -> Iterator[Diagnostic]:
    """Name the territories that the property does not offer, where it offers some values only."""
    if missing := not_offered(connection, accounts, territories):
        yield _error(
            f'The property "{connection.accounts.territory}" does not offer {listing(missing)}',
            "HubSpot takes no value that a property does not offer. `territory init --crm-setup` adds them.",
        )


def not_offered(connection: HubspotConnection, accounts: Accounts, territories: Iterable[str]) -> list[str]:
    """Give the territories that the property does not offer, sorted; none where it takes any text."""
    each = accounts.properties().get(str(connection.accounts.territory))
    offered = None if each is None else each.offered
    return [] if offered is None else sorted(set(territories) - set(offered))


def lacking_columns(columns: Iterable[str], accounts: Accounts) -> Iterator[Diagnostic]:
    """Name the columns of an expression that companies do not have."""
    properties = values.readable(accounts.properties())
    for column in columns:
        if column not in properties:
            yield _error(no_property(column, properties), "An expression of the plan uses it.")


def no_property(name: str, properties: Mapping[str, Any]) -> str:
    """Say that there is no such property, or that this key may not see it."""
    return f'HubSpot has no property "{name}" of companies that this key may see.{did_you_mean(name, properties)}'


def _without(error: Refused, scope: str) -> Iterator[Diagnostic]:
    """Say that a scope is missing; raise what has another cause."""
    if error.status != FORBIDDEN:
        raise error
    named = " or ".join(error.scopes) or scope
    yield _error(f"The key lacks the scope {named}", "Add it to the service key, or to the app, in HubSpot.")


def _error(summary: str, detail: str = "") -> Diagnostic:
    return Diagnostic(Severity.ERROR, summary, detail)
