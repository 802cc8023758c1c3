import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.report.escape import escaped


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("São Paulo – 名前", "São Paulo – 名前"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\r\n\tb", r"a\r\n\tb"),
        ("\u202eevil", r"\u202eevil"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\x9b2J", r"\x9b2J"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_steers_a_terminal_or_cannot_be_seen_is_written_out(text, expected):
    assert escaped(text) == expected


@given(st.text(st.characters()))
def test_nothing_hostile_is_left_and_escaping_twice_is_escaping_once(text):
    once = escaped(text)

    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in once)
    assert escaped(once) == once


def test_line_ends_are_kept_where_asked():
    assert escaped("a\nb\r", keep="\n") == "a\nb\\r"
