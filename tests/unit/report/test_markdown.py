"""The Markdown of a plan and of a person: one comment that fits, whose tables no name breaks."""

import re
from datetime import date

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.carve.watch import Stopped
from terraform_like.diff import Change, ChangeKind, Place, Reason
from terraform_like.domain.reason import ReasonCode
from terraform_like.report.markdown import FILLED, LONGEST, plan_markdown
from terraform_like.report.markdown_person import person_markdown
from terraform_like.report.told.person import told_person
from terraform_like.report.told.plan import NextSteps, told_plan
from terraform_like.staffing.timeline import Staffing

STEPS = NextSteps("To judge it:", ("territory check", "territory explain account.A-1"))
NASTY = "|`x`</details>\n\n| a | b |\n---\n```\n-->@all #1 <b>\u202e::error ##[x] [l](j) www.x http://x *_~$\\"
EVIL = st.text("|`@#<>&:*_[]()!~\\$-= x1é\n\t\u202e", min_size=1, max_size=12)


def rendered(text):
    return cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE)


def whole(text):
    """Say what is broken: nothing, where every table has rows as long as its head and every fold is closed."""
    html, faults = rendered(text), []
    lines = text.split("\n")
    for above, below in zip(["", *lines], lines, strict=False):
        if below.startswith("|") and above.startswith("|") and above.count("|") != below.count("|"):
            faults.append(f"{below} has other cells than {above}")
    tables = sum(b.startswith("|") and not a.startswith("|") for a, b in zip(["", *lines], lines, strict=False))
    if html.count("<table>") != tables:
        faults.append(f"{tables} tables, of which {html.count('<table>')} render")
    if re.search(r"<p>\|", html):
        faults.append("a row stands outside its table")
    for tag in ("details", "summary", "table", "code", "strong", "b", "sub"):
        if html.count(f"<{tag}>") != html.count(f"</{tag}>"):
            faults.append(f"{tag} is not closed")
    if strange := set(re.findall(r"<(\w+)", re.sub(r"<!--.*?-->", "", html))) - KNOWN:
        faults.append(f"{strange} were not meant")
    return faults


KNOWN = {
    "h1",
    "h2",
    "h3",
    "p",
    "strong",
    "code",
    "pre",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "b",
    "br",
    "ul",
    "li",
    "sub",
    "blockquote",
}


def named(plan, name, evil):
    """Give the plan with hostile names and texts wherever users or CRMs may write."""
    reason = Reason(code=ReasonCode.REBALANCED, text=evil)
    change = Change(
        account=evil,
        kind=ChangeKind.MOVE,
        before=Place(territory=name, owner=evil),
        after=Place(territory=evil, owner=None),
        reasons=(reason,),
    )
    verdicts = tuple(
        v.model_copy(update={"says": evil, "rule": evil, "subjects": (evil,), "part": evil, "remark": evil})
        for v in plan.verdicts
    )
    said = plan.diagnostics[0].model_copy(update={"summary": evil, "detail": evil})
    held = Staffing(territory=evil, role=evil, person=evil, interim=True, credit=0.5, to=date(2027, 9, 1))
    books = [t.model_copy(update={"name": f"{evil}{n}", "owner": evil}) for n, t in enumerate(plan.territories)]
    books[0] = books[0].model_copy(update={"segment": evil, "loads": {evil: plan.territories[0].loads["potential"]}})
    return plan.model_copy(
        update={
            "plan": evil,
            "changes": (*plan.changes, change),
            "territories": tuple(books),
            "verdicts": verdicts,
            "diagnostics": (said,),
            "staffing": (held,),
        }
    )


def test_the_verdict_comes_first_and_then_books_people_and_changes(plan):
    text = plan_markdown(told_plan(plan, next_steps=STEPS))
    order = ["<!-- territory: fy27 -->\n## ❌", "**Policies: 1 failed", "**FAILED**", "### Books", "### Who gains",
             "### Changes", "```mermaid", "Every change: 60", "### How to go on"]  # fmt: skip

    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
    assert text.startswith("<!-- territory: fy27 -->\n")
    assert "**It cannot be merged as it is**" in text
    assert "```sh\nterritory check\nterritory explain account.A-1\n```" in text
    assert whole(text) == []


def test_a_plan_that_passes_says_how_to_approve_it(plan):
    text = plan_markdown(told_plan(plan.model_copy(update={"verdicts": plan.verdicts[:1]})))

    assert "## ✅ Territory plan fy27: 3 to add, 53 to move, 3 to transfer, 1 to remove" in text
    assert "**To approve it**, merge" in text


def test_a_plan_without_changes_is_told_briefly(plan):
    text = plan_markdown(told_plan(plan.model_copy(update={"changes": ()})))

    assert "### Changes" not in text
    assert "mermaid" not in text
    assert "Nothing is to be applied." in text
    assert whole(text) == []


def test_no_name_breaks_the_comment(plan):
    text = plan_markdown(told_plan(named(plan, "x", NASTY)))

    assert whole(text) == []
    assert not re.search(r"^::|##\[", text, re.MULTILINE)
    assert text.count("<!--") == 1
    assert re.fullmatch(r"<!-- territory: ((?!--|[<>]).)* -->", text.partition("\n")[0])


@given(name=EVIL, evil=EVIL)
def test_every_row_has_as_many_cells_as_its_head_and_every_fold_is_closed(built_plan, name, evil):
    told = told_plan(named(built_plan, name, evil), next_steps=NextSteps(evil, (f"territory check {evil}",)))

    assert whole(plan_markdown(told)) == []
    assert whole(person_markdown(told_person(told, evil))) == []


@pytest.mark.parametrize("length", [3, 20_000])
def test_a_hundred_thousand_changes_fit_whatever_the_names(plan, length):
    books = [f"{n:03}{'@' * length}" for n in range(300 if length < 20_000 else 40)]
    reason = (Reason(code=ReasonCode.REBALANCED, text="it was 46% over its fair share of potential"),)
    places = [Place(territory=book, owner=f"owner-{book}") for book in books]
    many = tuple(
        Change(account=f"A-{n:06}", kind=ChangeKind.MOVE, before=places[n % len(books)],
               after=places[(n * 7 + 1) % len(books)], reasons=reason)
        for n in range(100_000)
    )  # fmt: skip
    text = plan_markdown(told_plan(plan.model_copy(update={"changes": many})))

    assert len(text.encode()) <= FILLED < LONGEST == 65_536
    assert whole(text) == []
    assert "Shortened, to fit into one comment" in text
    if length < 20_000:
        assert "of 100,000 changes" in text


def test_the_farthest_part_speaks_for_the_proof(plan):
    far = plan.proof[0].model_copy(update={"gap": 0.021, "stopped": Stopped.TIME_LIMIT})
    text = plan_markdown(told_plan(plan.model_copy(update={"proof": (far, *plan.proof[1:])})))

    assert "every part is within 2.1% of the best possible plan, checkable; stopped by the time limit" in text
