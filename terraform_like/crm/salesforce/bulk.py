"""The Bulk API 2.0: jobs that read a whole table, and jobs that write many records."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import polars as pl

from terraform_like.crm.port import CrmError
from terraform_like.crm.salesforce.refusal import Problem, problem_in
from terraform_like.crm.salesforce.session import Session
from terraform_like.crm.salesforce.shapes import Job, told

#: Records of one page of results, and ids of one chunk of a table that is read by its keys.
PAGE, CHUNK = 100_000, 100_000
#: Seconds between two looks at a job: the first, the longest; and how many looks there are in a day.
_FIRST, _LONGEST, _LOOKS = 0.5, 20.0, 4_000
#: What empties a field in CSV: an empty cell leaves it as it is.
NOTHING = "#N/A"

Sleep = Callable[[float], None]


def read_all(session: Session, query: str, sleep: Sleep) -> Iterator[pl.DataFrame]:
    """Give what a query finds, page by page, every value as text; the org reads the table by chunks of its keys.

    Raises
    ------
    CrmError
        When the job fails.
    """
    asked = {"operation": "query", "query": query}
    chunked = {"Sforce-Enable-PKChunking": f"chunkSize={CHUNK}"}
    job = told(session.ask("POST", "/jobs/query", body=asked, headers=chunked), Job).id
    _wait(session, f"/jobs/query/{job}", sleep)
    params: dict[str, str | int] = {"maxRecords": PAGE}
    while params.get("locator") != "null":
        answer = session.ask("GET", f"/jobs/query/{job}/results", params=params)
        params["locator"] = answer.headers.get("sforce-locator", "null")
        if answer.body.strip():
            yield _table(answer.body)
    session.ask("DELETE", f"/jobs/query/{job}")


def update_all(
    session: Session, kind: str, fields: Sequence[str], rows: Sequence[Sequence[str | None]], sleep: Sleep
) -> dict[str, Problem | None]:
    """Update records; the first field is `Id`, and null empties a field.

    Gives of each record that the job came to why it was refused, null where it was taken; of others nothing is known.

    Raises
    ------
    CrmError
        When the job cannot be made.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(fields)
    writer.writerows([NOTHING if value is None else value for value in row] for row in rows)
    made = {"object": kind, "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
    headers = {"Sforce-Auto-Assign": "FALSE"}
    job = told(session.ask("POST", "/jobs/ingest", body=made, headers=headers), Job).id
    path = f"/jobs/ingest/{job}"
    session.ask("PUT", f"{path}/batches", content=out.getvalue().encode(), headers={"Content-Type": "text/csv"})
    session.ask("PATCH", path, body={"state": "UploadComplete"})
    # What a job did before it failed is told by its results; the rest is left for another try.
    with suppress(JobFailed):
        _wait(session, path, sleep)
    taken = _results(session, f"{path}/successfulResults", "sf__Id")
    failed = _results(session, f"{path}/failedResults", "Id", "sf__Error")
    return {id_: None for (id_,) in taken} | {id_: problem_in(words) for id_, words in failed}


class JobFailed(CrmError):
    """A job ended before it was done."""


def _results(session: Session, path: str, *columns: str) -> list[tuple[str, ...]]:
    """Give columns of what became of the rows of a job."""
    body = session.ask("GET", path).body
    try:
        return _table(body).select(columns).rows() if body.strip() else []
    except pl.exceptions.PolarsError:
        raise CrmError(f"the CRM answers otherwise than Salesforce does: results lack {', '.join(columns)}") from None


def _table(body: bytes) -> pl.DataFrame:
    """Read CSV, every value as text."""
    try:
        return pl.read_csv(body, infer_schema=False)
    except pl.exceptions.PolarsError:
        raise CrmError("the CRM answers otherwise than Salesforce does: results that are no CSV") from None


def _wait(session: Session, path: str, sleep: Sleep) -> None:
    """Wait for the end of a job.

    Raises
    ------
    JobFailed
        When it ends otherwise than complete.
    """
    pause = _FIRST
    for _ in range(_LOOKS):
        job = told(session.ask("GET", path), Job)
        if job.state == "JobComplete":
            return
        if job.state in ("Failed", "Aborted"):
            words = session.http.words(job.errorMessage or "it does not say why")
            raise JobFailed(f"a bulk job of Salesforce ended as {job.state}: {words}")
        sleep(pause)
        pause = min(2 * pause, _LONGEST)
    raise JobFailed("a bulk job of Salesforce is not done after a day")
