from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from ruamel.yaml import YAML

from terraform_like.diagnostics import Report, Severity
from terraform_like.policy.judge import judge
from terraform_like.policy.rule import Policies
from terraform_like.policy.tables import FIXED
from terraform_like.policy.verdict import Verdict

TODAY = date(2027, 2, 1)

TERRITORIES = pl.DataFrame(
    {
        "address": ["territory.a", "territory.b", "territory.c", "slot.d", "territory.e"],
        "territory": ["a", "b", "c", "d", "e"],
        "segment": ["metro", "metro", "city", "city", None],
        "size": [1.0, 1.0, 1.0, 0.5, 1.0],
        "owner": ["jane", "raj", "li", None, "ann"],
        "vacant": [False, False, False, True, False],
        "slot": [False, False, False, True, False],
        "accounts": [10, 20, 30, 15, 5],
        "potential": [100.0, 150.0, 200.0, 100.0, 50.0],
        "potential_before": [0.0, 250.0, 300.0, 0.0, 50.0],
    }
)
CHANGES = pl.DataFrame(
    {
        "address": ["account.1", "account.2", "account.3"],
        "account": ["1", "2", "3"],
        "kind": ["move", "move", "add"],
        "territory_before": ["a", "b", None],
        "territory_after": ["b", "c", "c"],
        "owner_before": ["jane", "raj", None],
        "owner_after": ["raj", "li", "li"],
        "reason": ["rebalanced", "rebalanced", "new-account"],
        "open_pipeline": [500_000.0, None, 10.0],
    }
)
PLAN = pl.DataFrame(
    {
        "address": ["plan.fy27"],
        "accounts": [80],
        "adds": [1],
        "moves": [2],
        "transfers": [0],
        "removes": [0],
        "changes": [3],
        "territories": [5],
        "people": [4],
    }
)
EMPTY = {over: pl.DataFrame(schema=dict.fromkeys(columns, pl.String)) for over, columns in FIXED.items()}
TABLES = {**EMPTY, "territories": TERRITORIES, "changes": CHANGES, "plan": PLAN}


def said(rules, waivers=(), tables=TABLES, as_of=TODAY) -> tuple[dict[str, Verdict], Report]:
    policies = Policies.model_validate({"policies": rules, "waivers": list(waivers)})
    verdicts, report = judge(policies, tables, as_of)
    return {v.policy: v for v in verdicts}, report


def one(waivers=(), tables=TABLES, as_of=TODAY, **rule) -> tuple[Verdict, Report]:
    verdicts, report = said({"rule": rule}, waivers, tables, as_of)
    return verdicts["rule"], report


def waiver(subject, policy="rule", expires="2027-12-31", owner="vp.sales"):
    return {"policy": policy, "subject": subject, "owner": owner, "reason": "agreed", "expires": expires}


def summaries(report: Report, severity: Severity) -> list[str]:
    return [d.summary for d in report if d.severity is severity]


def test_the_worst_part_is_measured_and_named_with_its_lowest_and_highest_rows():
    verdict, report = one(over="territories", by="segment", measure="spread(potential)", at_most=1.25)

    assert not verdict.passed
    assert (verdict.measured, verdict.part, verdict.limit) == (1.5, "metro", 1.25)
    assert verdict.subjects == ("territory.a", "territory.b")
    assert verdict.values == (100, 150)
    assert verdict.rule == "territories by segment: spread(potential) at most 1.25"
    assert len(report) == 0


def test_a_half_book_with_half_the_load_counts_as_even():
    verdict, _ = one(over="territories", where="segment = 'city'", measure="spread(potential)", at_most=1)

    assert verdict.passed
    assert verdict.measured == 1


def test_every_part_that_breaks_a_rule_is_told_worst_first():
    verdict, _ = one(over="territories", by="segment", measure="spread(potential_before)", at_most=1)

    assert verdict.measured == "infinite"
    assert set(verdict.subjects) == {"territory.a", "territory.b", "territory.c", "slot.d"}


