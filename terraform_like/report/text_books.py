"""Every territory of a plan as a table: loads before and after beside fair share and band, and how even they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from terraform_like.diagnostics import counted
from terraform_like.report.escape import escaped
from terraform_like.report.numbers import evenness
from terraform_like.report.terminal import BLANK, Align, Block, Grid, Piece, cells, hanging, line, shortened
from terraform_like.report.text_bars import LEGEND, NARROWEST, WIDEST, bar
from terraform_like.report.told.books import Metric, Standing, ToldBook, ToldSegment

_MARKS = {Standing.ABOVE: "↑", Standing.WITHIN: "", Standing.BELOW: "↓"}
_GAP = 2
_INDENT = 2
#: An owner's name is shortened where a table is too wide, but not below this.
_OWNER_AT_LEAST = 10
_LEFT: Align = "left"
_RIGHT: Align = "right"


def book_blocks(segments: Sequence[ToldSegment], width: int) -> Iterator[Block]:
    """Give a table a segment; metrics that do not fit side by side stand one below the other."""
    barred = False
    for segment in segments:
        accounts = counted(segment.accounts, "account")
        count = counted(len(segment.books), "territory", "territories")
        yield line(Piece(escaped(segment.name), "bold"), f": {accounts} in {count}")
        yield BLANK
        for grid, bars in _grids(segment, width):
            barred = barred or bars
            yield grid
            yield BLANK
        told = {metric.name for metric in segment.metrics}
        rest = [f for f in segment.fairness if f.metric not in told]
        for f in rest:
            name = f"{f.measure}({f.metric})" if f.metric else f.measure
            yield line(f"{escaped(name)}: {evenness(f.before)} before, {evenness(f.after)} after", indent=2)
        if rest:
            yield BLANK
        resized = [book.territory for book in segment.books if book.territory.size_says]
        for book in resized:
            said = f"a fair share of {book.size:g} books, since {escaped(book.size_says)}"
            yield hanging(["  ", Piece(escaped(book.name)), ": "], said)
        if resized:
            yield BLANK
    loads = [load for segment in segments for book in segment.books for load in book.loads.values()]
    if any(_MARKS[load.stood] or _MARKS[load.stands] for load in loads):
        above, below = _MARKS[Standing.ABOVE], _MARKS[Standing.BELOW]
        legend = f"; {LEGEND}" if barred else ""
        yield hanging(["  "], Piece(f"{above} above its band, {below} below it{legend}", "dim"))
        yield BLANK
    elif barred:
        yield hanging(["  "], Piece(LEGEND, "dim"))
        yield BLANK


def fairness_blocks(segments: Sequence[ToldSegment]) -> Iterator[Block]:
    """Give one sentence a segment on how even its books are, size for size: largest load over smallest."""
    for segment in segments:
        spreads = [f"{evenness(f.after)} of {escaped(f.metric)}" for f in segment.fairness if f.measure == "spread"]
        if spreads:
            yield hanging(["  ", Piece(escaped(segment.name), "bold"), ": "], f"spread {', '.join(spreads)}")


def _grids(segment: ToldSegment, width: int) -> Iterator[tuple[Grid, bool]]:
    """Give tables of as many metrics as fit, and whether there is room for bars in them."""
    books = segment.books
    names = [Piece(escaped(book.name)) for book in books]
    sets = {metric.name: _columns(metric, segment) for metric in segment.metrics}
    room = width - _INDENT - max(cells(text) for text in ["territory", *(p.text for p in names), *segment.measures])
    waiting = list(sets)
    owners = _owners(books, room - _wide(sets[waiting[0]]) - _GAP)
    with_owners = room - _GAP - max(cells(p.text) for p in owners)
    while waiting:
        first = len(waiting) == len(sets)
        left = with_owners if first else room
        taken = [waiting.pop(0)]
        while waiting and sum(_wide(sets[name]) for name in (*taken, waiting[0])) <= left:
            taken.append(waiting.pop(0))
        left -= sum(_wide(sets[name]) for name in taken)
        bars = {name: _bars(segment, name, left // len(taken) - _GAP) for name in taken}
        told = [m for m in segment.measures if any(segment.evenness(m, name) for name in taken)]
        keep = [*range(len(books)), *(len(books) + segment.measures.index(m) for m in told)]
        columns = [c for name in taken for c in (*sets[name], *bars[name])]
        heads = [[*names, *(Piece(escaped(m), "italic") for m in segment.measures)]]
        if first:
            heads.append([*owners, *(Piece("") for _ in segment.measures)])
        header = ("\nterritory", "\nowner")[: len(heads)] + tuple(c.title for c in columns)
        align: tuple[Align, ...] = (*(_LEFT for _ in heads), *(_RIGHT for _ in columns))
        rows = tuple((*(own[i] for own in heads), *(c.cells[i] for c in columns)) for i in keep)
        yield Grid(header, align, rows, _INDENT), any(bars.values())


def _owners(books: Sequence[ToldBook], room: int) -> list[Piece]:
    """Give who owns each book, shortened to the columns that there are."""
    owners = [Piece(escaped(b.has), "" if b.territory.owner is not None else "yellow") for b in books]
    longest = max(cells("owner"), *(cells(p.text) for p in owners))
    return [Piece(shortened(p.text, max(_OWNER_AT_LEAST, min(longest, room))), p.style) for p in owners]


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    cells: tuple[Piece, ...]


def _columns(metric: Metric, segment: ToldSegment) -> list[_Column]:
    """Give before, after, fair share and band of a metric, below them the measures before and after."""
    loads = [book.loads.get(metric.name) for book in segment.books]
    found = [segment.evenness(measure, metric.name) for measure in segment.measures]
    before = [_load(metric, x.figures.before, x.stood) if x else Piece("-") for x in loads]
    after = [_load(metric, x.figures.after, x.stands) if x else Piece("-") for x in loads]
    before += [Piece(f"{evenness(f.before)}  ") if f else Piece("") for f in found]
    after += [Piece(f"{evenness(f.after)}  ", "bold") if f else Piece("") for f in found]
    columns = [_Column(f"{escaped(metric.name)}\nbefore  ", tuple(before)), _Column("\nafter  ", tuple(after))]
    nothing = [Piece("") for _ in found]
    known = [x.figures for x in loads if x]
    if any(x.share is not None for x in known):
        shares = [x.figures.share if x else None for x in loads]
        told = [Piece(metric.limit(share)) if share is not None else Piece("") for share in shares]
        columns.append(_Column("fair\nshare", (*told, *nothing)))
    if any(x.low is not None or x.high is not None for x in known):
        bands = [Piece(metric.band(x.figures), "dim") if x else Piece("") for x in loads]
        columns.append(_Column("\nband", (*bands, *nothing)))
    return columns


def _bars(segment: ToldSegment, metric: str, room: int) -> list[_Column]:
    """Give the loads of a metric drawn against their bands, where there is room and there are bands."""
    size = min(room, WIDEST)
    loads = [book.loads.get(metric) for book in segment.books]
    places = [load.places if load and size >= NARROWEST else None for load in loads]
    drawn = [bar(*place, size) if place else "" for place in places]
    if not any(drawn):
        return []
    nothing = [Piece("") for _ in segment.measures]
    return [_Column("", (*(Piece(text, "cyan") for text in drawn), *nothing))]


def _wide(columns: Sequence[_Column]) -> int:
    """Give the columns of the terminal that they take, with a gap before each."""
    return sum(max(*map(cells, c.title.split("\n")), *(cells(p.text) for p in c.cells)) + _GAP for c in columns)


def _load(metric: Metric, value: float, stands: Standing) -> Piece:
    mark = _MARKS[stands]
    return Piece(f"{metric.load(value)} {mark or ' '}", "red" if mark else "")
