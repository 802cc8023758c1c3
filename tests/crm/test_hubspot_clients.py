"""HubSpot's own client, which nobody here wrote, drives the fake HubSpot without a complaint.

Its types check what comes back: a field that is missing or of another kind is an error of theirs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from crm.hubspot_clients import connected
from crm.hubspot_fake.door import GOOD, OWNERS, READ, SHAPE, WRITE
from crm.hubspot_fake.portal import Portal
from crm.hubspot_fake.properties import Property
from crm.hubspot_fake.server import HubSpotServer
from hubspot import HubSpot
from hubspot.crm import companies as models
from hubspot.crm import properties as shapes

HOSTILE = 'O\'Brien \\ "Söhne" %_ 株式会社 <b>=1+1</b>\nline two'


@pytest.fixture
def server() -> Iterator[HubSpotServer]:
    with HubSpotServer(Portal()).running() as server:
        yield server


@pytest.fixture
def portal(server: HubSpotServer) -> Portal:
    return server.portal


@pytest.fixture
def spot(server: HubSpotServer) -> HubSpot:
    return connected(server)


def updates(*inputs: tuple[str, dict[str, str]], traced: bool = False) -> models.BatchInputSimplePublicObjectBatchInput:
    return models.BatchInputSimplePublicObjectBatchInput(
        inputs=[
            models.SimplePublicObjectBatchInput(
                id=id_, properties=values, object_write_trace_id=f"t{at}" if traced else None
            )
            for at, (id_, values) in enumerate(inputs)
        ]
    )


def reading(*ids: str) -> models.BatchReadInputSimplePublicObjectId:
    inputs = [models.SimplePublicObjectId(id=id_) for id_ in ids]
    return models.BatchReadInputSimplePublicObjectId(
        inputs=inputs, properties=["name", "hubspot_owner_id"], properties_with_history=[]
    )


def refused(act: Callable[[], Any]) -> tuple[int, dict[str, Any]]:
    """Give status and body of the error that the client raises, of whichever of its packages it is."""
    with pytest.raises(Exception, match="Reason") as error:
        act()
    return error.value.status, json.loads(error.value.body)


def test_companies_come_in_pages_of_a_hundred_at_most(server: HubSpotServer, spot: HubSpot) -> None:
    made = [server.portal.create(name=f"Company {number}", city="Köln") for number in range(250)]
    found = spot.crm.companies.get_all(properties=["city", "no_such_property"])
    assert [each.id for each in found] == made
    assert {each.properties["city"] for each in found} == {"Köln"}
    assert "no_such_property" not in found[0].properties
    assert found[0].properties["hs_lastmodifieddate"] == found[0].updated_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert server.count("GET .*/companies") == 3
    page = spot.crm.companies.basic_api.get_page()
    assert (len(page.results), set(page.results[0].properties) > {"name", "domain"}) == (10, True)
    status, body = refused(lambda: spot.crm.companies.basic_api.get_page(limit=101))
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")


def test_a_company_is_made_read_changed_and_archived(portal: Portal, spot: HubSpot) -> None:
    basic, owner = spot.crm.companies.basic_api, portal.hire("Jane", teams=["West", "All"])
    made = basic.create(models.SimplePublicObjectInputForCreate(properties={"name": HOSTILE}, associations=[]))
    changed = basic.update(made.id, models.SimplePublicObjectInput(properties={"hubspot_owner_id": owner}))
    assert changed.updated_at > made.updated_at
    read = basic.get_by_id(made.id, properties=["name", "hubspot_owner_id", "hubspot_team_id"])
    assert read.properties["name"] == HOSTILE
    assert (read.properties["hubspot_owner_id"], read.properties["hubspot_team_id"]) == (owner, "700")
    basic.update(made.id, models.SimplePublicObjectInput(properties={"hubspot_owner_id": ""}))
    assert basic.get_by_id(made.id, properties=["hubspot_owner_id"]).properties["hubspot_owner_id"] is None
    basic.archive(made.id)
    assert refused(lambda: basic.get_by_id(made.id))[1]["category"] == "OBJECT_NOT_FOUND"
    assert basic.get_by_id(made.id, archived=True).archived
    assert basic.get_page().results == []
    assert [each.id for each in basic.get_page(archived=True).results] == [made.id]


def test_a_batch_tells_what_it_did_not_find(portal: Portal, spot: HubSpot) -> None:
    batch, one = spot.crm.companies.batch_api, portal.create(name="A")
    told = batch.read(reading(one, "404"))
    assert ([each.id for each in told.results], told.num_errors) == ([one], 1)
    assert (told.errors[0].category, told.errors[0].context["ids"]) == ("OBJECT_NOT_FOUND", ["404"])
    told = batch.update(updates((one, {"name": "B"}), ("404", {"name": "C"}), traced=True))
    assert [(each.id, each.object_write_trace_id) for each in told.results] == [(one, "t0")]
    assert told.errors[0].context == {"ids": ["404"], "objectWriteTraceId": ["t1"]}
    assert portal.companies[one].values["name"] == "B"
    all_well = batch.read(reading(one))
    assert type(all_well) is models.BatchResponseSimplePublicObject


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"no_such_property": "x"}, "PROPERTY_DOESNT_EXIST"),
        ({"hs_object_id": "1"}, "READ_ONLY_VALUE"),
        ({"industry": "no such"}, "INVALID_OPTION"),
        ({"annualrevenue": "much"}, "INVALID_FLOAT"),
        ({"hubspot_owner_id": "404"}, "INVALID_OWNER_ID"),
        ({"hubspot_owner_id": "29947847357121"}, "INVALID_INTEGER"),
    ],
)
def test_an_input_that_is_not_valid_has_the_batch_refused_unless_each_has_a_trace(
    values: dict[str, str], code: str, portal: Portal, spot: HubSpot
) -> None:
    batch, one, two = spot.crm.companies.batch_api, portal.create(name="A"), portal.create(name="B")
    status, body = refused(lambda: batch.update(updates((one, {"name": "new"}), (two, values))))
    assert (status, body["category"], body["errors"][0]["code"]) == (400, "VALIDATION_ERROR", code)
    assert body["errors"][0]["context"] == {"propertyName": list(values)}
    assert body["message"].startswith("Property values were not valid: [{")
    assert portal.written == []
    told = batch.update(updates((one, {"name": "new"}), (two, values), traced=True))
    assert ([each.id for each in told.results], told.errors[0].context["objectWriteTraceId"]) == ([one], ["t1"])
    assert portal.written == [one]


def test_an_owner_is_known_by_the_id_and_not_by_the_user(portal: Portal, spot: HubSpot) -> None:
    jane, idle = portal.hire("Jane", teams=["West"]), portal.hire("Idle", active=False)
    rest = [portal.hire(f"Owner {number}") for number in range(4)]
    found = spot.crm.owners.get_all()
    assert [each.id for each in found] == [jane, *rest]
    assert (found[0].teams[0].name, found[0].teams[0].primary, found[1].teams) == ("West", True, None)
    (gone,) = spot.crm.owners.get_all(archived=True)
    assert (gone.id, gone.user_id, gone.user_id_including_inactive) == (idle, None, portal.owners[idle].user)
    page = spot.crm.owners.owners_api.get_page(limit=2)
    assert not page.paging.next.after.isdigit()
    after = spot.crm.owners.owners_api.get_page(limit=2, after=page.paging.next.after)
    assert [each.id for each in (*page.results, *after.results)] == [jane, *rest[:3]]
    user = found[0].user_id
    assert spot.crm.owners.owners_api.get_by_id(owner_id=user, id_property="userId").id == jane
    company = portal.create(name="A")
    basic = spot.crm.companies.basic_api
    values = models.SimplePublicObjectInput(properties={"hubspot_owner_id": str(user)})
    assert refused(lambda: basic.update(company, values))[1]["errors"][0]["code"] == "INVALID_OWNER_ID"


def test_properties_and_their_options_are_made_and_changed(spot: HubSpot, portal: Portal) -> None:
    core, groups = spot.crm.properties.core_api, spot.crm.properties.groups_api
    groups.create("companies", shapes.PropertyGroupCreate(name="territories", label="Territories"))
    assert "territories" in {each.name for each in groups.get_all("companies").results}
    west, east = (shapes.OptionInput(value=each, label=each.title(), hidden=False) for each in ("west", "east"))
    new = {"name": "territory", "label": "Territory", "type": "enumeration", "field_type": "select"}
    wanted = shapes.PropertyCreate(**new, group_name="territories", options=[west])
    made = core.create("companies", wanted)
    assert (made.hubspot_defined, made.modification_metadata.read_only_value) == (False, False)
    assert refused(lambda: core.create("companies", wanted))[0] == 409
    company = portal.create(name="A")
    values = models.SimplePublicObjectInput(properties={"territory": "east"})
    basic = spot.crm.companies.basic_api
    assert refused(lambda: basic.update(company, values))[1]["errors"][0]["code"] == "INVALID_OPTION"
    core.update("companies", "territory", shapes.PropertyUpdate(options=[west, east]))
    basic.update(company, values)
    owner = core.get_by_name("companies", "hubspot_owner_id")
    assert (owner.external_options, owner.referenced_object_type) == (True, "OWNER")
    assert core.get_by_name("companies", "hs_lastmodifieddate").modification_metadata.read_only_value
    assert {each.name for each in core.get_all("companies").results} == set(portal.properties)
    assert refused(lambda: core.get_by_name("companies", "none"))[0] == 404
    odd = shapes.PropertyCreate(**new | {"name": "odd", "field_type": "number"}, group_name="territories", options=[])
    assert refused(lambda: core.create("companies", odd))[0] == 400


@pytest.mark.parametrize(
    ("scope", "call"),
    [
        (READ, lambda spot: spot.crm.companies.basic_api.get_page()),
        (WRITE, lambda spot: spot.crm.companies.basic_api.archive("1")),
        (OWNERS, lambda spot: spot.crm.owners.get_all()),
        (SHAPE, lambda spot: spot.crm.properties.core_api.archive("companies", "x")),
    ],
)
def test_a_scope_that_is_missing_is_named(
    scope: str, call: Callable[[HubSpot], Any], server: HubSpotServer, spot: HubSpot
) -> None:
    server.door.scopes.remove(scope)
    status, body = refused(lambda: call(spot))
    assert (status, body["category"]) == (403, "MISSING_SCOPES")
    assert body["errors"][0]["context"]["requiredGranularScopes"] == [scope]


def test_a_token_is_given_for_another_and_lapses(server: HubSpotServer) -> None:
    door = server.door
    told = {"grant_type": "refresh_token", "client_id": door.client_id, "client_secret": door.client_secret}
    tokens = connected(server).oauth.tokens_api
    token = tokens.create(**told, refresh_token=door.refresh_token)
    assert (token.token_type, token.expires_in) == ("bearer", GOOD)
    spot = connected(server, token.access_token)
    assert spot.crm.companies.get_all() == []
    server.limits.pass_by(GOOD)
    status, body = refused(spot.crm.companies.get_all)
    assert (status, body["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert refused(connected(server, "no-such-key").crm.companies.get_all)[1]["category"] == "INVALID_AUTHENTICATION"
    assert refused(lambda: tokens.create(**told, refresh_token="other"))[1]["status"] == "BAD_REFRESH_TOKEN"
    assert refused(lambda: tokens.create(**told | {"client_id": "x"}))[1]["status"] == "BAD_CLIENT_ID"


def test_who_calls_too_often_is_told_which_limit_it_was(server: HubSpotServer, spot: HubSpot) -> None:
    server.limits.burst = 3
    basic, search = spot.crm.companies.basic_api, spot.crm.companies.search_api
    answers = [basic.get_page_with_http_info() for _ in range(3)]
    assert [headers["X-HubSpot-RateLimit-Remaining"] for _, _, headers in answers] == ["2", "1", "0"]
    status, body = refused(basic.get_page)
    assert (status, body["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
    _, _, headers = search.do_search_with_http_info(models.PublicObjectSearchRequest(limit=1))
    assert "X-HubSpot-RateLimit-Remaining" not in headers
    server.limits.pass_by(10)
    usage = spot.api_request({"path": "/account-info/v3/api-usage/daily/private-apps"})
    assert usage.json()["results"][0]["currentUsage"] == server.limits.used
    server.limits.day = server.limits.used
    assert refused(basic.get_page)[1]["policyName"] == "DAILY"


def test_a_search_finds_by_filters_and_ends_at_ten_thousand(portal: Portal, spot: HubSpot) -> None:
    made = [portal.create(name=f"C{number}", annualrevenue=str(number)) for number in range(30)]
    search = spot.crm.companies.search_api
    big = models.Filter(property_name="annualrevenue", operator="GTE", value="9")
    known = models.Filter(property_name="name", operator="HAS_PROPERTY")
    group = models.FilterGroup(filters=[big, known])
    asked = models.PublicObjectSearchRequest(filter_groups=[group], sorts=["-annualrevenue"], limit=20, properties=[])
    first = search.do_search(asked)
    assert (first.total, [each.id for each in first.results]) == (21, made[:9:-1])
    asked.after = first.paging.next.after
    assert [each.id for each in search.do_search(asked).results] == [made[9]]
    asked.after = "9990"
    assert refused(lambda: search.do_search(asked))[0] == 400


def test_a_batch_is_no_longer_than_a_hundred_and_names_nothing_twice(portal: Portal, spot: HubSpot) -> None:
    batch = spot.crm.companies.batch_api
    new = [
        models.SimplePublicObjectBatchInputForCreate(properties={"name": f"C{n}"}, associations=[]) for n in range(101)
    ]
    assert refused(lambda: batch.create(models.BatchInputSimplePublicObjectBatchInputForCreate(inputs=new)))[0] == 400
    made = batch.create(models.BatchInputSimplePublicObjectBatchInputForCreate(inputs=new[:100]))
    assert len(made.results) == len(portal.companies) == 100
    one = made.results[0].id
    body = refused(lambda: batch.update(updates((one, {"name": "x"}), (one, {"name": "y"}), traced=True)))[1]
    assert body["context"] == {"ids": [one]}
    ids = [models.SimplePublicObjectId(id=each.id) for each in made.results]
    batch.archive(models.BatchInputSimplePublicObjectId(inputs=ids))
    assert spot.crm.companies.get_all() == []


@pytest.mark.parametrize("version", ["2026-03", "2026-09"])
def test_versions_by_date_give_the_same(version: str, server: HubSpotServer, spot: HubSpot) -> None:
    company, owner = server.portal.create(name="A"), server.portal.hire("Jane")
    for path in (f"objects/{version}/companies/{company}", f"objects/{version}/0-2/{company}"):
        assert spot.api_request({"path": f"/crm/{path}"}).json()["id"] == company
    assert spot.api_request({"path": f"/crm/owners/{version}/{owner}"}).json()["id"] == owner
    assert spot.api_request({"path": f"/crm/properties/{version}/companies/name"}).json()["type"] == "string"
    assert spot.api_request({"path": f"/account-info/{version}/details"}).json()["portalId"] == server.portal.id


def test_a_company_that_was_merged_into_another_is_left_out_without_a_word(portal: Portal, spot: HubSpot) -> None:
    one, merged = portal.create(name="A"), portal.create(name="B")
    portal.left_out.add(merged)
    told = spot.crm.companies.batch_api.update(
        updates((one, {"city": "Bonn"}), (merged, {"city": "Bonn"}), traced=True)
    )
    assert type(told) is models.BatchResponseSimplePublicObject
    assert [each.id for each in told.results] == portal.written == [one]


def test_a_rule_of_the_account_and_a_lock_stop_what_they_are_about(portal: Portal, spot: HubSpot) -> None:
    batch, one, two = spot.crm.companies.batch_api, portal.create(name="A"), portal.create(name="B")
    portal.rules.append(lambda id_, values: "Named accounts stay where they are" if id_ == two else None)
    told = batch.update(updates((one, {"city": "Bonn"}), (two, {"city": "Bonn"}), traced=True))
    assert "Named accounts stay" in told.errors[0].message
    portal.locked[one] = 1
    assert refused(lambda: batch.update(updates((one, {"city": "Ulm"}))))[0] == 423
    assert batch.update(updates((one, {"city": "Ulm"}))).results[0].properties["city"] == "Ulm"
    portal.add(Property("note", own=False))
    portal.pretending.add(one)
    assert batch.update(updates((one, {"note": "x"}))).status == "COMPLETE"
    assert "note" not in portal.companies[one].values
