"""Paragraphs and grids -> text of a width, with or without colour: the only module that knows rich.

Colour never carries meaning alone: text without colour is the coloured text with its escape codes taken out.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

#: Blanks between the columns of a grid.
_GAP = 2

#: Where the width of the terminal is not known.
WIDTH = 80

Align = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text in one style: `bold`, `dim`, a colour, or several words such as `bold red`."""

    text: str
    style: str = ""


Inline = Piece | str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text that wraps, after a lead on its first line and a lead of the same width on all others."""

    pieces: tuple[Inline, ...] = ()
    lead: tuple[Inline, ...] = ()
    hanging: tuple[Inline, ...] | None = None
    wrap: bool = True


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of cells under a header; left cells wrap where the width does not suffice, right ones never do."""

    header: tuple[str, ...]
    align: tuple[Align, ...]
    rows: tuple[tuple[Piece, ...], ...]
    indent: int = 2


Block = Paragraph | Grid
BLANK = Paragraph()


def line(*pieces: Inline, indent: int = 0) -> Paragraph:
    """Give a paragraph, indented as a whole."""
    return Paragraph(pieces, lead=(" " * indent,))


def hanging(lead: Sequence[Inline], *pieces: Inline) -> Paragraph:
    """Give a paragraph whose further lines begin below its text, not below its lead."""
    return Paragraph(pieces, tuple(lead), (" " * sum(cells(_text(p)) for p in lead),))


def cells(text: str) -> int:
    """Give how many columns a text takes; some characters take two or none."""
    from rich.cells import cell_len

    return cell_len(text)


def shortened(text: str, columns: int) -> str:
    """Give a text in so many columns at most; what is left out shows as `…`."""
    from rich.cells import set_cell_size

    return text if cells(text) <= columns else set_cell_size(text, columns - 1).rstrip() + "…"


def rendered(blocks: Iterable[Block], *, color: bool, width: int = WIDTH) -> str:
    """Give the text of blocks, one after the other, without a line end at the end."""
    from rich.console import Console

    out = io.StringIO()
    console = Console(
        file=out,
        width=max(width, 20),
        height=100,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        force_jupyter=False,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for block in blocks:
        if isinstance(block, Grid):
            _draw_grid(console, block)
        else:
            _draw_paragraph(console, block)
    # rich pads cells; nobody wants to copy that
    ends = re.compile(r"(?: |\x1b\[[0-9;]*m)+$", re.MULTILINE)
    return _no_commands(ends.sub(lambda end: end.group().replace(" ", ""), out.getvalue()).rstrip("\n"))


#: What stands for our own marks where a terminal knows ASCII only; one column each, so that tables keep their shape.
_PLAIN = str.maketrans("–…·│╷╵●○‹›↑↓", "-~.|..*o<>^v")


def in_encoding(text: str, encoding: str) -> str:
    """Give text as a terminal of an encoding can show it: as it is, or with other marks where it lacks ours."""
    try:
        "".join(map(chr, _PLAIN)).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return text.translate(_PLAIN)
    return text


def _no_commands(text: str) -> str:
    """Write out what a CI that reads the output takes for a command: `::` that begins a line, and `##[` anywhere."""
    text = re.sub(r"^((?:\s|\x1b\[[0-9;]*m)*):(?=:)", r"\1\\x3a", text, flags=re.MULTILINE)
    return text.replace("##[", "#\\x23[")


def _text(piece: Inline) -> str:
    return piece.text if isinstance(piece, Piece) else piece


def _assembled(pieces: Iterable[Inline]) -> Text:
    from rich.text import Text

    return Text.assemble(*((p.text, p.style) if isinstance(p, Piece) else p for p in pieces), no_wrap=False)


def _draw_paragraph(console: Console, paragraph: Paragraph) -> None:
    from rich.text import Text

    first = _assembled(paragraph.lead)
    rest = first if paragraph.hanging is None else _assembled(paragraph.hanging)
    body = _assembled(paragraph.pieces)
    lines: list[Text] = [body]
    if paragraph.wrap:
        lines = list(body.wrap(console, max(console.width - first.cell_len, 10), overflow="fold")) or [Text()]
    for number, wrapped in enumerate(lines):
        wrapped.rstrip()
        console.print(Text.assemble(rest if number else first, wrapped), soft_wrap=True)


def _draw_grid(console: Console, grid: Grid) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    if (whole := _unwrapped(grid, console.width)) is not None:
        console.print(whole, soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim", show_header=any(grid.header))
    for title, align in zip(grid.header, grid.align, strict=True):
        table.add_column(Text(title), justify=align, no_wrap=align == "right", overflow="fold")
    for row in grid.rows:
        table.add_row(*(_assembled([cell]) for cell in row))
    console.print(Padding(table, (0, 0, 0, grid.indent)))


def _unwrapped(grid: Grid, width: int) -> Text | None:
    """Give a grid all of whose cells fit as rich draws it, in a tenth of the time; None where some must wrap."""
    from rich.text import Text

    rows: list[tuple[Piece, ...]] = []
    if any(grid.header):
        most = max(title.count("\n") for title in grid.header)
        # What is over a column stands next to it: a title of fewer lines begins farther down.
        rows = [tuple(Piece("\n" * (most - title.count("\n")) + title, "dim") for title in grid.header)]
    lines = [[[(line, piece.style) for line in piece.text.split("\n")] for piece in row] for row in [*rows, *grid.rows]]
    wide = [max(cells(text) for row in lines for text, _ in row[column]) for column in range(len(grid.header))]
    if grid.indent + sum(wide) + _GAP * (len(wide) - 1) > width:
        return None
    parts: list[str | tuple[str, str]] = []
    for row in lines:
        for number in range(max(map(len, row))):
            lead = " " * grid.indent
            for cell, columns, align in zip(row, wide, grid.align, strict=True):
                text, style = cell[number] if number < len(cell) else ("", "")
                text = text.rstrip() if align == "right" else text
                blank = " " * (columns - cells(text))
                parts.extend([lead, blank, (text, style)] if align == "right" else [lead, (text, style), blank])
                lead = " " * _GAP
            parts.append("\n")
    return Text.assemble(*parts[:-1])
