"""What is said of an answer is recomputed here the slow way, with loops over accounts and no array."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from terraform_like.carve import decompose
from terraform_like.carve.prove.certify import Evidence, bound, certify, read_prices, rounded, saved_prices, standing
from terraform_like.carve.prove.proof import MoveLimit, ProofMethod, ProofStatus
from terraform_like.domain.geography import great_circle_km


def reckoned(carving, table, places, centers):
    """Give the objective and its parts from the accounts themselves: the formula as it is published."""
    balance = carving.balance["all"]
    rows = list(table.iter_rows(named=True))
    counts = [5.0 if row["hot"] else 1.0 for row in rows]
    moves = [
        row["territory"] is not None and row["territory"] != place for row, place in zip(rows, places, strict=True)
    ]
    disruption = sum(c for c, moved in zip(counts, moves, strict=True) if moved) / sum(counts)
    km = nearest = 0.0
    for row, place in zip(rows, places, strict=True):
        ways = {name: float(great_circle_km(row["lat"], row["lon"], *center)) for name, center in centers.items()}
        km += ways[place]
        nearest += min(ways.values())
    uneven, over = [], []
    for metric in balance.metrics:
        value = [1.0 if metric == "accounts" else row[metric] for row in rows]
        sizes = {name: book.size for name, book in carving.books.items()}
        for name, size in sizes.items():
            share = sum(value) * size / sum(sizes.values())
            load = sum(v for v, place in zip(value, places, strict=True) if place == name)
            band = balance.within[metric] * share
            uneven.append(abs(load - share) / share)
            over.append(max(0.0, abs(load - share) - band) / share)
    parts = {
        "disruption": disruption,
        "travel": km / nearest,
        "balance": sum(uneven) / len(uneven),
        "excess": sum(over) / len(over),
        "moved": float(sum(moves)),
    }
    prefer = balance.prefer
    wishes = prefer.disruption * disruption + prefer.travel * parts["travel"] + prefer.balance * parts["balance"]
    return wishes + 100 * parts["excess"], parts


@pytest.fixture
def centers():
    return {"a": (47.6, -122.3), "b": (39.7, -105.0), "c": (33.7, -84.4)}


@pytest.fixture
def plan(wish, centers):
    return wish(
        accounts={"location": {"latitude": "lat", "longitude": "lon"}, "protect": "hot"},
        territories={
            name: {"segment": "all", "center": center, "size": size}
            for (name, center), size in zip(centers.items(), (1.0, 0.5, 2.0), strict=True)
        },
        balance={
            "all": {
                "within": {"arr": 0.1, "accounts": 0.25},
                "prefer": {"disruption": 2.5, "travel": 0.7, "balance": 1.3},
            }
        },
    )


@pytest.mark.parametrize("seed", range(5))
def test_standing_is_the_published_formula(plan, centers, towns, problem, seed):
    places = np.random.default_rng(seed).choice(list(centers), len(towns))
    one = problem(plan, towns.with_columns(territory=towns["territory"].replace({"west": "a", "middle": None})))
    table = towns.with_columns(territory=towns["territory"].replace({"west": "a", "middle": None}))
    objective, parts = reckoned(plan, table, places.tolist(), centers)
    told = standing(one, one.chosen(places))
    assert told.objective == pytest.approx(objective)
    for name, part in parts.items():
        assert getattr(told, name) == pytest.approx(part), name


def test_an_answer_with_an_account_nowhere_or_at_another_s_place_is_none(towns_plan, towns, problem):
    one = problem(towns_plan, towns)
    choice = decompose.solve(one).choice
    for at, pair in ((0, -1), (0, len(one.pairs)), (0, int(choice[1]))):
        broken = choice.copy()
        broken[at] = pair
        with pytest.raises(ValueError, match="account"):
            standing(one, broken)
    with pytest.raises(ValueError, match="account"):
        standing(one, choice[:-1])


@pytest.mark.parametrize("price", [np.inf, -np.inf, np.nan, 1e300, -1e300, 0.0])
def test_no_price_makes_a_bound_that_is_not_finite(towns_plan, towns, problem, price):
    one = problem(towns_plan, towns)
    lowest = bound(one, np.full(one.limits.share.shape, price))
    assert np.isfinite(lowest)
    assert lowest <= standing(one, decompose.solve(one).choice).objective


def test_a_proof_comes_out_the_same_when_it_is_read_back(towns_plan, towns, problem):
    one = problem(towns_plan, towns)
    solved = decompose.solve(one)
    proof = certify(one, solved.choice, Evidence(solved.prices, ProofMethod.EXACT))
    assert certify(one, solved.choice, Evidence(read_prices(one, proof.prices), ProofMethod.EXACT)) == proof
    assert proof.gap == pytest.approx((proof.objective - proof.bound) / proof.objective)


def test_prices_beyond_use_are_saved_as_the_nearest_that_are_of_use(towns_plan, towns, problem):
    one = problem(towns_plan, towns)
    choice = decompose.solve(one).choice
    proof = certify(one, choice, Evidence(np.full(one.limits.share.shape, 1e12), ProofMethod.EXACT))
    assert certify(one, choice, Evidence(read_prices(one, proof.prices), ProofMethod.EXACT)) == proof
    assert max(max(prices.values()) for prices in proof.prices.values()) < 1e12


def test_only_a_gap_that_no_report_shows_is_called_optimal(wish, accounts, problem):
    carving = wish(
        territories={"a": {"segment": "all"}, "b": {"segment": "all"}}, balance={"all": {"within": {"accounts": 0.5}}}
    )
    one = problem(carving, accounts(4, territory=["a", "a", "b", "b"]))
    assert certify(one, one.current, Evidence(decompose.prices_of(one), ProofMethod.KEPT)).status is ProofStatus.OPTIMAL
    uneven = one.chosen(np.array(["a", "a", "a", "b"]))
    proof = certify(one, uneven, Evidence(decompose.prices_of(one), ProofMethod.EXACT))
    assert proof.status is ProofStatus.BOUNDED
    assert proof.gap > 0


def test_a_count_between_two_whole_numbers_is_bounded_as_what_people_can_have(wish, accounts, problem):
    carving = wish(
        accounts={"location": {"latitude": "lat", "longitude": "lon"}},
        territories={"a": {"segment": "all", "center": [0, 0]}, "b": {"segment": "all", "center": [0, 10]}},
        balance={"all": {"within": {"accounts": 0.3}, "prefer": {"disruption": 0, "travel": 1, "balance": 0}}},
    )
    # Four of five accounts lie at a, whose limit is 3.25 accounts: in parts three and a quarter would stay there.
    one = problem(carving, accounts(5, territory=["a"] * 5, lat=[0.0] * 5, lon=[0.5, 0.6, 0.7, 0.8, 10.0]))
    best = one.chosen(np.array(["a", "a", "a", "b", "b"]))
    proof = certify(one, best, Evidence(decompose.prices_of(one), ProofMethod.EXACT))
    assert one.excess(best) == 0
    assert proof.status is ProofStatus.OPTIMAL


def test_a_load_of_whole_and_broken_numbers_is_bounded_as_any(wish, accounts, problem):
    carving = wish(
        territories={"a": {"segment": "all"}, "b": {"segment": "all"}}, balance={"all": {"within": {"arr": 0.1}}}
    )
    whole = problem(carving, accounts(4, arr=[1.0, 2.0, 3.0, 4.0], territory=["a", "b", "a", "b"]))
    broken = problem(carving, accounts(4, arr=[1.0, 2.0, 3.0, 4.5], territory=["a", "b", "a", "b"]))
    assert whole.whole.tolist() == [True]
    assert broken.whole.tolist() == [False]
    assert whole.limits.drawn_in(whole.whole).high.tolist() == [[5.0], [5.0]]
    assert broken.limits.drawn_in(broken.whole).high.tolist() == broken.limits.high.tolist()


def test_a_price_that_is_not_saved_is_nought(towns_plan, towns, problem):
    one = problem(towns_plan, towns)
    assert (read_prices(one, {}) == 0).all()
    saved = saved_prices(one, np.arange(6.0).reshape(3, 2))
    del saved["south"]
    assert read_prices(one, saved)[one.territories.index("south")].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("value", "told"), [(1.23456789012, 1.23456789), (-0.0, 0.0), (1e-300, 1e-300), (123456789012.0, 123456789000.0)]
)
def test_figures_have_nine_digits_and_no_negative_nought(value, told):
    assert repr(rounded(value)) == repr(told)


@pytest.mark.parametrize("told", list(ProofMethod))
def test_an_answer_is_called_kept_where_all_stay_who_are_somewhere_and_only_there(towns_plan, towns, problem, told):
    one = problem(towns_plan, towns)
    moved = decompose.solve(one)
    assert certify(one, one.current, Evidence(moved.prices, told)).method is ProofMethod.KEPT
    assert certify(one, moved.choice, Evidence(moved.prices, told)).method is not ProofMethod.KEPT
    new = problem(towns_plan, towns.with_columns(territory=pl.lit(None, pl.String)))
    assert certify(new, moved.choice, Evidence(moved.prices, told)).method is not ProofMethod.KEPT


def test_an_answer_that_moves_more_than_it_may_is_none(towns_plan, towns, problem):
    one = problem(towns_plan, towns)
    solved = decompose.solve(one)
    moved = int(one.pairs.moved[solved.choice].sum())
    assert certify(one, solved.choice, _limited(solved, moved)).moves is not None
    with pytest.raises(ValueError, match="accounts would move"):
        certify(one, solved.choice, _limited(solved, moved - 1))


@pytest.mark.parametrize("price", [-5.0, 0.0, 0.01, 7.0])
def test_a_price_of_moves_gives_a_bound_on_what_moves_no_more(towns_plan, towns, problem, price):
    one = problem(towns_plan, towns)
    prices = decompose.prices_of(one)
    stays = standing(one, one.current).objective
    assert bound(one, prices, MoveLimit(most=0, price=price)) <= stays * (1 + 1e-12)


def _limited(solved, most):
    return Evidence(solved.prices, ProofMethod.DECOMPOSED, moves=MoveLimit(most=most, price=0.1))
