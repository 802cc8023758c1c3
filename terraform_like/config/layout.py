"""The one layout of the language's files: `territory fmt`, and whatever the tool itself writes as YAML.

Keys of the language stand in the order in which the types of the language name them; names, which people choose, and
items of lists keep theirs. Two spaces a level. Brackets stay brackets where they fit a line, blocks stay blocks.
Scalars are never touched, and every comment stays with what it is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from terraform_like.config.commented import Comment, CommentedFile, Entry, Lines, Node, UnusualYaml, read_commented
from terraform_like.config.source import parse
from terraform_like.diagnostics import Report

#: Columns of a line, its comment not counted, beyond which brackets become a block.
WIDTH = 120

_STEP = 2
_SCHEMA = "# yaml-language-server: $schema="
_MERGE = "<<"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file may say.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        The language of its keys.
    schema : str
        Path from the file to its JSON Schema, for editors; none is named where it is empty.
    """

    model: type[BaseModel]
    schema: str = ""


def laid_out(content: bytes, file: str, kind: Kind, report: Report) -> bytes | None:
    """Lay out a YAML file.

    Parameters
    ----------
    content : bytes
        The file as it is.
    file : str
        How to name it in diagnostics.
    kind : Kind
        What it may say.
    report : Report
        Gathers why it cannot be laid out.

    Returns
    -------
    bytes or None
        The same data and comments in canonical layout; None, with an error, where it is no YAML of the language.
    """
    own = Report()
    before = parse(content, file, own)
    if before is None or own.failed:
        report.extend(own)
        return None
    # Not the lines of `before`: passwords are struck out of those, since they are for showing.
    text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    try:
        written = read_commented(text)
    except UnusualYaml as error:
        report.error("The file cannot be laid out", f"{file}: {error}. It stays as it is.")
        return None
    text = _text(written, kind)
    after = parse(text.encode(), file, own)
    if after is None or own.failed or after.data != before.data or _lost(written, text):
        way_out = "Write the odd part of it in a plainer way, without tags or directives. It stays as it is."
        report.error("The file cannot be laid out", f"{file} would mean something else afterwards. {way_out}")
        return None
    return text.encode()


def edited(content: bytes, file: str, kind: Kind, edit: Callable[[Node], None], report: Report) -> bytes | None:
    """Change a YAML file whose comments stay, and lay it out.

    Parameters
    ----------
    content, file, kind, report
        As `laid_out` takes them.
    edit : callable
        Changes the tree of the file.

    Returns
    -------
    bytes or None
        The file as it is to be; None, with an error, where it cannot be laid out or a comment would be lost.
    """
    if laid_out(content, file, kind, report) is None:
        return None
    text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    written = read_commented(text)
    if written.root is not None:
        edit(written.root)
    after = _text(written, kind)
    if _lost(written, after):
        report.error("The file cannot be changed", f"{file}: a comment would be lost. It stays as it is.")
        return None
    return after.encode()


def _lost(written: CommentedFile, text: str) -> Counter[str]:
    return Counter(written.comments) - Counter(read_commented(text).comments)


def _text(written: CommentedFile, kind: Kind) -> str:
    head, above = _parted(written.head)
    if kind.schema and not any(line and line.startswith(_SCHEMA) for line in (*head, *above)):
        head.insert(0, f"{_SCHEMA}{kind.schema}")
    page = _Page()
    page.comments(head, 0)
    root = written.root
    if root is not None and root.entries and not root.flow:
        if head:
            page.blank()
        root.entries[0].above = above
        _sort(root, kind.model)
        root.entries[0].above = _trimmed(root.entries[0].above)
        if root.text:
            page.line(root.text)
        page.block(root, 0)
    elif root is not None:
        if head:
            page.blank()
        page.comments(_trimmed(above), 0)
        _sort(root, kind.model)
        page.entry(Entry(None, "", root), "", 0)
    else:
        page.comments(above, 0)
    page.comments(written.foot, 0)
    return page.text()


