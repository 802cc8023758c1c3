"""Properties of companies and their groups, as resources. Specification, where nothing else is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm.hubspot_fake.errors import HubSpotError, Row, not_found, unread
from crm.hubspot_fake.pages import archived
from crm.hubspot_fake.portal import Portal
from crm.hubspot_fake.properties import FORMS, Property, is_name, option
from crm.loopback import Reply, Request

#: What a client may change of a property, and what it is called here.
_CHANGED = {"label": "label", "description": "description", "groupName": "group", "fieldType": "form"}
_NEEDED = ("name", "label", "type", "fieldType", "groupName")


@dataclass
class Schema:
    """The resources of properties over a portal."""

    portal: Portal

    def properties(self, request: Request) -> Reply:
        """GET all, or POST a new one."""
        if request.method == "GET":
            if archived(request):
                return Reply(body={"results": []})
            return Reply(body={"results": [self._told(each) for each in self.portal.properties.values()]})
        body = request.json()
        if missing := [name for name in _NEEDED if not body.get(name)]:
            raise unread(f"Invalid input JSON: required fields were not set: {missing}")
        name, kind, form = body["name"], body["type"], body["fieldType"]
        if not is_name(name):
            raise unread(f"The property name '{name}' is invalid: lowercase letters, numbers and underscores only")
        if name in self.portal.properties:
            raise _twice(f"A property named '{name}' already exists.", name)
        if form not in FORMS.get(kind, ()):
            raise unread(f"Invalid combination of type {kind} and fieldType {form}")
        if body["groupName"] not in self.portal.groups:
            raise unread(f"The property group '{body['groupName']}' does not exist")
        options = _options(body.get("options") or [])
        if kind == "enumeration" and not options and not body.get("externalOptions"):
            raise unread("An enumeration needs options")
        refers = body.get("referencedObjectType") if body.get("externalOptions") else None
        made = Property(name, kind, form, body["groupName"], body["label"], options=options, own=False, refers=refers)
        made.description, made.hidden = body.get("description") or "", bool(body.get("hidden"))
        made.order = body.get("displayOrder") or -1
        self.portal.add(made)
        return Reply(201, self._told(made))

    def property(self, request: Request, name: str) -> Reply:
        """GET, PATCH or DELETE one. Seen: options that are sent are all that there will be."""
        found = self.portal.properties.get(name)
        if found is None:
            raise not_found()
        if request.method == "GET":
            return Reply(body=self._told(found))
        if request.method == "DELETE":
            if found.own:
                raise unread(f"The property '{name}' is defined by HubSpot and cannot be archived")
            del self.portal.properties[name]
            return Reply(204)
        body = request.json()
        if found.own and (body.keys() - {"options"} or found.refers):
            raise unread(f"The definition of the property '{name}' is read only")
        for told, here in _CHANGED.items():
            if body.get(told):
                setattr(found, here, body[told])
        if body.get("options") is not None:
            found.options = _options(body["options"])
        return Reply(body=self._told(found))

    def groups(self, request: Request) -> Reply:
        """GET all, or POST a new one."""
        if request.method == "GET":
            return Reply(body={"results": list(self.portal.groups.values())})
        body = request.json()
        name = body.get("name", "")
        if not is_name(name) or not body.get("label"):
            raise unread(f"The group name '{name}' is invalid, or has no label")
        if name in self.portal.groups:
            raise _twice(f"A property group named '{name}' already exists.", name)
        return Reply(201, self.portal.group(name, body["label"]))

    def group(self, request: Request, name: str) -> Reply:
        """GET, PATCH or DELETE one."""
        found = self.portal.groups.get(name)
        if found is None:
            raise not_found()
        if request.method == "DELETE":
            del self.portal.groups[name]
            return Reply(204)
        if request.method == "PATCH":
            found["label"] = request.json().get("label") or found["label"]
        return Reply(body=found)

    def _told(self, each: Property) -> Row:
        return each.told("2026-11-02T08:00:00.000Z")


def _twice(words: str, name: str) -> HubSpotError:
    return HubSpotError(409, "OBJECT_ALREADY_EXISTS", words, context={"name": [name]})


def _options(given: list[Any]) -> list[Row]:
    """Check options. Vendor: values are unique, and so are labels."""
    for key in ("value", "label"):
        told = [each.get(key) for each in given]
        if len(set(told)) != len(told) or not all(isinstance(each, str) and each for each in told):
            raise unread(f"Property options must have a {key} each, and all of them different")
    return [
        option(each["value"], each["label"], each.get("displayOrder") or -1)
        | {"hidden": bool(each.get("hidden")), "description": each.get("description") or ""}
        for each in given
    ]
