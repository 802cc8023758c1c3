"""What holds of Odoo beside the claims of every provider: groups, halves, messages, references, what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from crm.odoo_fake import FIELDS, PARTNER, Row
from crm.odoo_world import FakeOdooWorld, fake_odoo

from terraform_like.crm.conformance import Account, Fault, Scene, outcomes
from terraform_like.crm.port import CrmError, Needs, Outcome, Record, Write
from terraform_like.domain.kinds import Kind


@pytest.fixture(params=["json2", "jsonrpc"])
def world(request: pytest.FixtureRequest) -> Iterator[FakeOdooWorld]:
    with fake_odoo(protocol=request.param) as world:
        yield world


def written(world: FakeOdooWorld) -> list[Row]:
    return [given for model, method, given in world.database.calls if (model, method) == (PARTNER, "write")]


def test_what_gets_the_same_owner_and_territory_is_one_call_of_changed_fields(world: FakeOdooWorld) -> None:
    scene = Scene(world, 7)
    moves = [scene.write(account, scene.raj) for account in scene.accounts[:5]]
    here, there = Record(scene.jane, scene.west), Record(scene.raj, scene.west)
    stays = [Write(account, here, there) for account in scene.accounts[5:]]
    assert set(outcomes(scene.send(*moves, *stays))) == {Outcome.DONE}
    assert [(each["vals"], len(each["ids"])) for each in written(world)] == [
        ({"user_id": int(scene.raj), "x_territory": scene.east}, 5),
        ({"user_id": int(scene.raj)}, 2),
    ]


def test_one_that_odoo_minds_among_many_is_found_by_halves(world: FakeOdooWorld) -> None:
    scene = Scene(world, 128)
    world.fail(Fault.REFUSES, scene.accounts[77], times=1_000)
    receipts = scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
    (bad,) = (receipt for receipt in receipts if receipt.outcome is not Outcome.DONE)
    assert (bad.account, bad.outcome) == (scene.accounts[77], Outcome.FAILED)
    assert bad.message == "Named accounts stay where they are"
    # Seven times halved, both halves written each time.
    assert len(written(world)) == 15


def test_one_that_odoo_minds_in_a_later_call_of_many_is_found_by_halves_of_that_call(world: FakeOdooWorld) -> None:
    scene = Scene(world, 264)
    world.fail(Fault.REFUSES, scene.accounts[233], times=1_000)
    receipts = scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
    assert [r.account for r in receipts] == scene.accounts
    (bad,) = (receipt for receipt in receipts if receipt.outcome is not Outcome.DONE)
    assert (bad.account, bad.outcome) == (scene.accounts[233], Outcome.FAILED)
    assert [scene.moved(account) for account in scene.accounts[198:202]] == [True] * 4
    assert scene.untouched(scene.accounts[233])
    # Two hundred in one call; sixty-four in another, which is halved six times.
    assert [len(each["ids"]) for each in written(world)][:2] == [200, 64]
    assert len(written(world)) == 1 + 13


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("odoo.exceptions.UserError", "Ask the desk"),
        ("builtins.TypeError", "a module of the company's own fails"),
        ("builtins.ValueError", "Wrong value for res.partner.x_territory: 'ent-east'"),
    ],
)
def test_what_odoo_says_of_one_record_is_told_of_that_one(world: FakeOdooWorld, name: str, words: str) -> None:
    scene = Scene(world)
    world.refuse(scene.accounts[1], name, words, times=1_000)
    receipts = scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
    assert outcomes(receipts) == [Outcome.DONE, Outcome.FAILED, Outcome.DONE]
    assert receipts[1].message == words


def test_what_every_call_would_meet_ends_the_write(world: FakeOdooWorld) -> None:
    scene = Scene(world)
    world.refuse(scene.accounts[1], "builtins.KeyError", "x_territory", times=1_000)
    with pytest.raises(CrmError, match="Odoo refuses: x_territory"):
        scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
    assert all(map(scene.untouched, scene.accounts))


@pytest.mark.parametrize(("silent", "told"), [(False, 3), (True, 0)])
def test_odoo_tells_new_owners_unless_writes_are_silent(silent: bool, told: int) -> None:
    with fake_odoo(silent=silent) as world:
        scene = Scene(world)
        scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
        assert len(world.database.messages) == told
        (effect,) = scene.crm.capabilities.side_effects
        assert ("e-mail" in effect) is not silent


def test_pages_begin_behind_the_last_id(world: FakeOdooWorld) -> None:
    # On a busy machine too, no page is asked for twice.
    world.silence = 60.0
    scene = Scene(world, 4_500)
    assert scene.crm.read([]).accounts.height == 4_500
    pages = [given for model, method, given in world.database.calls if (model, method) == (PARTNER, "search_read")]
    first = int(scene.accounts[0])
    assert [page["domain"][0] for page in pages] == [["id", ">", last] for last in (0, first + 1_999, first + 3_999)]
    assert all("offset" not in page for page in pages)


def test_columns_are_what_a_plan_can_reckon_with(world: FakeOdooWorld) -> None:
    (parent,) = world.add_accounts([Account("Holding")])
    full: Row = {"parent_id": int(parent), "country_id": 233, "x_since": "2026-02-28", "x_revenue": 1.5, "color": 7}
    (child,) = world.add_accounts([Account("Child")], **full)
    reading = world.open().read([*full, "active", "write_date", "id"])
    rows = {row["account"]: row for row in reading.accounts.iter_rows(named=True)}
    assert {name: rows[child][name] for name in full} == {
        "parent_id": parent,
        "country_id": "Country 233",
        "x_since": date(2026, 2, 28),
        "x_revenue": 1.5,
        "color": 7,
    }
    assert [rows[parent][name] for name in full] == [None, None, None, 0.0, 0]
    assert reading.accounts["active"].all()
    assert reading.offered["parent_id"] is Kind.TEXT
    assert "category_id" not in reading.offered


def test_accounts_that_are_archived_are_not_read_and_can_be_looked_at(world: FakeOdooWorld) -> None:
    scene = Scene(world, 2)
    world.database.rows[PARTNER][int(scene.accounts[0])]["active"] = False
    assert scene.crm.read([]).accounts["account"].to_list() == scene.accounts[1:]
    assert set(scene.crm.records(scene.accounts)) == set(scene.accounts)


def test_ids_that_odoo_could_not_have_are_of_no_account(world: FakeOdooWorld) -> None:
    scene = Scene(world, 1)
    odd = ["0", "-1", "1.0", "x", "", "99999999999", "٣"]
    assert scene.crm.records(odd) == {}
    assert set(outcomes(scene.send(*(scene.write(account, scene.raj) for account in odd)))) == {Outcome.FAILED}


def mapped(**accounts: str) -> dict[str, Any]:
    return {"accounts": accounts}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (mapped(owner="usr_id"), 'Odoo has no field "usr_id" of res.partner that this user may see. Did you mean'),
        (mapped(owner="parent_id"), 'The field "parent_id" does not refer to users'),
        (mapped(territory="x_teritory"), 'Odoo has no field "x_teritory" of res.partner that this user may see.'),
        (mapped(territory="country_id"), 'The field "country_id" holds no text'),
        (mapped(where="[('x_no', '=', 1)]"), "`crm.accounts.where` finds nothing in res.partner: Invalid field"),
        ({"users": {"where": "[('name', '~~', 1)]"}}, "`crm.users.where` finds nothing in res.users: Invalid operator"),
        ({"key": "a-wrong-key"}, "check crm.key"),
        ({"database": "nope"}, "nope"),
    ],
)
@pytest.mark.parametrize("protocol", ["json2", "jsonrpc"])
def test_each_thing_that_is_missing_is_told_by_its_name(settings: dict[str, Any], said: str, protocol: str) -> None:
    with fake_odoo(protocol=protocol, **settings) as world:
        (told,) = [one.summary for one in world.open().preflight(Needs())]
        assert said in told
        assert "a-wrong-key" not in told


def test_who_may_only_read_and_what_nobody_may_write_is_told_before_a_write(
    world: FakeOdooWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fail(Fault.FORBIDDEN)
    monkeypatch.setitem(FIELDS[PARTNER], "x_territory", {"type": "char", "readonly": True})
    crm = world.open()
    assert list(crm.preflight(Needs())) == []
    assert [one.summary for one in crm.preflight(Needs(writes=1))] == [
        "This user may not write res.partner",
        'Odoo lets nobody write the field "x_territory" of res.partner',
    ]


def test_a_column_that_no_expression_can_read_is_not_there(world: FakeOdooWorld) -> None:
    (told,) = world.open().preflight(Needs(["category_id"]))
    assert 'Odoo has no field "category_id"' in told.summary


def test_older_servers_without_json2_are_told_how_to_be_asked() -> None:
    with fake_odoo(database="elsewhere") as world, pytest.raises(CrmError, match="write `protocol: jsonrpc` there"):
        world.open().records(["1"])
