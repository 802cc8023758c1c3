"""The whole story at a CRM: import, plan, approve, apply, drift by another client, plan again."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from click.testing import CliRunner

from terraform_like.cli.commands import territory
from terraform_like.crm.conformance import Account, World

DAY = ("--as-of", "2027-02-01")
BOOKS = ("east", "north", "south", "west")
Held = tuple[str | None, str | None]


class StoryWorld(World, Protocol):
    """A world whose accounts have columns of the test's choice."""

    def add_accounts(self, accounts: Sequence[Account], **values: Any) -> list[str]:
        """Make accounts with those values and give their ids in the same order."""
        ...


def peopled(world: StoryWorld, count: int, metric: str, **values: Any) -> dict[str, str]:
    """Fill a CRM, half of it in the east; give who owns which book."""
    owners = {book: world.add_user(f"{book.capitalize()} Rep") for book in BOOKS}
    for rest in range(17):
        books = {number: BOOKS[0] if number % 3 == 0 else BOOKS[number % 4] for number in range(rest, count, 17)}
        made = [Account(f"Company {number}", owners[book], book) for number, book in books.items()]
        world.add_accounts(made, **{metric: 1_000.0 + rest}, **values)
    return owners


def repository(root: Path, crm: Sequence[str]) -> None:
    """Write territory.yaml with those lines below `crm:`."""
    (root / "territory.yaml").write_text("\n  ".join(["project: acme\ncrm:", *crm]) + "\n")


def wishing(root: Path, metric: str, within: str) -> None:
    """Wish for even books, whoever has what today."""
    (root / "plans/fy27/even.yaml").write_text(f"balance: {{all: {{within: {{{metric}: {within}}}}}}}\n")


def run(*words: str, code: int = 0) -> str:
    """Run the command in this process, and give what it said."""
    done = CliRunner().invoke(territory, words, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    assert (done.return_value or 0) == code, done.output
    return done.output


def story(
    world: StoryWorld,
    owners: dict[str, str],
    root: Path,
    *,
    metric: str,
    says: str,
    edit: Callable[[str, str], object],
    held: Callable[[Sequence[str]], dict[str, Held]] | None = None,
) -> list[str]:
    """Tell it, and give the accounts that were moved.

    Parameters
    ----------
    world : StoryWorld
        A CRM that is `peopled`.
    owners : dict of str to str
        Who owns which book.
    root : Path
        The working directory, with a territory.yaml.
    metric : str
        Column whose sums are to be even.
    says : str
        What a plan says of what the CRM does besides.
    edit : callable
        Gives an account to another owner, as another client.
    held : callable, optional
        Gives what accounts have, where the world knows a quicker way than one by one.
    """
    look = held or (lambda accounts: {account: world.held(account) for account in accounts})
    run("import", "--name", "fy27")
    assert "No changes." in run("plan", "fy27", *DAY)

    wishing(root, metric, "5%")
    said = run("plan", "fy27", "--save", *DAY)
    assert re.search(r"Plan: 0 to add, \d+ to move", said)
    assert says in " ".join(said.split())
    moved = [change["account"] for change in json.loads((root / "plans/fy27/plan.json").read_text())["changes"]]
    run("approve", "fy27", "--as", "vp.sales")
    run("apply", "fy27", "--auto-approve", "--allow", "changes", *DAY)
    lines = (root / "plans/fy27/assignments.csv").read_text().splitlines()[1:]
    wanted = {account: book for account, book, _ in (line.split(",") for line in lines)}
    assert look([*wanted]) == {account: (owners[book], book) for account, book in wanted.items()}
    assert max(Counter(wanted.values()).values()) < 0.28 * len(wanted)
    assert len(moved) > 0.1 * len(wanted)
    assert "No changes." in run("plan", "fy27", *DAY)
    run("drift", "fy27", "--detailed-exitcode")

    # Somebody changes three owners with another client.
    astray = [account for account, book in sorted(wanted.items()) if book == "west"][:3]
    for account in astray:
        edit(account, owners["east"])
    said = run("drift", "fy27", "--detailed-exitcode", code=2)
    assert all(account in said for account in astray)
    assert "Plan: 0 to add, 0 to move, 3 to transfer, 0 to remove." in run("plan", "fy27", "--save", *DAY)
    run("apply", "fy27", "--auto-approve", *DAY)
    assert look(astray) == dict.fromkeys(astray, (owners["west"], "west"))
    run("drift", "fy27", "--detailed-exitcode")
    return moved
