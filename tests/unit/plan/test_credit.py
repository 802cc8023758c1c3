"""Who is paid for an account: what a team earns less than all of is nobody's, and stands in the export."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from terraform_like.domain.carving import Carving
from terraform_like.plan.credit import credits
from terraform_like.plan.model import Created, Inputs, Plan, PlannedTerritory, Summary
from terraform_like.staffing.timeline import Staffing

FIRST, LAST = date(2027, 1, 1), date(2027, 12, 31)


def paid(*team):
    carving = Carving.model_validate(
        {
            "name": "fy27",
            "segments": [{"name": "all"}],
            "people": {"ann": {"user": "U1"}, "eve": {"user": "U2", "role": "engineer"}},
            "territories": {"east": {"segment": "all", "owner": "ann"}},
        }
    )
    owns = Staffing(territory="east", role="account-executive", person="ann")
    plan = Plan(
        plan="fy27",
        inputs=Inputs(config="", policies="", snapshot="", assignments=""),
        created=Created(by=""),
        as_of=FIRST,
        summary=Summary(accounts=1, adds=0, moves=0, transfers=0, removes=0, unchanged=1),
        territories=(PlannedTerritory(name="east", segment="all", size=1, owner="ann", accounts=1),),
        staffing=(owns, *team),
    )
    accounts = pl.DataFrame(
        {"account": ["A-1"], "territory": ["east"], "holder": [None]}, schema_overrides={"holder": pl.String}
    )
    table = credits(carving, plan, accounts, FIRST, LAST)
    return table.select("role", "person", "credit", "from", "to").rows()


OWNER = ("account-executive", "ann", 1.0, FIRST, LAST)


def covers(credit, since=None, to=None):
    return Staffing(territory="east", role="engineer", person="eve", since=since, to=to, credit=credit, team=True)


@pytest.mark.parametrize(
    ("credit", "rows"),
    [
        (1.0, [("engineer", "eve", 1.0, FIRST, LAST)]),
        (0.75, [("engineer", "eve", 0.75, FIRST, LAST), ("engineer", None, 0.25, FIRST, LAST)]),
        (0.0, [("engineer", None, 1.0, FIRST, LAST)]),
    ],
)
def test_what_a_team_does_not_earn_is_nobody_s(credit, rows):
    assert paid(covers(credit)) == [OWNER, *rows]


def test_a_role_has_rows_for_the_days_only_on_which_somebody_covers():
    since, to = date(2027, 3, 1), date(2027, 5, 31)
    assert paid(covers(1.0, since, to)) == [OWNER, ("engineer", "eve", 1.0, since, to)]


def test_without_a_team_there_are_no_rows_of_its_role():
    assert paid() == [OWNER]
