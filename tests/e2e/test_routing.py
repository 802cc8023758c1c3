"""Every account of the example comes to the owner whom the plan gave it, by each shape of the exported rules."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

Account = dict[str, Any]
Rule = tuple[str | None, Callable[[Account], bool]]
TESTS: dict[str, Callable[[float, float], bool]] = {
    "at least": lambda held, limit: held >= limit,
    "more than": lambda held, limit: held > limit,
    "at most": lambda held, limit: held <= limit,
    "less than": lambda held, limit: held < limit,
}
SHAPES = ["csv", "leandata", "zendesk", "salesforce-assignment-rules"]


def passes(account: Account, column: str, test: str, values: list[str]) -> bool:
    held = account[column]
    if test == "is":
        return str(held) in values
    return held is not None and TESTS[test](float(held), float(values[0]))


def from_csv(text: str) -> Iterator[Rule]:
    rules: dict[str, tuple[str, dict[tuple[str, str], list[str]]]] = {}
    for row in csv.DictReader(text.splitlines()):
        _, criteria = rules.setdefault(row["rule"], (row["owner"], {}))
        criteria.setdefault((row["column"], row["test"]), []).append(row["value"])
    for owner, criteria in rules.values():
        yield owner or None, lambda a, c=criteria: all(passes(a, *key, values) for key, values in c.items())


def from_leandata(text: str) -> Iterator[Rule]:
    for row in csv.DictReader(text.splitlines()):
        owner = row.pop("Owner")
        cells = {column: cell for column, cell in row.items() if column != "Territory" and cell}

        def meets(account: Account, cells: dict[str, str] = cells) -> bool:
            for column, cell in cells.items():
                words = cell.split(", ") if column == "population" else []
                if not all(passes(account, column, *_limit(word)) for word in words):
                    return False
                if not words and str(account[column]) != cell:
                    return False
            return True

        yield owner or None, meets


def _limit(words: str) -> tuple[str, list[str]]:
    test, _, value = words.rpartition(" ")
    return test, [value]


def from_zendesk(text: str) -> Iterator[Rule]:
    words = {"is": "is", "greater_than_equal": "at least", "greater_than": "more than"}
    words |= {"less_than_equal": "at most", "less_than": "less than"}

    def one(account: Account, condition: dict[str, str]) -> bool:
        return passes(account, condition["field"], words[condition["operator"]], [condition["value"]])

    for trigger in json.loads(text)["triggers"]:
        free, *every = trigger["conditions"]["all"]
        assert free == {"field": "current_tags", "operator": "not_includes", "value": "territory_routed"}
        some = trigger["conditions"]["any"]
        owner = next((action["value"] for action in trigger["actions"] if action["field"] == "assignee_id"), None)
        yield (
            owner,
            lambda a, every=every, some=some: (
                all(one(a, c) for c in every) and (not some or any(one(a, c) for c in some))
            ),
        )


def from_salesforce(text: str) -> Iterator[Rule]:
    words = {"equals": "is", "greaterOrEqual": "at least", "greaterThan": "more than"}
    words |= {"lessOrEqual": "at most", "lessThan": "less than"}
    space = {"m": "http://soap.sforce.com/2006/04/metadata"}
    for entry in ElementTree.fromstring(text).iterfind(".//m:ruleEntry", space):
        items = []
        for item in entry.iterfind("m:criteriaItems", space):
            field, operation, value = (item.findtext(f"m:{tag}", "", space) for tag in ("field", "operation", "value"))
            assert len(value) <= 255
            items.append((field, words[operation], next(csv.reader([value]))))
        yield (
            entry.findtext("m:assignedTo", None, space),
            lambda a, items=items: all(passes(a, *item) for item in items),
        )


READERS = dict(zip(SHAPES, (from_csv, from_leandata, from_zendesk, from_salesforce), strict=True))


@pytest.fixture(scope="module")
def planned(pristine_example, tmp_path_factory, territory) -> Path:
    import shutil

    folder = Path(shutil.copytree(pristine_example, tmp_path_factory.mktemp("routing") / "repo"))
    done = territory("plan", "--save", "--as-of", "2027-02-01", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("shape", SHAPES)
def test_every_account_comes_to_its_owner(planned, territory, shape):
    exported = territory("export", "routing", "--format", shape, "--out", "rules", cwd=planned)
    assert exported.returncode == 0, exported.stderr
    rules = list(READERS[shape]((planned / "rules").read_text()))
    (saved,) = planned.glob("plans/*/plan.json")
    plan = json.loads(saved.read_text())
    owners = {t["name"]: t["owner"] for t in plan["territories"]}
    with closing(sqlite3.connect(planned / "crm.sqlite")) as crm:
        crm.row_factory = sqlite3.Row
        accounts = {row["id"]: {**row, "account": row["id"]} for row in crm.execute("SELECT * FROM accounts")}
    wrong = []
    with (saved.parent / "assignments.csv").open() as books:
        for row in csv.DictReader(books):
            person = row["holder"] or owners[row["territory"]]
            account = accounts[row["account"]]
            found = next((owner for owner, meets in rules if meets(account)), None)
            if found != plan["users"].get(person, person):
                wrong.append((row["account"], person, found))
    assert wrong == []
    assert len(accounts) > 1_000
