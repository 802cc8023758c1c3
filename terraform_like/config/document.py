"""Several files as one document: any file may hold any top-level key, and a name declared twice is an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import Any

from terraform_like.config.source import Source, parse, read
from terraform_like.diagnostics import Path, Report, Span

#: Lists whose order is meaning and therefore stand in one file; other lists are put end to end, file by file.
_ORDERED = frozenset({"segments"})


class Document:
    """What all files of a folder say together, and where each of them says it.

    Parameters
    ----------
    sources : iterable of Source
        The files, in the order of their names.
    report : Report
        Gathers names that are declared twice and files that are no mapping.

    Attributes
    ----------
    data : dict
        Plain data by top-level key.
    files : list of str
        Names of the files.
    whole : bool
        Whether every file could be taken; where not, what seems to be missing may stand in one of those.
    """

    def __init__(self, sources: Iterable[Source], report: Report) -> None:
        self.data: dict[str, Any] = {}
        self.files: list[str] = []
        self.whole = True
        self._sources: list[Source] = []
        self._where: dict[Path, tuple[Source, Path]] = {}
        for source in sources:
            self.files.append(source.file)
            self._sources.append(source)
            if source.data is None:
                continue
            if not isinstance(source.data, dict):
                report.error("A file must be a mapping", "Write `key: value` lines.", source.span(()))
                self.whole = False
                continue
            self._add(source, report)

    def locate(self, path: Path, *, key: bool = False) -> Span | None:
        """Give the span of the value (or key) at a path, or of the nearest path above it that a file says."""
        for end in range(len(path), 0, -1):
            if found := self._where.get(path[:end]):
                source, original = found
                return source.span(original, key=key or end < len(path))
        return self._sources[0].span(()) if len(self._sources) == 1 else None

    def says(self, path: Path) -> bool:
        """Say whether a file says that very path."""
        return path in self._where

    def value(self, path: Path) -> Any:
        """Give the plain data at a path."""
        value: Any = self.data
        for part in path:
            value = value[part]
        return value

    def _add(self, source: Source, report: Report) -> None:
        shift: dict[str, int] = {}
        taken: set[Path] = set()
        for key, value in source.data.items():
            known = self.data.get(key)
            if known is None:
                self.data[key] = dict(value) if isinstance(value, dict) else list(value) if _is_list(value) else value
            elif isinstance(known, dict) and isinstance(value, dict):
                taken |= self._join(source, key, known, value, report)
            elif _is_list(known) and _is_list(value) and key not in _ORDERED:
                shift[key] = len(known)
                known.extend(value)
            elif value is not None:
                taken.add((key,))
                self._twice(source, (key,), report)
        for path in source.paths:
            if path and not (taken and any(path[: len(t)] == t for t in taken)):
                moved = (path[0], int(path[1]) + shift[str(path[0])], *path[2:]) if _shifts(path, shift) else path
                self._where.setdefault(moved, (source, path))

    def _join(
        self, source: Source, key: str, known: dict[str, Any], value: dict[str, Any], report: Report
    ) -> set[Path]:
        taken: set[Path] = set()
        for name, entry in value.items():
            if name in known:
                taken.add((key, name))
                self._twice(source, (key, name), report)
            else:
                known[name] = entry
        return taken

    def _twice(self, source: Source, path: Path, report: Report) -> None:
        first = self.locate(path, key=True)
        report.error(
            f'"{path[-1]}" is declared twice',
            f"It stands in {first} already; keep one." if first else "Keep one.",
            source.span(path, key=True),
        )


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _shifts(path: Path, shift: dict[str, int]) -> bool:
    return len(path) > 1 and path[0] in shift


def document_of(files: Mapping[str, bytes], report: Report) -> Document:
    """Make one document of files that are already at hand, by name."""
    return _document([parse(content, file, report) for file, content in sorted(files.items())], report)


def read_document(root: FilePath, files: Iterable[FilePath], report: Report) -> Document:
    """Read files below a root into one document, in the order of their names."""
    return _document([read(path, path.relative_to(root).as_posix(), report) for path in sorted(files)], report)


def _document(sources: list[Source | None], report: Report) -> Document:
    document = Document([source for source in sources if source is not None], report)
    document.whole &= None not in sources
    return document
