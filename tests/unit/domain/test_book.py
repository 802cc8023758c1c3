import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.domain.book import Book
from terraform_like.domain.geography import EARTH_RADIUS_KM, great_circle_km

LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)


def test_a_book_is_sorted_and_has_every_place():
    book = Book.of(pl.DataFrame({"z": [1, 2], "account": [10, 9]}))

    assert book.table.columns == ["account", "territory", "owner", "holder", "z"]
    assert list(book.accounts) == ["10", "9"]


@pytest.mark.parametrize(
    ("ids", "said"), [(["A", None], "1 accounts have no id"), (["B", "A", "B"], "more than once: B")]
)
def test_ids_that_are_missing_or_stand_twice_are_refused_by_name(ids, said):
    with pytest.raises(ValueError, match=said):
        Book.of(pl.DataFrame({"account": ids}))


def test_a_holder_covers_before_the_owner():
    book = Book.of(pl.DataFrame({"account": ["A", "B"], "owner": ["o", "o"], "holder": ["h", None]}))

    assert book.table.select(book.covered_by).to_series().to_list() == ["h", "o"]


def test_only_owners_and_holders_that_have_another_name_are_renamed():
    book = Book.of(pl.DataFrame({"account": ["A"], "owner": ["u1"], "holder": ["u2"], "territory": ["u1"]}))

    renamed = book.renamed({"u1": "jane"}).table

    assert renamed.row(0) == ("A", "u1", "jane", "u2")


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_distance_is_the_same_both_ways_and_no_more_than_half_way_round(a, b, c, d):
    there, back = great_circle_km(a, b, c, d), great_circle_km(c, d, a, b)

    assert there == pytest.approx(back, abs=1e-6)
    assert 0 <= there <= 3.1416 * EARTH_RADIUS_KM


def test_san_francisco_to_new_york_is_as_far_as_maps_say():
    assert great_circle_km(37.7749, -122.4194, 40.7128, -74.0060) == pytest.approx(4129, abs=2)
