"""Every territory of a plan as a table: loads before and after beside fair share and band, and how even they are."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from terraform_like.diagnostics import counted
from terraform_like.domain.measure import EVENNESS
from terraform_like.plan.model import BeforeAfter, Load, Plan, PlannedTerritory
from terraform_like.report.escape import escaped
from terraform_like.report.numbers import Formatted, column, evenness, unit
from terraform_like.report.terminal import BLANK, Align, Block, Grid, Piece, cells, hanging, line, shortened

ABOVE, BELOW = "↑", "↓"
#: Relative distance from a band that is rounding.
_ROUNDING = 1e-9
_GAP = 2
_INDENT = 2
#: An owner's name is shortened where a table is too wide, but not below this.
_OWNER_AT_LEAST = 10
_NOTHING = Load(before=0, after=0)
_LEFT: Align = "left"
_RIGHT: Align = "right"


@dataclass(frozen=True, slots=True)
class _Metric:
    """One metric of a segment, with the formats that suit its column; `whole` where loads are whole numbers."""

    name: str
    load: Formatted
    limit: Formatted
    whole: bool

    @classmethod
    def of(cls, name: str, loads: Sequence[Load]) -> _Metric:
        values = [v for x in loads for v in (x.before, x.after)]
        limits = [v for x in loads for v in (x.share, x.low, x.high)]
        bands = [(x.low, x.high) for x in loads if x.low is not None and x.high is not None]
        every = [v for v in (*values, *limits) if v is not None]
        exact = name == "accounts" or unit(every) == (1.0, "")
        # What is counted stays whole beside a fair share that is not, unless no whole number lies in some band.
        whole = exact and all(v == int(v) for v in values)
        if whole and all(math.ceil(low) <= math.floor(high) for low, high in bands):
            return cls(name, column(values, exact=True), column(limits, decimals=0, exact=True), True)
        one_unit = column(every, exact=name == "accounts")
        return cls(name, one_unit, one_unit, False)


def book_blocks(plan: Plan, width: int) -> Iterator[Block]:
    """Give a table a segment; metrics that do not fit side by side stand one below the other."""
    outside = False
    for segment in sorted({t.segment for t in plan.territories}):
        books = sorted((t for t in plan.territories if t.segment == segment), key=lambda t: t.name)
        loads = {t.name: {"accounts": Load(before=t.accounts_before, after=t.accounts), **t.loads} for t in books}
        names = list(dict.fromkeys(m for t in books for m in loads[t.name]))
        metrics = [_Metric.of(m, [loads[t.name].get(m, _NOTHING) for t in books]) for m in names]
        accounts = counted(sum(t.accounts for t in books), "account")
        count = counted(len(books), "territory", "territories")
        yield line(Piece(escaped(segment), "bold"), f": {accounts} in {count}")
        yield BLANK
        fairness = plan.fairness.get(segment, {})
        for grid in _grids(books, loads, metrics, fairness, width):
            yield grid
            yield BLANK
        rest = [m for m in fairness if _split(m)[1] not in names]
        for measure in sorted(rest):
            value = fairness[measure]
            yield line(f"{escaped(measure)}: {evenness(value.before)} before, {evenness(value.after)} after", indent=2)
        if rest:
            yield BLANK
        for book in (book for book in books if book.size_says):
            said = f"a fair share of {book.size:g} books, since {escaped(book.size_says)}"
            yield hanging(["  ", Piece(escaped(book.name)), ": "], said)
        if any(book.size_says for book in books):
            yield BLANK
        outside = outside or any(_mark(v, x) for of in loads.values() for x in of.values() for v in (x.before, x.after))
    if outside:
        yield line(Piece(f"{ABOVE} above its band, {BELOW} below it", "dim"), indent=2)
        yield BLANK


def fairness_blocks(plan: Plan) -> Iterator[Block]:
    """Give one sentence a segment on how even its books are, size for size: largest load over smallest."""
    for segment, measures in sorted(plan.fairness.items()):
        spreads = [
            f"{evenness(value.after)} of {escaped(metric)}"
            for measure, value in sorted(measures.items())
            for name, metric in (_split(measure),)
            if name == "spread"
        ]
        if spreads:
            yield hanging(["  ", Piece(escaped(segment), "bold"), ": "], f"spread {', '.join(spreads)}")


def _grids(
    books: Sequence[PlannedTerritory],
    loads: Mapping[str, Mapping[str, Load]],
    metrics: Sequence[_Metric],
    fairness: Mapping[str, BeforeAfter],
    width: int,
) -> Iterator[Grid]:
    names = [Piece(escaped(t.name)) for t in books]
    measures = sorted({_split(m)[0] for m in fairness}, key=_rank)
    sets = {m.name: _columns(m, [loads[t.name].get(m.name) for t in books], fairness, measures) for m in metrics}
    room = width - _INDENT - max(cells(text) for text in ["territory", *(p.text for p in names), *measures])
    waiting = list(sets)
    owners = _owners(books, room - _wide(sets[waiting[0]]) - _GAP)
    with_owners = room - _GAP - max(cells(p.text) for p in owners)
    while waiting:
        first = len(waiting) == len(sets)
        left = with_owners if first else room
        taken = [waiting.pop(0)]
        while waiting and sum(_wide(sets[name]) for name in (*taken, waiting[0])) <= left:
            taken.append(waiting.pop(0))
        told = [m for m in measures if any(f"{m}({name})" in fairness for name in taken)]
        keep = [*range(len(books)), *(len(books) + measures.index(m) for m in told)]
        columns = [c for name in taken for c in sets[name]]
        heads = [[*names, *(Piece(m, "italic") for m in measures)]]
        if first:
            heads.append([*owners, *(Piece("") for _ in measures)])
        header = ("\nterritory", "\nowner")[: len(heads)] + tuple(c.title for c in columns)
        align: tuple[Align, ...] = (*(_LEFT for _ in heads), *(_RIGHT for _ in columns))
        rows = tuple((*(own[i] for own in heads), *(c.cells[i] for c in columns)) for i in keep)
        yield Grid(header, align, rows, _INDENT)


def _owners(books: Sequence[PlannedTerritory], room: int) -> list[Piece]:
    """Give who owns each book, shortened to the columns that there are."""
    owners = [_owner(t) for t in books]
    longest = max(cells("owner"), *(cells(p.text) for p in owners))
    return [Piece(shortened(p.text, max(_OWNER_AT_LEAST, min(longest, room))), p.style) for p in owners]


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    cells: tuple[Piece, ...]


def _columns(
    metric: _Metric, loads: Sequence[Load | None], fairness: Mapping[str, BeforeAfter], measures: Sequence[str]
) -> list[_Column]:
    """Give before, after, fair share and band of a metric, below them the measures before and after."""
    found = [fairness.get(f"{m}({metric.name})") for m in measures]
    before = [_load(metric, x, x.before) if x else Piece("-") for x in loads]
    after = [_load(metric, x, x.after) if x else Piece("-") for x in loads]
    before += [Piece(f"{evenness(f.before)}  ") if f else Piece("") for f in found]
    after += [Piece(f"{evenness(f.after)}  ", "bold") if f else Piece("") for f in found]
    columns = [_Column(f"{escaped(metric.name)}\nbefore  ", tuple(before)), _Column("\nafter  ", tuple(after))]
    nothing = [Piece("") for _ in found]
    known = [x for x in loads if x]
    if any(x.share is not None for x in known):
        shares = [Piece(metric.limit(x.share)) if x and x.share is not None else Piece("") for x in loads]
        columns.append(_Column("fair\nshare", (*shares, *nothing)))
    if any(x.low is not None or x.high is not None for x in known):
        bands = [Piece(_band(metric, x), "dim") if x else Piece("") for x in loads]
        columns.append(_Column("\nband", (*bands, *nothing)))
    return columns


def _wide(columns: Sequence[_Column]) -> int:
    """Give the columns of the terminal that they take, with a gap before each."""
    return sum(max(*map(cells, c.title.split("\n")), *(cells(p.text) for p in c.cells)) + _GAP for c in columns)


def _load(metric: _Metric, load: Load, value: float) -> Piece:
    mark = _mark(value, load)
    return Piece(f"{metric.load(value)} {mark or ' '}", "red" if mark else "")


def _mark(value: float, load: Load) -> str:
    if load.high is not None and value > load.high + _ROUNDING * abs(load.high):
        return ABOVE
    if load.low is not None and value < load.low - _ROUNDING * abs(load.low):
        return BELOW
    return ""


def _band(metric: _Metric, load: Load) -> str:
    # Of whole numbers, those count that lie in the band.
    low = None if not load.low else metric.limit(math.ceil(load.low) if metric.whole else load.low)
    high = None if load.high is None else metric.limit(math.floor(load.high) if metric.whole else load.high)
    if low is None and high is None:
        return ""
    if low is None:
        return f"at most {high}"
    if high is None:
        return f"at least {low}"
    return f"{low} – {high}"


def _owner(territory: PlannedTerritory) -> Piece:
    if territory.owner is not None:
        return Piece(escaped(territory.owner))
    return Piece("(slot, vacant)" if territory.slot else "(vacant)", "yellow")


def _rank(measure: str) -> tuple[int, str]:
    """Order measures as they are defined, the one that people know first."""
    known = list(EVENNESS)
    return known.index(measure) if measure in known else len(known), measure


def _split(measure: str) -> tuple[str, str]:
    form = re.fullmatch(r"(\w+)\((.+)\)", measure)
    return (form[1], form[2]) if form else (measure, "")