@pytest.mark.parametrize(
    ("measure", "limit", "measured", "passed"),
    [
        ("count", {"at_most": 2}, 2, True),
        ("count", {"at_most": 1}, 2, False),
        ("count", {"at_least": 3}, 2, False),
        ("share", {"at_most": 0.4}, 0.4, True),
        ("share", {"at_most": 0.39}, 0.4, False),
        ("sum(potential)", {"at_most": 250}, 250, True),
        ("sum(potential + accounts)", {"at_least": 281}, 280, False),
        ("min(accounts)", {"at_least": 10}, 10, True),
        ("max(accounts)", {"at_most": 19}, 20, False),
        ("max_share(potential)", {"at_most": 0.6}, 0.6, True),
        ("gini(potential)", {"at_most": 0.1}, 0.1, True),
        ("jain(potential)", {"at_least": 0.97}, 250**2 / (2 * 32500), False),
        ("cv(potential)", {"at_most": 0.2}, 0.2, True),
        ("spread(potential)", {"at_least": 1.1, "at_most": 1.4}, 1.5, False),
    ],
)
def test_measures_of_the_rows_that_where_leaves(measure, limit, measured, passed):
    verdict, _ = one(over="territories", where="segment = 'metro'", measure=measure, **limit)

    assert verdict.measured == pytest.approx(measured)
    assert verdict.passed is passed
    assert bool(verdict.subjects) is not passed


def test_share_is_of_all_rows_of_the_part():
    verdict, _ = one(over="territories", where="vacant", by="segment", measure="share", at_most=0.4)

    assert (verdict.measured, verdict.part, verdict.subjects) == (0.5, "city", ("slot.d",))


def test_too_small_a_share_is_about_the_rows_that_where_leaves_out():
    verdict, _ = one(over="territories", where="NOT vacant", by="segment", measure="share", at_least=0.9)

    assert verdict.subjects == ("slot.d",)


def test_rows_without_a_part_are_a_part_of_their_own():
    verdict, _ = one(over="territories", by="segment", measure="max(accounts)", at_least=10)

    assert (verdict.part, verdict.subjects) == ("(none)", ("territory.e",))


def test_an_assert_names_each_row_that_breaks_it():
    verdict, _ = one(over="territories", **{"assert": "accounts >= 15"})

    assert not verdict.passed
    assert verdict.measured == "2 of 5"
    assert verdict.subjects == ("territory.a", "territory.e")
    assert verdict.details == ("accounts 10", "accounts 5")


def test_only_ten_subjects_are_named_and_the_rest_counted():
    many = pl.DataFrame({"address": [f"account.{i:03}" for i in range(25)], "arr": [1.0] * 25})
    verdict, _ = one(tables={**TABLES, "accounts": many}, over="accounts", **{"assert": "arr > 1"})

    assert len(verdict.subjects) == 10
    assert verdict.more_subjects == 15


def test_an_assert_that_is_neither_true_nor_false_is_broken():
    verdict, _ = one(over="changes", **{"assert": "open_pipeline >= 0"})

    assert verdict.subjects == ("account.2",)


def test_a_where_that_is_neither_true_nor_false_does_not_match():
    verdict, _ = one(over="changes", where="open_pipeline >= 0", measure="count", at_most=2)

    assert verdict.measured == 2


def test_a_constant_assert_is_asked_of_every_row():
    verdict, _ = one(over="changes", where="kind = 'move' AND open_pipeline > 100000", **{"assert": "false"})

    assert verdict.subjects == ("account.1",)
    assert verdict.details == ("kind move, open_pipeline 500,000",)


@pytest.mark.parametrize("measure", ["sum(open_pipeline)", "spread(open_pipeline)", "min(open_pipeline)"])
def test_a_missing_value_fails_a_measure_and_says_how_to_give_a_default(measure):
    verdict, report = one(over="changes", measure=measure, at_most=1e12)

    assert not verdict.passed
    assert (verdict.measured, verdict.subjects) == ("unknown", ("account.2",))
    assert "COALESCE" in next(iter(report)).detail


@pytest.mark.parametrize("limit", [{"at_most": float("nan")}, {"at_least": float("nan")}])
def test_a_limit_that_is_no_number_is_no_policy(limit):
    with pytest.raises(ValidationError, match="finite"):
        one(over="territories", measure="count", **limit)


