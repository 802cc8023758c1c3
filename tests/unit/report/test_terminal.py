"""Tables are drawn as rich draws them, also those that it is not asked for since all of their cells fit."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from terraform_like.report.terminal import Align, Grid, Piece, rendered


def by_rich(grid: Grid) -> str:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(grid.header))
    for title, align in zip(grid.header, grid.align, strict=True):
        table.add_column(Text(title), justify=align)
    for row in grid.rows:
        table.add_row(*(Text(piece.text) for piece in row))
    out = io.StringIO()
    Console(file=out, width=200, color_system=None).print(Padding(table, (0, 0, 0, grid.indent)))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def grid(header: tuple[str, ...], *rows: tuple[str, ...]) -> Grid:
    sides: tuple[Align, ...] = ("left", "right", "left")
    return Grid(header, sides[: len(header)], tuple(tuple(Piece(text, "bold") for text in row) for row in rows))


@pytest.mark.parametrize(
    "one",
    [
        grid(("territory", "\nload  "), ("west", "210.7K ↑"), ("", ""), ("a long name", "9  ")),
        grid(("", "", ""), ("> move", "12", "moves\nand more\nof it"), ("+ add", "1,000", "new")),
        grid(("Ort", "Größe", ""), ("東京", "3", "│··●·│"), ("Zürich\nAltstadt", "14", "")),
    ],
)
def test_a_table_that_fits_is_drawn_as_rich_draws_it(one: Grid) -> None:
    assert rendered([one], color=False, width=200) == by_rich(one)


def test_a_table_that_does_not_fit_wraps_its_left_cells_and_no_others() -> None:
    one = grid(("", ""), ("one two three four five six", "1,234,567"))

    lines = rendered([one], color=False, width=26).splitlines()

    assert len(lines) > 1 and "1,234,567" in lines[0] and all(len(line) <= 26 for line in lines)
