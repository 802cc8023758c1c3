"""The report model: figures that every renderer shares."""

from datetime import date

import polars as pl
import pytest

from terraform_like.diff import Change, ChangeKind, Place, Reason, ReasonCode
from terraform_like.plan.facts import Facts
from terraform_like.plan.model import Load
from terraform_like.report.told.books import Standing, ToldLoad
from terraform_like.report.told.changes import told_flows
from terraform_like.report.told.plan import told_plan
from terraform_like.staffing.timeline import Staffing


def move(account, before, after, owner_before="jane", owner_after="raj", kind=ChangeKind.MOVE):
    reason = Reason(code=ReasonCode.REBALANCED, text="it was over")
    places = Place(territory=before, owner=owner_before), Place(territory=after, owner=owner_after)
    return Change(account=account, kind=kind, before=places[0], after=places[1], reasons=(reason,))


def known(rows):
    """Facts of rows: account, before, after, had, has, protected, arr."""
    table = pl.DataFrame(
        [(a, "all", b, c, had, has, c, p, None, None, None, arr) for a, b, c, had, has, p, arr in rows],
        schema={
            **dict.fromkeys(("account", "segment", "before", "after", "had", "has", "territory"), pl.String),
            "protected": pl.Boolean,
            **dict.fromkeys(("pipeline", "latitude", "longitude", "figure:arr"), pl.Float64),
        },
        orient="row",
    )
    return Facts(table, ("arr",), {}, {})


@pytest.mark.parametrize(
    ("value", "stands"),
    [(89.9, Standing.BELOW), (90.0, Standing.WITHIN), (110.0 + 1e-9, Standing.WITHIN), (110.1, Standing.ABOVE)],
)
def test_a_load_stands_to_its_band_and_rounding_takes_it_nowhere(value, stands):
    told = ToldLoad.of(Load(before=100, after=value, share=100, low=90, high=110))

    assert (told.stood, told.stands) == (Standing.WITHIN, stands)
    before, after = told.places
    assert before == pytest.approx(0.5)
    assert (0 <= after <= 1) == (stands is Standing.WITHIN)


@pytest.mark.parametrize("band", [{"low": 0, "high": 110}, {"low": 90}, {"high": 110}, {}])
def test_a_band_with_one_end_has_no_places(band):
    assert ToldLoad.of(Load(before=100, after=100, share=100, **band)).places is None


def test_what_fails_is_told_first(plan):
    assert [v.word for v in told_plan(plan).verdicts] == ["FAILED", "advice", "waived", "passed", "passed"]


def test_flows_sum_up_what_goes_between_two_territories():
    facts = known(
        [
            ("A", "north", "south", "jane", "raj", True, 10.0),
            ("B", "north", "south", "jane", "raj", False, 5.5),
            ("C", None, "north", "kim", "jane", False, 1.0),
            ("D", "south", "south", "raj", "raj", True, 99.0),
        ]
    )
    changes = (
        move("A", "north", "south"),
        move("B", "north", "south"),
        move("C", None, "north", "kim", "jane", ChangeKind.ADD),
    )
    first, second = told_flows(changes, facts)

    assert (first.before, first.after, first.accounts, first.protected) == ("north", "south", 2, 1)
    assert first.sums == {"arr": 15.5}
    assert first.reasons == (("rebalanced", 2),)
    assert (second.before, second.after, second.accounts) == (None, "north", 1)


def test_flows_say_nothing_of_figures_that_are_not_at_hand():
    (flow,) = told_flows((move("A", "north", "south"),), None)

    assert (flow.accounts, flow.sums, flow.protected) == (1, {}, None)


def test_what_people_have_before_and_after_adds_up(plan):
    facts = known(
        [
            ("A", "north", "south", "jane", "raj", False, 10.0),
            ("B", None, "north", "kim", "jane", False, 5.0),
            ("C", "north", "north", "jane", "jane", False, 2.0),
        ]
    )
    changes = (move("A", "north", "south"), move("B", None, "north", "kim", "jane", ChangeKind.ADD))
    told = told_plan(plan.model_copy(update={"changes": changes, "territories": (), "staffing": ()}), facts)
    jane, raj = told.people

    assert (jane.before, jane.gains, jane.loses, jane.after) == (2, 1, 1, 2)
    assert jane.sums == {"arr": (12.0, 7.0)}
    assert (raj.before, raj.gains, raj.loses, raj.after) == (0, 1, 0, 1)
    assert "kim" not in {person.name for person in told.people}


def test_who_holds_a_territory_on_the_day_is_told_with_it(plan):
    rows = (
        Staffing(territory="town-04", role="account-executive", person="jane.doe", credit=0.5, interim=True),
        Staffing(
            territory="town-04",
            role="account-executive",
            person="raj.patel",
            since=date(2027, 8, 1),
            interim=True,
        ),
    )
    told = told_plan(plan.model_copy(update={"staffing": rows}))

    assert [(c.territory, [r.person for r in c.rows]) for c in told.covers] == [("town-04", ["jane.doe"])]
    assert next(p for p in told.people if p.name == "jane.doe").holds == ("town-04",)
