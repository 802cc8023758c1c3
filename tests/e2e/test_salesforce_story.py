"""The whole story on a fake org of 3,000 accounts, and an apply that is cut off halfway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from crm.loopback import Request
from crm.salesforce_clients import connected
from crm.salesforce_fake.org import ApiError
from crm.salesforce_world import SalesforceWorld, salesforce
from crm.story import BOOKS, DAY, peopled, repository, run, story, wishing

METRIC = "AnnualRevenue"


@pytest.fixture(params=[False, True], ids=["a territory field", "territory management"])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[SalesforceWorld]:
    with salesforce(territories=request.param, keys=BOOKS) as world:
        monkeypatch.setenv("SALESFORCE_ID", world.server.door.client_id)
        monkeypatch.setenv("SALESFORCE_SECRET", world.server.door.client_secret)
        yield world


def crm_of(world: SalesforceWorld) -> list[str]:
    kept = (
        f"accounts: {{territory: Territory__c, unassigned: {world.house}}}"
        if world.model is None
        else "territory_management: {model: FY27, type: Book, roles: {account-executive: Owner}}"
    )
    login = 'login: {client_id: "${SALESFORCE_ID}", client_secret: "${SALESFORCE_SECRET}"}'
    return ["provider: salesforce", f"url: {world.server.url}", login, kept]


def test_the_story_of_a_company_at_salesforce(
    world: SalesforceWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    owners = peopled(world, 3_000, METRIC, Industry="Banking")
    repository(tmp_path, crm_of(world))
    other = connected(world.server)

    def edit(account: str, owner: str) -> None:
        other.Account.update(account, {"OwnerId": owner})

    moved = story(world, owners, tmp_path, metric=METRIC, says="deletes the account team", edit=edit)
    changed = world.org.owner_changes
    assert changed[: len(moved)].count(moved[0]) == 1
    assert len(changed) == len(moved) + 6


def test_an_apply_that_is_cut_off_between_owner_and_territory_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with salesforce(territories=True, keys=BOOKS) as world:
        monkeypatch.setenv("SALESFORCE_ID", world.server.door.client_id)
        monkeypatch.setenv("SALESFORCE_SECRET", world.server.door.client_secret)
        owners = peopled(world, 40, METRIC)
        repository(tmp_path, crm_of(world))
        run("import", "--name", "fy27")
        wishing(tmp_path, METRIC, "10%")
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
