"""One session with an org: every request, with a token that is renewed once, and refusals as errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from terraform_like.crm.http import SILENCE_SECONDS, Answer, Http
from terraform_like.crm.port import CrmError
from terraform_like.crm.salesforce.login import new_token, renewable, secrets_of
from terraform_like.crm.salesforce.refusal import EXPIRED, NOT_AS_SEEN, Refused, as_error, refused
from terraform_like.crm.salesforce.shapes import Page, told
from terraform_like.crm.salesforce.soql import select
from terraform_like.domain.salesforce import SalesforceConnection

_NOT_AS_SEEN = 412


class Session:
    """Requests to one org.

    Parameters
    ----------
    connection : SalesforceConnection
        `crm:` of territory.yaml.
    silence : float
        Seconds until an org that says nothing counts as not to be had.
    """

    def __init__(self, connection: SalesforceConnection, *, silence: float = SILENCE_SECONDS) -> None:
        self._connection = connection
        self.http = Http(connection.url, "crm.url", secrets=secrets_of(connection.login), silence=silence)
        self._token: str | None = None

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        content: bytes | None = None,
    ) -> Answer:
        """Make a request below `/services/data/vXX.X`, or to a path that the org itself gave.

        Raises
        ------
        Refused
            When Salesforce refuses, with its code.
        CrmError
            When there is no answer, or one that is not Salesforce's.
        """
        whole = path if path.startswith("/services/") else f"/services/data/v{self._connection.api}{path}"
        for last in (not renewable(self._connection.login), True):
            if self._token is None:
                self._token = new_token(self._connection, self.http)
            with_token = {**(headers or {}), "Authorization": f"Bearer {self._token}"}
            answer = self.http.ask(method, whole, params=params, headers=with_token, body=body, content=content)
            if answer.well:
                return answer
            error = self._refusal(answer)
            if error is None:
                raise self.http.failed(answer)
            if error.problem.code != EXPIRED or last:
                raise error
            self._token = None
        raise AssertionError("the second round ends in an answer or an error")

    def query(self, fields: list[str], kind: str, where: str | None = None) -> Iterator[dict[str, Any]]:
        """Give what a query finds, page by page."""
        page = told(self.ask("GET", "/query", params={"q": select(fields, kind, where, order="Id")}), Page)
        while True:
            for row in page.records:
                if not row.keys() >= set(fields):
                    raise CrmError(f"the CRM answers otherwise than Salesforce does: a record of {kind} lacks fields")
                yield row
            if page.done:
                return
            page = told(self.ask("GET", page.nextRecordsUrl), Page)

    def count(self, kind: str, where: str | None = None) -> int:
        """Count the records of an object."""
        return told(self.ask("GET", "/query", params={"q": select([], kind, where)}), Page).totalSize

    def close(self) -> None:
        """Let go of connections."""
        self.http.close()

    def _refusal(self, answer: Answer) -> Refused | None:
        """Give Salesforce's own refusal; None where something between answered, as a page of a proxy."""
        if answer.status == _NOT_AS_SEEN:
            return as_error(NOT_AS_SEEN, "the record is not as it was")
        if "json" not in answer.headers.get("content-type", ""):
            return None
        code, words = refused(answer.json())
        return as_error(code, self.http.words(words)) if code else None
