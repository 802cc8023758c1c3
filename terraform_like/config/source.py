"""One YAML file as plain data with the span of every key and value.

YAML 1.2: `yes`, `no` and `on` are text, `007` is text, dates are text until a field wants a date. The C parser of
ruamel.yaml tells what stands in the file; plain data is made here, since a person must be shown lines and duplicate
keys, and since the parser's own way from there is a recursion that deep nesting overflows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from terraform_like.diagnostics import Path, Report, Span
from terraform_like.domain.quantity import NumberAsWritten

#: Larger files are refused: no plan is that long, and a parser must not be kept busy by one.
LARGEST_BYTES = 10_000_000
#: Values that aliases may unfold to before the file is refused.
MOST_VALUES = 1_000_000
#: Deeper nesting is refused.
DEEPEST = 50

#: Line and column from 0, and how many characters of that line.
_Mark = tuple[int, int, int]

#: What YAML allows in no file, not even inside quotes.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
#: A password in an address must not be shown, even where the line is wrong for another reason.
_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*:)([^\s@]+)(?=@)")
#: Line ends, as the parser counts lines.
_LINE_END = re.compile("[\n\x85\u2028\u2029]")
# `+5` and `-0` are decimal numbers, so that an id stays as it is written.
_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NUMBERS_BEGIN = frozenset("+-.0123456789")
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


class _Refused(Exception):
    """The file cannot be taken; says why, what to do, and where."""

    def __init__(self, summary: str, detail: str, mark: _Mark) -> None:
        super().__init__(summary)
        self.detail = detail
        self.mark = mark


@dataclass(slots=True)
class _Scalar:
    mark: _Mark
    text: str = ""
    plain: bool = True


@dataclass(slots=True)
class _Collection:
    """A list, or a mapping, in which keys and values take turns."""

    mark: _Mark
    mapping: bool
    inner: list[_Node] = field(default_factory=list)


_Node = _Scalar | _Collection


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
    _keys: dict[Path, _Mark] = field(default_factory=dict)
    _values: dict[Path, _Mark] = field(default_factory=dict)
    _budget: int = MOST_VALUES

    def span(self, path: Path, *, key: bool = False) -> Span | None:
        """Give the span of the value (or key) at that very path, or None where the file does not say it."""
        marks = self._keys if key else self._values
        mark = marks.get(path) or self._values.get(path)
        return self._span(mark) if mark else None

    @property
    def paths(self) -> list[Path]:
        """Every path that the file says."""
        return list(self._values)

    def take(self, text: str, report: Report) -> None:
        """Read a text, which gives `data`.

        Raises
        ------
        _Refused, ruamel.yaml.error.YAMLError
            When it cannot be taken, or is no YAML.
        """
        node = self._composed(text, report)
        self.data = self._plain(node, (), report) if node is not None else None

    def _composed(self, text: str, report: Report) -> _Node | None:
        """Make nodes of what the parser tells."""
        top: _Node | None = None
        around: list[_Collection] = []
        anchors: dict[str, _Node] = {}
        for event in YAML(typ="safe", pure=False).parse(text):
            mark = self._mark(event)
            if isinstance(event, CollectionEndEvent):
                line, column, _ = around[-1].mark
                ends = event.end_mark.column if event.end_mark.line == line else len(self._line(line))
                around.pop().mark = (line, column, ends - column)
            elif isinstance(event, DocumentStartEvent) and top is not None:
                raise _Refused("The file holds several documents", "Take `---` away, or make several files.", mark)
            elif isinstance(event, NodeEvent):
                node = self._node(event, mark, anchors, around, report)
                if around:
                    around[-1].inner.append(node)
                else:
                    top = node
                if isinstance(event, CollectionStartEvent) and isinstance(node, _Collection):
                    around.append(node)
                if len(around) > DEEPEST:
                    raise _Refused("The file nests too deep", f"At most {DEEPEST} levels are read.", mark)
        return top

    def _node(
        self, event: NodeEvent, mark: _Mark, anchors: dict[str, _Node], around: list[_Collection], report: Report
    ) -> _Node:
        if isinstance(event, AliasEvent):
            node = anchors.get(event.anchor)
            if node is None:
                report.error(
                    f'There is no anchor "{event.anchor}"', "Define it above: `&name value`.", self._span(mark)
                )
            elif any(node is outer for outer in around):
                detail = "An alias must not stand inside what it names."
                report.error("A value holds itself", detail, self._span(mark))
            else:
                return node
            return _Scalar(mark)
        if isinstance(event, (ScalarEvent, CollectionStartEvent)) and event.tag is not None:
            report.error("A tag cannot stand here", "Write the value alone, without `!`.", self._span(mark))
        if isinstance(event, ScalarEvent):
            node = _Scalar(mark, str(event.value), not event.style)
        else:
            node = _Collection(mark, isinstance(event, MappingStartEvent))
        if event.anchor is not None:
            anchors[event.anchor] = node
        return node

    def _plain(self, node: _Node, path: Path, report: Report) -> Any:
        self._budget -= 1
        if self._budget < 0:
            detail = f"Its aliases give more than {MOST_VALUES:,} values."
            raise _Refused("The file unfolds to too much", detail, node.mark)
        if len(path) > DEEPEST:
            raise _Refused("The file nests too deep", f"At most {DEEPEST} levels are read.", node.mark)
        self._values[path] = node.mark
        if isinstance(node, _Scalar):
            return plain_scalar(node.text) if node.plain else node.text
        if node.mapping:
            return self._mapping(node, path, report)
        return [self._plain(item, (*path, i), report) for i, item in enumerate(node.inner)]

    def _mapping(self, node: _Collection, path: Path, report: Report) -> dict[str, Any]:
        data: dict[str, Any] = {}
        pairs = list(zip(node.inner[::2], node.inner[1::2], strict=True))
        # What is merged comes first, so that what the mapping says itself stands above it, wherever `<<` stands.
        for key_node, value_node in pairs:
            if isinstance(key_node, _Scalar) and _merges(key_node):
                data |= self._merged(value_node, path, report)
        first: dict[str, _Mark] = {}
        for key_node, value_node in pairs:
            if not isinstance(key_node, _Scalar):
                report.error("A key must be a word", "Write `name: value`.", self._span(key_node.mark))
                continue
            key = key_node.text
            if _merges(key_node):
                continue
            if key in first:
                detail = f"It stands on line {first[key][0] + 1} already; keep one."
                report.error(f'"{key}" is declared twice', detail, self._span(key_node.mark))
                continue
            first[key] = key_node.mark
            data[key] = self._plain(value_node, (*path, key), report)
            self._keys[(*path, key)] = key_node.mark
        return data

    def _merged(self, node: _Node, path: Path, report: Report) -> dict[str, Any]:
        """Give what `<<` brings, a mapping or a list of mappings, of which the first goes before the others."""
        mark = self._values[path]
        data: dict[str, Any] = {}
        many = isinstance(node, _Collection) and not node.mapping
        for one in reversed(node.inner if many and isinstance(node, _Collection) else [node]):
            if isinstance(one, _Collection) and one.mapping:
                data |= self._plain(one, path, report)
            else:
                report.error(
                    "`<<` takes a mapping", "Write `<<: *name` with an anchored mapping.", self._span(one.mark)
                )
        self._values[path] = mark
        return data

    def _span(self, mark: _Mark) -> Span:
        line, column, length = mark
        return Span(self.file, line + 1, column + 1, max(1, length), self._line(line))

    def _mark(self, event: Event) -> _Mark:
        start, end = event.start_mark, event.end_mark
        width = end.column - start.column if end.line == start.line else len(self._line(start.line)) - start.column
        return start.line, start.column, width

    def _line(self, number: int) -> str:
        return self.lines[number] if number < len(self.lines) else ""


def _merges(key: _Scalar) -> bool:
    return key.plain and key.text == "<<"


def plain_scalar(text: str) -> Any:
    """Give the value of a scalar that is written without quotes."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBERS_BEGIN:
        return text
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
        if (size := path.stat().st_size) > LARGEST_BYTES:
            detail = f"It has {size:,} bytes; at most {LARGEST_BYTES:,} are read. Split it."
            report.error("The file is too large", detail, Span(file, 1, 1))
            return None
        content = path.read_bytes()
    except OSError as error:
        report.error("The file cannot be read", f"{error.strerror}.", Span(file, 1, 1))
        return None
    return parse(content, file, report)


