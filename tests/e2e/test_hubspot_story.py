"""The whole story on a fake portal of 3,000 companies, from the property that it lacks on."""

from __future__ import annotations

from pathlib import Path

import pytest
from crm.hubspot_clients import connected
from crm.hubspot_fake.errors import spent
from crm.hubspot_world import OWNER, TERRITORY, HubspotWorld, choice, hubspot
from crm.loopback import Request
from crm.story import BOOKS, DAY, peopled, repository, run, story, wishing
from hubspot.crm.companies import SimplePublicObjectInput

METRIC = "annualrevenue"


def crm_of(world: HubspotWorld) -> list[str]:
    return [
        "provider: hubspot",
        f"url: {world.server.url}",
        'login: {key: "${HUBSPOT_KEY}"}',
        f"accounts: {{territory: {TERRITORY}}}",
    ]


def test_the_story_of_a_company_at_hubspot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with hubspot(BOOKS) as world:
        monkeypatch.setenv("HUBSPOT_KEY", world.key)
        repository(tmp_path, crm_of(world))
        del world.portal.properties[TERRITORY]
        assert 'HubSpot has no property "territory"' in run("import", "--name", "fy27", code=1)
        assert "the property territory of companies" in run("init", "--crm-setup")
        assert "Nothing to make" in run("init", "--crm-setup")
        owners, client = peopled(world, 3_000, METRIC), connected(world.server).crm.companies.basic_api

        def edit(account: str, owner: str) -> None:
            client.update(account, SimplePublicObjectInput(properties={OWNER: owner}))

        moved = story(world, owners, tmp_path, metric=METRIC, says="tells the new owner of a company", edit=edit)
        assert [world.writes(account) for account in moved[:3]] == [1, 1, 1]
        assert len(world.portal.written) == len(moved) + 6


def test_territories_that_a_property_does_not_offer_are_added_where_asked_and_the_day_may_end_in_an_apply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with hubspot(BOOKS, field=choice("east", "north")) as world:
        monkeypatch.setenv("HUBSPOT_KEY", world.key)
        repository(tmp_path, crm_of(world))
        owners = peopled(world, 40, METRIC)
        run("import", "--name", "fy27")
        wishing(tmp_path, METRIC, "10%")
        said = run("plan", "fy27", "--save", *DAY, code=1)
        assert 'The property "territory" does not offer south, west' in said
        assert "the value west of the property territory" in run("init", "--crm-setup")
        run("plan", "fy27", "--save", *DAY)

        # Another app spends the rest of the day, just as the first batch is on its way.
        limits = world.server.limits

        def spend(request: Request) -> None:
            if b"inputs" in request.body and b"objectWriteTraceId" in request.body:
                limits.used = limits.day
                raise spent("DAILY")

        world.server.meanwhile = spend
        failed = run("apply", "fy27", "--auto-approve", "--allow", "changes", *DAY, code=1)
        assert "the calls of the day are spent" in " ".join(failed.replace("│", "").split())
        assert world.portal.written == []
        world.server.meanwhile, limits.used = None, 0
        run("apply", "fy27", "--auto-approve", "--allow", "changes", *DAY)
        assert "No changes." in run("plan", "fy27", *DAY)
        held = {world.held(account) for account in world.portal.companies}
        assert held == {(owners[book], book) for book in BOOKS}
