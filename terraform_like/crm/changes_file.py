"""A file of changes, shaped for a data loader: the account's id, its new owner and territory, and what it had."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from terraform_like.crm.csv_file import read_csv
from terraform_like.crm.port import CrmError, Record, Write
from terraform_like.plan.file import write_whole

#: What makes a spreadsheet read a cell as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_BEFORE = "previous_"


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that is to be loaded: what the account had when it was exported, and what it is to have."""

    before: Record
    after: Record


class ChangesFile:
    """A file of changes.

    Parameters
    ----------
    path : pathlib.Path
        The file; it need not be there.
    places : sequence of str
        Names of the columns of id, owner and, where it is mapped, territory.
    """

    def __init__(self, path: Path, places: Sequence[str]) -> None:
        self._path = path
        self._places = tuple(places)
        self._header = [*places, *(f"{_BEFORE}{place}" for place in places[1:])]

    def read(self) -> dict[str, Pending]:
        """Read the changes by account; none where there is no file.

        Raises
        ------
        CrmError
            When it is no such file.
        """
        if not self._path.exists():
            return {}
        file = read_csv(self._path, ",", None)
        if list(file.header) != self._header:
            raise CrmError(
                f"{self._path.name} is no file of changes: its columns are {', '.join(file.header)}; "
                "move it away, or name another file in crm.changes of territory.yaml"
            )
        count = len(self._places) - 1
        return {row[0]: Pending(_record(row[1 + count :]), _record(row[1 : 1 + count])) for row in file.rows[1:] if row}

    def save(self, pending: Mapping[str, Pending]) -> None:
        """Write all changes, in one step.

        Raises
        ------
        CrmError
            When the file cannot be written.
        """
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(self._header)
        count = len(self._places) - 1
        for account, change in sorted(pending.items()):
            rows.writerow([account, *_cells(change.after)[:count], *_cells(change.before)[:count]])
        try:
            write_whole(self._path, text.getvalue().encode())
        except OSError as error:
            raise CrmError(f"{self._path.name} cannot be written: {error.strerror}") from None

    def refusal(self, write: Write) -> str | None:
        """Say why a write cannot stand in a file that people open in spreadsheets; None where it can.

        A formula cannot be made harmless there: whoever loads the file would read another id.
        """
        for value in (write.account, write.after.owner, write.after.territory):
            if value is not None and value.startswith(_FORMULA):
                return f'"{value}" would be a formula in a spreadsheet, and so stands in no file of changes'
        return None


def _cells(record: Record) -> list[str]:
    return [record.owner or "", record.territory or ""]


def _record(cells: Sequence[str]) -> Record:
    owner, territory = (*cells, "")[:2]
    return Record(owner or None, territory or None)
