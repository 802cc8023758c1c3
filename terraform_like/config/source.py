"""One YAML file as plain data with the span of every key and value.

YAML 1.2: `yes`, `no` and `on` are text, `007` is text, dates are text until a field wants a date. The C parser of
ruamel.yaml makes the nodes; plain data is made here, since a person must be shown lines and duplicate keys.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from terraform_like.diagnostics import Path, Report, Span
from terraform_like.domain.quantity import NumberAsWritten

#: Larger files are refused: no plan is that long, and a parser must not be kept busy by one.
LARGEST_BYTES = 10_000_000
#: Values that aliases may unfold to before the file is refused.
MOST_VALUES = 1_000_000
#: Deeper nesting is refused.
DEEPEST = 50

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


class _TooMuch(Exception):
    """The file unfolds to more than any plan holds."""


@dataclass(slots=True)
class Source:
    """What one file says.

    Parameters
    ----------
    file : str
        Path relative to the repository.
    lines : list of str
        Its lines, for the snippets of diagnostics.
    data : Any
        Mappings, lists and scalars; None when the file is empty.
    """

    file: str
    lines: list[str]
    data: Any = None
    _keys: dict[Path, tuple[int, int, int]] = field(default_factory=dict)
    _values: dict[Path, tuple[int, int, int]] = field(default_factory=dict)
    _budget: int = MOST_VALUES

    def span(self, path: Path, *, key: bool = False) -> Span | None:
        """Give the span of the value (or key) at that very path, or None where the file does not say it."""
        marks = self._keys if key else self._values
        mark = marks.get(path) or self._values.get(path)
        return self._span(*mark) if mark else None

    @property
    def paths(self) -> list[Path]:
        """Every path that the file says."""
        return list(self._values)

    def _span(self, line: int, column: int, length: int) -> Span:
        source = self.lines[line] if line < len(self.lines) else ""
        return Span(self.file, line + 1, column + 1, max(1, length), source)

    def _mark(self, node: Node) -> tuple[int, int, int]:
        start, end = node.start_mark, node.end_mark
        width = end.column - start.column if end.line == start.line else len(self._line(start.line)) - start.column
        return start.line, start.column, width

    def _line(self, number: int) -> str:
        return self.lines[number] if number < len(self.lines) else ""

    def _plain(self, node: Node, path: Path, above: tuple[int, ...], report: Report) -> Any:
        self._budget -= 1
        if self._budget < 0 or len(path) > DEEPEST:
            raise _TooMuch
        if id(node) in above:
            report.error("A value holds itself", "An alias must not stand inside what it names.", self._here(node))
            return None
        self._values[path] = self._mark(node)
        if isinstance(node, ScalarNode):
            return _scalar(node)
        above = (*above, id(node))
        if isinstance(node, SequenceNode):
            return [self._plain(item, (*path, i), above, report) for i, item in enumerate(node.value)]
        return self._mapping(node, path, above, report) if isinstance(node, MappingNode) else None

    def _mapping(self, node: MappingNode, path: Path, above: tuple[int, ...], report: Report) -> dict[str, Any]:
        data: dict[str, Any] = {}
        first: dict[str, Node] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                report.error("A key must be a word", "Write `name: value`.", self._here(key_node))
                continue
            key = str(key_node.value)
            if key == "<<" and not key_node.style:
                self._merge(data, value_node, path, above, report)
                continue
            if key in first:
                line = first[key].start_mark.line + 1
                report.error(
                    f'"{key}" is declared twice', f"It stands on line {line} already; keep one.", self._here(key_node)
                )
                continue
            first[key] = key_node
            data[key] = self._plain(value_node, (*path, key), above, report)
            self._keys[(*path, key)] = self._mark(key_node)
        return data

    def _merge(self, data: dict[str, Any], node: Node, path: Path, above: tuple[int, ...], report: Report) -> None:
        mark = self._values[path]
        merged = self._plain(node, path, above, report)
        self._values[path] = mark
        for one in merged if isinstance(merged, list) else [merged]:
            if not isinstance(one, dict):
                report.error("`<<` takes a mapping", "Write `<<: *name` with an anchored mapping.", self._here(node))
                return
            for key, value in one.items():
                data.setdefault(key, value)

    def _here(self, node: Node) -> Span:
        return self._span(*self._mark(node))


def _scalar(node: ScalarNode) -> Any:
    text = str(node.value)
    return text if node.style else plain_scalar(text)


def plain_scalar(text: str) -> Any:
    """Give the value of a scalar that is written without quotes."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) < 300 else text
    if _DECIMAL.fullmatch(text):
        return NumberAsWritten(text)
    return text


def read(path: FilePath, file: str, report: Report) -> Source | None:
    """Read a YAML file; a file that is too large is not even opened.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    file : str
        How to name it in diagnostics.
    report : Report
        Gathers what is wrong with it: all duplicate keys at once, but only the first syntax error.

    Returns
    -------
    Source or None
        None when it cannot be read at all.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            report.error(
                "The file is too large",
                f"{file} has {path.stat().st_size:,} bytes; at most {LARGEST_BYTES:,} are read. Split it.",
            )
            return None
        content = path.read_bytes()
    except OSError as error:
        report.error("The file cannot be read", f"{file}: {error.strerror}.")
        return None
    return parse(content, file, report)


def parse(content: bytes, file: str, report: Report) -> Source | None:
    """Read YAML that is already at hand, such as a file of another branch; else as `read`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        report.error(
            "The file is not UTF-8",
            f"The byte {content[error.start]:#04x} is no UTF-8 text. Save the file as UTF-8.",
            Span(file, line, column),
        )
        return None
    return _parse(text.replace("\r\n", "\n").replace("\r", "\n"), file, report)


def _parse(text: str, file: str, report: Report) -> Source | None:
    source = Source(file, text.split("\n"))
    try:
        node = YAML(typ="safe", pure=False).compose(text)
        if node is not None:
            source.data = source._plain(node, (), (), report)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        span = source._span(mark.line, mark.column, 1) if mark else None
        problem = " ".join(str(error.problem or error.context or "it cannot be read").split())
        if span and "\t" in span.source[: span.column]:
            problem = "a tab stands where spaces are needed; YAML indents with spaces only"
        report.error("This is not YAML", f"{problem[:1].upper()}{problem[1:]}.", span)
        return None
    except YAMLError as error:
        report.error("This is not YAML", f"{file}: {' '.join(str(error).split())[:300]}")
        return None
    except (_TooMuch, RecursionError):
        report.error(
            "The file unfolds to too much",
            f"{file}: aliases or nesting give more than {MOST_VALUES:,} values or {DEEPEST} levels.",
        )
        return None
    return source
