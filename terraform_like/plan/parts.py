"""The files beside plan.json, which it names by their digests: assignments and snapshot, as they were found."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from terraform_like.plan.canonical import ASSIGNMENT_COLUMNS, digest_of_bytes

if TYPE_CHECKING:
    import polars as pl

ASSIGNMENTS_FILE = "assignments.csv"
SNAPSHOT_FILE = "snapshot.parquet"

#: What git leaves where it cannot merge.
CONFLICT = re.compile(rb"^(<<<<<<<|=======|>>>>>>>)(?: .*)?\r?$", re.MULTILINE)

#: Bytes that are read together.
_BLOCK = 100_000

#: Rows that are lists of Python before they become columns.
_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Part:
    """A file that belongs to a plan, as it was found.

    Parameters
    ----------
    digest : str or None
        SHA-256 of its bytes; null where it is not at hand.
    table : polars.DataFrame or None
        What it holds; null where it is not at hand, cannot be read, or is not what the plan names (snapshot only).
    problem : str
        Why it cannot be read, for a person.
    """

    digest: str | None = None
    table: pl.DataFrame | None = None
    problem: str = ""


class _Unreadable(ValueError):
    """A file is no table of assignments; the message says why."""


def read_assignments(folder: Path, expected: str) -> Part:
    """Read assignments.csv, so many rows at a time.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of the plan.
    expected : str
        The digest that the plan names.

    Returns
    -------
    Part
        Its table has `account`, `territory`, `holder`; the last two are categories, null where the file has nothing.
    """
    digest = hashlib.sha256()

    def lines() -> Iterator[str]:
        while some := file.readlines(_BLOCK):
            data = b"".join(some)
            digest.update(data)
            yield from io.StringIO(data.decode(), newline="")

    table, problem = None, ""
    path = folder / ASSIGNMENTS_FILE
    try:
        with path.open("rb") as file:
            try:
                table = _table(csv.reader(lines(), strict=True))
            except UnicodeError:
                problem = "it is not UTF-8"
            except (csv.Error, _Unreadable) as error:
                problem = str(error)
            for line in file:
                digest.update(line)
        # A conflict marker is only one where the file is not what was sealed: an account's id may look like anything.
        if digest.hexdigest() != expected and CONFLICT.search(path.read_bytes()):
            table, problem = None, "it holds a git merge conflict"
    except FileNotFoundError:
        return Part()
    except OSError as error:
        return Part(problem=f"{error.strerror}")
    return Part(digest.hexdigest(), table, problem)


def snapshot_file(folder: Path, kept: Path | None, digest: str) -> Path:
    """Give where a snapshot lies: beside the plan or, where snapshots are kept by digest, there."""
    beside = folder / SNAPSHOT_FILE
    if kept is None or beside.exists() or not re.fullmatch(r"[0-9a-f]{64}", digest):
        return beside
    return kept / f"{digest}.parquet"


def read_snapshot(path: Path, expected: str) -> Part:
    """Read a snapshot that is the one that the plan names."""
    import polars as pl

    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Part()
    except OSError as error:
        return Part(problem=f"{error.strerror}")
    digest = digest_of_bytes(data)
    if digest != expected:
        # Bytes that nobody vouches for are not handed to a binary decoder.
        return Part(digest, problem="it is not the snapshot that this plan was made from")
    try:
        return Part(digest, pl.read_parquet(io.BytesIO(data)))
    except (pl.exceptions.PolarsError, OSError):
        return Part(digest, problem="it is not a Parquet file that can be read")


def is_altered(path: Path, expected: str) -> bool:
    """Say whether there is a snapshot, and it is another than the one that the plan names.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() != expected
    except FileNotFoundError:
        return False


def _table(rows: Iterator[list[str]]) -> pl.DataFrame:
    import polars as pl

    strange = _Unreadable(f"it is not a table of {','.join(ASSIGNMENT_COLUMNS)}")
    if tuple(next(rows, ())) != ASSIGNMENT_COLUMNS:
        raise strange
    schema = dict(zip(ASSIGNMENT_COLUMNS, (pl.String(), pl.Categorical(), pl.Categorical()), strict=True))
    chunks = [pl.DataFrame(schema=schema)]
    while some := list(islice(rows, _ROWS)):
        if any(len(row) != len(ASSIGNMENT_COLUMNS) for row in some):
            raise strange
        columns = zip(ASSIGNMENT_COLUMNS, zip(*some, strict=True), strict=True)
        texts = pl.DataFrame([pl.Series(name, values, dtype=pl.String) for name, values in columns])
        chunks.append(texts.with_columns(pl.col("territory", "holder").replace("", None).cast(pl.Categorical())))
    return pl.concat(chunks)
