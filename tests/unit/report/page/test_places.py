import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.report.page.ground import ground_of
from terraform_like.report.page.hues import hues
from terraform_like.report.page.labels import labels
from terraform_like.report.page.places import MOST_SHOWN, places_of
from terraform_like.report.page.theme import HUES

AMERICA = [(40.7, -74.0), (34.0, -118.2), (61.2, -149.9), (21.3, -157.9)]


@pytest.mark.parametrize(
    ("places", "projection", "file"),
    [
        (AMERICA, "albersUsa", "states-10m.json"),
        ([(40.7, -74.0), (41.0, -73.5)], "mercator", "states-10m.json"),
        ([(52.5, 13.4), (48.1, 11.6)], "mercator", "countries-110m.json"),
        ([(40.7, -74.0), (35.7, 139.7), (-33.9, 151.2)], "equalEarth", "countries-110m.json"),
        ([(90.0, 0.0)], "equalEarth", "countries-110m.json"),
        ([(40.7, -74.0)], "mercator", "states-10m.json"),
    ],
)
def test_the_ground_fits_where_accounts_lie(places, projection, file):
    ground, shown = ground_of(np.array(places, float))
    assert (ground.projection["type"], ground.file) == (projection, file)
    assert shown.all()
    assert ground.feature in ground.outlines()["objects"]


def test_accounts_off_the_map_of_the_united_states_are_counted(facts_of):
    rows = [(f"A-{n}", "s", "t", "t", 30 + n % 15, -120 + n % 50) for n in range(98)]
    rows += [("P-1", "s", "t", "t", 18.4, -66.1), ("N-1", "s", "t", "t", None, None)]
    places = places_of(facts_of(rows), {"t": None})

    assert (places.table.height, places.hidden, places.nowhere) == (98, 1, 1)


def test_no_account_with_a_location_gives_no_places(facts_of):
    assert places_of(facts_of([("A", "s", "t", "t", None, None)]), {"t": None}) is None


def test_above_the_limit_circles_gather_every_account_once_a_side(facts_of):
    random = np.random.default_rng(0)
    count = MOST_SHOWN + 1
    degrees = random.random((count, 2)) * [10, 30] + [30, -110]
    names = [None, "t", "u"]
    rows = [(f"A-{n}", "s", names[n % 3], names[1 + n % 2], *at) for n, at in enumerate(degrees.tolist())]
    places = places_of(facts_of(rows), {"t": None, "u": None})

    assert places.gathered
    assert places.table.height < 2 * MOST_SHOWN
    assert places.table["n"].filter(places.table["after"].is_not_null()).sum() == count
    assert places.table["n"].filter(places.table["before"].is_not_null()).sum() == sum(n % 3 > 0 for n in range(count))
    assert places.table["account"].null_count() == places.table.height


def test_travel_begins_at_a_center_where_one_is_named_else_at_the_owners_home(facts_of):
    known = facts_of(
        [(f"A-{n}", "s", "t", "t", 30 + n, -110 + 2 * n) for n in range(10)],
        homes={"jane": (40.0, -100.0), "far": (0.0, 0.0)},
        centers={"u": (35.0, -90.0)},
    )
    places = places_of(known, {"t": "jane", "u": "jane", "v": None, "w": "far"})
    assert places.homes == (("t", "home of jane", 40.0, -100.0), ("u", "center of u", 35.0, -90.0))


def test_neighbours_take_hues_of_their_own():
    row = {f"t{n}": (40.0, -120.0 + 2 * n) for n in range(30)}
    found = hues(tuple(row), row)
    names = list(row)
    assert all(len({found[name] for name in names[n : n + 4]}) == 4 for n in range(len(names) - 4))
    assert set(found.values()) == set(range(HUES))


@given(st.lists(st.tuples(st.floats(25, 49), st.floats(-124, -67)), min_size=1, max_size=30))
def test_names_that_fit_do_not_run_over_one_another(places):
    middles = {f"team-{n:02}": place for n, place in enumerate(places)}
    laid = labels(tuple(middles), middles)

    assert {label.territory for label in laid} == set(middles)
    assert any(label.fits for label in laid)
    same = [(middles[label.territory], label.align, label.down) for label in laid if label.fits]
    assert len(set(same)) == len(same)


def test_what_all_names_begin_with_is_left_out():
    middles = {"town-west-1": (40.0, -120.0), "town-west-2": (35.0, -100.0)}
    assert [label.text for label in labels(tuple(middles), middles)] == ["town-west-1", "town-west-2"]
    middles = {"town-west": (40.0, -120.0), "town-east": (35.0, -100.0), "town-e": (30.0, -90.0)}
    assert [label.text for label in labels(tuple(middles), middles)] == ["west", "east", "e"]
    assert [label.text for label in labels(("town-west",), middles)] == ["town-west"]


def test_places_are_in_canonical_order(facts_of):
    rows = [(f"A-{n:03}", "s", "t", "u", 30 + n % 7, -110 + n % 31) for n in range(100)]
    table = places_of(facts_of(rows), {"t": None, "u": None}).table
    assert table["account"].to_list() == sorted(table["account"].to_list())
    assert table.schema["n"] == pl.Int32
