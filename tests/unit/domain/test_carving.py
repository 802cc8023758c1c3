from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from terraform_like.domain.carving import Balance, Carving, Horizon, Slot, Territory
from terraform_like.domain.people import Cover, Person
from terraform_like.domain.quantity import Duration, Id, Name, NumberAsWritten, Point, Share, percent


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (Horizon, {"starts": "2027-02-01", "ends": "2027-01-31"}),
        (Horizon, {"currency": "usd"}),
        (Person, {"user": "x", "starts": "2027-02-01", "leaves": "2027-01-31"}),
        (Person, {"user": "x", "capacity": "1"}),
        (Territory, {"segment": "all", "size": 0}),
        (Territory, {"segment": "all", "size": True}),
        (Territory, {"segment": "all", "accounts": ["A"], "exclude": ["A"]}),
        (Cover, {"credit": "150%"}),
        (Balance, {"at_most": {"x": 1}, "at_least": {"x": 2}}),
        (Balance, {"max_moves": -1}),
        (Slot, {"segment": "all", "count": 2}),
    ],
)
def test_a_wish_that_contradicts_itself_is_refused(model, said):
    with pytest.raises(ValidationError):
        model.model_validate(said)


def test_first_and_last_day_count_as_days_of_work():
    person = Person(user="x", starts="2027-02-01", leaves="2027-02-03")

    assert [person.works_on(date(2027, 2, day)) for day in (1, 3, 4)] == [True, True, False]
    assert not person.works_on(date(2027, 1, 31))


@pytest.mark.parametrize(("said", "moves"), [(50, 50), ("5%", 0.05), (0.05, 0.05), (0, 0)])
def test_most_moves_are_a_count_or_a_share(said, moves):
    found = Balance(max_moves=said).max_moves

    assert found == moves
    assert isinstance(found, type(moves))


@pytest.mark.parametrize(("said", "id_"), [(17, "17"), (NumberAsWritten("1.10"), "1.10"), ("007", "007")])
def test_an_id_is_text_as_it_is_written(said, id_):
    assert TypeAdapter(Id).validate_python(said) == id_


@pytest.mark.parametrize("said", [True, None, "", "x" * 256, 1.5, []])
def test_what_is_no_id_is_refused(said):
    with pytest.raises(ValidationError):
        TypeAdapter(Id).validate_python(said)


@pytest.mark.parametrize("said", ["", "-a", ".a", "a b", "a/b", "a\n", "ä", "a" * 81])
def test_what_is_no_name_is_refused(said):
    with pytest.raises(ValidationError):
        TypeAdapter(Name).validate_python(said)


@pytest.mark.parametrize("said", [[91, 0], [0, 181], [-122.4, 37.7], ["1", "2"], [float("nan"), 0], [1, 2, 3]])
def test_what_is_no_point_on_earth_is_refused(said):
    with pytest.raises(ValidationError):
        TypeAdapter(Point).validate_python(said)


@pytest.mark.parametrize("said", [10, 1.5, -0.1, True, "10", "-5%", "1e1%", float("inf"), float("nan")])
def test_what_is_no_share_is_refused(said):
    with pytest.raises(ValidationError):
        TypeAdapter(Share).validate_python(said)


@given(st.floats(0, 1))
def test_every_share_can_be_written_in_per_cent(share):
    written = f"{Decimal(repr(share)).scaleb(2):f}"

    assert percent(written) == share
    assert TypeAdapter(Share).validate_python(f"{written}%") == share


@pytest.mark.parametrize(("said", "days"), [("90d", 90), ("12w", 84)])
def test_a_duration_is_days_or_weeks(said, days):
    assert TypeAdapter(Duration).validate_python(said).days == days


def test_meaning_depends_on_the_order_of_columns_and_of_segments_only():
    def carving(columns, territories):
        wish = {"accounts": {"columns": columns}, "territories": territories}
        return Carving.model_validate({"name": "p", "segments": [{"name": "all"}], **wish}).canonical()

    books = {"a": {"segment": "all"}, "b": {"segment": "all"}}
    turned = dict(reversed(books.items()))

    assert carving({"x": "1", "y": "2"}, books) == carving({"x": "1", "y": "2"}, turned)
    assert carving({"x": "1", "y": "2"}, books) != carving({"y": "2", "x": "1"}, books)
