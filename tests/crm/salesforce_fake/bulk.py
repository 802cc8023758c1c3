"""Bulk API 2.0: jobs that query and jobs that write, with CSV in and out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from crm.loopback import Reply, Request
from crm.salesforce_fake.ids import long_id, make_id
from crm.salesforce_fake.org import ApiError, Org, Row
from crm.salesforce_fake.query import answer, flat
from crm.salesforce_fake.soql import parse

_ENDS = {"LF": "\n", "CRLF": "\r\n"}
_DELIMITERS = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
_CSV = "text/csv"


@dataclass
class Job:
    """One job, from open to complete."""

    id: str
    kind: str
    operation: str
    object: str
    line_end: str
    delimiter: str
    state: str
    query: str = ""
    external_id: str = ""
    chunked: str | None = None
    auto_assign: bool = True
    polls: int = 0
    message: str = ""
    header: list[str] = field(default_factory=list)
    data: list[list[str]] = field(default_factory=list)
    done: list[list[str]] = field(default_factory=list)
    failed: list[list[str]] = field(default_factory=list)
    left: list[list[str]] = field(default_factory=list)

    def shown(self) -> Row:
        """Give what the service says of it."""
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.object,
            "createdById": "0055g000000000AAA",
            "createdDate": "2026-11-02T08:00:00.000+0000",
            "systemModstamp": "2026-11-02T08:00:00.000+0000",
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": 65.0,
            "jobType": "V2Query" if self.kind == "query" else "V2Ingest",
            "lineEnding": self.line_end,
            "columnDelimiter": self.delimiter,
            "numberRecordsProcessed": len(self.done) + len(self.failed),
            "numberRecordsFailed": len(self.failed),
            "retries": 0,
            "totalProcessingTime": 1,
            "errorMessage": self.message,
        } | ({"contentUrl": f"services/data/v65.0/jobs/ingest/{self.id}/batches"} if self.kind == "ingest" else {})


@dataclass
class Bulk:
    """The jobs of an org; `patience` is how often one asks for a job before it is done."""

    org: Org
    patience: int = 1
    #: Rows that a job works off before it fails; all where null.
    fails_after: int | None = None
    jobs: dict[str, Job] = field(default_factory=dict)

    def create(self, request: Request, version: str, kind: str) -> Reply:
        """POST jobs/query or jobs/ingest."""
        asked = request.json()
        operation = asked.get("operation", "")
        job = Job(
            id=make_id("750", len(self.jobs) + 1),
            kind=kind,
            operation=operation,
            object=asked.get("object", ""),
            line_end=asked.get("lineEnding", "LF"),
            delimiter=asked.get("columnDelimiter", "COMMA"),
            state="Open",
            query=asked.get("query", ""),
            external_id=asked.get("externalIdFieldName", ""),
            chunked=request.headers.get("sforce-enable-pkchunking"),
            auto_assign=request.headers.get("sforce-auto-assign", "TRUE").upper() != "FALSE",
        )
        if kind == "query":
            if operation not in ("query", "queryAll"):
                raise ApiError("INVALIDJOB", f"Unsupported operation {operation}")
            job.object, job.state = self._checked(job.query), "UploadComplete"
        elif operation not in ("insert", "update", "delete"):
            raise ApiError("INVALIDJOB", f"Unsupported operation {operation}")
        else:
            job.object = self.org.kind(job.object).name
        self.jobs[job.id] = job
        return Reply(body=job.shown())

    def _checked(self, text: str) -> str:
        query = parse(text)
        if not query.fields or query.order or query.limit is not None or query.offset:
            # Allowed by the real service in part, but each of them turns PK chunking off.
            raise ApiError("API_ERROR", "Bulk queries of this org have fields and conditions only")
        kind = self.org.kind(query.object)
        for name in query.fields:
            each = kind.find(name)
            if each is not None and each.type == "address":
                raise ApiError("FUNCTIONALITY_NOT_ENABLED", "Selecting compound data not supported in Bulk Query")
        answer(self.org, text)
        return kind.name

    def all(self, request: Request, version: str, kind: str) -> Reply:
        """GET jobs/query or jobs/ingest."""
        records = [job.shown() for job in self.jobs.values() if job.kind == kind]
        return Reply(body={"done": True, "records": records, "nextRecordsUrl": None})

    def job(self, request: Request, version: str, kind: str, key: str) -> Reply:
        """GET, PATCH or DELETE one job."""
        job = self._job(kind, key)
        if request.method == "DELETE":
            del self.jobs[job.id]
            return Reply(204)
        if request.method == "PATCH":
            state = request.json().get("state")
            if job.state != "Open" and not (state == "Aborted" and job.state in ("UploadComplete", "InProgress")):
                raise ApiError("INVALIDJOBSTATE", f"Invalid state transition from {job.state} to {state}")
            job.state = state
            job.left = list(job.data) if state == "Aborted" else []
        elif job.state in ("UploadComplete", "InProgress"):
            job.state = "InProgress"
            job.polls += 1
            if job.polls >= self.patience:
                self._run(job)
        return Reply(body=job.shown())

    def upload(self, request: Request, version: str, key: str) -> Reply:
        """PUT the CSV of a job."""
        job = self._job("ingest", key)
        if job.state != "Open":
            raise ApiError("INVALIDJOBSTATE", f"Job is not open: {job.state}")
        if _CSV not in request.headers.get("content-type", ""):
            raise ApiError("INVALIDJOB", "Content-Type must be text/csv", status=415)
        text = request.body.decode()
        end = _ENDS[job.line_end]
        if job.line_end == "CRLF" and "\n" in text.replace(end, ""):
            raise ApiError("INVALIDJOB", "LineEnding is invalid on user data. Current LineEnding setting is CRLF")
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_DELIMITERS[job.delimiter]))
        job.header, job.data = (rows[0], rows[1:]) if rows else ([], [])
        return Reply(201)

    def results(self, request: Request, version: str, key: str, what: str) -> Reply:
        """GET what became of the rows of a job, or a page of what a query found."""
        job = self._job("query" if what == "results" else "ingest", key)
        if job.state not in ("JobComplete", "Failed", "Aborted"):
            raise ApiError("INVALIDJOBSTATE", "Job is not complete")
        if what == "results":
            return self._found(request, job)
        lists = {
            "successfulResults": (["sf__Id", "sf__Created", *job.header], job.done),
            "failedResults": (["sf__Id", "sf__Error", *job.header], job.failed),
            "unprocessedrecords": (job.header, job.left),
        }
        header, rows = lists[{"unprocessedRecords": "unprocessedrecords"}.get(what, what)]
        return Reply(body=_written(job, [header, *rows]), type=_CSV)

    def _found(self, request: Request, job: Job) -> Reply:
        start = int(request.query.get("locator") or 0)
        most = int(request.query.get("maxRecords") or 50_000)
        page = job.data[start : start + most]
        more = start + most < len(job.data)
        headers = {"Sforce-Locator": str(start + most) if more else "null", "Sforce-NumberOfRecords": str(len(page))}
        return Reply(body=_written(job, [job.header, *page]), headers=headers, type=_CSV)

    def _job(self, kind: str, key: str) -> Job:
        job = self.jobs.get(long_id(key))
        if job is None or job.kind != kind:
            raise ApiError("NOT_FOUND", "The requested resource does not exist", status=404)
        return job

    def _run(self, job: Job) -> None:
        if job.kind == "query":
            query, kind, rows = answer(self.org, job.query)
            job.header = list(query.fields)
            job.data = [[_text(value) for value in row] for row in flat(self.org, query, kind, rows)]
            job.done, job.state = job.data, "JobComplete"
            return
        for number, values in enumerate(job.data):
            if self.fails_after is not None and number >= self.fails_after:
                job.left = job.data[number:]
                job.state, job.message = "Failed", "InternalServerError : job failed"
                return
            self._write(job, values)
        job.state = "JobComplete"

    def _write(self, job: Job, values: list[str]) -> None:
        row: dict[str, Any] = {}
        for name, value in zip(job.header, values, strict=False):
            # An empty cell leaves the field as it is; #N/A empties it.
            if value != "":
                row[name] = None if value == "#N/A" else value
        record = str(row.pop("Id", row.pop("id", "")))
        try:
            if job.operation == "insert":
                record = self.org.insert(job.object, row, job.auto_assign)
            elif job.operation == "delete":
                self.org.remove(job.object, record)
            else:
                self.org.update(job.object, record, row, job.auto_assign)
        except ApiError as error:
            said = f"{error.code}:{error.message}:{','.join(error.fields)} --"
            job.failed.append([long_id(record), said, *values])
            return
        job.done.append([long_id(record), str(job.operation == "insert").lower(), *values])


def _written(job: Job, rows: Iterable[list[str]]) -> str:
    out = io.StringIO(newline="")
    how = {"delimiter": _DELIMITERS[job.delimiter], "lineterminator": _ENDS[job.line_end]}
    csv.writer(out, quoting=csv.QUOTE_ALL, **how).writerows(rows)
    return out.getvalue()


def _text(value: Any) -> str:
    """Give a value as CSV has it; a moment ends with Z there."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.replace("+0000", "Z") if isinstance(value, str) and value.endswith(".000+0000") else str(value)
