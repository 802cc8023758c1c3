from __future__ import annotations

from terraform_like.crm.hubspot.paths import Paths


def test_versions_by_date_stand_behind_the_area_as_hubspots_openapi_files_have_them() -> None:
    paths = Paths("2026-09")
    assert paths.companies == "/crm/objects/2026-09/companies"
    assert paths.owners == "/crm/owners/2026-09"
    assert paths.properties == "/crm/properties/2026-09/companies"
    assert paths.token == "/oauth/2026-09/token"
    assert paths.usage == "/account-info/2026-09/api-usage/daily/private-apps"


def test_v3_stands_before_the_area_but_for_tokens_and_the_account() -> None:
    paths = Paths("v3")
    assert paths.companies == "/crm/v3/objects/companies"
    assert paths.owners == "/crm/v3/owners"
    assert paths.properties == "/crm/v3/properties/companies"
    assert paths.token == "/oauth/v3/token"
    assert paths.usage == "/account-info/v3/api-usage/daily/private-apps"
