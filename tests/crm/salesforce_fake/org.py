"""The org: its records, its clock, and the rules by which a record may be written."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any

from crm.salesforce_fake.ids import long_id, make_id
from crm.salesforce_fake.objects import Field, ObjectType, standard, territory_management

Row = dict[str, Any]
NUMBERS = ("int", "double", "currency", "percent")


class ApiError(Exception):
    """What Salesforce answers instead: a code, words, the fields that are meant, and the HTTP status."""

    def __init__(self, code: str, message: str, fields: Iterable[str] = (), status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.fields, self.status = code, message, list(fields), status

    def as_row(self) -> Row:
        """Give it as the answer to one record of several."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields}

    def as_reply(self) -> list[Row]:
        """Give it as the answer to a request."""
        return [{"message": self.message, "errorCode": self.code} | ({"fields": self.fields} if self.fields else {})]


@dataclass
class Org:
    """An org of Salesforce; `territories` says whether Enterprise Territory Management is on."""

    territories: bool = False
    objects: dict[str, ObjectType] = field(default_factory=standard)
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    deleted: dict[str, set[str]] = field(default_factory=dict)
    #: Ids that one may see but not edit.
    read_only: set[str] = field(default_factory=set)
    #: How often a record is still found locked, by its id.
    locked: Counter[str] = field(default_factory=Counter)
    #: Ids whose writes are answered with success, and change nothing.
    pretending: set[str] = field(default_factory=set)
    #: Validation rules: given object, row and the new values, each may raise `ApiError`.
    rules: list[Callable[[str, Row, Row], None]] = field(default_factory=list)
    #: Triggers and flows: each may change the row after it was written.
    triggers: list[Callable[[str, Row], None]] = field(default_factory=list)
    #: Assignment rules, which run unless `Sforce-Auto-Assign: FALSE` was sent.
    assignment: Callable[[Row], None] | None = None
    #: Owner changes that were made, by account.
    owner_changes: list[str] = field(default_factory=list)
    acting: str = ""

    def __post_init__(self) -> None:
        self.lock = RLock()
        self._numbers: Counter[str] = Counter()
        self._pairs: dict[tuple[str, ...], str] = {}
        self._time = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
        if self.territories:
            self.objects |= territory_management()
        for name in self.objects:
            self.rows[name], self.deleted[name] = {}, set()
        self.acting = self.create("User", Name="Integration", Username="api@acme.example", Email="api@acme.example")
        self.create("Organization", Name="Acme", IsSandbox=True, OrganizationType="Developer Edition")

    def kind(self, name: str) -> ObjectType:
        """Give an object by its name; capitals do not count."""
        found = self.objects.get(name) or next(
            (each for each in self.objects.values() if each.name.lower() == name.lower()), None
        )
        if found is None:
            raise ApiError("NOT_FOUND", "The requested resource does not exist", status=404)
        return found

    def create(self, name: str, **values: Any) -> str:
        """Put a record there as if it had always been: no rule runs."""
        kind = self.kind(name)
        self._numbers[name] += 1
        row = dict.fromkeys(kind.fields)
        row["Id"] = make_id(kind.prefix, self._numbers[name])
        if name == "User":
            row |= {"IsActive": True, "UserType": "Standard"}
        self.rows[name][row["Id"]] = row | values
        self._stamp(self.rows[name][row["Id"]], created=True)
        if kind.pair:
            self._pairs[_pair(kind, values)] = row["Id"]
        return str(row["Id"])

    def edit(self, name: str, record: str, **values: Any) -> None:
        """Change a record as a person does on a page."""
        with self.lock:
            self.rows[name][record].update(values)
            self._stamp(self.rows[name][record])

    def find(self, name: str, record: str) -> Row:
        """Give a row.

        Raises
        ------
        ApiError
            When there is no such record, or none any more.
        """
        record = long_id(record)
        if record in self.rows[name]:
            return self.rows[name][record]
        if record in self.deleted[name]:
            raise ApiError("ENTITY_IS_DELETED", "entity is deleted", status=404)
        if not record.startswith(self.objects[name].prefix) or len(record) != 18:
            raise ApiError("MALFORMED_ID", f"{name} ID: id value of incorrect type: {record}", ["Id"])
        raise ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", status=404)

    def insert(self, name: str, values: Mapping[str, Any], auto_assign: bool = True) -> str:
        """Insert a record by the rules; gives its id."""
        kind = self.kind(name)
        self._may(kind.create, kind, "insert")
        given = self._checked(kind, values, creating=True)
        missing = [
            each.name
            for each in kind.fields.values()
            if not each.nillable
            and each.create
            and given.get(each.name) in (None, "")
            and each.type != "boolean"
            and each.name != "OwnerId"
        ]
        if missing:
            raise ApiError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
        if "OwnerId" in kind.fields:
            given.setdefault("OwnerId", self.acting)
        self._judge(kind, {}, given)
        if kind.pair and (other := self._pairs.get(_pair(kind, given))):
            words = f"duplicate value found: <unknown> duplicates value on record with id: {other}"
            raise ApiError("DUPLICATE_VALUE", words)
        if given.get("ObjectId") in self.pretending:
            return make_id(kind.prefix, self._numbers[name] + 1)
        record = self.create(name, **given)
        self._after(kind, self.rows[name][record], auto_assign)
        return record

    def update(self, name: str, record: str, values: Mapping[str, Any], auto_assign: bool = True) -> None:
        """Update a record by the rules."""
        kind = self.kind(name)
        self._may(kind.update, kind, "update")
        row = self.find(name, record)
        given = self._checked(kind, values, creating=False)
        self._reach(row["Id"])
        self._judge(kind, row, given)
        if row["Id"] in self.pretending:
            return
        before = row.get("OwnerId")
        row.update(given)
        self._stamp(row)
        if before != row.get("OwnerId"):
            self._pass_on(name, row["Id"], before)
        self._after(kind, row, auto_assign)

    def remove(self, name: str, record: str) -> None:
        """Delete a record by the rules."""
        kind = self.kind(name)
        self._may(kind.delete, kind, "delete")
        row = self.find(name, record)
        self._reach(row["Id"])
        self._judge(kind, row, {})
        if row.get("ObjectId") in self.pretending:
            return
        self.deleted[name].add(row["Id"])
        del self.rows[name][row["Id"]]
        self._pairs.pop(_pair(kind, row), None)

    def etag(self, row: Row) -> str:
        """Give the tag of what a record holds now."""
        text = json.dumps(row, sort_keys=True, default=str)
        return f'"{hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()}--gzip"'

    @contextmanager
    def all_or_none(self) -> Any:
        """Take back everything that was written, where an error leaves the block."""
        rows = {name: {key: dict(row) for key, row in table.items()} for name, table in self.rows.items()}
        deleted = {name: set(gone) for name, gone in self.deleted.items()}
        try:
            yield
        except ApiError:
            self.rows, self.deleted = rows, deleted
            raise

    def now(self) -> datetime:
        """Give the present moment of the org, which passes by a second with each write."""
        return self._time

    def _stamp(self, row: Row, created: bool = False) -> None:
        self._time += timedelta(seconds=1)
        text = self._time.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        row |= {"LastModifiedDate": text, "SystemModstamp": text, "LastModifiedById": self.acting or row["Id"]}
        row |= {"CreatedDate": text, "IsDeleted": False} if created else {}

    @staticmethod
    def _may(allowed: bool, kind: ObjectType, what: str) -> None:
        if not allowed:
            raise ApiError(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type {kind.name} does not support {what}", status=400
            )

    def _reach(self, record: str) -> None:
        if record in self.read_only:
            raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", status=403)
        if self.locked[record] > 0:
            self.locked[record] -= 1
            raise ApiError(
                "UNABLE_TO_LOCK_ROW", f"unable to obtain exclusive access to this record or 1 records: {record}"
            )

    def _checked(self, kind: ObjectType, values: Mapping[str, Any], creating: bool) -> Row:
        given: Row = {}
        for name, value in values.items():
            if name in ("attributes", "Id", "id"):
                continue
            each = kind.find(name)
            if each is None:
                raise ApiError("INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}", [name])
            if not (each.create if creating else each.update):
                code = "INVALID_FIELD_FOR_INSERT_UPDATE"
                raise ApiError(
                    code,
                    f"Unable to create/update fields: {each.name}. Please check the security settings "
                    "of this field and verify that it is read/write for your profile or permission set.",
                    [each.name],
                )
            given[each.name] = self._valued(kind, each, value)
        return given

    def _valued(self, kind: ObjectType, each: Field, value: Any) -> Any:
        if value is None or value == "":
            if not each.nillable and each.type == "reference":
                label = each.name.removesuffix("Id")
                raise ApiError(
                    "INVALID_CROSS_REFERENCE_KEY", f"{label} ID: {label.lower()} cannot be blank", [each.name]
                )
            return None
        if each.type == "reference":
            return self._referred(each, str(value))
        if each.type == "boolean":
            return value if isinstance(value, bool) else str(value).lower() == "true"
        if each.type in NUMBERS and isinstance(value, str):
            try:
                return int(value) if each.type == "int" else float(value)
            except ValueError:
                raise ApiError(
                    "INVALID_TYPE_ON_FIELD_IN_RECORD", f"{each.name}: value not of required type: {value}", [each.name]
                ) from None
        if isinstance(value, str) and len(value) > each.length:
            message = f"{each.name}: data value too large: {value[:40]} (max length={each.length})"
            raise ApiError("STRING_TOO_LONG", message, [each.name])
        if each.picklist and kind.name != "Account" and value not in each.picklist:
            message = f"{each.name}: bad value for restricted picklist field: {value}"
            raise ApiError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [each.name])
        return value

    def _referred(self, each: Field, value: str) -> str:
        record = long_id(value)
        label = each.name.removesuffix("Id")
        kinds = [name for name in each.to if record.startswith(self.objects[name].prefix)]
        if len(record) != 18 or not record.isalnum():
            raise ApiError("MALFORMED_ID", f"{label} ID: id value of incorrect type: {value}", [each.name])
        if not kinds:
            raise ApiError("FIELD_INTEGRITY_EXCEPTION", f"{label} ID: id value of incorrect type: {value}", [each.name])
        if record not in self.rows[kinds[0]]:
            words = "owner not found" if each.name == "OwnerId" else "invalid cross reference id"
            raise ApiError("INVALID_CROSS_REFERENCE_KEY", f"{label} ID: {words}", [each.name])
        if kinds[0] == "User" and not self.rows["User"][record]["IsActive"]:
            code = "INACTIVE_OWNER_OR_USER"
            raise ApiError(code, f"operation performed with inactive user [{record}] as owner of account", [each.name])
        return record

    def _judge(self, kind: ObjectType, row: Row, given: Row) -> None:
        for rule in self.rules:
            rule(kind.name, row, given)

    def _pass_on(self, name: str, record: str, before: Any) -> None:
        """Do what an owner change does by the platform's defaults: the account team goes, open business follows."""
        if name != "Account":
            return
        self.owner_changes.append(record)
        team = self.rows["AccountTeamMember"]
        for member in [key for key, each in team.items() if each["AccountId"] == record]:
            del team[member]
        owner = self.rows["Account"][record]["OwnerId"]
        for table in ("Contact", "Opportunity"):
            for each in self.rows[table].values():
                if each["AccountId"] == record and each["OwnerId"] == before and not each.get("IsClosed"):
                    each["OwnerId"] = owner

    def _after(self, kind: ObjectType, row: Row, auto_assign: bool) -> None:
        if kind.name == "Account" and auto_assign and self.assignment is not None:
            self.assignment(row)
        for trigger in self.triggers:
            trigger(kind.name, row)


def _pair(kind: ObjectType, values: Mapping[str, Any]) -> tuple[str, ...]:
    return (kind.name, *(str(values.get(each)) for each in kind.pair))
