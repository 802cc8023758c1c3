"""An adjacency file is taken as what it means, and every fault of it is told at its line."""

from __future__ import annotations

import pytest

from terraform_like.config.adjacency import read_adjacency
from terraform_like.diagnostics import Report


@pytest.fixture
def reading(tmp_path):
    """Give the pairs of a file, and what is said of it: severity, line and summary."""

    def read(content):
        path = tmp_path / "zips.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        report = Report()
        pairs = read_adjacency(path, "plans/fy27/zips.csv", report)
        return pairs, [(d.severity.value, d.span.line, d.summary) for d in report]

    return read


@pytest.mark.parametrize(
    "content",
    [
        "unit,neighbour\na,b\nb,c\n",
        "unit,neighbour\nb,c\na,b",
        "unit,neighbour\r\nb,a\r\nc,b\r\n",
        "\ufeffone,other\na, b\n\nb,c\nc,b\na,b\n",
        'one,other\n"a",b\nb,"c"\nb,a\nc,b\n',
    ],
)
def test_order_direction_repetition_and_layout_do_not_matter(reading, content):
    assert reading(content) == ((("a", "b"), ("b", "c")), [])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", [("error", 1, "An adjacency file has two columns")]),
        ("unit,neighbour,km\na,b,1\n", [("error", 1, "An adjacency file has two columns")]),
        ("unit,neighbour\n", [("error", 1, "No two units touch")]),
        ("unit,neighbour\na,b\na\n", [("error", 3, "A line is no pair of units")]),
        ("unit,neighbour\na,b\na,\n", [("error", 3, "A line is no pair of units")]),
        ("unit,neighbour\na,b\n\na,b,c\n", [("error", 4, "A line is no pair of units")]),
        ("a,b\nb,c\na,c\n", [("error", 1, "The first line is no header")]),
        ("unit,neighbour\na,b\nc,c\n", [("warning", 3, "A unit is its own neighbour")]),
        ("unit,neighbour\na,b\nb,a\nb,c\nc,b\nc,d\n", [("warning", 6, "A pair stands one way round only")]),
        (b"unit,neighbour\na,b\n\xff,b\n", [("error", 3, "The file is not UTF-8")]),
    ],
)
def test_a_fault_is_told_at_its_line(reading, content, said):
    assert reading(content)[1] == said


def test_a_unit_that_is_its_own_neighbour_is_passed_over(reading):
    assert reading("unit,neighbour\na,b\nc,c\n")[0] == (("a", "b"),)
