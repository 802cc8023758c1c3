"""Which geographic units touch, from CSV files beside a plan's YAML; every complaint names its line."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path as FilePath

from terraform_like.config.source import LARGEST_BYTES
from terraform_like.diagnostics import Locate, Report, Span, counted, did_you_mean
from terraform_like.domain.carving import Carving

Pairs = tuple[tuple[str, str], ...]
#: Where more than this share of the pairs stands both ways round, the others are taken for oversights.
_BOTH_WAYS = 0.75


def with_neighbours(carving: Carving, root: FilePath, folder: FilePath, locate: Locate, report: Report) -> Carving:
    """Give a plan together with what the adjacency files of its balance policies say.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    root, folder : Path
        The territory repository, and the plan's folder in it, where the files stand.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers files that are missing or cannot be taken, with the line.
    """
    neighbours: dict[str, Pairs] = {}
    for segment, balance in sorted(carving.balance.items()):
        if balance.contiguous is None or (name := balance.contiguous.adjacency) in neighbours:
            continue
        path = folder / name
        # A link could lead to a file that whoever wrote it may not read, and whose lines a complaint would show.
        if path.is_file() and not path.is_symlink():
            neighbours[name] = read_adjacency(path, path.relative_to(root).as_posix(), report)
        else:
            there = [file.name for file in folder.glob("*.csv")]
            report.error(
                f'There is no file "{name}"',
                f"It stands beside the YAML, in {folder.relative_to(root).as_posix()}.{did_you_mean(name, there)}",
                locate(("balance", segment, "contiguous", "adjacency")),
            )
    return carving.model_copy(update={"neighbours": neighbours}) if neighbours else carving


def read_adjacency(path: FilePath, file: str, report: Report) -> Pairs:
    """Read one file.

    Parameters
    ----------
    path : Path
        Where it is.
    file : str
        Its name for people, relative to the repository.
    report : Report
        Gathers what is wrong with it.

    Returns
    -------
    tuple of (str, str)
        Each two units that touch, once: sorted, whichever way round and however often they stand in the file.
    """
    content = path.read_bytes()
    if len(content) > LARGEST_BYTES:
        report.error(f'"{file}" is too large', f"It has more than {LARGEST_BYTES:,} bytes.", Span(file, 1, 1))
        return ()
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        report.error("The file is not UTF-8", "Save it as UTF-8.", Span(file, line, 1))
        return ()
    return _Reading(file, lines, report).pairs()


@dataclass(slots=True)
class _Reading:
    """A file that is being read."""

    file: str
    lines: list[str]
    report: Report

    def pairs(self) -> Pairs:
        """Give the pairs, having told what is wrong."""
        if not self.lines or len(header := _values(self.lines[0])) != 2:
            found = f"The first line has {counted(len(header), 'value')}. " if self.lines else "It is empty. "
            detail = f"{found}Write a header such as `unit,neighbour`, then two units that touch a line."
            self.report.error("An adjacency file has two columns", detail, self._span(1))
            return ()
        rows = [(number, _values(line)) for number, line in enumerate(self.lines[1:], 2) if line.strip()]
        bad = [number for number, row in rows if len(row) != 2 or not all(row)]
        if bad:
            detail = f"A unit and a unit that it touches are meant, such as `06075,06081`.{_more(bad)}"
            self.report.error("A line is no pair of units", detail, self._span(bad[0]))
        elif not rows:
            detail = "Under the header write two units that touch a line, such as `06075,06081`."
            self.report.error("No two units touch", detail, self._span(1))
        told = {(row[0], row[1]): number for number, row in reversed(rows) if len(row) == 2}
        if set(header) <= {unit for pair in told for unit in pair}:
            detail = "Both of its values are units further down. Write `unit,neighbour` above it."
            self.report.error("The first line is no header", detail, self._span(1))
        self._tell_of_loops(told)
        self._tell_of_one_way(told)
        return tuple(sorted({(min(pair), max(pair)) for pair in told if pair[0] != pair[1]}))

    def _tell_of_loops(self, told: dict[tuple[str, str], int]) -> None:
        loops = sorted(number for (unit, other), number in told.items() if unit == other)
        if loops:
            detail = f"The line is passed over.{_more(loops)}"
            self.report.warning("A unit is its own neighbour", detail, self._span(loops[0]))

    def _tell_of_one_way(self, told: dict[tuple[str, str], int]) -> None:
        pairs = {pair: number for pair, number in told.items() if pair[0] != pair[1]}
        one_way = sorted(number for (unit, other), number in pairs.items() if (other, unit) not in pairs)
        if one_way and len(pairs) - len(one_way) > _BOTH_WAYS * len(pairs):
            detail = f"Most pairs stand both ways round; this one is taken for both.{_more(one_way)}"
            self.report.warning("A pair stands one way round only", detail, self._span(one_way[0]))

    def _span(self, number: int) -> Span:
        source = self.lines[number - 1] if number <= len(self.lines) else ""
        return Span(self.file, number, 1, max(1, len(source)), source)


def _values(line: str) -> list[str]:
    return [value.strip() for value in next(csv.reader([line]), [])]


def _more(numbers: list[int]) -> str:
    """Say how many lines beside the first one are meant."""
    if len(numbers) == 1:
        return ""
    return f" There {'is' if len(numbers) == 2 else 'are'} {counted(len(numbers) - 1, 'more such line')}."
