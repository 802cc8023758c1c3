"""What is redacted names nobody and no amount, and nobody without the plan can undo it."""

import json
import re
import shutil
from datetime import date

import pytest

from terraform_like.config.load import open_repository
from terraform_like.flow.plan import make_plan
from terraform_like.plan.model import Said
from terraform_like.plan.redacted import Hidden, people_of, redacted
from terraform_like.report.machine import json_lines, json_text
from terraform_like.report.markdown import plan_markdown
from terraform_like.report.markdown_person import person_markdown
from terraform_like.report.text import plan_text
from terraform_like.report.text_person import person_text
from terraform_like.report.told.person import told_person
from terraform_like.report.told.plan import told_plan

NUMBER = re.compile(r"(?<![\w.-])\d[\d,.]*[KM]?\b")


@pytest.fixture(scope="module")
def shown(pristine_example, tmp_path_factory):
    """Give the example's plan with its facts, made once."""
    folder = tmp_path_factory.mktemp("redacted") / "repo"
    shutil.copytree(pristine_example, folder)
    planned, _ = make_plan(open_repository(folder), "us-municipalities", date(2027, 2, 1))
    return planned.plan, planned.facts


def every_format(plan, facts, person):
    told = told_plan(plan, facts)
    page = told_person(told, person)
    return {
        "text": plan_text(told, color=False, all_changes=True),
        "markdown": plan_markdown(told),
        "json": json_text(plan),
        "jsonl": json_lines(plan.changes),
        "person": person_text(page, color=False, all_changes=True),
        "person in markdown": person_markdown(page),
        "person in json": json_text(page.result),
    }


def test_no_name_of_the_example_is_left(shown):
    plan, facts = shown
    found = redacted(plan, facts, {Hidden.NAMES})
    person = found.stand_ins.person("daniel.kim")
    people = {*people_of(plan), *plan.users, *plan.users.values()}

    assert all(re.fullmatch(r"M-\d+", account) for account in facts.table["account"])
    for form, text in every_format(found.plan, found.facts, person).items():
        assert {name for name in people if name in text} == set(), form
        assert re.findall(r"M-\d+", text) == [], form
    assert found.facts.table["latitude"].null_count() == len(found.facts.table)
    assert "metro-phoenix" in json_text(found.plan)


def test_no_amount_of_the_example_is_left(shown):
    plan, facts = shown
    found = redacted(plan, facts, {Hidden.AMOUNTS})
    loads = [load for t in plan.territories for m, load in t.loads.items() if m != "accounts"]
    amounts = {x for load in loads for x in (load.before, load.after, load.share, load.low, load.high) if x}
    amounts |= set(facts.table["figure:potential"])
    large = [x for x in amounts if x > 9999]
    written = {form(x) for x in large for form in (repr, "{:.0f}".format, "{:,.0f}".format)}
    written |= {f"{x / 1e3:,.{places}f}K" for x in large for places in (0, 1)}
    before = every_format(plan, facts, "daniel.kim")

    assert len(large) > 3000
    for form, text in every_format(found.plan, found.facts, "daniel.kim").items():
        assert NUMBER.findall(text)
        assert set(NUMBER.findall(text)) & written == set(), form
        assert form == "jsonl" or set(NUMBER.findall(before[form])) & written, form
    assert found.plan.currency is None
    assert all(0 <= x.after < 3 for t in found.plan.territories for m, x in t.loads.items() if m != "accounts")
    assert all(h.pipeline is None for h in found.plan.handovers)


def test_loads_stand_to_their_bands_as_before(shown):
    plan, facts = shown
    before, after = told_plan(plan, facts), told_plan(redacted(plan, facts, {Hidden.AMOUNTS}).plan)

    for one, other in zip(before.segments, after.segments, strict=True):
        assert [{m: (x.stood, x.stands) for m, x in book.loads.items() if m != "accounts"} for book in one.books] == [
            {m: (x.stood, x.stands) for m, x in book.loads.items() if m != "accounts"} for book in other.books
        ]


def test_the_same_plan_has_the_same_stand_ins_and_another_has_others(shown):
    plan, facts = shown
    once, again = (redacted(plan, facts, {Hidden.NAMES}) for _ in range(2))
    other = redacted(
        plan.model_copy(update={"inputs": plan.inputs.model_copy(update={"snapshot": "0" * 64})}), facts, {Hidden.NAMES}
    )

    assert once.plan == again.plan
    assert once.facts.table.equals(again.facts.table)
    assert once.stand_ins.people != other.stand_ins.people
    assert len(set(once.stand_ins.accounts.values())) == len(once.stand_ins.accounts)


def test_what_the_stand_ins_are_made_with_is_not_given_out(shown):
    plan, facts = shown
    found = redacted(plan, facts, {Hidden.NAMES})
    text = json_text(found.plan)

    assert plan.inputs.snapshot not in text
    assert plan.inputs.assignments not in text
    assert [c.account for c in found.plan.changes] == sorted(c.account for c in found.plan.changes)
    order = {name: n for n, name in enumerate(sorted(found.stand_ins.accounts))}
    numbers = [int(stand_in.split("-")[1]) for _, stand_in in sorted(found.stand_ins.accounts.items())]
    assert len(order) == len(numbers)
    assert numbers != sorted(numbers)


def test_free_texts_are_left_out(shown):
    plan, facts = shown
    said = Said(severity="warning", summary="daniel.kim owes 4711.25")
    verdict = plan.verdicts[0].model_copy(update={"remark": "daniel.kim 4711.25", "says": "Not for daniel.kim."})
    told = plan.model_copy(update={"diagnostics": (said,), "verdicts": (verdict,), "variables": {"who": "daniel.kim"}})

    for hidden in ({Hidden.NAMES}, {Hidden.AMOUNTS}):
        assert "4711.25" not in json_text(redacted(told, facts, hidden).plan)
    assert "daniel.kim" not in json_text(redacted(told, facts, {Hidden.NAMES}).plan)


def test_nothing_hidden_is_the_plan_itself(shown):
    plan, facts = shown
    found = redacted(plan, facts, ())

    assert found.plan is plan
    assert found.facts is facts


def test_a_plan_without_facts_or_people_can_be_redacted(shown):
    plan, _ = shown
    bare = plan.model_copy(update={"changes": (), "staffing": (), "users": {}, "matched": (), "handovers": ()})

    text = json_text(redacted(bare, None, set(Hidden)).plan)
    assert "daniel.kim" not in text
    assert json.loads(text)["digest"] == plan.digest
