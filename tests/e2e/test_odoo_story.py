"""The whole story at Odoo, the fake one and a real one."""

from __future__ import annotations

from pathlib import Path

import pytest
from crm.odoo_fake import DATABASE
from crm.odoo_server import OdooServer
from crm.odoo_world import OdooWorld, fake_odoo
from crm.story import peopled, repository, story


def told(world: OdooWorld, count: int, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    monkeypatch.setenv("ODOO_KEY", world.keys["sync"])
    owners = peopled(world, count, "x_revenue")
    accounts = f'accounts: {{territory: x_territory, where: "{world.where}"}}'
    login = [f"url: {world.url}", f"database: {DATABASE}", 'key: "${ODOO_KEY}"']
    repository(root, ["provider: odoo", *login, "silent: true", accounts])
    story(world, owners, root, metric="x_revenue", says="tells nobody", edit=world.edit, held=world.all_held)


def test_the_story_of_a_company_at_a_fake_odoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_odoo() as world:
        told(world, 300, tmp_path, monkeypatch)


@pytest.mark.odoo
def test_the_story_of_3000_accounts_at_a_real_odoo(
    odoo: OdooServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = OdooWorld(odoo.url, odoo.keys, tick=1.1)
    told(world, 3_000, tmp_path, monkeypatch)
    world.close()
