from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.crm.http import Answer, Http
from terraform_like.crm.hubspot.refusal import Refused, plain, refused
from terraform_like.crm.hubspot.shapes import Problem
from terraform_like.crm.port import CrmError

HTTP = Http("https://api.example.com", "crm.url", secrets=("pat-secret",))
JSON = {"content-type": "application/json;charset=utf-8"}


def error(status: int, body: Any, *, after: float | None = None) -> CrmError:
    return refused(Answer(status, JSON, json.dumps(body).encode(), after), HTTP)


@pytest.mark.parametrize(
    ("status", "more", "after", "passing", "waits"),
    [
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, None, True, 10.0),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, 3.0, True, 3.0),
        (429, {"policyName": "SECONDLY"}, None, True, 1.0),
        (429, {}, None, True, 10.0),
        (429, {"policyName": "DAILY"}, None, False, None),
        (423, {}, None, True, 2.0),
        (423, {}, 0.5, True, 2.0),
        (477, {}, 120.0, True, 120.0),
        *((status, {}, None, True, None) for status in (408, 500, 502, 503, 504, 524)),
        (400, {}, None, False, None),
        (401, {}, None, False, None),
        (403, {}, None, False, None),
    ],
)
def test_what_passes_is_waited_for_as_long_as_hubspot_asks(
    status: int, more: dict[str, str], after: float | None, passing: bool, waits: float | None
) -> None:
    told = error(status, {"message": "No.", **more}, after=after)
    assert (told.passing, told.after) == (passing, waits)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 414, 423, 429, 477, 500])
def test_a_record_may_be_the_cause_where_it_is_not_valid_not_there_in_conflict_or_held(status: int) -> None:
    told = error(status, {"message": "No."})
    assert isinstance(told, Refused)
    assert told.of_one_record is (status in (400, 404, 409, 423))
    all_alike = error(status, {"message": 'Property values were not valid: [{"error":"PROPERTY_DOESNT_EXIST"}]'})
    assert isinstance(all_alike, Refused)
    assert not all_alike.of_one_record


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"message": "", "context": {"requiredGranularScopes": ["b.read", "a.read"]}}]},
        {"errors": [{"message": "", "context": {"requiredScopes": ["a.read", "b.read", "a.read"]}}]},
        {"context": {"missingScopes": ["b.read", "a.read"]}},
    ],
)
def test_missing_scopes_are_found_wherever_hubspot_names_them(body: dict[str, Any]) -> None:
    told = error(403, {"message": "This app hasn't been granted all required scopes.", **body})
    assert isinstance(told, Refused)
    assert told.scopes == ("a.read", "b.read")
    assert str(told).endswith("give the key the scope a.read or b.read")


@pytest.mark.parametrize("context", [None, "text", [], {"requiredScopes": "text"}, {"requiredScopes": None}])
def test_an_error_of_any_other_shape_names_no_scope(context: Any) -> None:
    told = error(403, {"message": "No.", "context": context, "errors": [context, {"context": context}]})
    assert isinstance(told, Refused)
    assert told.scopes == ()


def test_a_page_that_something_between_answers_is_no_refusal_of_hubspots() -> None:
    told = refused(Answer(502, {"content-type": "text/html"}, b"<html>Bad gateway, pat-secret</html>", None), HTTP)
    assert not isinstance(told, Refused)
    assert told.passing
    assert "pat-secret" not in str(told)


def test_no_refusal_tells_a_secret() -> None:
    assert "pat-secret" not in str(error(401, {"message": "The token pat-secret is not known"}))


def test_each_value_that_is_not_valid_is_told_in_words() -> None:
    values = [{"message": "a was not valid", "name": "x"}, {"error": "INVALID_OPTION"}, {"isValid": False}]
    told = plain(f"Property values were not valid: {json.dumps(values)}")
    assert told == "Property values were not valid: a was not valid; INVALID_OPTION"


@given(st.text(max_size=60))
def test_a_message_whose_json_is_cut_off_stays_as_it_is(text: str) -> None:
    message = f'Property values were not valid: [{{"message": "{text}'.replace("]", "")
    assert plain(message) == message


@pytest.mark.parametrize(
    ("told", "records"),
    [
        ({"context": {"objectWriteTraceId": ["7"]}}, ["7"]),
        ({"context": {"ids": ["7", "8"]}}, ["7", "8"]),
        ({"context": {"id": "7"}}, ["7"]),
        ({"objectWriteTraceId": "7"}, ["7"]),
        ({"objectWriteTraceId": "7", "context": {"ids": ["7"]}}, ["7", "7"]),
        ({"context": "{ids=[7]}"}, []),
        ({"context": None, "message": None}, []),
    ],
)
def test_an_error_of_a_batch_is_put_to_records_by_their_traces_or_ids(told: Any, records: list[str]) -> None:
    assert list(Problem.model_validate(told).records) == records
