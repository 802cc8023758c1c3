"""The whole story on a fake portal of 3,000 companies, from the property that it lacks on."""

from __future__ import annotations

from pathlib import Path

import pytest
from crm.hubspot_clients import connected
from crm.hubspot_world import OWNER, TERRITORY, HubspotWorld, hubspot
from crm.story import BOOKS, peopled, repository, run, story
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