def _parted(lines: Lines) -> tuple[Lines, Lines]:
    """Part the comments at the start of a file into those that are about the file and those about its first key.

    The first block of comments is about the file where a blank line follows it, or where it names the schema.
    """
    lines = _trimmed(lines)
    end = lines.index(None) if None in lines else len(lines)
    about_file = end < len(lines) or any(line and line.startswith(_SCHEMA) for line in lines)
    return (lines[:end], lines[end:]) if about_file else ([], lines)


def _trimmed(lines: Lines) -> Lines:
    start = next((n for n, line in enumerate(lines) if line is not None), len(lines))
    return lines[start:]


def _sort(node: Node, annotation: Any) -> None:
    """Put the keys of the language in its order, here and below."""
    fields = _fields(annotation, node) if node.kind == "mapping" else None
    for entry in node.entries:
        _sort(entry.value, _inside(annotation, fields, entry))
        if entry.key is None and entry.value.entries:
            # A dash and what it opens share a line, so that comments between them go above both.
            first = entry.value.entries[0]
            entry.above, first.above = entry.above + first.above, []
    if fields is None or _refers_within(node.entries):
        return
    place = {_MERGE: -1, **{name: n for n, name in enumerate(fields)}}
    ordered = sorted(node.entries, key=lambda entry: place.get(entry.name, len(place)))
    if ordered[:1] != node.entries[:1]:
        # The blank line that parts an entry from the one above it is not the first one's.
        apart = any(entry.above[:1] == [None] for entry in node.entries[1:])
        ordered[0].above = _trimmed(ordered[0].above)
        if apart and node.entries[0].above[:1] != [None]:
            node.entries[0].above.insert(0, None)
    node.entries = ordered


def _refers_within(entries: list[Entry]) -> bool:
    """Say whether an alias in one entry needs the anchor in another to come first, or an anchor stands twice."""
    defined: dict[str, int] = {}
    for number, entry in enumerate(entries):
        for name in entry.defines:
            if defined.setdefault(name, number) != number:
                return True
    return any(defined.get(name, number) != number for number, entry in enumerate(entries) for name in entry.uses)


def _fields(annotation: Any, node: Node) -> dict[str, Any] | None:
    """Give what the keys of a mapping mean, in the language's order; None where keys are names."""
    models = [one for one in _alternatives(annotation) if isinstance(one, type) and issubclass(one, BaseModel)]
    known = [{f.alias or name: f.annotation for name, f in model.model_fields.items()} for model in models]
    said = {entry.name for entry in node.entries}
    return max(known, key=lambda fields: len(said & fields.keys()), default=None)


def _inside(annotation: Any, fields: dict[str, Any] | None, entry: Entry) -> Any:
    """Give what the value of an entry means."""
    if fields is not None:
        return fields.get(entry.name)
    wanted = (list, tuple) if entry.key is None else (dict,)
    for one in _alternatives(annotation):
        if get_origin(one) in wanted:
            parts = [part for part in get_args(one) if part is not Ellipsis]
            return parts[-1] if parts else None
    return None


