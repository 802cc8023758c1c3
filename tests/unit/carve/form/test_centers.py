"""Travel is measured from the center that is given, else from the owner's home, else from one that is found."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from terraform_like.carve import decompose
from terraform_like.carve.form.centers import find_centers, known_center, match_centers
from terraform_like.domain.geography import great_circle_km

NOWHERE = np.empty((0, 2))


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ((51.5074, -0.1278), (48.8566, 2.3522), 343.6),
        ((40.7128, -74.0060), (34.0522, -118.2437), 3935.7),
        ((-33.8688, 151.2093), (35.6762, 139.6503), 7825.0),
        ((0, 179.5), (0, -179.5), 111.195),
        ((90, 0), (-90, 123), 20015.1),
        ((12.3, 45.6), (12.3, 45.6), 0),
    ],
    ids=["london-paris", "new-york-los-angeles", "sydney-tokyo", "date-line", "pole-to-pole", "nowhere"],
)
def test_great_circles_are_as_long_as_they_are(one, other, km):
    assert great_circle_km(*one, *other) == pytest.approx(km, rel=2e-3, abs=1e-6)
    assert great_circle_km(*other, *one) == pytest.approx(great_circle_km(*one, *other))


def test_a_center_counts_before_the_owner_s_home_and_that_before_nothing(wish):
    carving = wish(
        people={"jane": {"user": "U1", "home": [1, 2]}, "raj": {"user": "U2"}},
        territories={
            "given": {"segment": "all", "center": [3, 4], "owner": "jane"},
            "home": {"segment": "all", "owner": "jane"},
            "homeless": {"segment": "all", "owner": "raj"},
            "vacant": {"segment": "all"},
        },
    )
    found = {name: known_center(book, carving) for name, book in carving.books.items()}
    assert found == {"given": (3, 4), "home": (1, 2), "homeless": None, "vacant": None}


def test_centers_are_found_in_the_middle_of_clusters():
    random = np.random.default_rng(1)
    clusters = np.array([[47.0, -122.0], [39.0, -105.0], [34.0, -84.0]])
    points = np.repeat(clusters, 30, axis=0) + random.normal(0, 0.3, (90, 2))
    assert find_centers(points, 3, NOWHERE) == pytest.approx(clusters, abs=0.3)


def test_a_cluster_across_the_date_line_has_its_middle_there():
    points = np.array([[0.0, 179.0], [0.0, -179.0]])
    ((latitude, longitude),) = find_centers(points, 1, NOWHERE)
    assert latitude == pytest.approx(0, abs=1e-6)
    assert abs(longitude) == pytest.approx(180)


def test_found_centers_leave_clusters_alone_that_have_one():
    points = np.array([[0.0, 0.0]] * 50 + [[10.0, 10.0]] * 5)
    assert find_centers(points, 1, np.array([[0.1, 0.1]])) == pytest.approx(np.array([[10.0, 10.0]]))


@pytest.mark.parametrize("count", [1, 2, 5])
def test_more_centers_than_places_are_no_accident(count):
    found = find_centers(np.array([[5.0, 6.0]] * 3), count, NOWHERE)
    assert found == pytest.approx(np.array([[5.0, 6.0]] * count))


def test_without_a_point_there_is_no_center():
    assert np.isnan(find_centers(np.array([[np.nan, 3.0]]), 2, NOWHERE)).all()


def test_each_territory_gets_the_center_near_its_accounts():
    points = np.array([[0.0, 0.0], [0.0, 8.0], [0.0, 30.0], [0.0, 31.0], [np.nan, 0.0]])
    centers = np.array([[0.0, 29.0], [0.0, 3.0], [5.0, 60.0]])
    matched = match_centers(points, np.array([4, 4, 2, 2, 4]), np.array([2, 3, 4]), centers)
    assert matched.tolist() == [[0.0, 29.0], [5.0, 60.0], [0.0, 3.0]]


def test_centers_of_books_of_unlike_sizes_are_the_same_once_these_are_applied(wish, accounts, problem):
    random = np.random.default_rng(11)
    table = accounts(400, lat=random.uniform(30, 40, 400), lon=random.uniform(-110, -90, 400))
    carving = located_plan(wish, **{f"t{t}": {"size": [0.5, 1.0, 2.0][t % 3]} for t in range(9)})
    carving = carving.model_copy(update={"balance": wish(balance={"all": {"within": {"accounts": "10%"}}}).balance})
    one = problem(carving, table)
    solved = decompose.solve(one)
    place = dict(zip(one.accounts, one.places(one.at(solved.problem.pairs.territory[solved.choice])), strict=True))
    applied = table.with_columns(territory=pl.col("account").replace_strict(place))
    assert (problem(carving, applied).ways.centers == one.ways.centers).all()


@pytest.fixture
def centers(problem):
    """Where the travel of each territory starts, from the km of its pairs: the account at distance 0 is its center."""

    def of(carving, table):
        one = problem(carving, table)
        nearest = {t: one.measured().km[one.pairs.territory == t].min() for t in range(len(one.territories))}
        return one, nearest

    return of


def located_plan(wish, **territories):
    location = {"latitude": "lat", "longitude": "lon"}
    return wish(
        accounts={"location": location},
        territories={name: {"segment": "all", **told} for name, told in territories.items()},
    )


def test_found_centers_do_not_depend_on_where_accounts_are_now(wish, towns, problem):
    carving = located_plan(wish, a={}, b={}, c={})

    def spots(table):
        one = problem(carving, table)
        return sorted(
            tuple(np.round(one.measured().km[one.pairs.territory == t], 6)) for t in range(len(one.territories))
        )

    elsewhere = towns.with_columns(pl.Series("territory", ["c", "b", "a"] * 20))
    assert spots(towns) == spots(elsewhere)


def test_found_centers_do_not_depend_on_the_order_of_rows(wish, towns, problem):
    carving = located_plan(wish, a={"size": 0.5}, b={}, c={"center": [40, -100]})
    one, other = problem(carving, towns), problem(carving, towns.sample(fraction=1, shuffle=True, seed=5))
    assert (one.ways.centers == other.ways.centers).all()


def test_accounts_without_a_location_pull_no_center(wish, towns, problem):
    carving = located_plan(wish, a={}, b={}, c={})
    lost = towns.with_columns(pl.lit(None, pl.Float64).alias("lat")).with_columns(account="L-" + pl.col("account"))
    both = problem(carving, pl.concat([towns, lost]))
    assert (both.ways.centers == problem(carving, towns).ways.centers).all()
    assert both.units == 120


def test_territories_that_differ_by_a_pin_share_the_accounts_out(wish, towns, problem):
    plain = problem(located_plan(wish, a={}, b={}, c={}), towns)
    pinned = problem(located_plan(wish, a={}, b={"accounts": ["A-00"]}, c={"exclude": ["A-01"]}), towns)
    assert pinned.nearest_km < 1.2 * plain.nearest_km


def test_territories_keep_the_center_where_their_accounts_are(wish, towns, problem):
    carving = located_plan(wish, a={}, b={}, c={})
    one = problem(carving, towns.with_columns(pl.Series("territory", ["c"] * 20 + ["a"] * 20 + ["b"] * 20)))
    mine = one.measured().km[one.current]
    cheapest = np.minimum.reduceat(one.measured().km, np.searchsorted(one.pairs.unit, np.arange(one.units)))
    assert mine == pytest.approx(cheapest)