@pytest.mark.parametrize(("measure", "measured"), [("sum", -540), ("min", -190), ("max", -170), ("mean", -180)])
def test_what_is_no_load_may_be_negative(measure, measured):
    where = "size = 1 AND segment IS NOT NULL"
    verdict, _ = one(over="territories", where=where, measure=f"{measure}(accounts - 200)", at_most=0)

    assert (verdict.passed, verdict.measured) == (True, measured)


def test_a_negative_load_has_no_evenness():
    verdict, _ = one(over="territories", measure="spread(potential - 175)", at_most=100)

    assert not verdict.passed
    assert verdict.measured == "unknown"


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"assert": "acounts > 0"}, 'Did you mean "accounts"?'),
        ({"assert": "accounts >"}, "not an SQL expression"),
        ({"assert": "accounts + 1"}, "true or false"),
        ({"assert": "accounts > 0", "where": "segmnt = 'x'"}, 'Did you mean "segment"?'),
        ({"assert": "accounts > 0", "by": "segmnt"}, 'Did you mean "segment"?'),
        ({"assert": "CAST(owner AS INT) > 0"}, "cannot become int; TRY_CAST gives null instead"),
        ({"measure": "sprad(potential)", "at_most": 1}, 'Did you mean "spread"?'),
        ({"measure": "spread(potental)", "at_most": 1}, 'Did you mean "potential"?'),
        ({"measure": "spread(owner)", "at_most": 1}, "must be a number"),
        ({"measure": "count(accounts)", "at_most": 1}, "without brackets"),
        ({"measure": "spread", "at_most": 1}, "spread(COLUMN)"),
    ],
)
@pytest.mark.parametrize("level", ["hard", "soft", "advisory"])
def test_what_cannot_be_judged_fails_with_an_error(rule, told, level):
    verdict, report = one([waiver("territory.a")], over="territories", level=level, **rule)

    assert not verdict.passed
    assert verdict.measured == "not judged"
    assert report.failed
    assert told in next(iter(report)).detail


def test_a_policy_that_matches_nothing_passes_with_a_warning():
    verdict, report = one(over="territories", where="segment = 'metr'", **{"assert": "accounts > 0"})

    assert verdict.passed
    assert summaries(report, Severity.WARNING) == ['Policy "rule" matched nothing']


def test_a_count_of_nothing_is_a_figure():
    verdict, report = one(over="changes", where="kind = 'remove'", measure="count", at_least=1)

    assert not verdict.passed
    assert verdict.measured == 0
    assert len(report) == 0


def test_finding_nothing_of_what_must_not_be_is_no_warning():
    verdict, report = one(over="changes", where="kind = 'remove'", **{"assert": "false"})

    assert verdict.passed
    assert len(report) == 0


def test_no_policies_at_all_is_a_warning():
    _, report = said({})

    assert summaries(report, Severity.WARNING) == ["There are no policies"]


def test_a_waiver_excuses_its_subject_and_hides_no_other():
    rule = {"over": "territories", "assert": "accounts >= 15"}
    half, _ = one([waiver("territory.a")], **rule)
    whole, _ = one([waiver("territory.a"), waiver("territory.e", expires="2027-03-31")], **rule)

    assert not half.passed
    assert half.subjects == ("territory.e",)
    assert whole.passed
    assert whole.waived is not None
    assert whole.waived.expires == date(2027, 3, 31)
    assert whole.subjects == ("territory.a", "territory.e")


def test_waiving_the_smallest_book_leaves_the_next_smallest_to_judge():
    rule = {"over": "territories", "measure": "min(accounts)", "at_least": 12}

    assert not one([waiver("territory.e")], **rule)[0].passed
    assert one([waiver("territory.e"), waiver("territory.a")], **rule)[0].passed


def test_a_waiver_may_name_a_part_that_has_an_address():
    rule = {"over": "territories", "by": "segment", "measure": "spread(potential)", "at_most": 1.25}

    assert one([waiver("segment.metro")], **rule)[0].passed
    assert not one([waiver("segment.city")], **rule)[0].passed


