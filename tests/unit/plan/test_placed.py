from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from terraform_like.diff import Place
from terraform_like.domain.reason import ReasonCode
from terraform_like.plan import placed
from terraform_like.plan.model import Plan, Scheduled
from terraform_like.plan.placed import Placed
from terraform_like.plan.sealed import Sealed
from terraform_like.plan.ways import ways_of

BOOKS = [("A", "west", None), ("B", "west", "raj"), ("C", "slot", "u-7"), ("D", "slot", "raj"), ("E", "west", None)]


def passing(on: str, code: ReasonCode, before: Place, after: Place, *accounts: str) -> Scheduled:
    return Scheduled(on=date.fromisoformat(on), reason=code, before=before, after=after, accounts=accounts)


LATER = (
    passing("2027-03-01", ReasonCode.EFFECTIVE, Place(territory="old", owner="u-9"), Place(territory="west"), "E"),
    passing("2027-04-01", ReasonCode.OWNER_LEFT, Place(), Place(territory="west", owner="raj"), "A", "E", "Z"),
    passing("2027-05-01", ReasonCode.OWNER_LEFT, Place(), Place(owner="u-8"), "A"),
)
FIRST = [
    ("A", "west", "u-1", None),
    ("B", "west", "u-1", "u-2"),
    ("C", "slot", None, "u-7"),
    ("D", "slot", None, "u-2"),
    ("E", "old", "u-9", None),
]


@pytest.mark.parametrize(
    ("day", "changed"),
    [
        ("2027-02-01", {}),
        ("2027-03-01", {"E": ("west", None, None)}),
        ("2027-04-30", dict.fromkeys("AEZ", ("west", "u-2", None))),
        ("2027-05-01", {"E": ("west", "u-2", None), "Z": ("west", "u-2", None), "A": (None, "u-8", None)}),
    ],
)
def test_accounts_are_where_the_last_of_what_has_passed_puts_them(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, day: str, changed: dict[str, tuple[str | None, ...]]
) -> None:
    monkeypatch.setattr(placed, "_ROWS", 2)
    books = pl.DataFrame(BOOKS, schema=["account", "territory", "holder"], orient="row")
    saved = Sealed(plan, ways_of(plan.model_copy(update={"scheduled": LATER})), books)
    there = Placed(saved, date.fromisoformat(day))
    expected = {row[0]: row[1:] for row in FIRST} | changed
    assert sorted(pl.concat(there.parts()).rows()) == sorted((account, *place) for account, place in expected.items())
    assert sorted(there.of(["A", "C", "nobody"]).rows()) == [("A", *expected["A"]), ("C", *expected["C"])]
