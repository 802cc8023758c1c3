"""What an account of HubSpot must have and lacks, made: the property of territories, and the values that it offers."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from terraform_like.crm.hubspot.accounts import Accounts
from terraform_like.crm.hubspot.preflight import not_offered
from terraform_like.crm.hubspot.session import Session
from terraform_like.crm.hubspot.shapes import Groups, told
from terraform_like.crm.port import CrmError
from terraform_like.diagnostics import listing
from terraform_like.domain.hubspot import HubspotConnection

#: The group of properties that a property of ours stands in.
GROUP = {"name": "territory", "label": "Territory", "displayOrder": -1}


def furnish(
    session: Session, connection: HubspotConnection, accounts: Accounts, territories: Collection[str]
) -> Iterator[str]:
    """Make what is missing, and say of each thing what it is; nothing where all is there.

    Raises
    ------
    Refused
        When HubSpot refuses; the key needs the scope `crm.schemas.companies.write`.
    CrmError
        When values are to be added to a property whose values nobody may change.
    """
    name = connection.accounts.territory
    if name is None:
        return
    each = accounts.properties(anew=True).get(name)
    if each is None:
        groups = f"{session.paths.properties}/groups"
        there = {group.name for group in told(session.read("GET", groups), Groups).results}
        if GROUP["name"] not in there:
            session.write("POST", groups, GROUP)
            yield f"the group of properties {GROUP['name']}, of companies"
        made = {
            "name": name,
            "label": name.replace("_", " ").capitalize(),
            "description": "The territory that the company is in. Written by territory.",
            "groupName": GROUP["name"],
            "type": "string",
            "fieldType": "text",
        }
        session.write("POST", session.paths.properties, made)
        yield f"the property {name} of companies, a text"
        return
    missing = not_offered(connection, accounts, territories)
    if not missing:
        return
    if each.modification.read_only_options:
        raise CrmError(f"the property {name} of companies lacks {listing(missing)}, and HubSpot lets nobody add values")
    # HubSpot replaces all values by those that it is sent.
    kept = [option.model_dump(by_alias=True, exclude_none=True) for option in each.options]
    added = [{"value": one, "label": one, "hidden": False, "displayOrder": -1} for one in missing]
    session.write("PATCH", f"{session.paths.properties}/{name}", {"options": kept + added})
    yield from (f"the value {one} of the property {name}" for one in missing)
