"""Companies: pages, single ones, batches, search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from crm.hubspot_fake.errors import HubSpotError, InvalidValues, Row, no_object, not_found, together, unread
from crm.hubspot_fake.pages import archived, number_of, page_of
from crm.hubspot_fake.portal import Company, Portal
from crm.hubspot_fake.search import searched
from crm.loopback import Reply, Request

#: Companies of one page, and inputs of one batch, at most. Vendor.
MOST = 100
_UNASKED = 10


@dataclass
class Companies:
    """The resources of companies over a portal."""

    portal: Portal

    def pages(self, request: Request) -> Reply:
        """GET: pages in the order of ids. Specification: 10 a page where nothing is said."""
        limit = number_of(request, "limit", _UNASKED, MOST)
        after = request.query.get("after", "0")
        if not after.isdigit():
            raise unread(f"The 'after' cursor {after} is invalid")
        rest = sorted(
            (each for each in self.portal.companies.values() if (each.archived is not None) is archived(request)),
            key=lambda each: int(each.id),
        )
        # Seen: the cursor is the id of the last one.
        rest = [each for each in rest if int(each.id) > int(after)]
        results = [self.portal.shown(each, _asked(request)) for each in rest[:limit]]
        return Reply(body=page_of(request, results, results[-1]["id"] if len(rest) > limit else None))

    def create(self, request: Request) -> Reply:
        """POST: make one."""
        values = _values(request.json())
        self._judged("", values)
        return Reply(201, self.portal.shown(self._made(values), list(values)))

    def one(self, request: Request, id_: str) -> Reply:
        """GET, PATCH or DELETE of one by its id."""
        if request.method == "DELETE":
            self.portal.archive(id_)
            return Reply(204)
        company = self.portal.find(id_, archived=archived(request))
        if company is None:
            raise not_found()
        if request.method == "GET":
            return Reply(body=self.portal.shown(company, _asked(request)))
        values = _values(request.json())
        self._judged(id_, values)
        self.portal.meet_locks([id_])
        self.portal.write(company, values)
        return Reply(body=self.portal.shown(company, list(values)))

    def batch(self, request: Request, does: str) -> Reply:
        """POST batch/read, update, create or archive."""
        body = request.json()
        inputs = body.get("inputs", [])
        self._fit(inputs)
        if does == "archive":
            for each in inputs:
                self.portal.archive(str(each["id"]))
            return Reply(204)
        if does == "create":
            return self._written(inputs, 201, lambda each: self._made(_values(each)))
        ids = [str(each.get("id", "")) for each in inputs]
        if twice := sorted({id_ for id_ in ids if ids.count(id_) > 1}):
            # Seen, to the letter.
            words = f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
            raise HubSpotError(400, "VALIDATION_ERROR", words, context={"ids": twice})
        if does == "read":
            looked = {id_: self.portal.find(id_, archived=archived(request)) for id_ in ids}
            found = [company for company in looked.values() if company is not None]
            missing = [id_ for id_, company in looked.items() if company is None]
            errors = [no_object().of_inputs(ids=missing)] if missing else []
            shown = [self.portal.shown(company, body.get("properties", [])) for company in found]
            return self._told(shown, errors, 200)
        self.portal.meet_locks(ids)
        return self._written(inputs, 200, self._updated)

    def search(self, request: Request) -> Reply:
        """POST search. Vendor."""
        return Reply(body=searched(self.portal, request.json()))

    def _fit(self, inputs: Sequence[Row]) -> None:
        if not inputs:
            raise unread("A batch must have at least one input")
        if len(inputs) > MOST:
            # Seen: 400; a guess: the words.
            raise unread(f"The maximum number of inputs supported in a batch request is {MOST}")

    def _written(self, inputs: Sequence[Row], status: int, act: Callable[[Row], Company]) -> Reply:
        """Write what is valid. Seen: where each input has a trace id of its own, else nothing unless all are."""
        refused: list[tuple[Row, HubSpotError]] = []
        for each in inputs:
            try:
                self._judged(str(each.get("id", "")), _values(each))
            except HubSpotError as error:
                refused.append((each, error))
        traces = {each.get("objectWriteTraceId") for each in inputs} - {None}
        apart = self.portal.traced and len(traces) == len(inputs)
        if refused and not apart:
            raise together([error for _, error in refused])
        bad = [id(each) for each, _ in refused]
        errors = [error.of_inputs(objectWriteTraceId=[each["objectWriteTraceId"]]) for each, error in refused]
        results = []
        for each in inputs:
            if id(each) in bad or each.get("id") in self.portal.left_out:
                continue
            try:
                company = act(each)
            except HubSpotError as error:
                trace = {"objectWriteTraceId": [str(each["objectWriteTraceId"])]} if apart else {}
                errors.append(error.of_inputs(ids=[str(each.get("id", ""))], **trace))
                continue
            traced = {"objectWriteTraceId": each["objectWriteTraceId"]} if each.get("objectWriteTraceId") else {}
            results.append(self.portal.shown(company, list(_values(each))) | traced)
        # Seen: results are not in the order of the inputs.
        return self._told(results[::-1], errors, status)

    def _updated(self, each: Row) -> Company:
        company = self.portal.find(str(each.get("id", "")))
        if company is None:
            raise no_object()
        self.portal.write(company, _values(each))
        return company

    def _made(self, values: dict[str, str]) -> Company:
        return self.portal.companies[self.portal.create(**values)]

    def _judged(self, id_: str, values: dict[str, str]) -> None:
        try:
            self.portal.judge(id_, values)
        except InvalidValues as invalid:
            raise invalid.error() from None

    def _told(self, results: list[Row], errors: list[Row], status: int) -> Reply:
        now = self.portal.now()
        body = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
        if errors:
            return Reply(self.portal.mixed, body | {"numErrors": len(errors), "errors": errors})
        return Reply(status, body)


def _asked(request: Request) -> list[str]:
    """Give the properties asked for: one after another or with commas, clients do either."""
    return [name for text in request.queries.get("properties", []) for name in text.split(",") if name]


def _values(each: Any) -> dict[str, str]:
    """Give the values of an input as text; a guess: null clears as an empty text does."""
    values = each.get("properties") if isinstance(each, dict) else None
    if not isinstance(values, dict):
        raise unread("Invalid input JSON: properties must be an object")
    return {name: "" if value is None else _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