def test_a_waiver_holds_on_its_last_day_and_not_after():
    rule = {"over": "plan", "assert": "moves = 0"}
    last = [waiver("plan.fy27", expires="2027-02-01")]

    assert one(last, **rule)[0].passed
    late, report = one(last, as_of=date(2027, 2, 2), **rule)
    assert not late.passed
    assert summaries(report, Severity.WARNING) == ['Expired waiver of plan.fy27 from policy "rule"']


def test_a_waiver_that_nothing_needs_is_noted():
    _, report = one([waiver("plan.fy27")], over="plan", **{"assert": "true"})

    assert summaries(report, Severity.NOTE) == ['Unused waiver of plan.fy27 from policy "rule"']


def test_a_waiver_of_an_unknown_policy_is_an_error():
    _, report = one([waiver("plan.fy27", policy="rul")], over="plan", **{"assert": "true"})

    assert report.failed
    assert next(iter(report)).detail == 'Did you mean "rule"?'


def test_a_broken_soft_policy_blocks_and_an_advisory_one_does_not():
    verdicts, _ = said(
        {level: {"level": level, "over": "plan", "assert": "moves = 0"} for level in ("hard", "soft", "advisory")}
    )

    assert {level: v.blocks for level, v in verdicts.items()} == {"hard": True, "soft": True, "advisory": False}


RULES = st.sampled_from(
    [
        {"over": "territories", "assert": "accounts >= 12"},
        {"over": "territories", "by": "segment", "measure": "spread(potential)", "at_most": 1.4},
        {"over": "territories", "measure": "gini(potential_before)", "at_most": 0.5},
        {"over": "territories", "where": "accounts < 16", "measure": "count", "at_most": 2},
        {"over": "territories", "where": "accounts > 9", "by": "segment", "measure": "share", "at_least": 0.8},
        {"over": "territories", "measure": "min(accounts)", "at_least": 8},
        {"over": "territories", "measure": "sum(accounts)", "at_least": 70},
        {"over": "territories", "measure": "mean(accounts)", "at_least": 17},
        {"over": "territories", "measure": "median(accounts)", "at_most": 12},
        {"over": "territories", "measure": "share(potential)", "where": "accounts > 12", "at_most": 0.6},
        {"over": "territories", "measure": "parity(potential, segment)", "at_least": 0.8},
        {"over": "territories", "measure": "envy(potential)", "at_most": 2},
        {"over": "territories", "measure": "gini(potential)", "compare": "before"},
        {"over": "changes", "assert": "open_pipeline < 1000"},
    ]
)
SUBJECTS = st.sampled_from([*TERRITORIES["address"], *CHANGES["address"], "segment.metro", "segment.city", "plan.x"])
FILTERS = st.sampled_from(["segment = 'metro'", "accounts > 12", "potential_before = 0", "TRUE", "segment IS NULL"])
DAYS = st.sampled_from(["2027-01-01", "2027-02-05", "2027-12-31", "2031-01-01"])
WAIVERS = st.lists(
    st.one_of(
        st.builds(waiver, SUBJECTS, expires=DAYS),
        st.builds(lambda where, expires: waived(where, expires=expires), FILTERS, DAYS),
    ),
    max_size=6,
)


@given(RULES, WAIVERS, st.permutations(range(5)))
def test_a_waiver_never_turns_a_pass_into_a_failure(rule, waivers, order):
    tables = {**TABLES, "territories": TERRITORIES.with_columns(pl.Series("accounts", TERRITORIES["accounts"][order]))}
    before, _ = one(tables=tables, **rule)
    after, _ = one(waivers, tables=tables, **rule)

    assert after.passed or not before.passed
    assert (after.waived is not None) == (after.passed and not before.passed)
    if before.passed:
        assert after == before


@given(RULES, WAIVERS, SUBJECTS)
def test_one_more_waiver_never_fails_what_passed(rule, waivers, subject):
    before, _ = one(waivers, **rule)
    after, _ = one([*waivers, waiver(subject)], **rule)

    assert after.passed or not before.passed


@given(RULES, st.permutations(range(5)), st.permutations(range(3)))
def test_the_order_of_rows_does_not_matter(rule, order, other):
    shuffled = {**TABLES, "territories": TERRITORIES[order], "changes": CHANGES[other]}

    assert one(tables=shuffled, **rule)[0] == one(**rule)[0]


