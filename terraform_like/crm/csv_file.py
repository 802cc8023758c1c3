"""One CSV file that people and other programs use too: read as text to the letter, changed in single cells only.

Whatever is not changed stays as it is, byte for byte: other columns, the order of rows, quotes, line ends, a byte order
mark, the encoding.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from terraform_like.crm.port import CrmError

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file that was read.

    Parameters
    ----------
    name : str
        Its name, for messages.
    mark : bytes
        Its byte order mark, if any.
    encoding : str
        How its text is encoded.
    separator : str
        What stands between cells.
    records : tuple of str
        Its lines as they stand there, each with its line end; the header first. Cells may hold line ends.
    rows : tuple of tuple of str
        The cells of each record, without quotes; none for an empty line.
    """

    name: str
    mark: bytes
    encoding: str
    separator: str
    records: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def header(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self.rows[0]

    def columns(self) -> dict[str, list[str]]:
        """Give the cells of each column; lines that are empty are no rows."""
        filled = [row for row in self.rows[1:] if row]
        return {name: [row[place] for row in filled] for place, name in enumerate(self.header)}

    def with_cells(self, changes: Mapping[int, Mapping[str, str]]) -> bytes:
        """Give the file with other values in some cells: by number of the record, then by column."""
        records = list(self.records)
        for number, cells in changes.items():
            records[number] = self._changed(records[number], cells)
        return self.mark + "".join(records).encode(self.encoding)

    def _changed(self, record: str, cells: Mapping[str, str]) -> str:
        body = record.rstrip("\r\n")
        raw = _cells(body, self.separator)
        for column, value in cells.items():
            place = self.header.index(column)
            raw[place] = quoted(value, self.separator, always=raw[place].startswith('"'))
        return self.separator.join(raw) + record[len(body) :]


def read_csv(path: Path, separator: str, encoding: str | None) -> CsvFile:
    """Read a CSV file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    separator : str
        What stands between cells.
    encoding : str, optional
        How it is encoded; UTF-8 where left out, or what its byte order mark says.

    Raises
    ------
    CrmError
        When it cannot be read, or is no table.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CrmError(f"{path.name} cannot be read: {error.strerror}") from None
    mark, told = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    encoding = told if mark else encoding or told
    try:
        text = data[len(mark) :].decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        line = data[: getattr(error, "start", 0)].count(b"\n") + 1
        way = "save it as UTF-8, or name its encoding: `crm: {encoding: cp1252}`"
        raise CrmError(f"{path.name} is no {encoding} in line {line}; {way}") from None
    records = tuple(_records(text))
    try:
        rows = tuple(map(tuple, csv.reader(records, delimiter=separator, strict=True)))
    except csv.Error as error:
        raise CrmError(f"{path.name} is no CSV: {error}") from None
    if len(rows) != len(records):
        raise CrmError(f"{path.name} has a quote inside a cell without quotes; quote that cell, and write it twice")
    _check_table(path.name, rows)
    return CsvFile(path.name, mark, encoding, separator, records, rows)


def quoted(value: str, separator: str, *, always: bool = False) -> str:
    """Give a cell as CSV writes it, in quotes where it needs them or where they are asked for."""
    if always or re.search(r'["\r\n]', value) or separator in value or value != value.strip():
        return '"' + value.replace('"', '""') + '"'
    return value


def _records(text: str) -> list[str]:
    """Divide a text into records: a line end inside quotes ends none."""
    found: list[str] = []
    pending = ""
    for line in io.StringIO(text, newline=""):
        pending += line
        if pending.count('"') % 2 == 0:
            found.append(pending)
            pending = ""
    return [*found, pending] if pending else found


def _cells(body: str, separator: str) -> list[str]:
    """Give the cells of a record as they stand there, quotes included."""
    between = re.escape(separator)
    return re.findall(rf'("(?:[^"]|"")*"|[^{between}]*){between}', body + separator)


def _check_table(name: str, rows: Sequence[Sequence[str]]) -> None:
    header = rows[0] if rows else ()
    if not header or "" in header or len(set(header)) < len(header):
        raise CrmError(f"{name} needs a header with a name for each column, each once")
    for number, row in enumerate(rows, 1):
        if row and len(row) != len(header):
            raise CrmError(f"{name} has {len(row)} cells in row {number}, and {len(header)} in its header")
