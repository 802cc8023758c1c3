"""What the tool has to say to a person: gathered while it works, shown all at once, never thrown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

#: How many accounts, rows or names a message lists before it says how many more there are.
NAMED_AT_MOST = 10


class Severity(StrEnum):
    """How much a diagnostic matters; only errors stop a command."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a file that a person wrote.

    Parameters
    ----------
    file : str
        Path as the person knows it, relative to the territory repository.
    line, column : int
        Where it starts, counted from 1.
    length : int
        How many characters of that line it covers, at least 1.
    source : str
        The line itself, without its line end, so that a renderer needs no file.
    """

    file: str
    line: int
    column: int
    length: int = 1
    source: str = ""

    def at(self, offset: int, length: int = 1) -> Span:
        """Give the span `offset` characters further on the same line, for a position inside a text."""
        return Span(self.file, self.line, self.column + offset, max(1, length), self.source)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


#: Where a wish stands, as keys and list positions from the top: `("territories", "ent-west", "where")`.
Path = tuple[str | int, ...]


class Locate(Protocol):
    """Finds the lines of wishes, so that rooms which know no files can still point at them."""

    def __call__(self, path: Path, *, key: bool = False) -> Span | None:
        """Give the span of the value at a path (of its key, where asked), or of the nearest path above it."""
        ...


def nowhere(path: Path, *, key: bool = False) -> Span | None:
    """Find nothing: for wishes that stand in no file."""
    return None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing to say: what is wrong (summary), with which value and what to do (detail), and where."""

    severity: Severity
    summary: str
    detail: str = ""
    span: Span | None = None

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order by place, and what has no place after what has one."""
        place = (self.span.file, self.span.line, self.span.column) if self.span else ("\uffff", 0, 0)
        return (*place, self.summary, self.detail)


@dataclass(slots=True)
class Report:
    """Diagnostics gathered on the way; never throws, and forgets exact repetitions."""

    _gathered: dict[Diagnostic, None] = field(default_factory=dict)

    def add(self, diagnostic: Diagnostic) -> None:
        """Gather one diagnostic."""
        self._gathered[diagnostic] = None

    def error(self, summary: str, detail: str = "", span: Span | None = None) -> None:
        """Gather an error."""
        self.add(Diagnostic(Severity.ERROR, summary, detail, span))

    def warning(self, summary: str, detail: str = "", span: Span | None = None) -> None:
        """Gather a warning."""
        self.add(Diagnostic(Severity.WARNING, summary, detail, span))

    def note(self, summary: str, detail: str = "", span: Span | None = None) -> None:
        """Gather a note."""
        self.add(Diagnostic(Severity.NOTE, summary, detail, span))

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Gather many."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    @property
    def failed(self) -> bool:
        """Whether an error was gathered."""
        return any(d.severity is Severity.ERROR for d in self._gathered)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(sorted(self._gathered, key=lambda d: d.sort_key))

    def __len__(self) -> int:
        return len(self._gathered)


class Halt(Exception):
    """Ends a flow whose report holds the errors; carries that report to the edge, where it is shown."""

    def __init__(self, report: Report) -> None:
        super().__init__("; ".join(d.summary for d in report))
        self.report = report


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Give ` Did you mean "x"?` for the nearest known word, or an empty string."""
    import difflib

    near = difflib.get_close_matches(word, sorted(set(known)), n=1, cutoff=0.6)
    return f' Did you mean "{near[0]}"?' if near else ""


def listing(names: Iterable[str], at_most: int = NAMED_AT_MOST) -> str:
    """Give the first names in their order, and how many more there are: `A-1, A-2 and 31 more`."""
    every = list(names)
    head = ", ".join(every[:at_most])
    return f"{head} and {len(every) - at_most:,} more" if len(every) > at_most else head


def counted(count: int, noun: str, plural: str = "") -> str:
    """Give `1 account`, `2 accounts`, `1,234 accounts`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