def test_a_verdict_survives_json():
    verdict, _ = one(over="territories", measure="spread(potential_before)", at_most=2)

    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict


PEOPLE = pl.DataFrame(
    {
        "address": [f"person.{name}" for name in "abcdef"],
        "person": list("abcdef"),
        "tenure": ["new", "new", "old", "old", "old", None],
        "accounts": [10.0, 14, 20, 30, 25, 5],
        "accounts_before": [20.0, 20, 20, 20, 20, 0],
        "arr": [100.0, 80, 120, 150, 120, 0],
        "arr_before": [100.0, 100, 100, 100, 100, 0],
        "arr_largest": [40.0, 50, 60, 70, 80, 0],
    }
)
WITH_PEOPLE = {**TABLES, "people": PEOPLE}


def of_people(**rule):
    return one(tables=WITH_PEOPLE, over="people", **rule)


def test_parity_compares_the_means_of_groups_and_weighs_chance_where_they_are_small():
    verdict, _ = of_people(where="tenure IS NOT NULL", measure="parity(accounts, tenure)", at_least=0.8)

    # Means of 12 and 25; of ten ways to choose two of five, the smallest two alone are as far below the others.
    assert (verdict.passed, verdict.measured, verdict.p_value) == (False, 12 / 25, 0.1)
    assert verdict.subjects == ("person.a", "person.b")
    assert verdict.remark == "new 12, old 25 on average; chance alone would part them as far in 10.0% of groupings"


def test_the_four_fifths_rule_compares_how_many_of_each_group_a_filter_leaves():
    verdict, _ = of_people(where="arr >= 100", measure="parity(tenure)", at_least=0.8)

    assert not verdict.passed
    assert verdict.measured == 0
    assert verdict.remark.startswith("(none) 0.0%, old 100.0%")


def test_the_chance_of_a_ratio_can_be_the_measure():
    assert of_people(where="tenure IS NOT NULL", measure="parity_p(accounts, tenure)", at_least=0.05)[0].passed
    assert not of_people(where="tenure IS NOT NULL", measure="parity_p(accounts, tenure)", at_least=0.11)[0].passed


def test_parity_within_one_group_is_a_warning():
    verdict, report = of_people(where="tenure = 'new'", measure="parity(accounts, tenure)", at_least=0.8)

    assert verdict.passed
    assert summaries(report, Severity.WARNING) == ['Policy "rule" has no groups to compare']


@pytest.mark.parametrize(
    ("measure", "measured"),
    [
        ("mean(accounts)", 104 / 6),
        ("median(accounts)", 17),
        ("quantile(accounts, 0.9)", 27.5),
        ("envy(arr)", 5),
        # Without their heaviest accounts the best of the others is worth 80 (150 less 70).
        ("envy_up_to_one(arr)", 1),
        ("range_share(accounts)", 25 / 104),
        ("atkinson(arr_before + 100, 1)", 1 - (200**5 * 100) ** (1 / 6) / (1100 / 6)),
        ("share(arr)", 1),
    ],
)
def test_measures_of_people(measure, measured):
    verdict, _ = of_people(measure=measure, at_most=1000)

    assert verdict.measured == pytest.approx(measured)


def test_a_share_of_a_sum_is_one_of_all_rows_of_the_part():
    verdict, _ = of_people(where="tenure = 'new'", measure="share(arr)", at_most=0.3)

    assert (verdict.measured, verdict.subjects) == (pytest.approx(180 / 570), ("person.a", "person.b"))


def test_a_measure_of_the_middle_names_the_rows_beyond_it():
    too_high, _ = of_people(measure="median(accounts)", at_most=16)
    too_low, _ = of_people(measure="median(accounts)", at_least=18)

    assert too_high.subjects == ("person.d", "person.e", "person.c")
    assert too_low.subjects == ("person.f", "person.a", "person.b")


def test_envy_names_those_who_would_swap_the_poorest_first():
    verdict, _ = of_people(measure="envy_up_to_one(arr)", at_most=0)

    assert verdict.subjects == ("person.f",)


