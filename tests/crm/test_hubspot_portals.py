"""What holds of HubSpot beside the claims of every provider: its scopes, limits, tokens, batches and properties."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
from crm.hubspot_fake.door import ALL, OWNERS, READ, SEE, SHAPE, WRITE
from crm.hubspot_fake.errors import spent
from crm.hubspot_fake.limits import busy
from crm.hubspot_fake.properties import Property
from crm.hubspot_world import OWNER, TERRITORY, WRITES, HubspotWorld, choice, hubspot
from crm.loopback import Fault as ServerFault
from crm.loopback import Reply, Request

from terraform_like.crm.conformance import Account, Scene, outcomes
from terraform_like.crm.port import CrmError, Needs, Outcome, Record, Write
from terraform_like.domain.kinds import Kind

PAGES, TOKENS = r"GET .*/companies\?.*limit=100", "POST .*/token"


@pytest.fixture
def world() -> Iterator[HubspotWorld]:
    with hubspot() as world:
        yield world


@pytest.fixture
def oauth() -> Iterator[HubspotWorld]:
    with hubspot(oauth=True) as world:
        yield world


def missing(world: HubspotWorld, writes: int = 0, territories: tuple[str, ...] = ()) -> list[str]:
    """Give what a preflight says."""
    return [one.summary for one in world.open().preflight(Needs(["name"], territories=territories, writes=writes))]


def test_each_scope_that_the_key_lacks_is_named(world: HubspotWorld) -> None:
    world.server.door.scopes = {SEE}
    assert missing(world) == [f"The key lacks the scope {READ}", f"The key lacks the scope {OWNERS}"]
    world.server.door.scopes = {READ, OWNERS}
    assert missing(world) == []
    assert missing(world, writes=1) == [f"The key lacks the scope {WRITE}"]
    world.server.door.scopes = {*ALL}
    assert missing(world, writes=1) == []
    assert world.portal.written == []


@pytest.mark.parametrize("status", [400, 404, 500])
def test_what_hubspot_says_of_a_batch_of_none_but_for_the_scope_stops_nothing(status: int, world: HubspotWorld) -> None:
    reply = Reply(status, {"status": "error", "message": "inputs must not be empty", "category": "VALIDATION_ERROR"})
    world.server.faults.append(ServerFault(WRITES, reply))
    assert missing(world, writes=1) == []


@pytest.mark.parametrize("status", [401, 429])
def test_a_key_or_a_limit_that_ends_before_a_write_is_told(status: int, world: HubspotWorld) -> None:
    reply = Reply(status, {"status": "error", "message": "Enough for today", "policyName": "DAILY"})
    world.server.faults.append(ServerFault(WRITES, reply))
    (told,) = missing(world, writes=1)
    assert told.startswith("HubSpot refuses: Enough for today")


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (Property(TERRITORY, "number", "number", own=False), 'The property "territory" does not hold one text'),
        (Property(TERRITORY, "enumeration", "checkbox", own=False), 'The property "territory" does not hold one text'),
        (Property(TERRITORY, fixed=True), 'HubSpot lets nobody write the property "territory"'),
        (choice("east"), 'The property "territory" does not offer north, west'),
        (choice("east", "north", "west"), None),
    ],
    ids=["a number", "several values", "reckoned", "too few values", "enough values"],
)
def test_a_property_that_cannot_hold_the_territories_is_told(field: Property, said: str | None) -> None:
    with hubspot(field=field) as world:
        told = missing(world, 1, ("east", "north", "west") if field.form == "select" else ())
        assert told == ([] if said is None else [said])


def test_a_property_that_is_not_there_is_told_with_the_way_out_and_one_like_it(world: HubspotWorld) -> None:
    del world.portal.properties[TERRITORY]
    world.portal.add(Property("territories", own=False))
    (problem,) = world.open().preflight(Needs())
    assert 'Did you mean "territories"?' in problem.summary
    assert "territory init --crm-setup" in problem.detail


def test_a_property_of_owners_that_refers_to_none_is_told() -> None:
    with hubspot(accounts={"owner": "industry", "territory": TERRITORY}) as world:
        assert missing(world) == ['The property "industry" does not refer to owners']


def test_the_calls_of_the_day_are_compared_with_what_the_writes_need(world: HubspotWorld, oauth: HubspotWorld) -> None:
    limits = world.server.limits
    limits.day = limits.used + 100
    assert missing(world, writes=1_000) == []
    (told,) = missing(world, writes=100_000)
    assert told.startswith("100,000 accounts take about 4,012 calls of HubSpot, and 92")
    assert told.endswith(f"are left of the day's {limits.day:,}")
    # An app of OAuth has no such limit, and HubSpot tells of none.
    oauth.server.limits.day = 100
    assert missing(oauth, writes=100_000) == []


def test_calls_that_just_suffice_are_enough(world: HubspotWorld) -> None:
    limits, asked, needed = world.server.limits, 4, 12 + 4 * 10
    limits.day = limits.used + asked + needed
    assert missing(world, writes=1_000) == []
    limits.day = limits.used + asked + needed - 1
    assert len(missing(world, writes=1_000)) == 1


def test_the_account_is_asked_for_the_calls_of_the_day_where_answers_do_not_tell(
    world: HubspotWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.server.limits, "show", lambda request, reply, *, oauth: None)
    world.server.limits.used = world.server.limits.day - 50
    (told,) = missing(world, writes=5_000)
    assert "are left of the day's 650,000" in told
    # Whoever may not ask may still write.
    world.server.faults.append(ServerFault("GET .*/api-usage", spent("DAILY").reply()))
    assert missing(world, writes=5_000) == []


def test_calls_wait_where_the_seconds_have_none_left_and_none_is_refused(world: HubspotWorld) -> None:
    limits, refusals = world.server.limits, 0
    scene = Scene(world, 1_050)
    limits.burst, before = 4, limits.used
    answered = world.server.answer

    def counted(request: Request) -> Reply:
        nonlocal refusals
        reply = answered(request)
        refusals += reply.status == 429
        return reply

    world.server.answer = counted  # type: ignore[method-assign]
    assert scene.crm.read(["name"]).accounts.height == 1_050
    assert (refusals, limits.used - before) == (0, 14)
    assert 30 < limits.now < 40


def test_a_limit_that_others_met_is_waited_out_page_by_page(world: HubspotWorld) -> None:
    scene = Scene(world, 350)
    world.server.faults.append(ServerFault(PAGES, busy(), times=2, skip=2))
    before = world.server.limits.now
    assert scene.crm.read([]).accounts.height == 350
    assert world.server.count(PAGES) == 4 + 2
    assert world.server.limits.now - before > 20


def test_no_wall_stands_at_ten_thousand_companies(world: HubspotWorld) -> None:
    Scene(world, 10_050)
    assert world.open().read([]).accounts["account"].n_unique() == 10_050


def test_a_page_that_fails_is_asked_for_again_and_no_other(world: HubspotWorld) -> None:
    scene = Scene(world, 350)
    world.server.faults.append(ServerFault(PAGES, times=3, skip=2))
    assert scene.crm.read([]).accounts.height == 350
    assert world.server.count(PAGES) == 4 + 3


def test_a_page_that_fails_for_good_is_not_tried_for_ever(world: HubspotWorld) -> None:
    scene = Scene(world, 350)
    world.server.faults.append(ServerFault(PAGES, times=1_000, skip=2))
    with pytest.raises(CrmError, match="answers 503"):
        scene.crm.read([])
    assert world.server.count(PAGES) == 2 + 5


def test_a_page_that_is_followed_by_itself_is_told(world: HubspotWorld) -> None:
    page = {"results": [], "paging": {"next": {"after": "1"}}}
    world.server.faults.append(ServerFault(PAGES, Reply(body=page), times=1_000))
    with pytest.raises(CrmError, match="a page without end"):
        world.open().read([])


def test_the_end_of_the_day_stops_the_writes_and_keeps_the_place(world: HubspotWorld) -> None:
    scene, limits = Scene(world, 250), world.server.limits

    def spend(request: Request) -> None:
        if request.path.endswith("/update") and world.portal.written:
            limits.used = limits.day
            raise spent("DAILY")

    world.server.meanwhile = spend
    writes = [scene.write(account, scene.raj) for account in scene.accounts]
    with pytest.raises(CrmError, match=r"the calls of the day are spent\. They come back at midnight") as stopped:
        scene.send(*writes)
    assert not stopped.value.passing
    assert len(world.portal.written) == 100
    world.server.meanwhile, limits.used = None, 0
    assert outcomes(scene.send(*writes)) == [Outcome.UNCHANGED] * 100 + [Outcome.DONE] * 150
    assert [world.writes(account) for account in scene.accounts] == [1] * 250


def test_a_token_is_renewed_before_it_lapses_and_no_call_is_lost(oauth: HubspotWorld) -> None:
    scene, limits = Scene(oauth, 1), oauth.server.limits
    for _ in range(3):
        scene.crm.records(scene.accounts)
        limits.pass_by(1_750)
    assert oauth.server.count(TOKENS) == 3
    assert oauth.server.count("POST .*/batch/read") == 3


def test_a_refresh_token_that_comes_with_a_token_is_used_for_the_next(oauth: HubspotWorld) -> None:
    scene = Scene(oauth, 1)
    oauth.server.door.rotates = True
    for _ in range(3):
        assert set(scene.crm.records(scene.accounts)) == set(scene.accounts)
        oauth.server.door.expire()
    assert oauth.server.count(TOKENS) == 3


def test_a_token_that_cannot_be_had_for_a_moment_is_asked_for_again(oauth: HubspotWorld) -> None:
    scene = Scene(oauth, 1)
    oauth.server.faults.append(ServerFault(TOKENS, times=2))
    assert set(scene.crm.records(scene.accounts)) == set(scene.accounts)
    assert oauth.server.count(TOKENS) == 3


def test_a_refresh_token_that_is_not_taken_is_told_without_a_secret(oauth: HubspotWorld) -> None:
    door, crm = oauth.server.door, oauth.open()
    door.refresh_token = "another"
    with pytest.raises(CrmError, match="HubSpot lets nobody in: refresh token is invalid") as error:
        crm.read([])
    assert "crm.login" in str(error.value)
    assert not any(secret in str(error.value) for secret in (door.client_secret, "na1-refresh"))


def test_a_key_that_was_rotated_is_told_once_without_it(world: HubspotWorld) -> None:
    crm = world.open()
    world.server.door.expire()
    (problem,) = crm.preflight(Needs())
    assert "check crm.login" in problem.summary
    assert world.key not in problem.summary
    assert len(world.server.requests) == 1


def test_only_what_changes_is_written(world: HubspotWorld) -> None:
    scene = Scene(world, 2)
    one, two = scene.accounts
    before, sent = Record(scene.jane, scene.west), []
    world.portal.rules.append(lambda id_, values: sent.append((id_, dict(values))))
    writes = [Write(one, before, Record(scene.raj, scene.west)), Write(two, before, Record(scene.jane, scene.east))]
    assert outcomes(scene.send(*writes)) == [Outcome.DONE, Outcome.DONE]
    assert sent == [(one, {OWNER: scene.raj}), (two, {TERRITORY: scene.east})]


def test_where_no_territory_is_mapped_owners_alone_are_written() -> None:
    with hubspot(accounts={}) as world:
        scene = Scene(world, 1)
        world.portal.edit(scene.accounts[0], **{TERRITORY: ""})
        assert outcomes(scene.send(scene.write(scene.accounts[0], scene.raj))) == [Outcome.DONE]
        assert world.held(scene.accounts[0]) == (scene.raj, None)


def test_owners_are_read_once_where_all_are_known(world: HubspotWorld) -> None:
    scene = Scene(world, 2)
    for account in scene.accounts:
        scene.send(scene.write(account, scene.raj))
    assert world.server.count("GET .*/owners") == 2


def test_a_company_that_another_holds_is_waited_for_by_itself(world: HubspotWorld) -> None:
    scene = Scene(world, 2)
    world.portal.locked[scene.accounts[0]] = 4
    before = world.server.limits.now
    receipts = scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
    assert outcomes(receipts) == [Outcome.DONE, Outcome.DONE]
    assert 6 < world.server.limits.now - before < 8


def test_what_a_refusal_says_of_a_value_comes_without_its_json(world: HubspotWorld) -> None:
    scene = Scene(world, 2)
    one, two = scene.accounts
    world.portal.properties[TERRITORY] = choice(str(scene.west))
    receipts = scene.send(scene.write(one, scene.raj), scene.write(two, scene.raj))
    said = f"Property values were not valid: {scene.east} was not one of the allowed options: [{scene.west}]"
    assert [receipt.message for receipt in receipts] == [said, said]
    assert world.server.count(WRITES) == 1


def test_a_company_that_a_batch_says_nothing_of_is_no_success(world: HubspotWorld) -> None:
    scene = Scene(world)
    world.portal.left_out.add(scene.accounts[1])
    receipts = scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
    assert outcomes(receipts) == [Outcome.DONE, Outcome.FAILED, Outcome.DONE]
    assert "HubSpot says nothing of this record" in receipts[1].message


def test_a_company_that_was_merged_into_another_is_gone(world: HubspotWorld) -> None:
    scene = Scene(world, 2)
    one, two = scene.accounts
    # Asked for the one that was merged, HubSpot gives the one that is left.
    now = world.portal.shown(world.portal.companies[two], [OWNER, TERRITORY])
    world.server.faults.append(ServerFault("POST .*/batch/read", Reply(body={"results": [now]})))
    assert scene.crm.records([one]) == {}


def test_companies_that_hubspot_does_not_give_for_another_reason_are_not_taken_for_gone(world: HubspotWorld) -> None:
    scene = Scene(world, 1)
    errors = [{"status": "error", "category": "INTERNAL", "message": "Some shard is down", "context": {"ids": ["7"]}}]
    world.server.faults.append(ServerFault("POST .*/batch/read", Reply(207, {"results": [], "errors": errors})))
    with pytest.raises(CrmError, match="does not give all companies that it was asked for: Some shard is down"):
        scene.crm.records(scene.accounts)


def test_a_batch_that_is_refused_as_a_whole_is_halved_down_to_the_one(world: HubspotWorld) -> None:
    scene = Scene(world, 100)
    world.portal.traced = False
    world.portal.rules.append(lambda id_, values: "No." if id_ == scene.accounts[37] else None)
    receipts = scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
    assert [n for n, receipt in enumerate(receipts) if receipt.outcome is not Outcome.DONE] == [37]
    assert receipts[37].message == "Property values were not valid: No."
    assert world.server.count(WRITES) < 16


def test_what_meets_every_company_alike_is_told_once(world: HubspotWorld) -> None:
    scene = Scene(world, 100)
    world.portal.traced = False
    world.portal.properties[OWNER].fixed = True
    with pytest.raises(CrmError, match='"hubspot_owner_id" is a read only property'):
        scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
    assert world.server.count(WRITES) == 1


def test_columns_have_the_kinds_of_their_properties(world: HubspotWorld) -> None:
    for name, kind, form in (("vip", "bool", "booleancheckbox"), ("since", "date", "date")):
        world.portal.add(Property(name, kind, form, own=False))
    world.portal.add(Property("hs_parent_company_id", "number", "number"))
    values = {"annualrevenue": "1e6", "vip": "true", "since": "2026-03-01", "hs_parent_company_id": "9000000013"}
    world.add_accounts([Account("one")], **values)
    world.add_accounts([Account("two")], since="1772323200000")
    reading = world.open().read([*values, "createdate", "industry"])
    told = reading.accounts.drop("account", "version").to_dicts()
    assert told[0] == {
        "owner": None,
        "territory": None,
        "annualrevenue": 1e6,
        "vip": True,
        "since": date(2026, 3, 1),
        "hs_parent_company_id": "9000000013",
        "createdate": datetime(2026, 11, 2, 8, 0, 1),
        "industry": None,
    }
    assert (told[1]["since"], told[1]["vip"], told[1]["annualrevenue"]) == (date(2026, 3, 1), None, None)
    assert reading.offered["vip"] is Kind.TRUTH


def test_who_changed_a_company_last_is_told_as_an_owner() -> None:
    with hubspot(accounts={"changed_by": "hs_updated_by_user_id"}) as world:
        world.portal.add(Property("hs_updated_by_user_id", "number", "number", fixed=True))
        jane = world.add_user("Jane", active=False)
        by = [str(world.portal.owners[jane].user), "777", ""]
        for number in by:
            world.add_accounts([Account(number)], hs_updated_by_user_id=number)
        assert list(world.open().read(["hs_updated_by_user_id"]).accounts["hs_updated_by_user_id"]) == [
            jane,
            "777",
            None,
        ]


def test_a_value_that_is_not_of_its_type_is_told(world: HubspotWorld) -> None:
    world.add_accounts([Account("one")], annualrevenue="much")
    with pytest.raises(CrmError, match='the property "annualrevenue" of type number holds values'):
        world.open().read(["annualrevenue"])


def test_owners_of_other_teams_are_left_out_but_for_those_who_left() -> None:
    with hubspot(users={"teams": ["West", "702"]}) as world:
        west = world.portal.hire("Jane", teams=["West"])
        by_id = world.portal.hire("Raj", teams=["East", "All", "South"])
        world.portal.hire("Other", teams=["East"])
        world.portal.hire("Nobody")
        gone = world.add_user("Gone", active=False)
        users = world.open().read([]).users
        assert dict(users.select("user", "active").iter_rows()) == {gone: False, west: True, by_id: True}


def test_a_property_for_territories_is_made_once(world: HubspotWorld) -> None:
    del world.portal.properties[TERRITORY]
    crm = world.open()
    assert list(crm.furnish(["east"])) == [
        "the group of properties territory, of companies",
        "the property territory of companies, a text",
    ]
    assert list(crm.furnish(["east"])) == []
    made = world.portal.properties[TERRITORY]
    assert (made.type, made.form, made.group) == ("string", "text", "territory")
    scene = Scene(world, 1)
    assert scene.crm.records(scene.accounts) == {scene.accounts[0]: Record(scene.jane, scene.west)}


def test_nothing_is_made_where_no_property_is_mapped() -> None:
    with hubspot(accounts={}) as world:
        assert list(world.open().furnish(["east"])) == []
        assert world.open().capabilities.territories is False
        assert world.server.requests == []


def test_values_that_a_property_lacks_are_added_and_the_others_stay(world: HubspotWorld) -> None:
    world.portal.properties[TERRITORY] = choice("old", "east")
    world.portal.properties[TERRITORY].options[0] |= {"label": "Old one", "hidden": True, "description": "Before 2020"}
    crm = world.open()
    assert list(crm.furnish(["west", "east"])) == ["the value west of the property territory"]
    assert list(crm.furnish(["west", "east"])) == []
    assert world.server.count("PATCH .*/properties") == 1
    options = world.portal.properties[TERRITORY].options
    assert [(o["value"], o["label"], o["hidden"], o["description"]) for o in options] == [
        ("old", "Old one", True, "Before 2020"),
        ("east", "east", False, ""),
        ("west", "west", False, ""),
    ]


def test_what_was_made_before_a_failure_is_told_and_made_no_second_time(world: HubspotWorld) -> None:
    del world.portal.properties[TERRITORY]
    world.server.faults.append(ServerFault("POST .*/properties/.*/companies$", times=1))
    assert len(list(world.open().furnish([]))) == 2
    assert world.server.count("POST .*/groups") == 1
    del world.portal.properties[TERRITORY]
    world.server.door.scopes = {READ, OWNERS}
    with pytest.raises(CrmError, match=f"give the key the scope {SHAPE}"):
        list(world.open().furnish([]))


def test_values_that_nobody_may_add_are_told() -> None:
    field = choice("east")
    field.own = True
    with (
        hubspot(field=field) as world,
        pytest.raises(CrmError, match="lacks north, and HubSpot lets nobody add values"),
    ):
        list(world.open().furnish(["east", "north"]))


@pytest.mark.parametrize("body", [{"results": [{"id": 1}]}, {"result": []}, "<html>a proxy</html>"])
def test_an_answer_that_is_not_hubspots_is_told(body: object, world: HubspotWorld) -> None:
    world.server.faults.append(ServerFault(PAGES, Reply(body=body), times=10))
    with pytest.raises(CrmError, match=r"answers otherwise than HubSpot does: .*; check crm\.url"):
        world.open().read([])


def test_a_plan_of_too_many_columns_for_one_call_is_told(world: HubspotWorld) -> None:
    names = [f"a_rather_long_name_of_a_property_{number}" for number in range(500)]
    for name in names:
        world.portal.add(Property(name, own=False))
    with pytest.raises(CrmError, match="the plan reads too many columns for one call"):
        world.open().read(names)
