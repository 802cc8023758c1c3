"""The whole story on a fake org of 3,000 accounts: import, plan, approve, apply, drift by others, plan again."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from crm.loopback import Request
from crm.salesforce_clients import connected
from crm.salesforce_fake.org import ApiError
from crm.salesforce_world import SalesforceWorld, salesforce

from terraform_like.cli.commands import territory
from terraform_like.crm.conformance import Account

COUNT, DAY = 3_000, ("--as-of", "2027-02-01")
BOOKS = ("east", "north", "south", "west")


@pytest.fixture(params=[False, True], ids=["a territory field", "territory management"])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[SalesforceWorld]:
    with salesforce(territories=request.param, keys=BOOKS) as world:
        monkeypatch.setenv("SALESFORCE_ID", world.server.door.client_id)
        monkeypatch.setenv("SALESFORCE_SECRET", world.server.door.client_secret)
        yield world


def peopled(world: SalesforceWorld, count: int = COUNT) -> dict[str, str]:
    """Fill the org, half of it in the east; give who owns which book."""
    owners = {book: world.add_user(f"{book.capitalize()} Rep") for book in BOOKS}
    books = [BOOKS[0] if number % 3 == 0 else BOOKS[number % 4] for number in range(count)]
    made = world.add_accounts([Account(f"Company {n}", owners[book], book) for n, book in enumerate(books)])
    for number, account in enumerate(made):
        world.org.rows["Account"][account] |= {"AnnualRevenue": 1_000.0 + number % 17, "Industry": "Banking"}
    return owners


def repository(world: SalesforceWorld, root: Path) -> None:
    kept = (
        f"accounts: {{territory: Territory__c, unassigned: {world.house}}}"
        if world.model is None
        else "territory_management: {model: FY27, type: Book, roles: {account-executive: Owner}}"
    )
    (root / "territory.yaml").write_text(
        "project: acme\ncrm:\n  provider: salesforce\n"
        f"  url: {world.server.url}\n"
        '  login: {client_id: "${SALESFORCE_ID}", client_secret: "${SALESFORCE_SECRET}"}\n'
        f"  {kept}\n"
    )


def run(*words: str, code: int = 0) -> str:
    """Run the command in this process, and give what it said."""
    done = CliRunner().invoke(territory, words, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    assert (done.return_value or 0) == code, done.output
    return done.output


def test_the_story_of_a_company_at_salesforce(
    world: SalesforceWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    owners = peopled(world)
    repository(world, tmp_path)
    run("import", "--name", "fy27")
    assert "No changes." in run("plan", "fy27", *DAY)

    # What is wanted: even books of revenue, whoever has what today.
    (tmp_path / "plans/fy27/even.yaml").write_text("balance: {all: {within: {AnnualRevenue: 5%}}}\n")
    said = run("plan", "fy27", "--save", *DAY)
    assert re.search(r"Plan: 0 to add, \d+ to move", said)
    plan = json.loads((tmp_path / "plans/fy27/plan.json").read_text())
    moves = len(plan["changes"])
    run("approve", "fy27", "--as", "vp.sales")
    run("apply", "fy27", "--auto-approve", "--allow", "changes", *DAY)
    wanted = {
        account: territory
        for account, territory, _ in (
            line.split(",") for line in (tmp_path / "plans/fy27/assignments.csv").read_text().splitlines()[1:]
        )
    }
    assert {account: world.held(account) for account in wanted} == {
        account: (owners[book], book) for account, book in wanted.items()
    }
    assert max(Counter(wanted.values()).values()) < 0.28 * COUNT
    assert len(world.org.owner_changes) == moves
    assert "No changes." in run("plan", "fy27", *DAY)
    run("drift", "fy27", "--detailed-exitcode")

    # Somebody changes three owners with another client.
    astray = [account for account, book in sorted(wanted.items()) if book == "west"][:3]
    other = connected(world.server)
    for account in astray:
        other.Account.update(account, {"OwnerId": owners["east"]})
    said = run("drift", "fy27", "--detailed-exitcode", code=2)
    assert all(account in said for account in astray)
    assert "Plan: 0 to add, 0 to move, 3 to transfer, 0 to remove." in run("plan", "fy27", "--save", *DAY)
    run("apply", "fy27", "--auto-approve", *DAY)
    assert [world.held(account) for account in astray] == [(owners["west"], "west")] * 3
    run("drift", "fy27", "--detailed-exitcode")


def test_an_apply_that_is_cut_off_between_owner_and_territory_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with salesforce(territories=True, keys=BOOKS) as world:
        monkeypatch.setenv("SALESFORCE_ID", world.server.door.client_id)
        monkeypatch.setenv("SALESFORCE_SECRET", world.server.door.client_secret)
        owners = peopled(world, 40)
        repository(world, tmp_path)
        run("import", "--name", "fy27")
        (tmp_path / "plans/fy27/even.yaml").write_text("balance: {all: {within: {AnnualRevenue: 10%}}}\n")
        said = run("plan", "fy27", "--save", *DAY)
        assert "accounts get another owner, and the CRM does more then" in said
        # The calls of the day end after owners were written, and before the first territory was.
        world.server.meanwhile = lambda request: spent_before_territories(world, request)
        failed = run("apply", "fy27", "--auto-approve", "--allow", "changes", *DAY, code=1)
        assert "the calls of the day are spent" in " ".join(failed.split())
        world.server.meanwhile, world.server.rest.calls_left = None, 15_000
        said = run("apply", "fy27", "--auto-approve", "--allow", "changes", *DAY)
        assert "No changes." in run("plan", "fy27", *DAY)
        books = {row["Name"]: row["Territory_Key__c"] for row in world.org.rows["Territory2"].values()}
        assert {world.held(a) for a in world.org.rows["Account"]} == {(owners[b], b) for b in books.values()}
        assert world.model is not None
        assert [user for user, _ in world.model.members("west")] == [owners["west"]]


def spent_before_territories(world: SalesforceWorld, request: Request) -> None:
    """Let no call through once an account is to enter a territory."""
    if request.method == "POST" and b"ObjectTerritory2Association" in request.body:
        world.server.rest.calls_left = 0
    if world.server.rest.calls_left <= 0:
        raise ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
