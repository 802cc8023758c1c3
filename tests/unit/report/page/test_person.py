import re

import pytest

from terraform_like.report.page.person import person_html
from terraform_like.report.told.person import told_person
from terraform_like.report.told.plan import told_plan


@pytest.fixture
def placed(facts, told):
    """The plan with who has what: accounts of a territory are its owner's."""
    import polars as pl

    owners = {t.name: t.owner for t in told.plan.territories}
    had, has = (
        pl.col(side).replace_strict(owners, default=None, return_dtype=pl.String) for side in ("before", "after")
    )
    table = facts.table.with_columns(had=had, has=has)
    return told_plan(told.plan, type(facts)(table, facts.metrics, facts.homes, facts.centers))


def page_of(told, name):
    return person_html(told_person(told, name))


def test_the_page_has_no_script_and_fetches_nothing(placed):
    page = page_of(placed, "jane.doe")

    assert "script-src &#39;none&#39;" in page
    assert re.findall(r"<(?:script|link|img|iframe)\b|url\(http|style=", page) == []


def test_the_map_takes_the_colours_of_the_page_and_shows_the_home(placed):
    page = page_of(placed, "jane.doe")
    (drawn,) = re.findall(r"<svg [^>]*class=\"marks\".*?</svg>", page, re.DOTALL)

    assert 'fill="var(--land)"' in drawn
    assert 'stroke="var(--ink)"' in drawn
    assert not re.search(r"#0[1-6]0[1-6]0[1-6]", drawn)


def test_an_account_that_is_called_as_a_script_stays_text(placed, hostile):
    change = placed.plan.changes[0]
    page = page_of(placed, change.before.owner)

    assert hostile not in page
    assert "&lt;/script&gt;&lt;img src=x onerror=&#34;alert(1)&#34;&gt;\\u202e" in page


def test_without_a_snapshot_it_tells_changes_but_no_book(plan):
    page = page_of(told_plan(plan), "jane.doe")

    assert "What I hand over" in page
    assert "the snapshot that the plan was made from is not at hand" in page
    assert "Where my accounts lie" not in page


def test_the_same_plan_gives_the_same_bytes(placed):
    assert page_of(placed, "raj.patel") == page_of(placed, "raj.patel")
