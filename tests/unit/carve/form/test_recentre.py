"""Found centers are where even books want them, and stay there."""

from __future__ import annotations

import numpy as np
import pytest

from terraform_like.carve import decompose
from terraform_like.carve.form import centers as found_in
from terraform_like.carve.form import recentre
from terraform_like.carve.form.centers import find_centers
from terraform_like.carve.form.recentre import Places, Shares, recentred
from terraform_like.domain.geography import great_circle_km

NOWHERE = np.empty((0, 2))


@pytest.fixture
def country():
    """A town of 300 accounts in the west and 100 accounts all over the land, in degrees."""
    random = np.random.default_rng(7)
    town = random.normal((40, -110), 0.4, (300, 2))
    return np.vstack([town, random.uniform((36, -110), (44, -90), (100, 2))])


def settled(points, centers, *, share=None, fixed=(), load=None, room=0.1, pull=None):
    """Recentre where every center may hold every account, each of which counts as much as any."""
    load = np.ones(len(points)) if load is None else load
    share = np.ones(len(centers)) if share is None else np.array(share)
    share = share * load.sum() / share.sum()
    places = Places(points, np.ones(len(points)) if pull is None else pull, load, np.ones((len(points), 1), dtype=bool))
    team, kept = np.zeros(len(centers), dtype=int), np.isin(np.arange(len(centers)), fixed)
    return recentred(places, centers, team, kept, Shares(share, (1 - room) * share, (1 + room) * share))


def km_to(points, centers):
    return great_circle_km(points[:, :1], points[:, 1:], centers[None, :, 0], centers[None, :, 1])


def books(points, centers, load=None):
    """Give the loads of all centers where each account is with the nearest."""
    return np.bincount(km_to(points, centers).argmin(axis=1), load, len(centers))


def test_loads_round_found_centers_are_nearer_to_even_than_round_those_of_k_means(country):
    start = find_centers(country, 8, NOWHERE)
    assert np.abs(books(country, start) - 50).max() > 40
    assert np.abs(books(country, settled(country, start)) - 50).max() < 25


def test_a_carve_round_found_centers_is_shorter_than_round_those_of_k_means(
    country, wish, accounts, problem, monkeypatch
):
    table = accounts(len(country), lat=country[:, 0], lon=country[:, 1])
    carving = wish(
        accounts={"location": {"latitude": "lat", "longitude": "lon"}},
        territories={f"t{t}": {"segment": "all"} for t in range(8)},
        balance={"all": {"within": {"accounts": "10%"}}},
    )

    def km():
        one = problem(carving, table)
        solved = decompose.solve(one)
        assert one.excess(one.at(solved.problem.pairs.territory[solved.choice])) == 0
        return solved.problem.measured().km[solved.choice].sum()

    even = km()
    monkeypatch.setattr(found_in, "recentred", lambda places, centers, *others: centers)
    assert even < 0.7 * km()


def test_a_given_center_never_moves_and_takes_its_share(country):
    given = np.array([[43.0, -92.0]])
    centers = np.vstack([given, find_centers(country, 3, given)])
    after = settled(country, centers, fixed=[0])
    assert (after[0] == given[0]).all()
    # All but a few of the accounts of the east belong to it, so that the others draw together in the west.
    assert after[1:, 1].max() < settled(country, centers)[:, 1].max()


def test_centers_stop(country, monkeypatch):
    start = find_centers(country, 8, NOWHERE)
    once = settled(country, start)
    monkeypatch.setattr(recentre, "_COLD", 100)
    assert (settled(country, start) == once).all()


def test_who_has_half_a_book_is_found_half_a_book(country):
    start = find_centers(country, 4, NOWHERE)
    after = books(country, settled(country, start, share=[1, 1, 1, 0.5], room=0.02))
    assert after == pytest.approx(400 / 3.5 * np.array([1, 1, 1, 0.5]), rel=0.15)


