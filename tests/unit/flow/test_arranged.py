from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from terraform_like.crm.port import Member
from terraform_like.diagnostics import Report
from terraform_like.flow.arranged import members_on, tell_side_effects
from terraform_like.plan.model import Plan
from terraform_like.staffing.timeline import Staffing

DAY = date(2027, 2, 1)


def plan(*staffing: Staffing) -> Plan:
    return Plan.model_construct(staffing=staffing, users={"jane": "U-1", "raj": "U-2", "eve": "U-3"})


def test_members_are_those_who_are_on_a_territory_that_day_owners_first() -> None:
    found = members_on(
        plan(
            Staffing(territory="west", role="engineer", person="eve", team=True),
            Staffing(territory="west", role="holder", person="raj", interim=True),
            Staffing(territory="west", role="account-executive", person="jane", since=DAY),
            Staffing(territory="west", role="account-executive", person="raj", to=date(2027, 1, 31)),
            Staffing(territory="east", role="account-executive", person=None),
            Staffing(territory="east", role="account-executive", person="nobody of the CRM"),
        ),
        DAY,
    )
    assert found == [
        Member("west", "U-1", "account-executive"),
        Member("west", "U-2", "holder"),
        Member("west", "U-3", "engineer"),
    ]


@pytest.mark.parametrize(
    ("holder", "effects", "notes"),
    [
        ("raj", ("Teams go.",), ["1 account gets another owner, and the CRM does more then"]),
        (None, ("Teams go.",), []),
        ("raj", (), []),
    ],
)
def test_side_effects_are_told_where_somebody_else_gets_an_account(
    holder: str | None, effects: tuple[str, ...], notes: list[str]
) -> None:
    report = Report()
    before = pl.DataFrame({"account": ["A", "B"], "owner": ["jane", "jane"], "holder": [None, None]})
    after = pl.DataFrame({"account": ["A", "B"], "owner": ["jane", "jane"], "holder": [holder, None]})
    tell_side_effects(before, after, effects, report)
    assert [said.summary for said in report] == notes
