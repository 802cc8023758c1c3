"""Columns, metrics and kinds of a whole plan are judged at once, without an account."""

import pytest

from terraform_like.diagnostics import Report, Span
from terraform_like.domain.carving import Carving
from terraform_like.domain.columns import Offered, check_columns
from terraform_like.domain.kinds import Kind

CRM = {"arr": Kind.WHOLE, "state": Kind.TEXT, "lat": Kind.WHOLE, "lon": Kind.WHOLE, "parent_id": Kind.TEXT}
WHERE = {"latitude": "lat", "longitude": "lon"}


def checked(offered: Offered, **said) -> tuple[dict[str, Kind], list[tuple[str, str]]]:
    """Give the columns in the end, and path and detail of everything that was said."""
    report = Report()
    wanted = {"segments": [{"name": "all"}], "territories": {"west": {"segment": "all"}}} | said
    carving = Carving.model_validate({"name": "fy27", **wanted})

    def locate(path, *, key=False):
        return Span("/".join(map(str, path)), 1, 1)

    columns = check_columns(carving, offered, locate, report, carving.accounts.location)
    return columns, [(d.span.file, d.detail) for d in report]


def complaints(**said) -> list[tuple[str, str]]:
    return checked(Offered(CRM, whole=True), **said)[1]


def test_all_that_is_wrong_in_several_places_is_told_at_once():
    found = complaints(
        accounts={"where": "stat = 'CA' AND arrr > 1", "protect": "arr", "family": "parent"},
        segments=[{"name": "big", "where": "arr > 'x'"}, {"name": "all", "stay": "state"}],
        territories={"west": {"segment": "all", "where": "LOWER(arr) = 'a'", "rule": "stae = 'CA'"}},
        balance={"all": {"within": {"arrr": "5%", "state": "5%"}}},
    )

    assert found == [
        ("accounts/family/column", 'Did you mean "parent_id"?'),
        ("accounts/protect", "This must be true or false, but gives a number"),
        ("accounts/where", 'There is no column "arrr". Did you mean "arr"?'),
        ("accounts/where", 'There is no column "stat". Did you mean "state"?'),
        ("balance/all/within/arrr", 'Did you mean "arr"?'),
        ("balance/all/within/state", "The column holds text."),
        ("segments/0/where", "A number and text do not go together"),
        ("segments/1/stay", "This must be true or false, but gives text"),
        ("territories/west/rule", 'There is no column "stae". Did you mean "state"?'),
        ("territories/west/where", "Text must stand here, but this is a number"),
    ]


def test_derived_columns_count_in_order_with_the_kinds_that_they_have():
    columns, found = checked(
        Offered(CRM, whole=True),
        accounts={"columns": {"early": "late + 1", "late": "arr / 2", "word": "late || 'x'", "after": "word = 'x'"}},
    )

    assert [where for where, _ in found] == ["accounts/columns/early", "accounts/columns/word"]
    assert (columns["late"], columns["word"], columns["after"]) == (Kind.NUMBER, Kind.UNKNOWN, Kind.TRUTH)


def test_where_nothing_is_known_of_the_crm_what_needs_no_column_is_told_all_the_same():
    _, found = checked(
        Offered(),
        accounts={"where": "anything", "protect": "other + 1", "columns": {"word": "'a'"}, "family": "whoever"},
        segments=[{"name": "all", "where": "1 = 'a'"}],
        territories={"west": {"segment": "all", "where": "word + 1 > 2"}},
        balance={"all": {"within": {"whatever": "5%", "word": "5%"}}},
    )

    assert [where for where, _ in found] == [
        "accounts/protect",
        "balance/all/within/word",
        "segments/0/where",
        "territories/west/where",
    ]


def test_columns_of_the_tool_are_there_only_once_they_are_made():
    assert (
        complaints(
            accounts={"where": "territory = 'west' AND account <> 'A'"},
            segments=[{"name": "all", "where": "protected AND family = 'A'"}],
            territories={"west": {"segment": "all", "where": "segment = 'all'"}},
        )
        == []
    )
    assert [where for where, _ in complaints(accounts={"where": "protected"})] == ["accounts/where"]
    assert [where for where, _ in complaints(segments=[{"name": "all", "where": "segment = 'a'"}])] == [
        "segments/0/where"
    ]


@pytest.mark.parametrize("name", ["segment", "accounts", "owner", "recorded"])
def test_a_derived_column_has_no_name_of_the_tools(name):
    ((where, detail),) = complaints(accounts={"columns": {name: "1"}})

    assert (where, detail) == (f"accounts/columns/{name}", "The tool has one of that name.")


def test_how_old_the_knowledge_is_stands_with_what_is_missing():
    old = Offered(CRM, whole=True, since="So it was in May.")

    _, found = checked(
        old, accounts={"where": "stat = 'x'", "family": "parent"}, balance={"all": {"at_most": {"a": 1}}}
    )

    assert all(detail.endswith("? So it was in May.") for where, detail in found if where != "balance/all/at_most/a")
    assert len(found) == 3


def test_expressions_of_territories_alike_are_judged_once():
    west = {"segment": "all", "where": "state = 1"}

    def locate(path, *, key=False):
        return Span("one line", 1, 1)

    report = Report()
    wanted = {"name": "p", "segments": [{"name": "all"}], "territories": {f"west-{n}": west for n in range(9)}}
    check_columns(Carving.model_validate(wanted), Offered(CRM, whole=True), locate, report, None)

    assert len(report) == 1


# within_km


def test_within_km_needs_the_columns_that_say_where_accounts_are():
    near = {"territories": {"west": {"segment": "all", "where": "within_km(37.77, -122.42, 150)"}}}

    assert complaints(accounts={"location": WHERE}, **near) == []
    ((where, detail),) = complaints(**near)
    assert where == "territories/west/where"
    assert detail == (
        "`within_km` needs to know where accounts are; say which columns do: "
        "`accounts: {location: {latitude: lat, longitude: lon}}`"
    )


def test_a_location_of_text_is_told_where_it_is_said_and_where_it_is_asked():
    found = complaints(
        accounts={"location": {"latitude": "state", "longitude": "lon"}, "where": "within_km(37.77, -122.42, 150)"}
    )

    assert [where for where, _ in found] == ["accounts/location/latitude", "accounts/where"]
    assert found[1][1] == '`within_km` needs numbers in "state", but that is text'
