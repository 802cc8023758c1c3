"""What a judgement says to the letter: figures at their limits, rules in words, and what is known of rows."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from pydantic import ValidationError

from terraform_like.diagnostics import Span
from terraform_like.domain.expression import ExpressionError
from terraform_like.policy.changed import changed
from terraform_like.policy.finding import told_chance
from terraform_like.policy.judge import judge
from terraform_like.policy.measure import Measure
from terraform_like.policy.override import Override, overridden
from terraform_like.policy.rule import Limits, Policies, Policy, Waiver
from terraform_like.policy.tables import FIXED
from terraform_like.policy.verdict import Verdict
from terraform_like.policy.waiving import touched_by

DAY = date(2027, 2, 1)
EMPTY = {over: pl.DataFrame(schema=dict.fromkeys(columns, pl.String)) for over, columns in FIXED.items()}


def books(**columns):
    count = len(next(iter(columns.values())))
    names = [chr(ord("a") + number) for number in range(count)]
    known = {"segment": ["all"] * count, "size": [1.0] * count, "accounts": [10] * count} | columns
    return pl.DataFrame({"address": [f"territory.{name}" for name in names], "territory": names, **known})


def of(table, *waivers, over="territories", **rule):
    def locate(path, *, key=False):
        text = rule.get(path[2], "") if len(path) == 3 else ""
        return Span("policies/p.yaml", 1, 1, max(1, len(text)), text)

    waived = [{"policy": "p", "owner": "vp", "reason": "x", "expires": "2027-12-31", **waiver} for waiver in waivers]
    policies = Policies.model_validate({"policies": {"p": {"over": over, **rule}}, "waivers": waived})
    (verdict,), report = judge(policies, {**EMPTY, over: table}, DAY, locate=locate)
    return verdict, list(report)


@pytest.mark.parametrize(
    ("rule", "said", "limit"),
    [
        ({"where": "arr > 1", "assert": "arr > 0"}, "territories where arr > 1: arr > 0", "arr > 0"),
        ({"where": "arr > 999", "assert": "FALSE"}, "no territories where arr > 999", "FALSE"),
        ({"assert": "false"}, "no territories", "false"),
        (
            {"where": "arr > 1", "by": "segment", "measure": "sum(arr)", "at_most": 9, "at_least": 0.5},
            "territories where arr > 1 by segment: sum(arr) at most 9 and at least 0.5",
            "0.5 to 9",
        ),
        ({"measure": "sum(arr)", "at_least": 2}, "territories: sum(arr) at least 2", 2),
        (
            {"measure": "gini(arr)", "compare": "before", "at_most": 0.5},
            "territories: gini(arr) at most 0.5 and no worse than before",
            0.5,
        ),
        ({"measure": "gini(arr)", "compare": "before"}, "territories: gini(arr) no worse than before", 0),
    ],
)
def test_a_rule_is_put_into_words_with_all_that_it_says(rule, said, limit):
    verdict, _ = of(books(arr=[2.0, 3.0], arr_before=[2.0, 2.0]), **rule)

    assert (verdict.rule, verdict.limit) == (said, limit)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1000.5, "1,000"),
        (1234.5, "1,234"),
        (12.0, "12"),
        (12.345, "12.3"),
        (1234, "1,234"),
        (True, "true"),
        (-0.25, "-0.25"),
    ],
)
def test_what_a_row_has_is_told_as_people_write_it(value, told):
    verdict, _ = of(books(x=[value]), **{"assert": "x IS NULL"})

    assert verdict.details == (f"x {told}",)


@pytest.mark.parametrize("assertion", ["false", "1 > 2"])
def test_a_rule_that_no_row_can_keep_reads_nothing_of_them(assertion):
    verdict, _ = of(books(arr=[1.0]), **{"assert": assertion})

    assert (verdict.passed, verdict.subjects, verdict.details) == (False, ("territory.a",), ())


def test_values_are_told_of_every_row_that_is_named_or_of_none():
    table = books(segment=["x", "x", "y", "y"], arr=[None, 1.0, 2.0, 4.0])
    verdict, _ = of(table, by="segment", measure="spread(arr)", at_most=1.5)

    assert set(verdict.subjects) == {"territory.a", "territory.c", "territory.d"}
    assert verdict.values == ()


def test_rows_that_a_filter_leaves_out_are_not_measured():
    verdict, _ = of(
        books(code=["1", "2", "x"], arr=[1.0, 1.0, 0.0]), where="arr > 0", measure="sum(CAST(code AS INT))", at_most=5
    )

    assert (verdict.passed, verdict.measured) == (True, 3)


def test_up_to_its_heaviest_account_a_book_is_what_remains_without_it():
    table = books(arr=[100.0, 300.0], arr_largest=[50.0, 100.0])

    assert of(table, measure="envy_up_to_one(arr)", at_most=0)[0].measured == 1
    assert of(table, measure="envy(arr)", at_most=0)[0].measured == 1
    assert of(books(arr=[100.0, 150.0], arr_largest=[50.0, 60.0]), measure="envy_up_to_one(arr)", at_most=0)[0].passed


def test_an_expression_that_cannot_be_read_is_told_at_its_place():
    _, (told,) = of(books(arr=[1.0]), **{"assert": "within_km(1, 2, 3) > )"})
    _, (lost,) = of(pl.DataFrame({"address": ["account.1"]}), over="accounts", **{"assert": "within_km(1, 2, 3)"})

    assert (told.span.column, told.span.length) == (22, 1)
    assert lost.span.column == 1


@pytest.mark.parametrize(("share", "measured"), [("0", 1), ("0.0", 1), ("1", 4), ("0.5", 2.5)])
def test_a_quantile_is_between_the_lowest_and_the_highest(share, measured):
    assert of(books(arr=[3.0, 1.0, 4.0, 2.0]), measure=f"quantile(arr, {share})", at_most=9)[0].measured == measured


@pytest.mark.parametrize(
    ("limit", "subjects"),
    [({"at_most": 1}, ("territory.c", "territory.b")), ({"at_least": 3}, ("territory.a", "territory.b"))],
)
def test_the_row_in_the_middle_is_one_of_those_that_make_the_middle(limit, subjects):
    assert of(books(arr=[1.0, 2.0, 3.0]), measure="median(arr)", **limit)[0].subjects == subjects


def test_chance_is_weighed_where_groups_are_small_or_it_is_asked_for_and_nowhere_else():
    large = books(arr=[1234.0] * 30 + [2.25] * 30, team=["new"] * 30 + ["old"] * 30)
    verdict, _ = of(large, measure="parity(arr, team)", at_least=0.8)

    assert (verdict.p_value, verdict.remark) == (None, "old 2.25, new 1,234 on average")
    asked, _ = of(large, measure="parity_p(arr, team)", at_least=0.05)
    assert (asked.passed, asked.p_value) == (False, None)
    assert "; chance alone would part them as far in " in asked.remark


def test_shares_of_groups_are_no_averages():
    table = books(arr=[1.0] * 45 + [0.0] * 15, team=["new"] * 30 + ["old"] * 30)

    assert of(table, where="arr > 0", measure="parity(team)", at_least=0.8)[0].remark == "old 50.0%, new 100.0%"


def test_a_part_that_there_was_not_before_is_not_held_against_it():
    table = books(
        segment=["x", "x", "y", "y"], accounts_before=[1, 1, 0, 0], arr=[1.0, 1, 1, 9], arr_before=[1.0, 1, 0, 0]
    )
    verdict, _ = of(table, by="segment", measure="spread(arr)", compare="before")

    assert (verdict.passed, verdict.part) == (True, "x")


@pytest.mark.parametrize(
    ("after", "before", "better", "passes"),
    [
        # As uneven as can be, before and after: no worse.
        ([0.0, 1.0], [0.0, 2.0], "lower", True),
        ([1.0, 2.0], [0.0, 2.0], "lower", True),
        ([0.0, 2.0], [1.0, 2.0], "lower", False),
        ([1.0, 2.0], [0.0, 2.0], "higher", False),
        # What was not known cannot be kept.
        ([1.0, 1.0], [None, 1.0], "lower", False),
        ([1.0, 1.0], [None, 1.0], "higher", False),
    ],
)
def test_what_was_infinite_or_not_known_before_is_compared_with_care(after, before, better, passes):
    verdict, _ = of(books(arr=after, arr_before=before), measure="spread(arr)", compare="before", better=better)

    assert verdict.passed is passes


def test_a_part_at_its_limit_is_no_worse_than_one_beyond_it():
    table = books(segment=["x", "x", "y", "y"], arr=[1.0, 2.0, 2.0, 5.0])
    verdict, _ = of(table, by="segment", measure="spread(arr)", at_most=2)

    assert (verdict.part, verdict.measured, verdict.subjects) == ("y", 2.5, ("territory.c", "territory.d"))


@pytest.mark.parametrize(("total", "passes"), [(1e-9, True), (1.5e-9, False)])
def test_near_zero_rounding_is_a_billionth(total, passes):
    assert of(books(arr=[total]), measure="sum(arr)", at_most=0)[0].passed is passes


def test_what_is_said_of_refreshes_that_need_no_human_is_a_change_of_the_gate():
    before, after = Policies.model_validate({"auto_merge": {"when": "moves = 0"}}), Policies()

    assert changed(before, after) == ("- auto_merge moves = 0",)
    assert changed(after, before) == ("+ auto_merge moves = 0",)
    assert changed(before, before) == ()


@pytest.mark.parametrize(
    ("policy", "digest", "detail"),
    [
        ("even", "f" * 64, f"It is of plan {'f' * 12}; the saved plan is {'e' * 12}. Sign again, or remove it."),
        ("evn", "e" * 12, 'Did you mean "even"?'),
        ("hot-deals", "e" * 12, "It excuses nothing."),
    ],
)
def test_an_override_that_excuses_nothing_says_why(policy, digest, detail):
    told = {"plan": "fy27", "digest": digest, "policy": policy, "by": "vp", "reason": "agreed"}
    report: list[str] = []

    class Told:
        def warning(self, summary, detail, span):
            report.append(detail)

        error = note = warning

    verdict = Verdict(policy="even", level="soft", passed=False)
    overridden([verdict], [Override.model_validate(told)], "fy27", "e" * 64, lambda *_, **__: None, Told())
    assert report == [detail]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({}, "a policy has either `assert` or `measure`"),
        ({"assert": "true", "measure": "count"}, "a policy has either `assert` or `measure`"),
        ({"measure": "count"}, "a `measure` needs `at_most`, `at_least` or `compare: before`"),
        ({"assert": "true", "at_most": 1}, "`at_most`, `at_least` and `compare` go with `measure`"),
        ({"assert": "true", "at_least": 1}, "`at_most`, `at_least` and `compare` go with `measure`"),
        ({"assert": "true", "compare": "before"}, "`at_most`, `at_least` and `compare` go with `measure`"),
        ({"over": "changes", "measure": "count", "compare": "before"}, "changes have no before"),
        ({"measure": "count", "at_most": 1, "better": "lower"}, "`better` goes with `compare: before`"),
        ({"measure": "count", "at_most": 1, "at_least": 1.5}, "nothing is at most 1 and at least 1.5"),
    ],
)
def test_a_rule_that_asks_nothing_is_refused_with_what_it_lacks(rule, said):
    with pytest.raises(ValidationError) as refused:
        Policy.model_validate({"over": "territories", **rule})
    assert said in str(refused.value)


def test_a_limit_may_be_one_number():
    assert Policy.model_validate({"over": "territories", "measure": "count", "at_most": 2, "at_least": 2}).at_least == 2


@pytest.mark.parametrize(("expires", "counts"), [("2028-02-01", True), ("2028-02-02", False)])
def test_a_waiver_ends_a_year_ahead_at_most_where_its_policy_says_nothing_else(expires, counts):
    waived, _ = of(books(arr=[0.0]), {"subject": "territory.a", "expires": expires}, **{"assert": "arr > 0"})

    assert waived.passed is counts


@pytest.mark.parametrize("said", [{}, {"subject": "account.1", "where": "TRUE"}])
def test_a_waiver_is_of_a_subject_or_of_a_filter(said):
    with pytest.raises(ValidationError):
        Waiver.model_validate({"policy": "p", "owner": "vp", "reason": "x", "expires": "2027-12-31", **said})


@pytest.mark.parametrize(
    ("share", "first", "later"),
    [(None, None, 0.5), (0.4, 0.4, 0.4), (0.999, 0.999, 0.999), (1, None, None), (0, 0, 0)],
)
def test_a_territory_may_change_by_half_from_the_second_apply_on_where_nothing_is_said(share, first, later):
    limits = Limits.model_validate({} if share is None else {"territory": share})

    assert (limits.of_territories(first=True), limits.of_territories(first=False)) == (first, later)


def test_a_filter_that_excepts_both_of_two_rows_excepts_everything():
    _, told = of(books(arr=[0.0, 0.0]), {"where": "TRUE"}, **{"assert": "arr > 0"})

    assert any("excepts everything" in one.summary for one in told)


def test_a_waiver_that_helps_alone_counts_though_with_others_it_does_not():
    waivers = [{"subject": f"territory.{name}"} for name in "bac"]
    verdict, told = of(books(arr=[-5.0, 6.0, 7.0]), *waivers, measure="sum(arr)", at_least=10)

    assert verdict.passed
    assert verdict.waived is not None
    assert [one.summary for one in told if "Unused" in one.summary] == [
        'Unused waiver of territory.b from policy "p"',
        'Unused waiver of territory.c from policy "p"',
    ]


def test_a_plan_touches_what_its_changes_name_on_either_side_and_what_those_are_in():
    row = {"address": "account.1", "territory_before": "a", "territory_after": "gone", "segment": "smb"}
    changes = pl.DataFrame([{**row, "owner_before": "jane", "owner_after": "raj"}])
    territories = books(segment=["metro", None])
    plan = pl.DataFrame({"address": ["plan.x"]})

    assert touched_by(changes, territories, plan) == {
        *("account.1", "territory.a", "slot.a", "territory.gone", "slot.gone"),
        *("person.jane", "person.raj", "segment.metro", "segment.smb", "plan.x"),
    }
    assert touched_by(changes.clear(), territories, plan) == set()
    within = changes.with_columns(pl.lit("b").alias("territory_after"))
    assert "segment.None" not in touched_by(within, territories, plan)


@pytest.mark.parametrize(
    ("by", "subject", "waived"),
    [
        ("segment", "segment.x", True),
        ("segment", "slot.x", False),
        ("territory", "territory.b", True),
        ("territory", "slot.b", True),
        ("region", "region.x", False),
    ],
)
def test_a_waiver_calls_a_part_by_an_address_where_parts_have_one(by, subject, waived):
    table = books(segment=["x", "x"], region=["x", "x"], arr=[1.0, 9.0])
    table = table.with_columns(pl.format("row.{}", "territory").alias("address"))
    verdict, _ = of(table, {"subject": subject}, by=by, measure="max(arr)", at_most=0.5)

    # Of two territories that break it, the one that is left is told.
    assert (verdict.waived is not None or verdict.part == "a") is waived


def test_a_waiver_that_is_over_excuses_none_of_the_rows_once_the_plan_touches_its_subject():
    changes = pl.DataFrame([{"address": "account.1", "territory_before": "a", "territory_after": "a", "segment": "x"}])
    policies = Policies.model_validate(
        {
            "policies": {"p": {"over": "territories", "by": "segment", "measure": "max(arr)", "at_most": 5}},
            "waivers": [{"policy": "p", "subject": "segment.x", "owner": "vp", "reason": "x", "expires": "2027-01-31"}],
        }
    )
    table = books(segment=["x", "x"], arr=[1.0, 9.0])
    touched, _ = judge(policies, {**EMPTY, "territories": table, "changes": changes}, DAY)
    untouched, _ = judge(policies, {**EMPTY, "territories": table}, DAY)

    # Territory b alone breaks it, which the plan leaves as it is; but the waiver is of the segment, which it does not.
    assert (touched[0].passed, untouched[0].passed) == (False, True)


@pytest.mark.parametrize(
    "text", ["atkinson(arr, 0.001)", "atkinson(arr, 100)", "quantile(arr, 0)", "quantile(arr, 0.5)", "quantile(arr, 1)"]
)
def test_a_number_within_its_bounds_is_taken(text):
    assert Measure.parse(text).number is not None


@pytest.mark.parametrize("text", ["atkinson(arr, 100.5)", "quantile(arr, 1.5)"])
def test_a_number_beyond_its_bounds_is_refused(text):
    with pytest.raises(ExpressionError):
        Measure.parse(text)


def test_a_chance_is_told_in_four_digits():
    assert told_chance(1 / 21) == 0.0476
    assert told_chance(None) is None
