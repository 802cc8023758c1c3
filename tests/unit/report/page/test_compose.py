import base64
import hashlib
import json
import re

import pytest

from terraform_like.report.page.compose import page_html
from terraform_like.report.told.plan import told_plan

SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@pytest.fixture(scope="module")
def drawn():
    """Pages by what they are of: a page takes seconds."""
    return {}


@pytest.fixture
def page(told, drawn):
    if "page" not in drawn:
        drawn["page"] = page_html(told)
    return drawn["page"]


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


def test_the_same_plan_gives_the_same_bytes(told, page):
    assert page_html(told) == page


def test_the_policy_of_content_allows_what_stands_in_the_page_by_digest_and_nothing_else(page):
    def digest(text):
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    scripts = " ".join(digest(script) for script in SCRIPT.findall(page))
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert policy.replace("&#39;", "'") == (
        f"default-src 'none'; script-src {scripts}; style-src {digest(style)}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def test_nothing_in_the_page_has_an_address_that_a_browser_would_fetch(page):
    outside = SCRIPT.sub("", page)
    assert re.findall(r"<(?:link|img|iframe|script src|object|embed)\b|url\(|@import", outside) == []


def test_a_name_that_is_a_script_stays_text(page, hostile):
    assert hostile not in page
    assert "</script><img" not in page.replace("\\u003c", "")
    assert data_of(page)["changes"]["account"][0] == hostile.replace("\u202e", "\\u202e")


def test_the_verdict_comes_first_and_says_what_blocks(page):
    said = re.sub(r"<[^>]*>", "", page[page.index("<body>") : page.index("<main>")])
    assert "Policies keep this plan from being applied." in said
    assert "1 failed, 1 advice, 1 waived, 2 passed" in said


def test_changes_read_back_as_they_are(page, told):
    changes = data_of(page)["changes"]

    def read(column):
        return [None if at < 0 else changes[column]["words"][at] for at in changes[column]["of"]]

    assert read("kind") == [str(change.kind) for change in told.plan.changes]
    assert read("before") == [change.before.territory for change in told.plan.changes]
    assert read("has") == [change.after.owner for change in told.plan.changes]


def test_without_a_snapshot_the_page_has_no_map_and_says_why(plan, told, drawn):
    page = page_html(told_plan(plan))
    assert data_of(page)["places"] == {}
    assert "No map" in page
    assert "the snapshot that the plan was made from is not at hand" in page


def test_a_plan_without_territories_and_changes_is_a_page_too(plan):
    nothing = plan.model_copy(
        update={"territories": (), "changes": (), "fairness": {}, "verdicts": (), "proof": (), "staffing": ()}
    )
    page = page_html(told_plan(nothing))
    assert data_of(page)["charts"] == []
    assert "No policy judges this plan." in page
