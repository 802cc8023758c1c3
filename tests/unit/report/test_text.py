import re

import pytest
from rich.cells import cell_len

from terraform_like.diff import Change, ChangeKind, Place, Reason
from terraform_like.domain.reason import ReasonCode
from terraform_like.plan.model import Summary
from terraform_like.report.terminal import in_encoding
from terraform_like.report.text import brief_text, plan_text
from terraform_like.report.told.plan import NextSteps, summary_line, told_plan

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def nothing_changes(plan):
    summary = Summary(accounts=plan.summary.accounts, adds=0, moves=0, transfers=0, removes=0, unchanged=810)
    return plan.model_copy(update={"changes": (), "summary": summary})


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(plan, width):
    assert max(cell_len(line) for line in plan_text(told_plan(plan), color=False, width=width).split("\n")) <= width


@pytest.mark.parametrize("width", [80, 120])
def test_colour_carries_no_meaning_of_its_own(plan, width):
    coloured = plan_text(told_plan(plan), color=True, width=width)

    assert ANSI.search(coloured)
    assert ANSI.sub("", coloured) == plan_text(told_plan(plan), color=False, width=width)


def test_the_same_plan_has_the_same_text_whatever_the_environment(plan, monkeypatch):
    before = plan_text(told_plan(plan), color=False)
    for name, value in {"COLUMNS": "33", "FORCE_COLOR": "1", "TERM": "dumb", "JUPYTER_COLUMNS": "9"}.items():
        monkeypatch.setenv(name, value)

    assert plan_text(told_plan(plan), color=False) == before
    assert not any(line != line.rstrip() for line in before.split("\n"))


def test_the_last_line_sums_the_plan_up(plan):
    assert plan_text(told_plan(plan), color=False).endswith("\nPlan: 3 to add, 53 to move, 3 to transfer, 1 to remove.")


def test_a_plan_without_changes_says_so(plan):
    same = nothing_changes(plan)
    text = plan_text(told_plan(same), color=False)

    assert summary_line(same) == "No changes."
    assert text.endswith("\nNo changes.")
    assert "Changes" not in text
    assert "metro-01" in text


def test_a_plan_without_changes_can_be_told_briefly(plan):
    text = brief_text(told_plan(nothing_changes(plan)), color=False)

    assert "  metro: spread 1.072 of accounts, 1.072 of potential, 1.072 of workload\n" in text
    assert "FAILED  even-workload" in text
    assert "passed  even-potential" not in text
    assert "metro-01" not in text
    assert "│ Warning: Slot metro-04 is not filled\n" in text
    assert text.endswith("\nNo changes.")


def test_warnings_can_be_left_out(plan):
    assert "Warning" not in plan_text(told_plan(plan), color=False, warnings=False)
    assert "Warning" not in brief_text(told_plan(nothing_changes(plan)), color=False, warnings=False)


def test_names_of_territories_do_not_wrap_and_owners_are_shortened_instead(plan):
    names = {t.name: f"{t.name}-of-the-northeast" for t in plan.territories}
    books = [
        t.model_copy(update={"name": names[t.name], "owner": "maximiliana.featherstonehaugh"}) for t in plan.territories
    ]
    text = plan_text(told_plan(plan.model_copy(update={"territories": tuple(books)})), color=False, width=80)

    assert all(len(re.findall(rf"^  {name} ", text, re.MULTILINE)) == 3 for name in names.values())
    assert re.search(r"^  town-04-of-the-northeast +maximilian[a-z.]*… ", text, re.MULTILINE)
    assert "maximiliana.featherstonehaugh" in plan_text(
        told_plan(plan.model_copy(update={"territories": tuple(books)})), color=False, width=120
    )


def test_a_change_has_a_heading_with_its_reason_and_a_line_a_changed_field(plan):
    text = plan_text(told_plan(plan), color=False, width=100)

    assert (
        "  # account.A-1002 will move (rebalanced: city-01 is over its band of potential)\n"
        "  > territory: city-01 -> city-04\n"
        "  > owner: tom.okafor -> jane.doe\n"
    ) in text
    assert (
        "  # account.A-1005 will be added (new-account: not in any book until now)\n"
        "  + territory: (none) -> metro-02\n"
        "  + owner: (none) -> raj.patel\n"
    ) in text
    assert (
        "  # account.A-1009 will change owner (owner-left: raj.patel leaves on 2027-01-31)\n"
        "  ~ owner: old.owner -> mia.larsen\n"
    ) in text
    assert (
        "  # account.A-1033 will be removed (out-of-scope: kind is churned)\n"
        "  - territory: town-01 -> (none)\n"
        "  - owner: raj.patel -> (none)\n"
    ) in text


def test_many_changes_are_folded_and_every_kind_is_seen(plan):
    folded = plan_text(told_plan(plan), color=False)
    whole = plan_text(told_plan(plan), color=False, all_changes=True)

    assert folded.count("  # account.") == 20
    assert "... and 40 more (40 move): --all-changes shows them all" in folded
    assert whole.count("  # account.") == 60
    assert "--all-changes" not in whole


