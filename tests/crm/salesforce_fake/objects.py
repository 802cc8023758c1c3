"""The objects of the fake org: which fields they have, of which types, and who may write them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Field:
    """One field; `to` names the object that a reference leads to, `relationship` how SOQL walks there."""

    name: str
    type: str = "string"
    create: bool = True
    update: bool = True
    nillable: bool = True
    to: tuple[str, ...] = ()
    relationship: str | None = None
    length: int = 255
    picklist: tuple[str, ...] = ()
    external_id: bool = False
    unique: bool = False
    label: str = ""


@dataclass
class ObjectType:
    """One object: its fields by name, the beginning of its ids, and what one may do with it."""

    name: str
    prefix: str
    fields: dict[str, Field] = field(default_factory=dict)
    create: bool = True
    update: bool = True
    delete: bool = True
    #: Fields of which no two records have the same values.
    pair: tuple[str, ...] = ()

    def add(self, *fields: Field) -> None:
        """Give it more fields, as an administrator does."""
        self.fields.update((each.name, each) for each in fields)

    def find(self, name: str) -> Field | None:
        """Give a field by its name; capitals do not count."""
        if name in self.fields:
            return self.fields[name]
        return next((each for each in self.fields.values() if each.name.lower() == name.lower()), None)

    def walk(self, relationship: str) -> Field | None:
        """Give the reference that a relationship of SOQL goes by, as `Owner` goes by OwnerId."""
        wanted = relationship.lower()
        return next((each for each in self.fields.values() if (each.relationship or "").lower() == wanted), None)


def _read_only(name: str, type_: str = "string", **more: object) -> Field:
    return Field(name, type_, create=False, update=False, **more)  # type: ignore[arg-type]


def _reference(name: str, *to: str, **more: object) -> Field:
    return Field(name, "reference", to=to, relationship=name.removesuffix("Id"), length=18, **more)  # type: ignore[arg-type]


def _system() -> list[Field]:
    return [
        _read_only("Id", "id", nillable=False, length=18),
        _read_only("IsDeleted", "boolean", nillable=False),
        _read_only("CreatedDate", "datetime", nillable=False),
        _read_only("LastModifiedDate", "datetime", nillable=False),
        _read_only("LastModifiedById", "reference", to=("User",), relationship="LastModifiedBy"),
        _read_only("SystemModstamp", "datetime", nillable=False),
    ]


def _object(name: str, prefix: str, *fields: Field, **more: Any) -> ObjectType:
    made = ObjectType(name, prefix, **more)
    made.add(*_system(), *fields)
    return made


def standard() -> dict[str, ObjectType]:
    """Give the objects of an org without Enterprise Territory Management."""
    objects = [
        _object(
            "Account",
            "001",
            Field("Name", nillable=False),
            _reference("OwnerId", "User", nillable=False),
            _reference("ParentId", "Account"),
            Field("Industry", "picklist", picklist=("Banking", "Healthcare", "Technology")),
            Field("AnnualRevenue", "currency"),
            Field("NumberOfEmployees", "int"),
            Field("BillingStreet", "textarea"),
            Field("BillingCity"),
            Field("BillingState"),
            Field("BillingPostalCode"),
            Field("BillingCountry"),
            Field("BillingLatitude", "double"),
            Field("BillingLongitude", "double"),
            _read_only("BillingAddress", "address"),
            Field("AccountNumber"),
            Field("Description", "textarea", length=32000),
        ),
        _object(
            "User",
            "005",
            Field("Name", update=False),
            Field("Username", nillable=False),
            Field("Email", "email", nillable=False),
            Field("IsActive", "boolean", nillable=False),
            Field("UserType", "picklist"),
        ),
        _object(
            "Contact",
            "003",
            Field("LastName", nillable=False),
            _reference("AccountId", "Account"),
            _reference("OwnerId", "User"),
        ),
        _object(
            "Opportunity",
            "006",
            Field("Name", nillable=False),
            Field("IsClosed", "boolean"),
            _reference("AccountId", "Account"),
            _reference("OwnerId", "User"),
        ),
        _object("AccountTeamMember", "01M", _reference("AccountId", "Account"), _reference("UserId", "User")),
        _object(
            "Organization",
            "00D",
            Field("Name"),
            Field("IsSandbox", "boolean"),
            Field("NamespacePrefix"),
            Field("InstanceName"),
            Field("TrialExpirationDate", "datetime"),
            Field("OrganizationType"),
        ),
    ]
    return {each.name: each for each in objects}


LEVELS = ("Read", "Edit", "All", "None")


def territory_management() -> dict[str, ObjectType]:
    """Give the objects that Enterprise Territory Management adds to an org."""
    model = "Territory2Model"
    objects = [
        _object(
            model,
            "0MA",
            Field("Name", nillable=False),
            Field("DeveloperName", nillable=False, unique=True),
            Field("Description"),
            Field("State", "picklist", create=False, picklist=("Planning", "Active", "Archived")),
        ),
        _object(
            "Territory2Type",
            "0M5",
            Field("DeveloperName", nillable=False, unique=True),
            Field("MasterLabel", nillable=False),
            Field("Priority", "int", nillable=False, unique=True),
        ),
        _object(
            "Territory2",
            "0MI",
            Field("Name", nillable=False, length=80),
            Field("DeveloperName", nillable=False, unique=True, length=80),
            _reference("Territory2ModelId", model, update=False, nillable=False),
            _reference("Territory2TypeId", "Territory2Type", nillable=False),
            _reference("ParentTerritory2Id", "Territory2"),
            Field("AccountAccessLevel", "picklist", picklist=LEVELS),
            Field("OpportunityAccessLevel", "picklist", picklist=LEVELS),
            Field("CaseAccessLevel", "picklist", picklist=LEVELS),
            _reference("ForecastUserId", "User", create=False),
            Field("Description", length=1000),
        ),
        _object(
            "ObjectTerritory2Association",
            "0OT",
            Field("ObjectId", "reference", update=False, nillable=False, to=("Account",), relationship="Object"),
            _reference("Territory2Id", "Territory2", update=False, nillable=False),
            Field(
                "AssociationCause",
                "picklist",
                update=False,
                nillable=False,
                picklist=("Territory2AssignmentRule", "Territory2Manual"),
            ),
            _read_only("SobjectType"),
            update=False,
            pair=("ObjectId", "Territory2Id"),
        ),
        _object(
            "UserTerritory2Association",
            "0UT",
            _reference("UserId", "User", update=False, nillable=False),
            _reference("Territory2Id", "Territory2", update=False, nillable=False),
            Field("RoleInTerritory2", "picklist", picklist=("Owner", "Administrator", "Sales Rep")),
            _read_only("IsActive", "boolean"),
            update=False,
            pair=("UserId", "Territory2Id"),
        ),
        _object(
            "Territory2ObjectExclusion",
            "0OX",
            Field("ObjectId", "reference", update=False, nillable=False, to=("Account",), relationship="Object"),
            _reference("Territory2Id", "Territory2", update=False, nillable=False),
            Field("Note"),
            pair=("ObjectId", "Territory2Id"),
        ),
    ]
    return {each.name: each for each in objects}


def described(kind: ObjectType, version: str) -> dict[str, object]:
    """Give what `describe` says of an object."""
    return {
        "name": kind.name,
        "label": kind.name,
        "keyPrefix": kind.prefix,
        "custom": kind.name.endswith("__c"),
        "createable": kind.create,
        "updateable": kind.update,
        "deletable": kind.delete,
        "queryable": True,
        "retrieveable": True,
        "recordTypeInfos": [],
        "childRelationships": [],
        "urls": {"sobject": f"/services/data/v{version}/sobjects/{kind.name}"},
        "fields": [_described(each) for each in kind.fields.values()],
    }


def _described(each: Field) -> dict[str, object]:
    return {
        "name": each.name,
        "label": each.label or each.name,
        "type": each.type,
        "length": each.length,
        "createable": each.create,
        "updateable": each.update,
        "nillable": each.nillable,
        "filterable": each.type not in ("textarea", "address"),
        "sortable": each.type not in ("textarea", "address"),
        "externalId": each.external_id,
        "unique": each.unique,
        "custom": each.name.endswith("__c"),
        "referenceTo": list(each.to),
        "relationshipName": each.relationship,
        "picklistValues": [
            {"value": value, "label": value, "active": True, "defaultValue": False} for value in each.picklist
        ],
        "soapType": "tns:ID" if each.type in ("id", "reference") else "xsd:string",
    }
