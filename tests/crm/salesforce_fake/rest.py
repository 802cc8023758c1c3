"""The REST API: queries and their pages, descriptions, single rows, collections, limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from crm.loopback import Reply, Request
from crm.salesforce_fake.ids import long_id, make_id
from crm.salesforce_fake.objects import described
from crm.salesforce_fake.org import ApiError, Org, Row
from crm.salesforce_fake.query import answer, columns, shaped

PAGE = 2000
_MOST_WRITTEN, _MOST_READ, _MOST_TYPES = 200, 2000, 10


@dataclass
class Rest:
    """The resources of the REST API over an org."""

    org: Org
    #: Requests that are left of the day, and the most.
    calls_left: int = 15_000
    calls_most: int = 15_000
    bulk_left: int = 15_000
    cursors: dict[str, list[Row]] = field(default_factory=dict)

    def spend(self) -> None:
        """Count a request.

        Raises
        ------
        ApiError
            REQUEST_LIMIT_EXCEEDED, where none is left.
        """
        if self.calls_left <= 0:
            raise ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
        self.calls_left -= 1

    def versions(self, request: Request) -> Reply:
        """GET /services/data/."""
        return Reply(
            body=[{"label": "Winter '27", "url": f"/services/data/v{v}", "version": v} for v in ("59.0", "65.0")]
        )

    def resources(self, request: Request, version: str) -> Reply:
        """GET /services/data/vXX.X."""
        base = f"/services/data/v{version}"
        return Reply(body={name: f"{base}/{name}" for name in ("sobjects", "query", "limits", "composite", "jobs")})

    def limits(self, request: Request, version: str) -> Reply:
        """GET limits."""
        return Reply(
            body={
                "DailyApiRequests": {"Max": self.calls_most, "Remaining": self.calls_left},
                "DailyBulkApiBatches": {"Max": 15_000, "Remaining": self.bulk_left},
                "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000},
            }
        )

    def userinfo(self, request: Request) -> Reply:
        """GET /services/oauth2/userinfo."""
        user = self.org.rows["User"][self.org.acting]
        return Reply(
            body={
                "user_id": user["Id"],
                "organization_id": "00D5g000000Org1EAC",
                "preferred_username": user["Username"],
                "username": user["Username"],
                "email": user["Email"],
                "name": user["Name"],
                "active": True,
            }
        )

    def describe_all(self, request: Request, version: str) -> Reply:
        """GET sobjects."""
        kinds = [described(kind, version) for kind in self.org.objects.values()]
        return Reply(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [k | {"fields": None} for k in kinds]})

    def describe(self, request: Request, version: str, name: str) -> Reply:
        """GET sobjects/X/describe."""
        return Reply(body=described(self.org.kind(name), version))

    def query(self, request: Request, version: str) -> Reply:
        """GET query?q=..."""
        query, kind, rows = answer(self.org, request.query.get("q", ""))
        if request.query.get("columns") == "true":
            return Reply(body={"columnMetadata": columns(self.org, query, kind), "entityName": kind.name})
        if not query.fields:
            return Reply(body={"totalSize": len(rows), "done": True, "records": []})
        found = shaped(self.org, query, kind, rows, version)
        key = f"{make_id('01g', len(self.cursors) + 1)}"
        self.cursors[key] = found
        return self._page(request, version, key, 0)

    def query_more(self, request: Request, version: str, key: str, start: str) -> Reply:
        """GET query/01g...-2000."""
        if key not in self.cursors:
            raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator", status=400)
        return self._page(request, version, key, int(start))

    def _page(self, request: Request, version: str, key: str, start: int) -> Reply:
        rows = self.cursors[key]
        options = request.headers.get("sforce-query-options", "").replace(" ", "").lower()
        size = min(PAGE, max(200, int(options.partition("batchsize=")[2] or PAGE)))
        page: Row = {"totalSize": len(rows), "done": start + size >= len(rows), "records": rows[start : start + size]}
        if not page["done"]:
            page["nextRecordsUrl"] = f"/services/data/v{version}/query/{key}-{start + size}"
        return Reply(body=page)

    def create(self, request: Request, version: str, name: str) -> Reply:
        """POST sobjects/X, and GET what there is to know of it in short."""
        if request.method == "GET":
            return Reply(body={"objectDescribe": described(self.org.kind(name), version), "recentItems": []})
        record = self.org.insert(self.org.kind(name).name, request.json(), _auto_assign(request))
        return Reply(201, {"id": record, "success": True, "errors": []})

    def row(self, request: Request, version: str, name: str, record: str) -> Reply:
        """GET, PATCH or DELETE sobjects/X/ID."""
        kind = self.org.kind(name)
        if request.method == "GET":
            row = self.org.find(kind.name, record)
            wanted = request.query.get("fields", "")
            names = [self._field(kind.name, each) for each in wanted.split(",")] if wanted else list(kind.fields)
            url = f"/services/data/v{version}/sobjects/{kind.name}/{row['Id']}"
            shown = {"attributes": {"type": kind.name, "url": url}} | {each: row[each] for each in names}
            return Reply(body=shown, headers={"ETag": self.org.etag(row)} if kind.name == "Account" else {})
        if request.method == "PATCH":
            self._precondition(request, kind.name, record)
            self.org.update(kind.name, record, request.json(), _auto_assign(request))
        else:
            self.org.remove(kind.name, record)
        return Reply(204)

    def _precondition(self, request: Request, name: str, record: str) -> None:
        if (wanted := request.headers.get("if-match")) is None:
            return
        if name != "Account":
            raise ApiError("INVALID_REQUEST", "If-Match is supported for Account records only")
        held = self.org.etag(self.org.find(name, record))
        if held not in [tag.strip() for tag in wanted.split(",")]:
            raise ApiError("PRECONDITION_FAILED", "Precondition failed", status=412)

    def _field(self, name: str, each: str) -> str:
        found = self.org.kind(name).find(each.strip())
        if found is None:
            raise ApiError("INVALID_FIELD", f"No such column '{each}' on sobject of type {name}")
        return found.name

    def retrieve(self, request: Request, version: str, name: str) -> Reply:
        """POST or GET composite/sobjects/X: records by their ids, null for those that are gone."""
        kind = self.org.kind(name).name
        asked = (
            request.json()
            if request.method == "POST"
            else {each: request.query.get(each, "").split(",") for each in ("ids", "fields")}
        )
        ids, fields = asked.get("ids", []), [self._field(kind, each) for each in asked.get("fields", [])]
        if len(ids) > _MOST_READ:
            raise ApiError("EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {_MOST_READ} records")
        names = ["Id", *(each for each in fields if each != "Id")]
        found = []
        for record in map(long_id, ids):
            row = self.org.rows[kind].get(record)
            url = f"/services/data/v{version}/sobjects/{kind}/{record}"
            shown = {"attributes": {"type": kind, "url": url}}
            found.append(None if row is None else shown | {each: row[each] for each in names})
        return Reply(body=found)

    def collection(self, request: Request, version: str) -> Reply:
        """PATCH, POST or DELETE composite/sobjects: up to 200 records, an answer to each."""
        if request.method == "DELETE":
            ids = [each for each in request.query.get("ids", "").split(",") if each]
            together = request.query.get("allOrNone", "false").lower() == "true"
            return self._each(ids, together, lambda record: self.org.remove(self._name_of(record), record) or record)
        body = request.json()
        records, together = body.get("records", []), bool(body.get("allOrNone", False))
        kinds = [self._type_of(record) for record in records]
        if sum(a != b for a, b in pairwise(kinds)) >= _MOST_TYPES:
            raise ApiError("INVALID_INPUT", f"Number of chunks exceeds limit of {_MOST_TYPES}")
        auto = _auto_assign(request)
        if request.method == "POST":
            return self._each(records, together, lambda r: self.org.insert(self._type_of(r), r, auto))
        return self._each(records, together, lambda r: self._updated(r, auto))

    def _updated(self, record: Row, auto: bool) -> str:
        key = record.get("Id") or record.get("id")
        if not key:
            raise ApiError("MISSING_ARGUMENT", "Id not specified in an update call")
        self.org.update(self._type_of(record), key, record, auto)
        return long_id(key)

    def _type_of(self, record: Row) -> str:
        name = record.get("attributes", {}).get("type")
        if not name:
            raise ApiError("INVALID_INPUT", "Missing or invalid attributes.type in record")
        return self.org.kind(name).name

    def _name_of(self, record: str) -> str:
        name = next((n for n, kind in self.org.objects.items() if record.startswith(kind.prefix)), None)
        if name is None:
            raise ApiError("MALFORMED_ID", f"malformed id {record}")
        return name

    def _each(self, records: list[Any], together: bool, act: Callable[[Any], str]) -> Reply:
        if len(records) > _MOST_WRITTEN:
            words = f"record limit reached. cannot submit more than {_MOST_WRITTEN} records into this call"
            raise ApiError("INVALID_INPUT", words)
        if not together:
            return Reply(body=[_result(record, act) for record in records])
        results = []
        try:
            with self.org.all_or_none():
                results = [_result(record, act) for record in records]
                if any(not each["success"] for each in results):
                    raise ApiError("ALL_OR_NONE_OPERATION_ROLLED_BACK", "")
        except ApiError as error:
            rolled = ApiError(
                error.code,
                "Record rolled back because not all records were valid and the request was using AllOrNone header",
            ).as_row()
            results = [r if not r["success"] else r | {"success": False, "errors": [rolled]} for r in results]
        return Reply(body=results)


def _result(record: Any, act: Callable[[Any], str]) -> Row:
    try:
        return {"id": act(record), "success": True, "errors": []}
    except ApiError as error:
        given = record if isinstance(record, str) else record.get("Id") or record.get("id")
        return ({"id": given} if given else {}) | {"success": False, "errors": [error.as_row()]}


def _auto_assign(request: Request) -> bool:
    return request.headers.get("sforce-auto-assign", "TRUE").upper() != "FALSE"