def _alternatives(annotation: Any) -> Iterable[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for one in get_args(annotation):
            yield from _alternatives(one)
    else:
        yield annotation


class _Page:
    """The lines of a file, each with the comment at its end."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._beside: dict[int, Comment] = {}
        # Whether the last line is of a text whose blank lines at the end count.
        self._keeps = False

    def text(self) -> str:
        """Give the file: comments that stood below one another still do, others follow after one space."""
        group: list[int] = []
        previous = -1
        for number, comment in self._beside.items():
            apart = "" in self._lines[previous:number] if group else True
            if apart or comment.column != self._beside[previous].column:
                self._align(group)
                group = []
            group.append(number)
            previous = number
        self._align(group)
        while self._lines and not self._lines[-1] and not self._keeps:
            self._lines.pop()
        return "".join(f"{line}\n" for line in self._lines)

    def _align(self, group: list[int]) -> None:
        column = max((len(self._lines[number]) for number in group), default=0)
        for number in group:
            self._lines[number] = f"{self._lines[number].ljust(column)} {self._beside[number].text}"

    def line(self, text: str, beside: Comment | None = None) -> None:
        self._keeps = False
        if beside is not None:
            self._beside[len(self._lines)] = beside
        self._lines.append(text)

    def blank(self) -> None:
        if self._lines and self._lines[-1] and not self._keeps:
            self.line("")

    def comments(self, lines: Lines, indent: int) -> None:
        for line in lines:
            if line is None:
                self.blank()
            else:
                self.line(" " * indent + line)

    def block(self, node: Node, indent: int, first: str | None = None) -> None:
        """Write a collection as a block; `first` is what stands before its first entry, such as a dash."""
        for number, entry in enumerate(node.entries):
            self.comments(entry.above, indent)
            start = first if first is not None and number == 0 else " " * indent
            if entry.key is None:
                start += "-"
            else:
                start += entry.key + (" :" if entry.key.startswith("*") else ":")
            self.entry(entry, start, indent)
            # Below a text in lines, a comment that is indented as far would be one of its lines.
            self.comments(entry.below, indent if entry.value.kind == "block" else indent + _STEP)
        self.comments(node.tail, indent)

    def entry(self, entry: Entry, start: str, indent: int) -> None:
        """Write the value of an entry behind its key or dash."""
        node, gap = entry.value, " " if start else ""
        if node.kind == "scalar":
            self._scalar(node.text, f"{start}{gap}" if node.text else start, entry.beside, indent + _STEP)
        elif node.kind == "block":
            self.line(f"{start}{gap}{node.text}", entry.beside)
            for line in node.content:
                self.line(" " * (indent + _STEP) + line if line else "")
            self._keeps = node.text.endswith("+")
        elif (flat := _flat(node)) is not None and len(start) + 1 + len(flat) <= WIDTH:
            self.line(f"{start}{gap}{flat}", entry.beside)
        elif not node.entries:
            self.line(f"{start}{gap}{_empty(node)}", entry.beside)
            self.comments(node.tail, indent + _STEP)
        elif entry.key is None and start and not (node.text or entry.beside):
            self.block(node, indent + _STEP, f"{start} ")
        else:
            if start or node.text:
                self.line(f"{start}{gap}{node.text}".rstrip(), entry.beside)
            self.block(node, indent + _STEP if start else indent)

    def _scalar(self, text: str, start: str, beside: Comment | None, indent: int) -> None:
        """Write a scalar; the further lines of a long one are indented, which means nothing inside of it."""
        first, *more = text.split("\n")
        lines = [start + first, *(" " * indent + line.lstrip(" \t") if line.strip() else "" for line in more)]
        for line in lines[:-1]:
            self.line(line)
        self.line(lines[-1], beside)


def _flat(node: Node) -> str | None:
    """Write a collection in brackets on one line; None where it is a block, or has comments or long texts inside."""
    if not node.flow or node.commented:
        return None
    parts: list[str] = []
    for entry in node.entries:
        value = entry.value.text if entry.value.kind == "scalar" else _flat(entry.value)
        if value is None or "\n" in value:
            return None
        if entry.key is None:
            parts.append(value)
        else:
            colon = " :" if entry.key.startswith("*") else ":"
            parts.append(f"{entry.key}{colon} {value}" if value else entry.key)
    opening, closing = "{}" if node.kind == "mapping" else "[]"
    return " ".join(filter(None, (node.text, f"{opening}{', '.join(parts)}{closing}")))


def _empty(node: Node) -> str:
    return " ".join(filter(None, (node.text, "{}" if node.kind == "mapping" else "[]")))