def test_few_changes_are_not_folded(plan):
    few = plan_text(told_plan(plan.model_copy(update={"changes": plan.changes[:20]})), color=False)

    assert few.count("  # account.") == 20
    assert "--all-changes" not in few


def test_every_territory_stands_with_before_after_fair_share_and_band(plan):
    text = plan_text(told_plan(plan), color=False)

    assert re.search(r"city-01 +12\.83M ↑ +10\.07M +9\.87M +8\.88M – 10\.86M  [·○●│‹›]{9,25}\n", text)
    assert re.search(r"city-04 +jane\.doe +37 ↓ +61 +62 +47 – 77\b", text)
    assert re.search(r"metro-04 +\(slot, vacant\) +13 ↓ +19 +19 ", text)
    assert re.search(r"city-03 +\(vacant\) ", text)
    assert re.search(r"town-01 +1,137K ↑ +910K ↑ ", text)
    books = text.partition("\nBooks")[2]
    assert all(len(re.findall(rf"^  {t.name} ", books, re.MULTILINE)) == 3 for t in plan.territories)
    assert "↑ above its band, ↓ below it" in text


def test_fairness_stands_below_its_metric_before_and_after(plan):
    text = plan_text(told_plan(plan), color=False)

    assert re.search(r"spread +2\.167 +1\.052\n  gini +0\.100 +0\.013\n", text)
    assert re.search(r"spread +- +1\.231\n", text)


def test_verdicts_say_what_is_broken_by_how_much_and_for_whom(plan):
    text = re.sub(r"\s+", " ", plan_text(told_plan(plan), color=False))

    assert "1 failed, 1 advice, 1 waived, 2 passed" in text
    assert "FAILED even-workload (hard): territories by segment: spread(workload) at most 1.5; it is 1.5004 in" in text
    assert "slot.town-04 (88.1), territory.town-01 (132)" in text
    assert "account.A-1009 and 2 more" in text
    assert "waived by vp.sales until 2027-03-31: first carve of the year" in text


def test_the_proof_is_a_sentence_that_never_claims_too_much(plan):
    text = plan_text(told_plan(plan), color=False)

    assert "metro: within 0.4% of the best possible plan, checkable" in text
    assert "city: the best possible plan, checkable" in text
    assert "kept: every account that may stay where it is stays, in town" in text
    tiny = plan.model_copy(update={"proof": (plan.proof[0].model_copy(update={"gap": 2e-5}),)})
    assert "within 0.1% of the best" in plan_text(told_plan(tiny), color=False)


def test_warnings_of_the_plan_are_shown(plan):
    assert "│ Warning: Slot metro-04 is not filled\n" in plan_text(told_plan(plan), color=False)


def test_hostile_text_never_reaches_the_terminal(plan):
    evil = "A\x1b[2J\u202e\r\n\x9b31m\u2028"
    change = Change(
        account=evil,
        kind=ChangeKind.MOVE,
        before=Place(territory=evil, owner=evil),
        after=Place(territory=evil + "b", owner=None),
        reasons=(Reason(code=ReasonCode.REBALANCED, text=evil),),
    )
    books = (plan.territories[0].model_copy(update={"owner": evil, "segment": evil, "name": evil}),)
    verdict = plan.verdicts[1].model_copy(update={"says": evil, "rule": evil, "subjects": (evil,), "part": evil})
    said = plan.diagnostics[0].model_copy(update={"summary": evil, "detail": evil})
    hostile = plan.model_copy(
        update={
            "plan": evil,
            "changes": (change,) * 30,
            "territories": books,
            "verdicts": (verdict,),
            "diagnostics": (said,),
            "fairness": {evil: {evil: plan.fairness["metro"]["gini(accounts)"]}},
        }
    )
    for color in (False, True):
        text = ANSI.sub("", plan_text(told_plan(hostile), color=color, width=120))
        assert not set(text) & set("\x1b\u202e\r\x9b\u2028")
    assert r"\x1b[2J\u202e\r\n\x9b31m\u2028" in text


def test_a_terminal_without_unicode_gets_bars_and_marks_of_ascii(plan):
    text = plan_text(told_plan(plan), color=False, width=80)
    plain = in_encoding(text, "ascii")

    assert re.search(r"city-01 +12\.83M \^ +10\.07M +9\.87M +8\.88M - 10\.86M  [.o*|<>]{9,25}\n", plain)
    assert plain.isascii()
    assert [len(line) for line in plain.split("\n")] == [cell_len(line) for line in text.split("\n")]
    assert in_encoding(text, "utf-8") == text


def test_people_stand_with_what_they_gain_and_lose(plan):
    text = plan_text(told_plan(plan), color=False)

    assert re.search(r"^  jane\.doe +\+\d+ +-\d+$", text, re.MULTILINE)


def test_the_commands_to_type_next_stand_last_and_never_wrap(plan):
    command = "territory --chdir " + "very-long-" * 12 + " check"
    steps = NextSteps("To have it judged:", (command,))
    text = plan_text(told_plan(plan, next_steps=steps), color=False)

    assert text.endswith(f"1 to remove.\n\nTo have it judged:\n  {command}")
