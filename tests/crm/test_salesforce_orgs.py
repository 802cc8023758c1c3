"""What holds of Salesforce beside the claims of every provider: its limits, locks, rules and territories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import pytest
from crm.loopback import Fault as ServerFault
from crm.loopback import Reply, Request
from crm.salesforce_fake.objects import Field
from crm.salesforce_fake.org import ApiError, Row
from crm.salesforce_fake.soql import parse
from crm.salesforce_world import SalesforceWorld, salesforce

from terraform_like.crm.conformance import Account, Scene, outcomes
from terraform_like.crm.port import CrmError, Member, Needs, Outcome, Receipt, Record, Write

WEST, EAST = "ent-west", "ent-east"


@pytest.fixture
def world() -> Iterator[SalesforceWorld]:
    with salesforce(territories=False) as world:
        yield world


@pytest.fixture
def model() -> Iterator[SalesforceWorld]:
    with salesforce(territories=True) as world:
        yield world


def moved(world: SalesforceWorld, count: int) -> tuple[Scene, list[Receipt]]:
    scene = Scene(world, count)
    return scene, scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))


def bodies(world: SalesforceWorld, pattern: str) -> list[Any]:
    return [r.json() for r in world.server.requests if pattern in f"{r.method} {r.path}" and r.body.startswith(b"{")]


def test_values_are_the_same_by_queries_and_by_the_bulk_api() -> None:
    read = []
    for bulk in ({"read_above": 50_000}, {"read_above": 0}):
        with salesforce(territories=False, bulk=bulk) as world:
            kinds = {"Since__c": "date", "Seen__c": "datetime", "Vip__c": "boolean", "Tags__c": "multipicklist"}
            world.org.objects["Account"].add(*(Field(name, kind) for name, kind in kinds.items()))
            owner = world.add_user("Jane")
            full: Row = {"AnnualRevenue": 1e6, "NumberOfEmployees": 7, "Since__c": "2026-02-28", "Vip__c": True}
            full |= {"Seen__c": "2026-11-02T08:00:00.000+0000", "Tags__c": "a;b", "Description": 'two\r\nlines, "q"'}
            world.org.create("Account", Name="full", OwnerId=owner, **full)
            world.org.create("Account", Name="empty", OwnerId=owner)
            reading = world.open().read(["Name", *full, "OwnerId"])
            read.append(reading.accounts.drop("version").sort("Name", descending=True))
            assert reading.offered["AnnualRevenue"].value == "number"
            assert "BillingAddress" not in reading.offered
    assert read[0].equals(read[1])
    assert read[0].schema == read[1].schema
    found = read[0].row(0, named=True)
    assert (found["AnnualRevenue"], found["NumberOfEmployees"], found["Vip__c"]) == (1e6, 7, True)
    assert (found["Since__c"], found["Seen__c"]) == (date(2026, 2, 28), datetime(2026, 11, 2, 8))
    assert found["Description"] == 'two\r\nlines, "q"'
    empty = read[0].row(1, named=True)
    assert {empty[name] for name in full} == {None}


def test_few_are_written_by_collections_and_many_by_a_job_without_assignment_rules() -> None:
    for above, jobs, calls in ((250, 0, 2), (100, 1, 0)):
        with salesforce(territories=False, bulk={"write_above": above}) as world:
            robber = world.add_user("Robber")
            world.org.assignment = lambda row, robber=robber: row.update(OwnerId=robber)  # type: ignore[misc]
            _, receipts = moved(world, 250)
            assert set(outcomes(receipts)) == {Outcome.DONE}
            assert world.server.count("POST .*/jobs/ingest") == jobs
            assert world.server.count("PATCH .*/composite/sobjects") == calls
            assert robber not in {row["OwnerId"] for row in world.org.rows["Account"].values()}


def test_only_what_changes_is_written(world: SalesforceWorld) -> None:
    scene = Scene(world, 1)
    (account,) = scene.accounts
    scene.send(Write(account, Record(scene.jane, scene.west), Record(scene.raj, scene.west)))
    ((record,),) = [body["records"] for body in bodies(world, "PATCH")]
    assert record == {"attributes": {"type": "Account"}, "Id": account, "OwnerId": scene.raj}


def test_accounts_of_one_parent_are_sent_together_and_what_is_held_is_tried_one_by_one(world: SalesforceWorld) -> None:
    scene = Scene(world, 60)
    parents = scene.accounts[:2]
    for number, account in enumerate(scene.accounts[2:]):
        world.org.edit("Account", account, ParentId=parents[number % 2])
    for account in scene.accounts[2:5]:
        world.org.locked[account] = 3
    receipts = scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
    assert set(outcomes(receipts)) == {Outcome.DONE}
    sent = [[record["Id"] for record in body["records"]] for body in bodies(world, "PATCH")]
    assert [len(ids) for ids in sent] == [60, 3, 3, 1, 1, 1]
    first = [world.org.rows["Account"][account]["ParentId"] for account in sent[0]]
    children = [parent for parent in first if parent]
    assert children == sorted(children)
    assert [world.writes(account) for account in scene.accounts] == [1] * 60


def test_a_job_that_fails_midway_is_finished_otherwise_and_nothing_is_written_twice() -> None:
    with salesforce(territories=False, bulk={"write_above": 10}) as world:
        world.server.bulk.fails_after = 7
        scene, receipts = moved(world, 20)
        assert set(outcomes(receipts)) == {Outcome.DONE}
        assert [world.writes(account) for account in scene.accounts] == [1] * 20


def test_a_territory_is_emptied_by_a_job_as_by_a_call() -> None:
    for above in (0, 2_000):
        with salesforce(territories=False, bulk={"write_above": above}) as world:
            scene = Scene(world, 1)
            (account,) = scene.accounts
            write = Write(account, Record(scene.jane, scene.west), Record(scene.jane, None))
            assert outcomes(scene.send(write)) == [Outcome.DONE]
            assert world.held(account) == (scene.jane, None)


def test_the_calls_of_a_plan_are_weighed_before_it_is_written(world: SalesforceWorld) -> None:
    scene = Scene(world, 1)
    world.server.rest.calls_left = 60
    assert list(scene.crm.preflight(Needs(writes=1_000))) == []
    (problem,) = scene.crm.preflight(Needs(writes=100_000))
    needed = scene.crm.capabilities.calls
    assert needed is not None
    assert f"100,000 accounts take about {needed.to_write(100_000, 10_000):,} calls" in problem.summary
    assert "are left of the day's 15,000" in problem.summary


@pytest.mark.parametrize("count", [1, 201, 650])
@pytest.mark.parametrize(
    ("territories", "settings"),
    [(True, {}), (False, {}), (True, {"bulk": {"write_above": 200}}), (False, {"precondition": "strict"})],
)
def test_the_calls_that_are_weighed_are_no_fewer_than_those_that_are_made_and_not_many_more(
    count: int, territories: bool, settings: dict[str, Any]
) -> None:
    with salesforce(territories, **settings) as world:
        scene = Scene(world, count)
        size, calls = scene.crm.capabilities.batch_size, scene.crm.capabilities.calls
        writes = [scene.write(account, scene.raj) for account in scene.accounts]
        for start in range(0, count, size):
            batch = writes[start : start + size]
            scene.crm.records([write.account for write in batch])
            scene.send(*batch)
            scene.crm.records([write.account for write in batch])
        assert calls is not None
        made = len(world.server.requests)
        assert made <= calls.to_write(count, size) <= 2 * made + 16


def test_a_day_without_calls_ends_the_write_and_the_next_one_continues() -> None:
    with salesforce(territories=False) as world:
        scene = Scene(world, 450)
        writes = [scene.write(account, scene.raj) for account in scene.accounts]
        scene.crm.records(scene.accounts)

        def spent(request: Request) -> None:
            # The second collection is the last call of the day.
            if world.server.count("PATCH") == 2:
                world.server.rest.calls_left = 0

        world.server.meanwhile = spent
        with pytest.raises(CrmError, match="the calls of the day are spent") as error:
            scene.send(*writes)
        assert not error.value.passing
        done = sum(world.writes(account) for account in scene.accounts)
        assert done == 400
        world.server.meanwhile, world.server.rest.calls_left = None, 15_000
        assert sorted(outcomes(scene.send(*writes))) == [Outcome.DONE] * 50 + [Outcome.UNCHANGED] * 400
        assert [world.writes(account) for account in scene.accounts] == [1] * 450


def test_another_client_between_look_and_write_is_a_conflict_where_that_is_wished_strictly() -> None:
    with salesforce(territories=False, precondition="strict") as world:
        scene = Scene(world, 2)
        one, two = scene.accounts
        other = world.add_user("Other")

        def snatch(request: Request) -> None:
            if request.method == "PATCH" and request.path.endswith(one):
                world.edit(one, other)
                world.server.meanwhile = None

        world.server.meanwhile = snatch
        receipts = scene.send(scene.write(one, scene.raj), scene.write(two, scene.raj))
        assert outcomes(receipts) == [Outcome.CONFLICT, Outcome.DONE]
        assert receipts[0].found == Record(other, scene.west)
        assert world.held(one) == (other, scene.west)


def test_every_account_needs_an_owner_unless_somebody_stands_for_nobody() -> None:
    with salesforce(territories=False, accounts={"territory": "Territory__c"}) as world:
        scene = Scene(world, 1)
        (account,) = scene.accounts
        (receipt,) = scene.send(Write(account, Record(scene.jane, scene.west), Record(None, scene.west)))
        assert receipt.outcome is Outcome.FAILED
        assert "name a user in crm.accounts.unassigned" in receipt.message


def test_ids_of_15_characters_mean_the_same_records(world: SalesforceWorld) -> None:
    scene = Scene(world, 1)
    (account,) = scene.accounts
    short = Write(account[:15], Record(scene.jane[:15], scene.west), Record(scene.raj[:15], scene.east))
    assert outcomes(scene.send(short)) == [Outcome.DONE]
    assert scene.crm.records([account[:15], "no id"]) == {account[:15]: Record(scene.raj, scene.east)}


def test_conditions_choose_accounts_and_users_and_wrong_ones_are_told() -> None:
    with salesforce(territories=False, accounts={"where": "Name LIKE 'Kept%' OR Industry = 'Banking'"}) as world:
        owner = world.add_user("Jane")
        world.org.create("User", Name="Portal", Username="p", Email="p@acme.example", UserType="PowerPartner")
        kept, _, bank = (world.org.create("Account", Name=n, OwnerId=owner) for n in ("Kept 1", "Other", "Bank"))
        world.org.edit("Account", bank, Industry="Banking")
        reading = world.open().read([])
        assert set(reading.accounts["account"]) == {kept, bank}
        assert "Portal" not in set(reading.users["name"])
    with salesforce(territories=False, accounts={"where": "Name = 'O'Brien'"}, users={"where": "Nope = 1"}) as world:
        said = [problem.summary for problem in world.open().preflight(Needs())]
        assert [one.partition(":")[0] for one in said] == [
            "`crm.accounts.where` is no condition on Account",
            "`crm.users.where` is no condition on User",
        ]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"accounts": {"territory": "Teritory__c"}},
            'no field "Teritory__c" of Account that this user may see. Did you',
        ),
        ({"accounts": {"owner": "ParentId"}}, 'the field "ParentId" does not refer to users'),
        ({"accounts": {"territory": "AnnualRevenue"}}, 'the field "AnnualRevenue" holds no text'),
        (
            {"territory_management": {"model": "FY27", "type": "Book"}, "accounts": {}},
            "Management is off, or this user",
        ),
    ],
)
def test_what_is_missing_is_told_before_anything_is_read(settings: dict[str, Any], words: str) -> None:
    with salesforce(territories=False, **settings) as world:
        (problem,) = world.open().preflight(Needs())
        assert words in problem.summary


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"model": "FY99"}, 'no territory model "FY99" that this user may see'),
        ({"type": "Named"}, 'no territory type "Named"'),
        ({"key": "Key__c"}, 'no field "Key__c" of Territory2'),
        ({"roles": {"ae": "Hunter"}}, "no role Hunter in territories"),
    ],
)
def test_what_a_model_lacks_is_told(changed: dict[str, Any], words: str) -> None:
    management = {"model": "FY27", "type": "Book"} | changed
    with salesforce(territories=True, territory_management=management) as world:
        (problem,) = world.open().preflight(Needs())
        assert words in problem.summary


def test_a_model_in_planning_is_written_and_stays_in_planning(model: SalesforceWorld) -> None:
    assert model.model is not None
    model.org.rows["Territory2Model"][model.model.model]["State"] = "Planning"
    _, receipts = moved(model, 2)
    assert outcomes(receipts) == [Outcome.DONE] * 2
    assert model.org.rows["Territory2Model"][model.model.model]["State"] == "Planning"
    model.org.rows["Territory2Model"][model.model.model]["State"] = "Archived"
    (problem,) = model.open().preflight(Needs())
    assert problem.summary == "the territory model FY27 is Archived"


def test_a_field_that_this_user_may_not_write_is_told_where_something_is_to_be_written(world: SalesforceWorld) -> None:
    world.org.objects["Account"].add(Field("OwnerId", "reference", update=False, to=("User",), relationship="Owner"))
    crm = world.open()
    assert list(crm.preflight(Needs())) == []
    (problem,) = crm.preflight(Needs(writes=1))
    assert problem.summary == 'this user may not write the field "OwnerId" of Account'


def test_an_account_that_a_rule_would_bring_back_is_excluded(model: SalesforceWorld) -> None:
    assert model.model is not None
    scene = Scene(model, 1)
    (ruled,) = model.add_accounts([Account("ruled", scene.jane)])
    west = {row["Name"]: row["Id"] for row in model.org.rows["Territory2"].values()}[scene.west]
    model.model.run_rules({ruled: west})
    assert outcomes(scene.send(*(scene.write(a, scene.raj) for a in (ruled, *scene.accounts)))) == [Outcome.DONE] * 2
    model.model.run_rules({ruled: west})
    assert model.model.held(ruled) == [scene.east]
    assert [row["ObjectId"] for row in model.org.rows["Territory2ObjectExclusion"].values()] == [ruled]


def test_what_the_model_has_besides_is_left_alone(model: SalesforceWorld) -> None:
    assert model.model is not None
    scene = Scene(model, 1)
    overlay = model.model.add("overlay")
    model.org.edit("Territory2", overlay, Territory_Key__c=None)
    model.model.assign(scene.accounts[0], overlay)
    assert scene.crm.records(scene.accounts) == {scene.accounts[0]: Record(scene.jane, scene.west)}
    assert outcomes(scene.send(scene.write(scene.accounts[0], scene.raj))) == [Outcome.DONE]
    held = {row["Territory2Id"] for row in model.org.rows["ObjectTerritory2Association"].values()}
    assert overlay in held


def test_an_account_in_several_territories_has_all_their_names_and_ends_in_one(model: SalesforceWorld) -> None:
    assert model.model is not None
    scene = Scene(model, 1)
    (account,) = scene.accounts
    extra = model.model.add("north")
    model.model.assign(account, extra)
    both = Record(scene.jane, f"{scene.west} + north")
    assert scene.crm.records([account]) == {account: both}
    assert scene.crm.read([]).accounts["territory"].to_list() == [both.territory]
    assert outcomes(scene.send(Write(account, both, Record(scene.jane, scene.east)))) == [Outcome.DONE]
    assert model.model.held(account) == [scene.east]


def test_a_refusal_leaves_an_account_in_the_territory_where_it_was(model: SalesforceWorld) -> None:
    assert model.model is not None
    scene = Scene(model, 2)
    one, two = scene.accounts

    def no_entry(name: str, row: Row, given: Row) -> None:
        if name == "ObjectTerritory2Association" and given.get("ObjectId") == one:
            raise ApiError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "a trigger refused")

    model.org.rules.append(no_entry)
    receipts = scene.send(scene.write(one, scene.raj), scene.write(two, scene.raj))
    assert outcomes(receipts) == [Outcome.FAILED, Outcome.DONE]
    assert receipts[0].message == "a trigger refused (CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY)"
    assert model.model.held(one) == [scene.west]


@pytest.mark.parametrize("skip", range(4))
def test_a_write_that_is_cut_off_at_any_call_is_finished_by_the_same_write(skip: int, model: SalesforceWorld) -> None:
    scene = Scene(model, 3)
    writes = [scene.write(account, scene.raj) for account in scene.accounts]
    scene.crm.records(scene.accounts)
    calls = [0]

    def cut(request: Request) -> None:
        if request.path.endswith("/composite/sobjects"):
            calls[0] += 1
            if calls[0] > skip:
                raise ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)

    model.server.meanwhile = cut
    if skip < 3:
        with pytest.raises(CrmError):
            scene.send(*writes)
    model.server.meanwhile = None
    assert set(outcomes(scene.send(*writes))) <= {Outcome.DONE, Outcome.UNCHANGED}
    assert all(map(scene.moved, scene.accounts))
    assert [model.writes(account) for account in scene.accounts] == [1] * 3


ROLES = {"owner": "Owner", "rep": "Sales Rep"}


def test_territories_and_members_are_as_arranged() -> None:
    with salesforce(True, territory_management={"model": "FY27", "type": "Book", "roles": ROLES}) as world:
        arranged(world)


def arranged(model: SalesforceWorld) -> None:
    assert model.model is not None
    jane, raj, eve = (model.add_user(name) for name in ("Jane", "Raj", "Eve"))
    crm = model.open()
    wanted = [Member(WEST, jane, "owner"), Member("slot-1", raj[:15], "rep")]
    assert {r.outcome for r in crm.arrange([WEST, "slot-1"], wanted)} == {Outcome.DONE}
    made = {row["Territory_Key__c"]: row for row in model.org.rows["Territory2"].values()}
    assert made["slot-1"]["DeveloperName"] == "slot_1_in_FY27"
    assert (model.model.members(WEST), model.model.members("slot-1")) == ([(jane, "Owner")], [(raj, "Sales Rep")])
    assert crm.arrange([WEST, "slot-1"], wanted) == []
    assert crm.read([]).members == (Member(WEST, jane, "owner"), Member("slot-1", raj, "rep"))
    # Another role is another row; a territory that is not named is left as it is.
    changes = crm.arrange([WEST], [Member(WEST, jane, "rep"), Member(WEST, eve, "nurse"), Member(WEST, eve, "owner")])
    assert len(changes) == 3
    assert model.model.members(WEST) == [(jane, "Sales Rep"), (eve, None)]
    assert model.model.members("slot-1") == [(raj, "Sales Rep")]
    # Memberships that are none of ours stay as somebody made them.
    boss = model.add_user("Boss")
    west = next(row["Id"] for row in made.values() if row["Name"] == WEST)
    model.org.create("UserTerritory2Association", UserId=boss, Territory2Id=west, RoleInTerritory2="Administrator")
    assert len(crm.arrange([WEST], [Member(WEST, boss, "owner"), Member(WEST, eve, "rep")])) == 3
    assert model.model.members(WEST) == [(eve, "Sales Rep"), (boss, "Administrator")]
    assert crm.arrange([WEST], [Member(WEST, boss, "owner"), Member(WEST, eve, "rep")]) == []
    crm.arrange([WEST], [])
    assert model.model.members(WEST) == [(boss, "Administrator")]


def test_roles_of_a_plan_have_other_names_there() -> None:
    management = {"model": "FY27", "type": "Book", "roles": {"account-executive": "Sales Rep"}}
    with salesforce(territories=True, territory_management=management) as world:
        assert world.model is not None
        jane, idle = world.add_user("Jane"), world.add_user("Idle", active=False)
        crm = world.open()
        members = [Member(WEST, jane, "account-executive"), Member(WEST, idle, "account-executive")]
        receipts = {receipt.account: receipt for receipt in crm.arrange([WEST], members)}
        assert receipts[f"{WEST}: {idle} as Sales Rep"].outcome is Outcome.FAILED
        assert "INACTIVE_OWNER_OR_USER" in receipts[f"{WEST}: {idle} as Sales Rep"].message
        assert world.model.members(WEST) == [(jane, "Sales Rep")]
        assert crm.read([]).members == (Member(WEST, jane, "account-executive"),)


def test_every_query_that_is_sent_can_be_read_by_a_grammar(model: SalesforceWorld) -> None:
    scene, _ = moved(model, 3)
    list(scene.crm.preflight(Needs(["Name"], owners=[scene.jane], writes=1)))
    queries = sent_queries(model)
    assert len(queries) > 5
    for query in queries:
        assert parse(query).object


def sent_queries(world: SalesforceWorld) -> Sequence[str]:
    return sorted({r.query["q"] for r in world.server.requests if "q" in r.query})


def test_results_of_a_job_come_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terraform_like.crm.salesforce.bulk.PAGE", 7)
    with salesforce(territories=True, bulk={"read_above": 0}) as world:
        scene = Scene(world, 20)
        reading = scene.crm.read([])
        assert sorted(reading.accounts["account"]) == sorted(scene.accounts)
        assert set(reading.accounts["territory"]) == {scene.west}
        assert world.server.count("GET .*/results") == 6
        assert {r.headers.get("sforce-enable-pkchunking") for r in world.server.requests if r.method == "POST"} >= {
            "chunkSize=100000"
        }


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/query", {}),
        ("/query", {"done": False, "records": []}),
        ("/query", {"done": True, "records": [{"Id": 7}]}),
        ("/describe", [1, 2]),
        ("/describe", {"fields": [{"name": None}]}),
        ("POST .*/composite/sobjects/Account", {"a": 1}),
        ("PATCH .*/composite/sobjects", []),
        ("PATCH .*/composite/sobjects", [{"success": "who knows"}]),
    ],
)
def test_answers_that_are_not_salesforces_are_told(path: str, body: object, world: SalesforceWorld) -> None:
    scene = Scene(world, 1)
    world.server.faults.append(ServerFault(path, Reply(body=body), times=1_000))
    with pytest.raises(CrmError, match="Salesforce"):
        scene.send(scene.write(scene.accounts[0], scene.raj))
        scene.crm.read(["Name"])


@pytest.mark.parametrize("left", range(5))
def test_a_day_without_calls_is_told_as_such_wherever_it_ends(left: int, model: SalesforceWorld) -> None:
    model.server.rest.calls_left = left
    (problem,) = model.open().preflight(Needs(["Name"]))
    assert "the calls of the day are spent; they come back within 24 hours" in problem.summary


def test_a_territory_that_the_model_lacks_is_made_and_one_that_cannot_be_stops_its_own_accounts_alone(
    model: SalesforceWorld,
) -> None:
    assert model.model is not None
    scene = Scene(model, 3)
    one, two, three = scene.accounts
    seen = Record(scene.jane, scene.west)
    assert outcomes(scene.send(Write(one, seen, Record(scene.jane, "slot-1")))) == [Outcome.DONE]
    assert model.model.held(one) == ["slot-1"]
    model.model.most = 3
    receipts = scene.send(
        Write(two, seen, Record(scene.raj, "slot-2")), Write(three, seen, Record(scene.raj, scene.east))
    )
    assert outcomes(receipts) == [Outcome.FAILED, Outcome.DONE]
    assert receipts[0].message == "You've reached the limit of 3 territories for this model. (LIMIT_EXCEEDED)"
    assert model.model.held(two) == [scene.west]
    (receipt,) = scene.crm.arrange(["slot-2"], [])
    assert (receipt.account, receipt.outcome) == ("slot-2", Outcome.FAILED)
