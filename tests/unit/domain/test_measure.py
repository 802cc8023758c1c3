import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.domain.measure import (
    EVENNESS,
    atkinson,
    cv,
    envies,
    envy,
    gini,
    jain,
    loads,
    max_share,
    per_size,
    range_share,
    spread,
    theil,
)

BOOK_LOADS = st.lists(st.floats(0, 1e300), min_size=1, max_size=30).map(np.array)
POSITIVE_LOADS = st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=30).map(np.array)


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize(
    ("measure", "load", "expected"),
    [
        (spread, array(10, 20, 25), 2.5),
        (spread, array(0, 5), math.inf),
        (spread, array(0, 0), 1.0),
        (spread, array(7), 1.0),
        # Absolute differences of all ordered pairs: 2 * (1 + 2 + 3 + 1 + 2 + 1) = 20; over 2 * 16 * 2.5 = 80.
        (gini, array(1, 2, 3, 4), 0.25),
        (gini, array(0, 0, 0, 8), 0.75),
        (gini, array(0, 0), 0.0),
        # 10^2 over 4 * 30.
        (jain, array(1, 2, 3, 4), 100 / 120),
        (jain, array(0, 0, 0, 8), 0.25),
        (jain, array(0, 0), 1.0),
        # Variance 4 about a mean of 5.
        (cv, array(2, 4, 4, 4, 5, 5, 7, 9), 0.4),
        (cv, array(0, 0), 0.0),
        (max_share, array(1, 1, 2), 0.5),
        (max_share, array(0, 0), 0.0),
        # 4 less 1, of 10.
        (range_share, array(1, 2, 3, 4), 0.3),
        (range_share, array(0, 8), 1.0),
        (range_share, array(0, 0), 0.0),
        # Shares of the mean 2: 0.5 and 1.5; half of 0.5 ln 0.5 + 1.5 ln 1.5.
        (theil, array(1, 3), (0.5 * math.log(0.5) + 1.5 * math.log(1.5)) / 2),
        # All with one of four: ln 4.
        (theil, array(0, 0, 0, 8), math.log(4)),
        (theil, array(0, 0), 0.0),
        (envy, array(3, 5, 5, 1), 2),
        (envy, array(0, 0), 0),
    ],
)
def test_measures_give_what_a_hand_computes(measure, load, expected):
    assert measure(load) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("load", "epsilon", "expected"),
    [
        # Mean 2.5; the mean of the roots is 1.5, its square 2.25.
        (array(1, 4), 0.5, 1 - 2.25 / 2.5),
        # The geometric mean is 2.
        (array(1, 4), 1, 1 - 2 / 2.5),
        # The harmonic mean is 1.6.
        (array(1, 4), 2, 1 - 1.6 / 2.5),
        # Whoever has nothing is all that counts from 1 on; below, the mean of the roots of 0 and 4 is 1.
        (array(0, 4), 1, 1.0),
        (array(0, 4), 3, 1.0),
        (array(0, 4), 0.5, 1 - 1 / 2),
        (array(0, 0), 2, 0.0),
        (array(7), 0.5, 0.0),
        # Towards the least book as the aversion grows: 1 - 1 / 2.5, and no power overflows.
        (array(1, 4), 100, 1 - 2 ** (1 / 99) / 2.5),
    ],
)
def test_atkinson_gives_what_a_hand_computes(load, epsilon, expected):
    assert atkinson(load, epsilon) == pytest.approx(expected)
    assert atkinson(load * 1e-200, epsilon) == pytest.approx(expected)


def test_envy_up_to_one_account_sets_each_others_heaviest_account_aside():
    load, heaviest = array(10, 13, 20), array(4, 4, 9)

    # Seen without their heaviest the others are worth 6, 9 and 11: only the first would swap.
    assert envies(load, load - heaviest).tolist() == [True, False, False]
    assert envies(load, load).tolist() == [True, True, False]


@pytest.mark.parametrize("unit", [1e-200, 1e-3, 1e200, 1e300])
@pytest.mark.parametrize("name", sorted(EVENNESS))
def test_evenness_knows_no_unit_however_large_or_small(name, unit):
    load = array(1, 2, 3, 4)

    assert EVENNESS[name](load * unit) == pytest.approx(EVENNESS[name](load))


def test_a_half_book_with_half_the_load_counts_as_even():
    assert spread(per_size(array(100, 50), array(1.0, 0.5))) == 1


def test_a_load_that_is_no_number_is_no_evenness():
    for measure in EVENNESS.values():
        assert math.isnan(measure(array(1, math.nan, 2)))


