from hypothesis import given
from hypothesis import strategies as st

from terraform_like.report.text_bars import NARROWEST, WIDEST, bar

PLACES = st.floats(-50, 50)


def test_a_bar_shows_both_values_against_the_ends_of_the_band():
    assert bar(-0.4, 0.5, 17) == "··○··│··●··│·····"
    assert bar(-9.0, 0.0, 17) == "‹····│●····│·····"
    assert bar(9.0, 1.0, 17) == "·····│····●│····›"
    assert bar(0.5, 0.5, 9) == "···│●│···"


@given(before=PLACES, after=PLACES, size=st.integers(NARROWEST, WIDEST))
def test_no_mark_is_on_the_wrong_side_of_an_end(before, after, size):
    drawn = bar(before, after, size)
    low, high = (i for i, c in enumerate(drawn) if c == "│")
    place = drawn.index("●")

    assert size - 2 <= len(drawn) <= size
    assert low + high == len(drawn) - 1
    assert (place < low, place > high) == (after < 0, after > 1)
    mark = next((i for i, c in enumerate(drawn) if c in "○‹›"), place)
    assert (mark < low, mark > high) == (before < 0, before > 1)
