"""Plan, apply, plan: nobody moves again; and nobody moves at all while every limit holds."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from terraform_like.carve import settle
from terraform_like.carve.programs import exact
from terraform_like.carve.prove.proof import ProofMethod
from terraform_like.domain.carving import Carve


@pytest.fixture
def settled(carved, after):
    """Carve, apply and carve again; give the carve once nobody moved the second time."""

    def of(carving, table):
        done, report = carved(carving, table)
        assert done is not None, list(report)
        again, _ = carved(carving, after(table, done))
        assert again.territory.equals(done.territory)
        assert all(proof.method is ProofMethod.KEPT for proof in again.proofs)
        return done

    return of


def books(done, table):
    return dict(zip(table.sort("account")["account"], done.territory, strict=True))


def test_bands_that_were_far_off_hold(towns_plan, towns, settled):
    done = settled(towns_plan, towns)
    (one,) = done.problems
    assert one.excess(one.current) > 0
    assert one.excess(one.chosen(done.territory.to_numpy().astype(str))) == 0
    assert done.proofs[0].method is ProofMethod.EXACT


@pytest.mark.parametrize("whales", [1, 2, 3])
def test_an_account_heavier_than_any_band_moves_nobody_twice(towns_plan, towns, settled, whales):
    heavy = [float(towns["arr"].sum())] * whales
    settled(towns_plan, towns.with_columns(pl.Series("arr", heavy + towns["arr"].to_list()[whales:])))


def test_pins_that_no_band_can_hold_move_nobody_twice(towns_plan, towns, settled):
    territories = dict(towns_plan.territories)
    pinned = tuple(towns["account"][:40])
    territories["south"] = territories["south"].model_copy(update={"accounts": pinned})
    carving = towns_plan.model_copy(update={"territories": territories})
    done = settled(carving, towns)
    assert {books(done, towns)[account] for account in pinned} == {"south"}


@pytest.mark.parametrize(
    "balance",
    [
        {},
        {"within": {"nothing": 0.1}},
        {"at_most": {"accounts": 3}},
        {"at_least": {"accounts": 50}},
        {"at_most": {"arr": 0}},
        {"within": {"arr": 0.0, "accounts": 0.0}},
        {"within": {"arr": 0.1}, "prefer": {"disruption": 0, "travel": 0, "balance": 0}},
    ],
    ids=str,
)
@pytest.mark.parametrize("located", [True, False], ids=["located", "unlocated"])
def test_whatever_the_policy_nobody_moves_twice(wish, towns, settled, balance, located):
    carving = wish(
        accounts={"location": {"latitude": "lat", "longitude": "lon"}} if located else {},
        territories={name: {"segment": "all"} for name in ("west", "middle", "south")},
        balance={"all": balance},
    )
    table = towns.with_columns(nothing=pl.lit(0.0)).head(24)
    settled(carving, table)


@pytest.mark.parametrize("place", [None, "gone", "west"])
def test_wherever_all_accounts_come_from_nobody_moves_twice(towns_plan, towns, settled, place):
    done = settled(towns_plan, towns.with_columns(territory=pl.lit(place, pl.String)))
    assert set(done.territory) == {"west", "middle", "south"}


def test_one_territory_takes_all(wish, towns, settled):
    carving = wish(territories={"only": {"segment": "all"}}, balance={"all": {"within": {"arr": 0.1}}})
    assert set(settled(carving, towns).territory) == {"only"}


def test_a_territory_that_may_hold_nothing_stays_empty(towns_plan, towns, settled):
    hollow = towns_plan.territories["south"].model_copy(update={"where": "arr < 0", "center": None})
    carving = towns_plan.model_copy(update={"territories": {**towns_plan.territories, "hollow": hollow}})
    assert "hollow" not in set(settled(carving, towns).territory)


def test_an_edit_inside_the_bands_moves_no_other_account(towns_plan, towns, carved, after):
    done, _ = carved(towns_plan, towns)
    now = after(towns, done)
    edited = now.with_columns(
        pl.when(pl.col("account") == "A-05").then(pl.col("arr") * 1.01).otherwise("arr").alias("arr")
    )
    again, _ = carved(towns_plan, edited)
    assert again.territory.equals(done.territory)


def test_a_new_account_moves_nobody_where_the_bands_allow_it(towns_plan, towns, carved, after):
    done, _ = carved(towns_plan, towns)
    now = after(towns, done)
    new = now.head(1).with_columns(account=pl.lit("B-1"), territory=pl.lit(None, pl.String), arr=pl.lit(1.0))
    again, _ = carved(towns_plan, pl.concat([now, new]))
    assert again.territory.head(60).equals(done.territory)
    assert again.territory[60] in towns_plan.territories
    assert again.proofs[0].method is ProofMethod.KEPT


def test_the_order_of_rows_columns_and_keys_gives_the_same_answer_and_proof(towns_plan, towns, carved):
    done, _ = carved(towns_plan, towns)
    backwards = towns_plan.model_copy(update={"territories": dict(reversed(towns_plan.territories.items()))})
    shuffled = towns.sample(fraction=1, shuffle=True, seed=5).select(sorted(towns.columns, reverse=True))
    again, _ = carved(backwards, shuffled)
    assert again.territory.equals(done.territory)
    assert again.proofs == done.proofs


def test_components_are_proved_one_by_one(wish, accounts, settled):
    carving = wish(
        territories={
            "east-1": {"segment": "all", "where": "state = 'NY'"},
            "east-2": {"segment": "all", "where": "state = 'NY'"},
            "west-1": {"segment": "all", "where": "state = 'CA'"},
            "west-2": {"segment": "all", "where": "state = 'CA'"},
        },
        balance={"all": {"within": {"accounts": 0.1}}},
    )
    done = settled(carving, accounts(12, state=["NY"] * 4 + ["CA"] * 8))
    assert [proof.component for proof in done.proofs] == ["all/east-1", "all/west-1"]
    assert dict(done.territory.value_counts().rows()) == {"east-1": 2, "east-2": 2, "west-1": 4, "west-2": 4}


def test_a_family_that_is_split_comes_together_where_most_of_it_is(wish, accounts, settled):
    carving = wish(
        accounts={"family": "parent"},
        territories={"a": {"segment": "all"}, "b": {"segment": "all"}},
        balance={"all": {"within": {"accounts": 0.9}}},
    )
    table = accounts(4, parent=[None, "A-00", "A-00", None], territory=["a", "b", "b", "a"])
    assert settled(carving, table).territory.to_list() == ["b", "b", "b", "a"]


def test_a_weight_that_no_solver_can_take_gives_a_diagnostic_and_no_plan(towns_plan, towns, carved):
    balance = towns_plan.balance["all"]
    beyond = balance.model_copy(update={"prefer": balance.prefer.model_copy(update={"travel": 1e308})})
    carving = towns_plan.model_copy(update={"balance": {"all": beyond}})
    with np.errstate(all="ignore"):
        done, report = carved(carving, towns)
    (said,) = [d for d in report if d.severity == "error"]
    assert done is None
    assert said.summary == "all cannot be carved"
    assert "not a finite number" in said.detail


def test_a_where_that_asks_for_the_territory_is_told_and_still_certified(wish, accounts, carved):
    carving = wish(
        territories={"a": {"segment": "all"}, "b": {"segment": "all", "where": "territory IS NULL"}},
        balance={"all": {"within": {"accounts": 0.0}}},
    )
    done, report = carved(carving, accounts(5))
    assert done is not None
    assert [d.summary for d in report] == ["The rules are others once the accounts are carved"]


def test_keeping_needs_no_branch_and_bound(towns_plan, towns, carved, after, monkeypatch):
    done, _ = carved(towns_plan, towns)
    monkeypatch.setattr(exact, "branch", None)
    again, report = carved(towns_plan, after(towns, done))
    assert again is not None, list(report)
    assert again.territory.equals(done.territory)


@pytest.mark.parametrize(
    ("most", "told"),
    [
        (5, "With at most 5 moves 2 of 3 books stay outside their limits; with 38 moves none would be."),
        (0, "With at most 0 moves 2 of 3 books stay outside their limits; with 38 moves none would be."),
    ],
)
def test_a_limit_of_moves_is_kept_and_says_what_more_would_buy(towns_plan, towns, carved, most, told):
    balance = {"all": towns_plan.balance["all"].model_copy(update={"max_moves": most})}
    done, report = carved(towns_plan.model_copy(update={"balance": balance}), towns)
    (one,), (proof,) = done.problems, done.proofs
    choice = one.chosen(done.territory.to_numpy().astype(str))
    assert one.pairs.moved[choice].sum() <= most
    assert proof.moves.most == most
    assert proof.bound <= proof.objective
    (said,) = report
    assert said.summary == "max_moves of all is reached"
    assert said.detail == told
    assert said.span.source == "balance.all.max_moves"


@pytest.mark.parametrize(("method", "told"), [("exact", True), ("auto", False), ("decomposed", False)])
def test_a_component_that_is_too_large_for_exact_is_told(towns_plan, towns, carved, monkeypatch, method, told):
    monkeypatch.setattr(settle, "EXACT_PAIRS", 100)
    carve = {"all": towns_plan.balance["all"].model_copy(update={"carve": Carve(method=method)})}
    done, report = carved(towns_plan.model_copy(update={"balance": carve}), towns)
    assert done is not None
    assert [d.summary for d in report] == ["all is too large for `method: exact`"] * told
    assert all(d.span.source == "balance.all.carve" for d in report)
