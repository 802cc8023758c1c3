"""A page for one person: what is theirs, why, and nothing of what others have."""

from datetime import date

import polars as pl
import pytest

from terraform_like.diff import Change, ChangeKind, Place, Reason
from terraform_like.domain.reason import ReasonCode
from terraform_like.plan.facts import Facts
from terraform_like.plan.model import Scheduled
from terraform_like.report.machine import json_text
from terraform_like.report.markdown_person import person_markdown
from terraform_like.report.text_person import person_text
from terraform_like.report.told.person import told_person
from terraform_like.report.told.plan import told_plan
from terraform_like.staffing.timeline import Staffing

#: Account, before, after, had, has, potential, latitude, longitude.
ROWS = [
    ("A-1", "city-01", "city-01", "jane.doe", "jane.doe", 7000.0, 37.0, -122.0),
    ("A-2", "city-02", "city-01", "raj.patel", "jane.doe", 9000.0, 38.0, -122.0),
    ("A-3", "city-01", "city-03", "jane.doe", "li.wei", 8000.0, None, None),
    ("A-4", None, "city-04", "U9", "jane.doe", 1000.0, 37.0, -121.0),
    ("A-5", "city-02", "city-02", "raj.patel", "raj.patel", 55555.0, 37.0, -121.0),
]


def moved(row, code, kind=ChangeKind.MOVE):
    account, before, after, had, has, *_ = row
    reason = Reason(code=code, text="raj.patel was 4711% over")
    return Change(
        account=account,
        kind=kind,
        before=Place(territory=before, owner=had),
        after=Place(territory=after, owner=has),
        reasons=(reason,),
    )


@pytest.fixture
def told(plan):
    schema = {
        **dict.fromkeys(("account", "before", "after", "had", "has"), pl.String),
        **dict.fromkeys(("figure:potential", "latitude", "longitude"), pl.Float64),
    }
    table = pl.DataFrame(ROWS, schema=schema, orient="row").with_columns(
        segment=pl.lit("city"), territory="after", protected=pl.lit(False), pipeline=pl.lit(None, pl.Float64)
    )
    changes = (
        moved(ROWS[1], ReasonCode.REBALANCED),
        moved(ROWS[2], ReasonCode.TERRITORY_ADDED),
        moved(ROWS[3], ReasonCode.NEW_ACCOUNT, ChangeKind.ADD),
    )
    owners = {"city-01": "jane.doe", "city-02": "raj.patel", "city-03": "li.wei"}
    books = tuple(
        t.model_copy(update={"owner": owners.get(t.name), "slot": t.name == "city-04"}) for t in plan.territories[4:8]
    )
    held = Staffing(
        territory="city-04", role="account-executive", person="jane.doe", credit=0.5, interim=True, to=date(2027, 9, 1)
    )
    later = Scheduled(
        on=date(2027, 7, 1),
        reason=ReasonCode.OWNER_LEFT,
        before=Place(territory="city-02", owner="raj.patel"),
        after=Place(territory="city-02", owner="jane.doe"),
        accounts=("A-5",),
    )
    said = {"changes": changes, "territories": books, "staffing": (held,), "scheduled": (later,)}
    facts = Facts(table, ("potential",), {"jane.doe": (37.0, -122.0)}, {})
    return told_plan(plan.model_copy(update=said), facts)


def test_the_book_is_ranked_by_worth_and_every_account_says_why(told):
    page = told_person(told, "jane.doe")

    assert [(k.account, k.why, k.new) for k in page.book] == [
        ("A-2", "evens out the books", True),
        ("A-1", "stays", False),
        ("A-4", "held for city-04", True),
    ]
    assert [None if k.km is None else round(k.km) for k in page.book] == [111, 0, 89]
    assert page.ranked_by == "potential"
    assert (page.before, page.after) == (2, 3)


def test_what_comes_goes_and_passes_later_is_told_with_whom(told):
    page = told_person(told, "jane.doe")

    assert [(p.account, p.other) for p in page.comes] == [("A-2", "raj.patel"), ("A-4", "U9")]
    assert [(p.account, p.other, p.why) for p in page.goes] == [("A-3", "li.wei", "share of a new territory")]
    assert [(one.on, one.comes, one.other, one.accounts) for one in page.later] == [
        (date(2027, 7, 1), True, "raj.patel", ("A-5",))
    ]
    assert page.headline == "2 accounts come to you, 1 goes. Your book goes from 2 to 3."


def test_what_is_held_for_a_slot_is_told_with_its_credit(told):
    (held,) = told_person(told, "jane.doe").holds

    assert (held.territory, held.what, held.accounts, held.credit, held.to) == (
        "city-04",
        "slot",
        1,
        0.5,
        date(2027, 9, 1),
    )


def test_a_median_of_too_few_is_not_told(told, plan):
    assert all(one.middle is None for one in told_person(told, "jane.doe").compared)
    four = told_plan(
        plan.model_copy(
            update={
                "territories": tuple(
                    t.model_copy(update={"segment": "city", "owner": f"person-{n}"})
                    for n, t in enumerate(plan.territories[4:9])
                )
            }
        )
    )
    accounts = next(c for c in told_person(four, "person-0").compared if c.metric == "accounts")
    loads = sorted(b.loads["accounts"].figures.after for b in four.segments[0].books)

    assert accounts.middle == loads[2]


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_nothing_of_what_others_have_stands_on_the_page(told, form):
    page = told_person(told, "jane.doe")
    text = {
        "text": person_text(page, color=False),
        "markdown": person_markdown(page),
        "json": json_text(page.result),
    }[form]

    assert "A-2" in text
    assert "A-3" in text
    for others in ("55555", "55,555", "55.6K", "4711", "li.wei owns", "city-03 "):
        assert others not in text


def test_without_the_snapshot_the_page_says_so(told):
    page = told_person(told_plan(told.plan), "jane.doe")

    assert page.book is None
    assert "snapshot is not at hand" in person_text(page, color=False)
    assert "snapshot is not at hand" in person_markdown(page)


def test_who_changes_nothing_is_told_so(told):
    page = told_person(told, "mia.larsen")

    assert page.headline == "Nothing changes for you on the day of this plan."
    assert page.book == ()
