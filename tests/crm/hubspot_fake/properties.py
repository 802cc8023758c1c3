"""Properties of companies: what they are, and which values they take."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from crm.hubspot_fake.errors import Invalid, Row

#: Which field of a form goes with which type. Vendor.
FORMS = {
    "string": {"text", "textarea", "html", "file", "phonenumber", "calculation_equation"},
    "number": {"number", "calculation_equation"},
    "bool": {"booleancheckbox", "calculation_equation"},
    "date": {"date"},
    "datetime": {"date"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox", "calculation_equation"},
    "phone_number": {"phonenumber"},
}
#: Characters of a text. Vendor.
_LONGEST = 65_536
_OWNER = "OWNER"


@dataclass
class Property:
    """A property; `own` says that HubSpot made it, `fixed` that no client may write its values."""

    name: str
    type: str = "string"
    form: str = "text"
    group: str = "companyinformation"
    label: str = ""
    description: str = ""
    options: list[Row] = field(default_factory=list)
    own: bool = True
    fixed: bool = False
    refers: str | None = None
    hidden: bool = False
    order: int = -1

    def told(self, now: str) -> Row:
        """Give it as the API does. Specification."""
        metadata = {"archivable": not self.own, "readOnlyDefinition": self.own, "readOnlyValue": self.fixed}
        more = {"readOnlyOptions": self.own} if self.type == "enumeration" else {}
        refers = {"referencedObjectType": self.refers} if self.refers else {}
        return {
            "name": self.name,
            "label": self.label or self.name,
            "type": self.type,
            "fieldType": self.form,
            "description": self.description,
            "groupName": self.group,
            "options": self.options,
            "displayOrder": self.order,
            "calculated": False,
            "externalOptions": self.refers is not None,
            "hasUniqueValue": False,
            "hidden": self.hidden,
            "hubspotDefined": self.own,
            "archived": False,
            "formField": not self.fixed,
            "createdAt": now,
            "updatedAt": now,
            "modificationMetadata": metadata | more,
            **refers,
        }

    def judge(self, value: str, owners: Collection[str]) -> Invalid | None:
        """Say what is wrong with a value; an empty one clears, and is never wrong. Vendor."""
        if self.fixed:
            return self._no("READ_ONLY_VALUE", f'"{self.name}" is a read only property; its value cannot be set.')
        if value == "":
            return None
        if self.refers == _OWNER:
            return self._owner(value, owners)
        if self.type == "enumeration":
            return self._chosen(value)
        if len(value) > _LONGEST:
            return self._no("INVALID_LENGTH", f"Property values must be shorter than {_LONGEST} characters")
        judged = _JUDGES.get(self.type)
        if judged is None or judged[0](value):
            return None
        return self._no(judged[1], f"{value} was not a valid {judged[2]}.")

    def _owner(self, value: str, owners: Collection[str]) -> Invalid | None:
        # Seen: what is no whole number of 32 bits is INVALID_INTEGER, with these words. Seen: a code in small letters,
        # `invalid_owner_id`, for others; its words are a guess, and that one who is archived is refused too.
        if not value.isdigit() or int(value) >= 2**31:
            return self._no("INVALID_INTEGER", f"{value} was not a valid integer (for owner ID).")
        if value not in owners:
            return self._no("INVALID_OWNER_ID", f"Owner with id {value} does not exist or is inactive.")
        return None

    def _chosen(self, value: str) -> Invalid | None:
        allowed = [option["value"] for option in self.options]
        for one in value.split(";") if self.form == "checkbox" else [value]:
            if one not in allowed:
                words = f"{one} was not one of the allowed options: [{', '.join(allowed)}]"
                return self._no("INVALID_OPTION", words)
        return None

    def _no(self, code: str, words: str) -> Invalid:
        return Invalid(self.name, code, words)


def option(value: str, label: str = "", order: int = -1) -> Row:
    """Give an option as the API does. Specification."""
    return {"label": label or value, "value": value, "displayOrder": order, "hidden": False, "description": ""}


def is_name(name: str) -> bool:
    """Say whether a property or a group may be called so. Vendor: small letters, digits and underscores."""
    return re.fullmatch(r"[a-z][a-z0-9_]{0,99}", name) is not None


def standard() -> dict[str, Property]:
    """Give those properties of a company that a fresh account has, and that a test may want. Vendor."""
    choices = {
        "industry": ("BANKING", "HOSPITAL_HEALTH_CARE", "RETAIL"),
        "lifecyclestage": ("lead", "opportunity", "customer"),
        "type": ("PROSPECT", "PARTNER"),
    }
    made: Iterable[Property] = (
        *(Property(name) for name in ("name", "domain", "city", "state", "country", "zip", "phone", "description")),
        *(Property(name, "number", "number") for name in ("annualrevenue", "numberofemployees")),
        *(Property(name, "enumeration", "select", options=list(map(option, each))) for name, each in choices.items()),
        Property("hubspot_owner_id", "enumeration", "select", refers=_OWNER, label="Company owner"),
        Property("hubspot_team_id", "enumeration", "select", fixed=True, refers="TEAM", label="HubSpot Team"),
        Property("hubspot_owner_assigneddate", "datetime", "date", fixed=True),
        Property("hs_object_id", "number", "number", fixed=True),
        Property("createdate", "datetime", "date", fixed=True),
        Property("hs_lastmodifieddate", "datetime", "date", fixed=True),
    )
    return {each.name: each for each in made}


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _is_moment(value: str) -> bool:
    if value.lstrip("-").isdigit():
        return True
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


#: What takes a value of a type, the code where it does not, and what the value should be. Seen: the codes.
_JUDGES: dict[str, tuple[Callable[[str], bool], str, str]] = {
    "number": (_is_number, "INVALID_FLOAT", "number"),
    "bool": (lambda value: value.lower() in ("true", "false"), "INVALID_BOOLEAN", "boolean"),
    "date": (_is_moment, "INVALID_DATE", "date"),
    "datetime": (_is_moment, "INVALID_DATE", "date"),
}
