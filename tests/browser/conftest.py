"""One browser for all tests, and pages of plans whose CRM holds names that are scripts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from terraform_like.config.load import open_repository
from terraform_like.flow.plan import make_plan, save_plan
from terraform_like.flow.show import show
from terraform_like.report.page.compose import page_html
from terraform_like.report.told.plan import ToldPlan, told_plan

#: Nothing of it may reach a network: what a page asks for shall fail, and be seen.
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HOSTILE = "<img src=x onerror=alert(1)>"
HOSTILE_USER = '"></script><script>alert(2)</script>'
TERRITORY_YAML = """\
project: small
crm:
  provider: sql
  url: sqlite:///crm.sqlite
  accounts: {table: accounts, key: id, owner: owner_id, territory: territory}
  users: {table: users, key: id, email: email}
"""
PLAN_YAML = """\
plan: {starts: 2027-02-01, ends: 2028-01-31, currency: USD}
accounts: {location: {latitude: lat, longitude: lon}}
segments: [{name: large, where: "arr >= 500"}, {name: small}]
territories:
  large-east: {segment: large, owner: jane.doe}
  large-west: {segment: large, owner: raj.patel}
  small-east: {segment: small, owner: li.wei}
overcarve:
  small-west: {segment: small, center: [34.05, -118.24], cover: {by: [li.wei], credit: 50%}}
people:
  jane.doe: {user: U1, home: [40.71, -74.01]}
  raj.patel: {user: U2, home: [37.77, -122.42]}
  li.wei: {user: U3, home: [41.85, -87.65]}
balance:
  large: {within: {arr: 20%}, prefer: {disruption: 1, travel: 1}}
  small: {within: {arr: 20%}, prefer: {disruption: 1, travel: 1}}
"""
POLICIES_YAML = """\
policies:
  even: {level: hard, over: territories, by: segment, measure: spread(arr), at_most: 1.5}
"""


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> ToldPlan:
    """Give a plan of 60 accounts that were all in one book a segment; some names are scripts."""
    folder = tmp_path_factory.mktemp("small")
    with closing(sqlite3.connect(folder / "crm.sqlite")) as crm, crm:
        crm.execute("CREATE TABLE accounts (id TEXT, arr REAL, lat REAL, lon REAL, owner_id TEXT, territory TEXT)")
        crm.execute("CREATE TABLE users (id TEXT, email TEXT)")
        crm.executemany("INSERT INTO users VALUES (?, ?)", [("U1", "jane@a"), ("U2", "raj@a"), ("U3", "li@a")])
        rows = [
            (
                f"A-{n:02}",
                1000 - 7 * n if n % 2 else 100 + n,
                30 + n % 17,
                -122 + n % 47,
                "U1" if n % 2 else "U3",
                "large-east" if n % 2 else "small-east",
            )
            for n in range(60)
        ]
        rows += [(HOSTILE, 700, 40, -100, HOSTILE_USER, None), (HOSTILE_USER, 120, 41, -101, None, None)]
        crm.executemany("INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?)", rows)
    for name, text in {
        "territory.yaml": TERRITORY_YAML,
        "plans/fy27/plan.yaml": PLAN_YAML,
        "policies/even.yaml": POLICIES_YAML,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    repository = open_repository(folder)
    planned, _ = make_plan(repository, "fy27", date(2027, 2, 1))
    save_plan(repository, planned)
    shown, _ = show(repository, "fy27")
    return told_plan(shown.plan, shown.facts)


@pytest.fixture(scope="session")
def hostile() -> str:
    """Give the name of an account that would run as a script in a page that takes it for markup."""
    return HOSTILE


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Give one browser for all tests of a process."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
        yield opened
        opened.close()


@dataclass
class Opened:
    """A page that was opened once, and all that it said and asked for since."""

    page: Page
    file: Path
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def rows(self) -> list[list[str]]:
        """Give the texts of the changes that the table shows."""
        script = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        found: list[list[str]] = self.page.locator("#changes tbody tr").evaluate_all(script)
        return found


@pytest.fixture(scope="session")
def opened(browser: Browser, told: ToldPlan, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """Open the page of the small plan from the disk."""
    file = tmp_path_factory.mktemp("page") / "plan.html"
    file.write_text(page_html(told), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1400, "height": 900}, color_scheme="light")
    seen = Opened(page, file)
    page.on("console", lambda message: seen.said.append(message.text))
    page.on("pageerror", lambda error: seen.said.append(str(error)))
    page.on("request", lambda request: seen.asked.append(request.url))
    page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(file.as_uri())
    page.wait_for_selector("body[data-ready=yes]")
    return seen


@pytest.fixture
def fresh(opened: Opened) -> Opened:
    """Give the open page with nothing chosen, light and wide."""
    opened.page.emulate_media(color_scheme="light", media="screen")
    opened.page.set_viewport_size({"width": 1400, "height": 900})
    opened.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    if opened.page.locator("#all").is_enabled():
        opened.page.locator("#all").click()
    return opened
