from __future__ import annotations

import pytest

from terraform_like.domain.criteria import Criterion, together, ways

WEST = Criterion("state", "is", ("CA", "OR"))
LARGE = Criterion("employees", "at least", ("2000",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("state IN ('CA', 'OR')", ((WEST,),)),
        ("state IN ('CA', 'OR') AND employees >= 2000", ((WEST, LARGE),)),
        ("(state IN ('CA', 'OR')) OR 2000 <= employees", ((WEST,), (LARGE,))),
        ("balance < -1.5", ((Criterion("balance", "less than", ("-1.5",)),),)),
        ("name = 'O''Fallon'", ((Criterion("name", "is", ("O'Fallon",)),),)),
        ("lower(state) = 'ca'", None),
        ("a = b", None),
        ("a + 1 > 2", None),
        ("NOT state = 'CA'", None),
        ("state IS NULL", None),
    ],
)
def test_a_condition_is_told_in_criteria_or_not_at_all(text, said):
    assert ways(text) == said


def test_criteria_on_one_column_meet_in_the_values_that_both_have():
    narrow = Criterion("state", "is", ("OR", "WA"))
    assert together((WEST, LARGE), (narrow,)) == (Criterion("state", "is", ("OR",)), LARGE)
    assert together((WEST,), (Criterion("state", "is", ("NY",)),)) is None
    assert together((LARGE,), (LARGE,)) == (LARGE,)