@given(BOOK_LOADS)
def test_every_measure_stays_in_its_range(load):
    count = len(load)
    assert spread(load) >= 1
    assert 0 <= gini(load) < 1
    assert 1 / count - 1e-9 <= jain(load) <= 1 + 1e-9
    assert 0 <= cv(load) <= math.sqrt(count) + 1e-9
    assert max_share(load) == 0 or 1 / count - 1e-9 <= max_share(load) <= 1
    assert 0 <= range_share(load) <= 1
    assert 0 <= theil(load) <= math.log(count) + 1e-9
    assert 0 <= atkinson(load, 0.5) <= 1
    assert 0 <= envy(load) < count


@given(POSITIVE_LOADS, st.randoms(use_true_random=False))
def test_the_order_of_books_does_not_matter(load, random):
    shuffled = load.copy()
    random.shuffle(shuffled)
    for measure in EVENNESS.values():
        assert measure(shuffled) == pytest.approx(measure(load), abs=1e-12)


@given(st.floats(1e-3, 1e9), st.integers(1, 30))
def test_equal_books_are_even(load, count):
    books = np.full(count, load)
    assert spread(books) == 1
    assert gini(books) == pytest.approx(0, abs=1e-12)
    assert jain(books) == pytest.approx(1)
    assert cv(books) == pytest.approx(0, abs=1e-9)
    assert max_share(books) == pytest.approx(1 / count)
    assert theil(books) == pytest.approx(0, abs=1e-12)
    assert atkinson(books, 1.5) == pytest.approx(0, abs=1e-9)
    assert (range_share(books), envy(books)) == (0, 0)


@given(POSITIVE_LOADS)
def test_jain_and_cv_agree(load):
    assert jain(load) == pytest.approx(1 / (1 + cv(load) ** 2))


@given(POSITIVE_LOADS, st.data())
def test_giving_from_a_larger_book_to_a_smaller_one_is_never_less_even(load, data):
    # Pigou and Dalton: a transfer that does not change who has more cannot raise inequality.
    giver = data.draw(st.integers(0, len(load) - 1))
    taker = data.draw(st.integers(0, len(load) - 1))
    if load[giver] < load[taker]:
        giver, taker = taker, giver
    gift = data.draw(st.floats(0, 1)) * (load[giver] - load[taker]) / 2
    after = load.copy()
    after[giver] -= gift
    after[taker] += gift
    assert gini(after) <= gini(load) + 1e-9
    assert cv(after) <= cv(load) + 1e-9
    assert jain(after) >= jain(load) - 1e-9
    assert spread(after) <= spread(load) * (1 + 1e-9)
    assert max_share(after) <= max_share(load) + 1e-9
    assert range_share(after) <= range_share(load) + 1e-9
    assert theil(after) <= theil(load) + 1e-9
    assert atkinson(after, 0.5) <= atkinson(load, 0.5) + 1e-9


def accounts_of(*rows: tuple[str, str | None, float | None]) -> pl.DataFrame:
    schema = {"account": pl.String, "territory": pl.String, "arr": pl.Float64}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def test_loads_sum_metrics_and_count_accounts_of_each_book():
    table = accounts_of(("a", "west", 1.5), ("b", "east", 2), ("c", "west", 4), ("d", None, 100), ("e", "east", None))

    assert loads(table, ("accounts", "arr")).rows() == [("east", 2.0, 2.0), ("west", 2.0, 5.5)]


def test_loads_of_no_accounts_are_no_books():
    empty = loads(accounts_of(), ("accounts", "arr"))

    assert empty.columns == ["territory", "accounts", "arr"]
    assert empty.height == 0


def test_loads_group_by_any_column():
    table = accounts_of(("a", "west", 1), ("b", "east", 2)).with_columns(owner=pl.lit("jane"))

    assert loads(table, ("arr",), by="owner").rows() == [("jane", 3.0)]


@given(st.lists(st.tuples(st.sampled_from(["x", "y", "z", None]), st.floats(0, 1e6)), max_size=50))
def test_loads_of_books_add_up_to_the_loads_of_all(rows):
    table = accounts_of(*((str(i), book, arr) for i, (book, arr) in enumerate(rows)))
    sums = loads(table, ("accounts", "arr"))

    assert sums["accounts"].sum() == sum(book is not None for book, _ in rows)
    assert sums["arr"].sum() == pytest.approx(sum(arr for book, arr in rows if book is not None))
