"""Diagnostics as Terraform shows them: what, where, the line itself with the place marked, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from terraform_like.diagnostics import Diagnostic, Severity, Span, counted
from terraform_like.report.escape import escaped
from terraform_like.report.terminal import BLANK, WIDTH, Block, Inline, Paragraph, Piece, cells, rendered, shortened

_COLOR = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_TITLE = {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.NOTE: "Note"}
_TAB = " " * 4


def diagnostics_text(diagnostics: Iterable[Diagnostic], *, color: bool, width: int = WIDTH) -> str:
    """Give all diagnostics, then a line that counts them; nothing where there are none."""
    every = list(diagnostics)
    if not every:
        return ""
    blocks = [block for d in every for block in (*diagnostic_blocks(d, width), BLANK)]
    return rendered([*blocks, Paragraph((count_line(every),))], color=color, width=width)


def diagnostics_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Give diagnostics as JSON values; `span` is null where a diagnostic has no place."""
    return [
        {
            "severity": str(d.severity),
            "summary": d.summary,
            "detail": d.detail,
            "span": None
            if d.span is None
            else {
                "file": d.span.file,
                "line": d.span.line,
                "column": d.span.column,
                "length": d.span.length,
                "source": d.span.source,
            },
        }
        for d in diagnostics
    ]


def count_line(diagnostics: Iterable[Diagnostic]) -> str:
    """Give `2 errors, 1 warning`."""
    counts = Counter(d.severity for d in diagnostics)
    return ", ".join(counted(counts[s], str(s)) for s in Severity if counts[s])


def diagnostic_blocks(diagnostic: Diagnostic, width: int) -> Iterator[Block]:
    """Give one diagnostic beside a bar in the colour of its severity."""
    style = _COLOR[diagnostic.severity]
    bar: tuple[Inline, ...] = (Piece("│ ", style),)
    yield Paragraph((Piece("╷", style),))
    title = Piece(f"{_TITLE[diagnostic.severity]}: ", f"bold {style}")
    yield Paragraph((title, Piece(escaped(diagnostic.summary), "bold")), bar)
    if diagnostic.span is not None:
        yield Paragraph((), bar)
        yield from _place(diagnostic.span, bar, style, width)
    if diagnostic.detail:
        yield Paragraph((), bar)
        yield Paragraph((escaped(diagnostic.detail, keep="\n"),), bar)
    yield Paragraph((Piece("╵", style),))


def _place(span: Span, bar: tuple[Inline, ...], style: str, width: int) -> Iterator[Block]:
    yield Paragraph((f"  on {escaped(span.file)} line {span.line}, column {span.column}:",), bar)
    if not span.source:
        return
    number = f"  {span.line}: "
    start = max(0, min(span.column - 1, len(span.source)))
    before, marked, after = (
        escaped(part.replace("\t", _TAB))
        for part in (span.source[:start], span.source[start : start + span.length], span.source[start + span.length :])
    )
    before, marked, after = _window(before, marked, after, max(width - len(number) - 2, 20))
    yield Paragraph((Piece(number, "dim"), before, Piece(marked, "underline"), after), bar, wrap=False)
    carets = " " * (len(number) + cells(before)) + "^" * max(1, cells(marked))
    yield Paragraph((Piece(carets, style),), bar, wrap=False)


def _window(before: str, marked: str, after: str, room: int) -> tuple[str, str, str]:
    """Cut a line that is too long on both sides of what is marked, so that the mark is seen."""
    if cells(before + marked + after) <= room:
        return before, marked, after
    if cells(marked) > room // 2:
        marked = shortened(marked, room // 2)
    left = room // 4
    if cells(before) > left:
        before = "…" + before[-(left - 1) :]
    rest = room - cells(before + marked)
    if cells(after) > rest:
        after = shortened(after, max(rest, 1))
    return before, marked, after
