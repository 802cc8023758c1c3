"""An explanation says of a saved plan what its files say, and of nothing else."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from terraform_like.config.load import open_repository
from terraform_like.diagnostics import Halt
from terraform_like.flow.explain import explain
from terraform_like.flow.plan import make_plan, save_plan

TEN = Path(__file__).parents[2] / "cases" / "_repos" / "ten"


@pytest.fixture
def saved(tmp_path):
    """Ten companies with a saved plan; parts of its YAML can be replaced, and SQL be run on the CRM."""

    def make(sql="", *, gate=True, **replaced):
        folder = Path(shutil.copytree(TEN, tmp_path / "repo"))
        if not gate:
            shutil.rmtree(folder / "policies")
        with closing(sqlite3.connect(folder / "crm.sqlite")) as database:
            database.executescript((folder / "crm.sql").read_text() + sql)
        wishes = folder / "plans" / "fy27" / "plan.yaml"
        text = wishes.read_text()
        for old, new in replaced.values():
            assert old in text
            text = text.replace(old, new)
        wishes.write_text(text)
        repository = open_repository(folder)
        planned, _ = make_plan(repository, "fy27", date(2027, 2, 1))
        save_plan(repository, planned)
        return repository, planned.plan

    return make


def told(repository, address):
    return explain(repository, "fy27", address)[0]


def test_every_account_is_where_the_plan_has_it_and_for_its_reasons(saved):
    repository, plan = saved()
    changes = {change.account: change for change in plan.changes}
    for number in range(1, 11):
        account = f"A-{number:02d}"
        found = told(repository, f"account.{account}")
        change = changes.get(account)
        assert found.change == (change.kind if change else None)
        if change:
            assert (found.before, found.after, found.reasons) == (change.before, change.after, change.reasons)
        else:
            assert found.before == found.after
        assert found.open == 2
        assert found.barred == ()


def test_the_loads_of_a_territory_are_those_of_the_plan(saved):
    repository, plan = saved()
    for territory in plan.territories:
        found = told(repository, f"territory.{territory.name}")
        assert (found.accounts, found.owner, found.segment) == (territory.accounts, territory.owner, territory.segment)
        assert {price.metric: (price.load, price.share, price.low, price.high) for price in found.loads} == {
            metric: (load.after, load.share, load.low, load.high) for metric, load in territory.loads.items()
        }


def test_a_cost_is_counted_in_moves_of_one_account(saved):
    repository, plan = saved()
    moved = [change.account for change in plan.changes if change.kind == "move"]
    assert moved
    for account in moved:
        assert told(repository, f"account.{account}").costs["disruption"] == pytest.approx(1.0)


def test_a_protected_account_counts_as_five_moves(saved):
    repository, plan = saved(scope=("accounts:\n", "accounts:\n  protect: \"id >= 'A-01'\"\n"))
    moved = [change.account for change in plan.changes if change.kind == "move"]
    for account in moved:
        found = told(repository, f"account.{account}")
        assert found.protected
        assert found.costs["disruption"] == pytest.approx(5.0)


def test_where_moves_cost_nothing_costs_are_a_part_of_the_whole(saved):
    repository, _ = saved(prefer=("{within: {arr: 10%}}", "{within: {arr: 10%}, prefer: {disruption: 0}}"))
    found = told(repository, "account.A-06")
    assert found.unit == "percent"
    assert 0 <= found.costs["travel"] <= 100


def test_an_account_without_balance_has_no_prices(saved):
    repository, _ = saved(
        gate=False,
        balance=("{within: {arr: 10%}}", "{}"),
        north=("{segment: all, owner: jane}", "{segment: all, owner: jane, accounts: [A-01]}"),
    )
    found = told(repository, "account.A-01")
    assert found.prices == ()
    assert found.how == "it is pinned to north"
    assert [barred.code for barred in found.barred] == ["pinned"]
    assert found.place.startswith("plans/fy27/plan.yaml:")
    territory = told(repository, "territory.north")
    assert (territory.loads, territory.bindings, territory.heaviest) == ((), (), ())
    assert territory.captive.pinned == 1


def test_a_territory_that_may_hold_nothing_says_so(saved):
    repository, _ = saved(more=("  south:", "  hollow: {segment: all, where: \"state = 'XX'\"}\n  south:"))
    assert told(repository, "territory.hollow").captive is None


def test_who_is_excluded_and_who_is_not_asked_is_told_apart(saved):
    repository, _ = saved(
        more=("  south:", "  east: {segment: all, where: \"state = 'OR'\", exclude: [A-04]}\n  south:")
    )
    assert [(b.code, b.territories) for b in told(repository, "account.A-04").barred] == [("excluded", ("east",))]
    assert [(b.code, b.territories) for b in told(repository, "account.A-01").barred] == [("where", ("east",))]
    assert told(repository, "account.A-05").barred == ()


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("A-04", '"account.A-04"'),
        ("account.A-4", '"account.A-04"'),
        ("acount.A-04", '"account.A-04"'),
        ("nrth", '"territory.north"'),
        ("territory.nort", '"territory.north"'),
        ("slot.north", '"territory.north"'),
    ],
)
def test_what_was_probably_meant_is_said(saved, address, meant):
    repository, _ = saved()
    with pytest.raises(Halt) as halted:
        told(repository, address)
    (error,) = halted.value.report
    assert f"Did you mean {meant}?" in error.detail


def test_a_plan_of_other_yaml_or_that_was_edited_is_not_explained(saved):
    repository, _ = saved()
    wishes = repository.plan_folder("fy27") / "plan.yaml"
    text = wishes.read_text()
    wishes.write_text(text.replace("10%", "11%"))
    with pytest.raises(Halt, match="changed after the plan was saved"):
        told(repository, "account.A-04")
    wishes.write_text("# another comment\n" + text)
    assert told(repository, "account.A-04").account == "A-04"
    assignments = repository.plan_folder("fy27") / "assignments.csv"
    assignments.write_text(assignments.read_text().replace("north", "south", 1))
    with pytest.raises(Halt):
        told(repository, "account.A-04")


def test_policies_that_changed_do_not_matter(saved):
    repository, _ = saved()
    policies = repository.root / "policies" / "fairness.yaml"
    policies.write_text(policies.read_text().replace("1.25", "1.5"))
    assert told(repository, "account.A-04").account == "A-04"


def test_crm_text_cannot_steer_a_terminal(saved):
    from terraform_like.report.text_explain import explained_text

    hostile = "A\x1b[31m-04"
    repository, _ = saved(sql=f"UPDATE accounts SET id = '{hostile}' WHERE id = 'A-04';")
    for address in ("territory.north", "territory.south"):
        text = explained_text(told(repository, address), color=False)
        assert "\x1b" not in text
    with pytest.raises(Halt):
        told(repository, f"account.{hostile}")
