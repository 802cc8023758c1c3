"""The walk from a CRM to the first merged plan runs as it is written, with a database and with Salesforce."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from crm.salesforce_world import salesforce

from terraform_like.crm.conformance import Account

BEFORE, AFTER = {None: 1, "north": 7, "south": 2}, {None: 1, "north": 5, "south": 4}


@dataclass(frozen=True)
class Site:
    """A CRM, the page's first file for it, the environment that says where it is, and how many accounts lie where."""

    file: str
    environment: dict[str, str]
    books: Callable[[], dict[str | None, int]]


@pytest.fixture(params=["sql", "salesforce"])
def site(request: pytest.FixtureRequest, root: Path, tmp_path: Path) -> Iterator[Site]:
    if request.param == "sql":
        with closing(sqlite3.connect(tmp_path / "crm.sqlite")) as crm:
            crm.executescript((root / "tests/cases/_repos/ten/crm.sql").read_text())

            def books() -> dict[str | None, int]:
                return dict(crm.execute("SELECT territory, count(*) FROM accounts GROUP BY 1"))

            yield Site("territory.yaml", {"CRM_URL": f"sqlite:///{tmp_path}/crm.sqlite"}, books)
        return
    with salesforce(territories=False) as world:
        jane, raj = world.add_user("Jane"), world.add_user("Raj")
        placed = [*[(jane, "north")] * 7, *[(raj, "south")] * 2, (None, None)]
        world.add_accounts([Account(f"Company {n}", owner, book) for n, (owner, book) in enumerate(placed)])
        door = world.server.door
        environment = {
            "SALESFORCE_URL": world.server.url,
            "SALESFORCE_ID": door.client_id,
            "SALESFORCE_SECRET": door.client_secret,
            "SALESFORCE_NOBODY": world.house,
        }
        rows = world.org.rows["Account"]
        yield Site(
            "territory.yaml, with Salesforce",
            environment,
            lambda: dict(Counter(row.get("Territory__c") for row in rows.values())),
        )


def test_the_walk_ends_with_a_crm_that_holds_what_was_merged(
    root: Path, tmp_path: Path, quick_bin: Path, site: Site
) -> None:
    assert site.books() == BEFORE
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "remote"], check=True)
    page = (root / "docs/first-afternoon.md").read_text(encoding="utf-8")
    script = []
    for language, block in re.findall(r"^```(console|yaml)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        name = block.splitlines()[0].removeprefix("# ")
        if language == "console":
            script += [line.removeprefix("$ ") for line in block.splitlines()]
        elif not name.startswith("territory.yaml") or name == site.file:
            script.append(f"cat > {name.partition(',')[0]} <<'END'\n{block}END")
    environment = {
        **site.environment,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{tmp_path}/remote.insteadOf",
        "GIT_CONFIG_VALUE_0": "git@forge.example:acme/territories.git",
        "PATH": f"{quick_bin}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["sh", "-e"],
        input="\n".join(script),
        cwd=tmp_path,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Check passed.") == 2
    assert done.stdout.splitlines()[-1] == "No changes."
    assert site.books() == AFTER