def test_what_must_be_no_worse_than_before_is_held_against_what_it_was():
    worse, _ = of_people(measure="gini(accounts)", compare="before")
    better, _ = of_people(measure="max(arr)", compare="before", better="higher")

    # Before, five had 20 each; whoever had nothing before is none of those that could have been even.
    assert (worse.passed, worse.before, worse.limit) == (False, 0, 0)
    assert worse.rule == "people: gini(accounts) no worse than before"
    assert (better.passed, better.measured, better.before) == (True, 150, 100)


def test_what_is_better_than_before_passes_whichever_way_is_better():
    rule = {"where": "tenure IS NOT NULL", "measure": "min(arr)", "compare": "before"}

    # It was 100 and is 80.
    assert of_people(**rule, better="lower")[0].passed
    assert not of_people(**rule, better="higher")[0].passed


def test_a_limit_holds_beside_a_comparison():
    rule = {"measure": "jain(arr)", "compare": "before"}

    assert not of_people(**rule)[0].passed
    assert not of_people(measure="max(arr)", compare="before", better="higher", at_most=120)[0].passed


def test_each_part_is_held_against_its_own_before():
    verdict, _ = of_people(
        where="tenure IS NOT NULL", by="tenure", measure="sum(accounts)", compare="before", better="higher"
    )

    assert (verdict.part, verdict.measured, verdict.before) == ("new", 24, 40)


@pytest.mark.parametrize(
    "rule",
    [
        {"over": "changes", "measure": "count", "compare": "before"},
        {"over": "people", "assert": "true", "compare": "before"},
        {"over": "people", "measure": "count", "at_most": 1, "better": "lower"},
        {"over": "people", "measure": "count", "at_most": 1, "at_least": 2},
        {"over": "people", "measure": "count"},
    ],
)
def test_a_rule_that_asks_nothing_is_refused(rule):
    with pytest.raises(ValidationError):
        one(**rule)


def test_a_level_may_be_set_beside_the_rule():
    rules = {"rule": {"level": "hard", "over": "plan", "assert": "moves = 0"}}
    verdicts, _ = judge(Policies.model_validate({"policies": rules, "levels": {"rule": "advisory"}}), TABLES, TODAY)

    assert (verdicts[0].level, verdicts[0].blocks) == ("advisory", False)


def waived(where, **more):
    return {"policy": "rule", "where": where, "owner": "vp.sales", "reason": "agreed", "expires": "2027-12-31", **more}


def test_a_waiver_may_except_what_a_filter_matches():
    rule = {"over": "territories", "assert": "accounts >= 15"}

    assert one([waived("segment = 'metro' OR segment IS NULL")], **rule)[0].passed
    half, _ = one([waived("segment = 'metro'")], **rule)
    assert half.subjects == ("territory.e",)


def test_a_waiver_for_everything_is_a_loud_warning():
    _, report = one([waived("TRUE")], over="territories", **{"assert": "accounts >= 15"})

    assert summaries(report, Severity.WARNING) == ['A waiver of rows where TRUE from policy "rule" excepts everything']


def test_a_filter_that_cannot_be_read_excepts_nothing_and_is_an_error():
    verdict, report = one([waived("segmnt = 'x'")], over="territories", **{"assert": "accounts >= 15"})

    assert not verdict.passed
    assert summaries(report, Severity.ERROR) == ['A waiver of policy "rule" cannot be read']


@pytest.mark.parametrize(
    ("expires", "days", "counts"),
    [("2027-05-02", "90d", True), ("2027-05-03", "90d", False), ("2027-02-01", "0d", False)],
)
def test_a_waiver_that_ends_farther_ahead_than_its_policy_lets_it_does_not_count(expires, days, counts):
    rule = {"over": "plan", "assert": "moves = 0", "waivers_at_most": days}
    verdict, report = one([waiver("plan.fy27", expires=expires)], **rule)

    assert verdict.passed is counts
    told = ['A waiver of plan.fy27 from policy "rule" does not count']
    assert summaries(report, Severity.WARNING) == ([] if counts else told)


