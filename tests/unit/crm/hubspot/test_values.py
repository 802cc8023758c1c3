from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.crm.hubspot.shapes import Property
from terraform_like.crm.hubspot.values import kind_of, readable, series
from terraform_like.crm.port import CrmError
from terraform_like.domain.kinds import Kind


def of(type_: str, name: str = "x", *values: str) -> Property:
    options = [{"value": value, "label": value} for value in values]
    return Property.model_validate({"name": name, "type": type_, "options": options})


@pytest.mark.parametrize(
    ("each", "kind"),
    [
        (of("string"), Kind.TEXT),
        (of("number"), Kind.NUMBER),
        (of("number", "hs_parent_company_id"), Kind.TEXT),
        (of("bool"), Kind.TRUTH),
        (of("enumeration", "x", "true", "false"), Kind.TRUTH),
        (of("enumeration", "x", "true", "false", "maybe"), Kind.TEXT),
        (of("enumeration"), Kind.TEXT),
        (of("date"), Kind.DAY),
        (of("datetime"), Kind.MOMENT),
    ],
)
def test_the_kind_of_a_column_is_that_of_its_property(each: Property, kind: Kind) -> None:
    assert kind_of(each) is kind


def test_what_no_expression_could_read_is_offered_to_none() -> None:
    assert list(readable({"a": of("json"), "b": of("object_coordinates"), "c": of("string")})) == ["c"]


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)))
def test_a_moment_is_the_same_in_each_of_the_ways_that_hubspot_writes_it(moment: datetime) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1_000 * 1_000)
    since = str(round(moment.replace(tzinfo=UTC).timestamp() * 1_000))
    whole = moment.isoformat(timespec="milliseconds")
    told = [f"{whole}Z", f"{whole}+00:00", whole, *([since] if len(since) >= 12 else []), "", None]
    assert list(series("x", told, of("datetime"))) == [*[moment] * (len(told) - 2), None, None]
    assert series("x", [moment.date().isoformat()], of("date"))[0] == moment.date()


def test_a_day_may_come_with_a_time() -> None:
    assert list(series("x", ["2026-03-01T00:00:00Z", "2026-03-01"], of("date"))) == [date(2026, 3, 1)] * 2


@pytest.mark.parametrize(("type_", "value"), [("number", "much"), ("date", "1.3.2026"), ("datetime", "12345")])
def test_a_value_of_another_type_is_told(type_: str, value: str) -> None:
    with pytest.raises(CrmError, match=f'the property "x" of type {type_} holds values that cannot be read'):
        series("x", [value], of(type_))