def parse(content: bytes, file: str, report: Report) -> Source | None:
    """Read YAML that is already at hand, such as a file of another branch; else as `read`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # What stands before is UTF-8; what cannot be read is shown as such.
        good = content[: error.start].decode("utf-8-sig").split("\n")
        line = content.decode("utf-8-sig", errors="replace").split("\n")[len(good) - 1].rstrip("\r")
        detail = f"The byte {content[error.start]:#04x} is no UTF-8 text. Save the file as UTF-8."
        report.error("The file is not UTF-8", detail, Span(file, len(good), len(good[-1]) + 1, 1, line))
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    shown = _PASSWORD.sub(lambda match: match[1] + "*" * len(match[2]), text)
    source = Source(file, _LINE_END.split(shown))
    if control := _CONTROL.search(text):
        before = _LINE_END.split(text[: control.start()])
        detail = f"The character U+{ord(control[0]):04X} cannot stand in YAML. Delete it."
        report.error("This is not YAML", detail, source._span((len(before) - 1, len(before[-1]), 1)))
        return None
    try:
        source.take(text, report)
    except _Refused as refused:
        report.error(str(refused), refused.detail, source._span(refused.mark))
        return None
    except MarkedYAMLError as error:
        report.error("This is not YAML", *_syntax(error, source))
        return None
    except YAMLError as error:
        report.error("This is not YAML", " ".join(str(error).split())[:300], Span(file, 1, 1))
        return None
    return source


def _syntax(error: MarkedYAMLError, source: Source) -> tuple[str, Span]:
    """Say what the parser did not understand; where the file simply ends, where that began."""
    mark, problem = error.problem_mark, error.problem or error.context
    if error.context_mark and (mark is None or not source._line(mark.line).strip()):
        mark = error.context_mark
    span = source._span((mark.line, mark.column, 1)) if mark else Span(source.file, 1, 1)
    if "\t" in span.source[: span.column]:
        problem = "a tab stands where spaces are needed; YAML indents with spaces only"
    said = " ".join(str(problem or "it cannot be read").split())
    return f"{said[:1].upper()}{said[1:]}.", span