@pytest.mark.parametrize(
    ("expires", "told"),
    [("2027-02-16", []), ("2027-02-15", ["in 14 days"]), ("2027-02-02", ["in 1 day"]), ("2027-02-01", ["today"])],
)
def test_the_end_of_a_waiver_is_told_fourteen_days_before(expires, told):
    _, report = one([waiver("plan.fy27", expires=expires)], over="plan", **{"assert": "moves = 0"})

    titles = [f'A waiver of plan.fy27 from policy "rule" ends {when}' for when in told]
    assert summaries(report, Severity.WARNING) == titles


def test_an_expired_waiver_bites_only_plans_that_touch_its_subject():
    rule = {"over": "territories", "assert": "accounts NOT IN (5, 10)"}
    over = [waiver("territory.a", expires="2027-01-01"), waiver("territory.e", expires="2027-01-01")]
    verdict, report = one(over, **rule)

    # Accounts go from a to b and on to c; nothing happens to e.
    assert verdict.subjects == ("territory.a",)
    assert "will fail" in {d.summary: d.detail for d in report}['Expired waiver of territory.e from policy "rule"']
    assert one(over[1:], **{**rule, "assert": "accounts <> 5"})[0].passed


def test_only_waivers_of_rows_that_break_a_policy_are_used():
    rule = {"over": "territories", "measure": "min(accounts)", "at_least": 8}
    verdict, report = one([waiver("territory.e", owner="vp"), waiver("territory.c", expires="2027-06-30")], **rule)

    assert (verdict.waived.owner, verdict.waived.expires) == ("vp", date(2027, 12, 31))
    assert summaries(report, Severity.NOTE) == ['Unused waiver of territory.c from policy "rule"']


def test_an_expired_waiver_that_nothing_needs_is_noted():
    _, report = one([waiver("territory.b", expires="2027-01-01")], over="territories", **{"assert": "accounts > 1"})

    assert summaries(report, Severity.NOTE) == ['Expired waiver of territory.b from policy "rule"']


def test_a_part_may_be_any_column_whatever_its_name():
    named = TERRITORIES.with_columns(pl.col("segment").alias('Region "EU" (new)'))
    verdict, report = one(
        tables={**TABLES, "territories": named},
        over="territories",
        by='Region "EU" (new)',
        measure="max(accounts)",
        at_most=25,
    )

    assert (verdict.part, verdict.subjects, len(report)) == ("city", ("territory.c",), 0)


@pytest.mark.parametrize("value", [None, float("inf"), -1.0])
def test_parity_of_what_is_not_known_or_negative_fails(value):
    accounts = pl.Series("accounts", [10.0, value, 20, 30, 25, 5])
    tables = {**TABLES, "people": PEOPLE.with_columns(accounts)}
    verdict, report = one(tables=tables, over="people", measure="parity(accounts, tenure)", at_least=0)

    assert (verdict.passed, verdict.measured, verdict.subjects) == (False, "unknown", ("person.b",))
    assert 'Policy "rule" measures 1 row without a usable value' in summaries(report, Severity.WARNING)


def test_an_expired_waiver_of_a_part_bites_where_anything_in_it_is_touched():
    rule = {"over": "territories", "by": "segment", "measure": "spread(potential)", "at_most": 1.25}

    assert not one([waiver("segment.metro", expires="2027-01-01")], **rule)[0].passed
    untouched = {**TABLES, "changes": CHANGES.clear()}
    assert one([waiver("segment.metro", expires="2027-01-01")], tables=untouched, **rule)[0].passed


def test_the_standard_policies_can_be_judged():
    text = (Path(__file__).parents[3] / "policies" / "fairness.yaml").read_text()
    tables = {**TABLES, "territories": TERRITORIES.with_columns(workload=pl.col("potential"))}

    verdicts, report = judge(Policies.model_validate(YAML(typ="safe").load(text)), tables, TODAY)

    assert text.startswith("# yaml-language-server: $schema=../schemas/policies.schema.json\n")
    assert not report.failed
    assert all(v.says for v in verdicts)
    assert {v.policy for v in verdicts if not v.passed} == {
        "even-potential",
        "even-overall",
        "hot-deals-stay",
    }
