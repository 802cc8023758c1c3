import altair as alt
import pytest

from terraform_like.report.page.drawn import Charts
from terraform_like.report.page.flows import MOST_FLOWS, drawn_flows, flows_chart
from terraform_like.report.page.people import timeline_rows
from terraform_like.report.page.places import places_of
from terraform_like.report.told.changes import Flow
from terraform_like.report.told.plan import told_plan
from terraform_like.staffing.timeline import Staffing


def test_every_chart_is_vega_lite_by_its_schema(told):
    charts = Charts(told, places_of(told.facts, {t.name: t.owner for t in told.plan.territories}))
    charts.fairness()
    charts.segment(told.segments[-1])

    assert {"before", "after", None} == {chart.side for chart in charts.all}
    for chart in charts.all:
        alt.LayerChart.from_dict(chart.spec).to_dict()


def flow(before, after, accounts):
    return Flow(before, after, accounts, (("rebalanced", accounts),), {}, None)


def test_ribbons_of_a_territory_are_as_thick_as_its_accounts_and_never_lie_on_one_another():
    flows = (flow("a", "b", 30), flow("a", "c", 20), flow(None, "c", 10), flow("b", None, 5))
    rows = flows_chart(drawn_flows(flows, {"a": "s", "b": "s", "c": "s"}, "s"), {"a": 0}).data["flows"]
    ends = {}
    for row in rows:
        name = row["territory"] if row["x"] == 0 else row["to"] if row["x"] == 1 else None
        ends.setdefault((row["x"], name), []).append((row["y"], row["y2"], row["accounts"]))
    scale = {round((low - high) / accounts, 1) for of in ends.values() for high, low, accounts in of}

    assert len(scale) == 1
    assert ends[0, "new to a book"][0][2] == 10
    assert ends[1, "leaves every book"][0][2] == 5
    for (x, _), of in ends.items():
        if x in (0, 1):
            assert all(first[1] <= second[0] + 0.011 for first, second in zip(sorted(of), sorted(of)[1:], strict=False))


def test_of_many_flows_the_largest_are_drawn_and_the_others_counted():
    flows = [flow("a", f"t{n}", 1000 - n) for n in range(MOST_FLOWS + 3)]
    drawn = drawn_flows(flows, {f"t{n}": "s" for n in range(MOST_FLOWS + 3)}, "s")

    assert (len(drawn.flows), drawn.rest, drawn.rest_accounts) == (MOST_FLOWS, 3, 920 + 919 + 918)


@pytest.mark.parametrize(
    ("row", "kind", "said"),
    [
        (Staffing(territory="t", role="ae", person="jane"), "owns", "t"),
        (
            Staffing(territory="t", role="ae", person="jane", credit=0.5, interim=True),
            "holds",
            "t: holds for 50% of the credit",
        ),
        (Staffing(territory="t", role="ae", person=None), "vacant", "t: vacant, held by nobody"),
    ],
)
def test_a_row_of_the_timeline_says_who_has_what_and_how(plan, row, kind, said):
    (shown,) = timeline_rows(plan.model_copy(update={"staffing": (row,)}), ["t"])
    assert (shown["kind"], shown["said"]) == (kind, said)
    assert shown["from"] == plan.as_of.isoformat()


def test_the_last_day_of_a_bar_is_whole(plan):
    from datetime import date

    row = Staffing(territory="t", role="ae", person="jane", to=date(2027, 6, 30))
    (shown,) = timeline_rows(plan.model_copy(update={"staffing": (row,)}), ["t"])
    assert (shown["to"], shown["until"]) == ("2027-07-01", "2027-06-30")


def test_flows_have_colours_without_a_map_too(plan):
    charts = Charts(told_plan(plan), None)
    flows = charts.segment(charts.told.segments[-1]).flows

    assert len({row["hue"] for row in flows.spec["datasets"]["territories"]}) > 1


def test_a_first_carve_has_one_map_since_nobody_was_in_a_book(plan, facts_of):
    town = [t.name for t in plan.territories if t.segment == "town"]
    known = facts_of([(f"A-{n}", "town", None, town[n % 2], 30 + n, -110 + 2 * n) for n in range(10)])
    charts = Charts(told_plan(plan, known), places_of(known, dict.fromkeys(town)))

    assert [chart.side for chart in charts.segment(charts.told.segments[-1]).maps] == ["after"]