def test_heavy_accounts_count_by_their_load(country):
    load = np.where(np.arange(400) < 300, 1.0, 9.0)
    start = find_centers(country, 8, NOWHERE)
    uneven, even = (books(country, settled(country, start, load=w), load) for w in (np.ones(400), load))
    assert np.abs(even - 150).max() < 60 < np.abs(uneven - 150).max()


def test_loads_that_may_differ_are_left_as_near_as_they_are(country):
    start = find_centers(country, 8, NOWHERE)
    loose, none = settled(country, start, room=1e6), settled(country, start, load=np.zeros(400))
    assert km_to(country, loose).min(axis=1).mean() == pytest.approx(km_to(country, none).min(axis=1).mean(), rel=0.02)
    assert (
        km_to(country, loose).min(axis=1).mean() < km_to(country, settled(country, start, room=0.02)).min(axis=1).mean()
    )


def test_no_center_is_left_with_what_fills_no_book():
    random = np.random.default_rng(3)
    islands = [[13.45, 144.78], [13.47, 144.8]]
    points = np.vstack([random.normal((40, -90), 3, (100, 2)), islands])
    start = find_centers(points, 4, NOWHERE)
    assert km_to(np.array(islands), start).min() < 100
    after = settled(points, start)
    assert km_to(np.array(islands), after).min() > 5000
    assert np.abs(books(points, after) - 25.5).max() < 12


def test_a_center_is_where_the_way_to_all_is_shortest_and_not_in_the_mean():
    points = np.array([[0.0, 0.0]] * 7 + [[0.0, 9.0]] * 3)
    assert settled(points, np.array([[1.0, 4.0]])) == pytest.approx(np.array([[0.0, 0.0]]), abs=0.1)


@pytest.mark.parametrize("middle", [(0.0, 180.0), (90.0, 0.0), (-90.0, 0.0)], ids=["date-line", "north", "south"])
def test_the_ends_of_the_map_are_no_borders(middle):
    turns = np.arange(0, 360, 3.0)
    if middle[0]:
        points = np.stack([np.full(120, middle[0] * 0.98), turns - 180], axis=1)
    else:
        points = np.stack(
            [2 * np.sin(np.radians(turns)), (180 + 2 * np.cos(np.radians(turns)) + 180) % 360 - 180], axis=1
        )
    after = settled(points, find_centers(points, 3, NOWHERE))
    assert books(points, after) == pytest.approx([40, 40, 40], abs=8)
    assert km_to(points, after).min(axis=1).mean() < 120


@pytest.mark.parametrize("count", [1, 2, 7])
def test_fewer_places_than_centers_are_no_accident(count):
    points = np.array([[5.0, 6.0]] * 3 + [[5.5, 6.0]])
    after = settled(points, find_centers(points, count, NOWHERE))
    assert np.isfinite(after).all()
    assert km_to(points, after).min() < 30


def test_one_place_is_the_center_to_the_letter():
    points = np.array([[37.774929, -122.419416]] * 5)
    assert (settled(points, find_centers(points, 2, NOWHERE)) == points[:2]).all()


def test_what_only_some_centers_may_hold_counts_in_their_books_alone(country):
    west, anywhere = country[:, 1] < -105, np.ones(400, dtype=bool)
    start = np.array([[40.0, -108.0], [40.0, -100.0], [41.0, -95.0]])
    places = Places(country, np.ones(400), np.ones(400), np.stack([west, anywhere], axis=1))
    share = np.full(3, 400 / 3)
    after = recentred(places, start, np.array([0, 1, 1]), np.zeros(3, dtype=bool), Shares(share, share, share))
    # Two thirds of all are the others', so that they come into the town as well.
    assert after[0, 1] < -105
    assert (after[1:, 1] < -105).sum() == 1


def test_many_accounts_give_the_centers_that_few_of_the_same_places_do(country):
    start = find_centers(country, 4, NOWHERE)
    few, many = settled(country, start), settled(np.tile(country, (30, 1)), start)
    assert great_circle_km(*few.T, *many.T).max() < 15
