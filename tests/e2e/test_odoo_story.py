"""The whole story at Odoo: import, plan, approve, apply, drift by another client, plan again."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from crm.odoo_fake import DATABASE
from crm.odoo_server import OdooServer
from crm.odoo_world import OdooWorld, fake_odoo

from terraform_like.cli.commands import territory
from terraform_like.crm.conformance import Account

DAY = ("--as-of", "2027-02-01")
BOOKS = ("east", "north", "south", "west")


def peopled(world: OdooWorld, count: int) -> dict[str, str]:
    """Fill the database, half of it in the east; give who owns which book."""
    owners = {book: world.add_user(f"{book.capitalize()} Rep") for book in BOOKS}
    for rest in range(17):
        books = {number: BOOKS[0] if number % 3 == 0 else BOOKS[number % 4] for number in range(rest, count, 17)}
        made = [Account(f"Company {number}", owners[book], book) for number, book in books.items()]
        world.add_accounts(made, x_revenue=1_000.0 + rest)
    return owners


def repository(world: OdooWorld, root: Path) -> None:
    (root / "territory.yaml").write_text(
        f"project: acme\ncrm:\n  provider: odoo\n  url: {world.url}\n  database: {DATABASE}\n"
        '  key: "${ODOO_KEY}"\n  silent: true\n'
        f'  accounts: {{territory: x_territory, where: "{world.where}"}}\n'
    )


def run(*words: str, code: int = 0) -> str:
    """Run the command in this process, and give what it said."""
    done = CliRunner().invoke(territory, words, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    assert (done.return_value or 0) == code, done.output
    return done.output


def story(world: OdooWorld, count: int, root: Path) -> None:
    owners = peopled(world, count)
    repository(world, root)
    run("import", "--name", "fy27")
    assert "No changes." in run("plan", "fy27", *DAY)

    # What is wanted: even books of revenue, whoever has what today.
    (root / "plans/fy27/even.yaml").write_text("balance: {all: {within: {x_revenue: 5%}}}\n")
    said = run("plan", "fy27", "--save", *DAY)
    assert re.search(r"Plan: 0 to add, \d+ to move", said)
    assert "tells nobody" in said
    moved = [change["account"] for change in json.loads((root / "plans/fy27/plan.json").read_text())["changes"]]
    run("approve", "fy27", "--as", "vp.sales")
    run("apply", "fy27", "--auto-approve", "--allow", "changes", *DAY)
    lines = (root / "plans/fy27/assignments.csv").read_text().splitlines()[1:]
    wanted = {account: book for account, book, _ in (line.split(",") for line in lines)}
    assert len(wanted) == count
    assert world.all_held([*wanted]) == {account: (owners[book], book) for account, book in wanted.items()}
    assert max(Counter(wanted.values()).values()) < 0.28 * count
    assert len(moved) > 0.1 * count
    assert "No changes." in run("plan", "fy27", *DAY)
    run("drift", "fy27", "--detailed-exitcode")

    # Somebody changes three owners with another client.
    astray = [account for account, book in sorted(wanted.items()) if book == "west"][:3]
    for account in astray:
        world.edit(account, owners["east"])
    said = run("drift", "fy27", "--detailed-exitcode", code=2)
    assert all(account in said for account in astray)
    assert "Plan: 0 to add, 0 to move, 3 to transfer, 0 to remove." in run("plan", "fy27", "--save", *DAY)
    run("apply", "fy27", "--auto-approve", *DAY)
    assert world.all_held(astray) == dict.fromkeys(astray, (owners["west"], "west"))
    run("drift", "fy27", "--detailed-exitcode")


def test_the_story_of_a_company_at_a_fake_odoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with fake_odoo() as world:
        monkeypatch.setenv("ODOO_KEY", world.keys["sync"])
        story(world, 300, tmp_path)


@pytest.mark.odoo
def test_the_story_of_3000_accounts_at_a_real_odoo(
    odoo: OdooServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ODOO_KEY", odoo.keys["sync"])
    world = OdooWorld(odoo.url, odoo.keys, tick=1.1)
    story(world, 3_000, tmp_path)
    world.close()
