"""What a judgement tells of policies: where one cannot be judged, who breaks it in which part, and what to do."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from terraform_like.diagnostics import Span
from terraform_like.policy.judge import judge
from terraform_like.policy.rule import Policies
from terraform_like.policy.tables import FIXED
from terraform_like.policy.verdict import Verdict

DAY = date(2027, 2, 1)
EMPTY = {over: pl.DataFrame(schema=dict.fromkeys(columns, pl.String)) for over, columns in FIXED.items()}
BOOKS = pl.DataFrame(
    {
        "address": [f"territory.{name}" for name in "abcdef"],
        "territory": list("abcdef"),
        "segment": ["metro", "metro", "city", "city", "town", "town"],
        "size": [1.0] * 6,
        "vacant": [True, *[False] * 5],
        "accounts": [10, 20, 30, 60, 7, 7],
        "arr": [1_234_567.0, 2.25, 3.0, None, 5.0, 6.0],
    }
)


def asked(waivers=(), **rules):
    policies = Policies.model_validate({"policies": rules, "waivers": list(waivers)})

    def locate(path, *, key=False):
        text = getattr(rules[path[1]], "get", dict)(path[2], "") if len(path) == 3 else ""
        return Span("policies/p.yaml", 1, 1, max(1, len(text)), text)

    verdicts, report = judge(policies, {**EMPTY, "territories": BOOKS}, DAY, locate=locate)
    return {verdict.policy: verdict for verdict in verdicts}, list(report)


def of(**rule):
    verdicts, report = asked(p={"over": "territories", **rule})
    return verdicts["p"], report


@pytest.mark.parametrize(
    ("rule", "column", "length", "detail"),
    [
        ({"assert": "accounts < 9 AND amount > 1"}, 18, 6, 'There is no column "amount". Did you mean "accounts"?'),
        ({"where": "acounts > 1", "assert": "vacant"}, 1, 7, 'There is no column "acounts". Did you mean "accounts"?'),
        ({"measure": "spread( acounts )", "at_most": 1}, 9, 7, 'There is no column "acounts". Did you mean'),
        ({"measure": "sprea(accounts)", "at_most": 1}, 1, 5, "sprea"),
        (
            {"measure": "count", "at_most": 1, "by": "segmnt"},
            1,
            6,
            'There is no column "segmnt". Did you mean "segment"?',
        ),
        (
            {"measure": "parity(arr, segmnt)", "at_least": 0.8},
            13,
            6,
            'There is no column "segmnt". Did you mean "segment"?',
        ),
        (
            {"measure": "mean(accounts)", "compare": "before"},
            1,
            14,
            "Nothing says which way it is better; add `better: lower` or `better: higher`",
        ),
    ],
)
def test_a_policy_that_cannot_be_judged_fails_and_is_told_at_its_place(rule, column, length, detail):
    verdict, (told,) = of(**rule)

    assert (verdict.passed, verdict.measured, verdict.subjects) == (False, "not judged", ())
    assert told.summary == 'Policy "p" cannot be judged'
    assert detail in told.detail
    assert told.detail.endswith("Until it can be, it counts as failed.")
    assert (told.span.column, told.span.length) == (column, length)


def test_a_waiver_of_one_policy_excuses_nothing_of_another():
    rule = {"over": "territories", "assert": "NOT vacant"}
    waiver = {"policy": "one", "subject": "territory.a", "owner": "vp", "reason": "agreed", "expires": "2027-12-31"}

    verdicts, _ = asked([waiver], one=rule, other=rule)

    assert (verdicts["one"].passed, verdicts["other"].passed) == (True, False)


def test_each_row_that_breaks_an_assertion_says_what_it_has():
    verdict, _ = of(**{"assert": "NOT vacant AND accounts < 50 OR arr > 9000000"})

    assert verdict.subjects == ("territory.a", "territory.d")
    # What is not known is not said.
    assert verdict.details == ("accounts 10, arr 1,234,567, vacant true", "accounts 60, vacant false")


def test_no_more_than_four_columns_are_said():
    rule = "territory = 'a' AND segment = 'metro' AND size > 9 AND accounts > 1 AND arr > 1"
    verdict, _ = of(**{"assert": rule})

    assert verdict.details[0] == "accounts 10, arr 1,234,567, segment metro, size 1"
    assert verdict.details[1] == "accounts 20, arr 2.25, segment metro, size 1"


def test_every_part_that_breaks_a_limit_is_told_with_its_figure_the_worst_first():
    verdict, _ = of(by="segment", measure="max(accounts)", at_most=8)

    assert (verdict.part, verdict.measured) == ("city", 60)
    assert verdict.subjects == ("territory.d", "territory.b")
    assert verdict.parts == ("city", "metro")
    assert list(verdict.part_figures.items()) == [("city", 60), ("metro", 20)]


def test_what_a_policy_says_to_do_is_in_its_verdict():
    verdict, _ = of(remedy="Add a territory.", **{"assert": "accounts < 1"})

    assert verdict.remedy == "Add a territory."
    assert (verdict.parts, verdict.part_figures) == ((), {})


@pytest.mark.parametrize(
    ("values", "where", "measured"),
    [([0.0, 0.0], "TRUE", None), ([0.2, 0.3], "TRUE", 1), ([0.2, 0.3], "territory = 'a'", 0.4)],
)
def test_a_share_is_of_whatever_sum_there_is_and_of_nothing_where_there_is_none(values, where, measured):
    books = pl.DataFrame(
        {
            "address": ["territory.a", "territory.b"],
            "territory": ["a", "b"],
            "segment": ["s", "s"],
            "size": [1.0, 1.0],
            "arr": values,
        }
    )
    policies = Policies.model_validate(
        {"policies": {"p": {"over": "territories", "where": where, "measure": "share(arr)", "at_most": 1}}}
    )
    ((verdict,), _) = judge(policies, {**EMPTY, "territories": books}, DAY)

    assert (verdict.passed, verdict.measured) == (True, measured)


def test_the_sum_of_no_rows_is_none_and_other_measures_of_them_are_not_known():
    total, _ = of(where="accounts > 99", measure="sum(accounts)", at_least=1)
    largest, _ = of(where="accounts > 99", measure="max(accounts)", at_least=1)

    assert (total.passed, total.measured) == (False, 0)
    assert (largest.passed, largest.measured) == (True, None)


def test_a_book_of_one_account_before_is_one_to_compare_with():
    books = BOOKS.with_columns(
        pl.Series("accounts_before", [1, 1, 0, 0, 0, 0]), pl.Series("size_before", [4.0, 4.0, 1.0, 1.0, 1.0, 1.0])
    )
    rule = {"over": "territories", "measure": "max(size)", "compare": "before", "better": "lower"}
    ((verdict,), _) = judge(Policies.model_validate({"policies": {"p": rule}}), {**EMPTY, "territories": books}, DAY)

    assert verdict.before == 4


@pytest.mark.parametrize(
    ("rule", "severity", "detail"),
    [
        ({"over": "changes", "assert": "kind = 'add'"}, "note", "No change of this plan is one that it looks at."),
        (
            {"over": "territories", "where": "accounts > 99", "assert": "vacant"},
            "warning",
            "It passes without having looked at a row: `where: accounts > 99` leaves none of the territories.",
        ),
        (
            {"over": "segments", "assert": "segment = 'metro'"},
            "warning",
            "It passes without having looked at a row: no segments.",
        ),
    ],
)
def test_a_policy_that_looked_at_nothing_is_told_at_its_name(rule, severity, detail):
    asked_for = []

    def locate(path, *, key=False):
        asked_for.append((path, key))
        return Span("policies/p.yaml", 3, 3)

    _, (told,) = judge(
        Policies.model_validate({"policies": {"p": rule}}), {**EMPTY, "territories": BOOKS}, DAY, locate=locate
    )

    assert (told.severity, told.summary, told.detail) == (severity, 'Policy "p" matched nothing', detail)
    assert asked_for == [(("policies", "p"), True)]


def test_a_filter_that_matches_the_one_row_there_is_excepts_what_it_means():
    waiver = {"policy": "p", "where": "TRUE", "owner": "vp", "reason": "agreed", "expires": "2027-12-31"}
    policies = Policies.model_validate(
        {"policies": {"p": {"over": "territories", "assert": "vacant = FALSE"}}, "waivers": [waiver]}
    )

    ((verdict,), report) = judge(policies, {**EMPTY, "territories": BOOKS.head(1)}, DAY)

    assert verdict.waived is not None
    assert [told.summary for told in report] == []


def test_no_figure_is_a_zero_with_a_sign():
    books = BOOKS.with_columns(pl.lit(-0.0).alias("lost"))
    policies = Policies.model_validate(
        {"policies": {"p": {"over": "territories", "measure": "max(lost)", "at_most": 1}}}
    )
    ((verdict,), _) = judge(policies, {**EMPTY, "territories": books}, DAY)

    assert str(verdict.measured) == "0.0"


def test_of_many_waivers_as_many_count_as_help():
    """Ten to fifteen of thirty rows may be left out: all of them are too many, and eight too few."""
    names = [f"{number:02}" for number in range(30)]
    books = pl.DataFrame(
        {"address": [f"territory.{name}" for name in names], "territory": names, "segment": "s", "arr": 1.0}
    )
    rule = {"over": "territories", "measure": "sum(arr)", "at_least": 15, "at_most": 20}
    waivers = [
        {"policy": "p", "subject": address, "owner": "vp", "reason": "agreed", "expires": "2027-12-31"}
        for address in books["address"]
    ]
    policies = Policies.model_validate({"policies": {"p": rule}, "waivers": waivers})

    ((verdict,), _) = judge(policies, {**EMPTY, "territories": books}, DAY)

    assert verdict.passed and verdict.waived is not None


def test_the_waivers_count_that_help_together_whatever_their_order():
    """Only without b and c is the sum 1: neither alone helps, nor with a."""
    books = pl.DataFrame(
        {"address": [f"territory.{n}" for n in "abc"], "territory": list("abc"), "segment": "s", "arr": [1.0, 4.0, 5.0]}
    )
    rule = {"over": "territories", "measure": "sum(arr)", "at_least": 1, "at_most": 1}
    waivers = [
        {"policy": "p", "subject": address, "owner": "vp", "reason": "agreed", "expires": "2027-12-31"}
        for address in books["address"]
    ]
    policies = Policies.model_validate({"policies": {"p": rule}, "waivers": waivers})

    ((verdict,), _) = judge(policies, {**EMPTY, "territories": books}, DAY)

    assert verdict.passed and verdict.waived is not None


@pytest.mark.parametrize(("arr", "passes"), [(1_000_000.0005, True), (1_000_000.002, False)])
def test_rounding_is_a_billionth_of_the_limit(arr, passes):
    books = BOOKS.with_columns(pl.lit(arr).alias("arr"))
    rule = {"over": "territories", "measure": "max(arr)", "at_most": 1_000_000}
    ((verdict,), _) = judge(Policies.model_validate({"policies": {"p": rule}}), {**EMPTY, "territories": books}, DAY)

    assert verdict.passed is passes


def test_a_verdict_that_names_nobody_leaves_nobody_out():
    (verdict,) = asked(p={"over": "territories", "assert": "true"})[0].values()
    again = Verdict.model_validate(verdict.model_dump(exclude={"subjects", "more_subjects"}))
    assert (again.subjects, again.more_subjects) == ((), 0)
