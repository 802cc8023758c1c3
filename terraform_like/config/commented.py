"""YAML as it was written: a tree of entries that keep their text to the letter, each with its own comments.

ruamel.yaml's own round trip hangs a comment on the value before it, so that an entry which is put elsewhere would leave
its comment behind; and it writes scalars anew. Here the parser's events say where every scalar stands, whatever is
between them is punctuation, blank lines and comments, and a comment belongs to the entry that a reader takes it for:

- at the end of a line, to the entry of that line;
- on a line of its own, to the entry below it, unless it is indented deeper than that entry: then to the one above.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

_COMMENT = re.compile(r"(?<![\w])#[^\n\x85\u2028\u2029]*")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_PROPERTIES = re.compile(r"(?:[&!][^\s]*\s+)*")
_HEADER = re.compile(r"(?P<style>[|>])(?:[+-]|(?P<indent>[1-9]))*[ \t]*(?P<comment>#.*)?$")

#: Lines of comments; None is a blank line.
Lines = list[str | None]


class UnusualYaml(ValueError):
    """YAML that no file of the language needs, such as a mapping as a key; the message says what."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment: its text from `#` on, where it starts, and whether it has its line for itself."""

    text: str
    index: int
    column: int
    alone: bool


@dataclass(slots=True)
class Node:
    """A value as it was written.

    Parameters
    ----------
    kind : str
        `scalar` (an alias too), `block` for a scalar written with `|` or `>`, `mapping` or `sequence`.
    text : str
        A scalar as it stands, quotes and anchor included; the first line of a block scalar; anchor and tag of a
        collection.
    flow : bool
        Whether a collection stands in brackets.
    content : list of str
        Lines of a block scalar, without their indentation.
    entries : list of Entry
        What a collection holds.
    tail : Lines
        Comments below its last entry.
    """

    kind: Literal["scalar", "block", "mapping", "sequence"]
    text: str = ""
    flow: bool = False
    content: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    tail: Lines = field(default_factory=list)

    @property
    def commented(self) -> bool:
        """Whether there is a comment inside."""
        return any(line is not None for line in self.tail) or any(entry.commented for entry in self.entries)


@dataclass(slots=True)
class Entry:
    """A key with its value, or an item of a list, with the comments that are its own.

    Parameters
    ----------
    key : str or None
        The key as it stands; None for an item.
    name : str
        What the key means, its quotes taken away.
    value : Node
        The value.
    above, below : Lines
        Comments and blank lines above it; comments below it that are indented deeper than it is.
    beside : Comment or None
        The comment at the end of its (first) line.
    defines, uses : set of str
        Names of anchors inside; names that aliases inside refer to.
    """

    key: str | None
    name: str
    value: Node
    above: Lines = field(default_factory=list)
    below: Lines = field(default_factory=list)
    beside: Comment | None = None
    defines: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)

    @property
    def commented(self) -> bool:
        """Whether there is a comment at it or inside."""
        lines = any(line is not None for line in (*self.above, *self.below))
        return lines or self.beside is not None or self.value.commented


@dataclass(frozen=True, slots=True)
class CommentedFile:
    """A file: the comments above its first key, its value (None where it says nothing), the comments at its end."""

    head: Lines
    root: Node | None
    foot: Lines
    comments: tuple[str, ...]


def read_commented(text: str) -> CommentedFile:
    """Read YAML with its comments.

    Parameters
    ----------
    text : str
        One document that `config.source` accepts, with `\\n` at the ends of lines.

    Raises
    ------
    UnusualYaml
        When it holds something that has no place in the language.
    """
    return _Reader(text).file()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._events = [
            e for e in YAML(typ="safe", pure=False).parse(text) if isinstance(e, NodeEvent | CollectionEndEvent)
        ]
        self._next = 0
        self._comments = list(self._found())
        self._taken = 0
        # Where the last key, value or comment that was read ends.
        self._last = 0
        self._defines: set[str] = set()
        self._uses: set[str] = set()

    def file(self) -> CommentedFile:
        comments = tuple(comment.text for comment in self._comments)
        if not self._events:
            return CommentedFile(self._above(len(self._text)), None, [], comments)
        first = self._events[0]
        if isinstance(first, ScalarEvent) and first.start_mark.index == first.end_mark.index:
            return CommentedFile(self._above(len(self._text)), None, [], comments)
        head = self._above(first.start_mark.index)
        root = self._node(-1)
        return CommentedFile(head, root, self._above(len(self._text)), comments)

    def _found(self) -> Iterator[Comment]:
        """Find the comments: every `#` outside of scalars, and at the head of block scalars."""
        end = 0
        for event in self._events:
            if not isinstance(event, ScalarEvent | AliasEvent):
                continue
            start, stop = event.start_mark.index, event.end_mark.index
            yield from self._comments_between(end, start)
            if _is_block(event):
                head = start + len(_header_of(self._text[start:stop])[0])
                yield from self._comments_between(start, head)
            end = max(end, stop)
        yield from self._comments_between(end, len(self._text))

    def _comments_between(self, start: int, stop: int) -> Iterator[Comment]:
        for match in _COMMENT.finditer(self._text, start, stop):
            line = self._text.rfind("\n", 0, match.start()) + 1
            alone = not self._text[line : match.start()].strip()
            yield Comment(match[0].rstrip(), match.start(), match.start() - line, alone)

    def _node(self, column: int) -> Node:
        """Read the value that comes next; `column` is that of the block which holds it."""
        event: Any = self._events[self._next]
        self._next += 1
        if event.anchor is not None:
            (self._uses if isinstance(event, AliasEvent) else self._defines).add(event.anchor)
        start, stop = event.start_mark.index, event.end_mark.index
        if isinstance(event, CollectionStartEvent):
            return self._collection(event)
        written = self._text[start:stop]
        self._last = stop
        if _is_block(event):
            return self._block_scalar(event, column)
        return Node("scalar", written)

    def _block_scalar(self, event: Any, column: int) -> Node:
        written = self._text[event.start_mark.index : event.end_mark.index]
        head, body = _header_of(written)
        properties = _properties(head)
        header = _HEADER.match(head, len(properties))
        if header is None:
            raise UnusualYaml("the first line of a block of text cannot be understood")
        lines = body.split("\n")
        if not lines[-1]:
            lines.pop()
        filled = [line for line in lines if line.strip(" ")]
        margin = len(filled[0]) - len(filled[0].lstrip(" ")) if filled else 0
        if header["indent"]:
            margin = max(column, 0) + int(header["indent"])
        content = [line[margin:] for line in lines]
        signs = header[0].split("#")[0]
        keeps, strips = "+" in signs, "-" in signs
        # The last line end is no part of it, nor are blank lines below a text that does not keep them.
        self._last -= written.endswith("\n")
        while content and not content[-1] and not keeps:
            self._last -= len(lines[len(content) - 1]) + 1
            content.pop()
        if event.value and not event.value.endswith("\n"):
            # At the end of a file that has no last line end, `|` has none either; the file will get one.
            keeps, strips = False, True
        opening = next((line for line in content if line.strip(" ")), "")
        indicator = "2" if opening.startswith(" ") or any(content[: content.index(opening)] if opening else []) else ""
        chomping = "-" if strips else "+" if keeps else ""
        return Node("block", f"{properties}{header['style']}{indicator}{chomping}", content=content)

    def _collection(self, event: Any) -> Node:
        properties = _properties(self._text[event.start_mark.index : event.end_mark.index])
        mapping = isinstance(event, MappingStartEvent)
        node = Node("mapping" if mapping else "sequence", " ".join(properties.split()), flow=bool(event.flow_style))
        # Behind an anchor or a tag, the block itself starts where the event ends.
        column = (event.end_mark if properties else event.start_mark).column
        if node.flow:
            self._last = event.end_mark.index
        while not isinstance(self._events[self._next], CollectionEndEvent):
            outer = self._defines, self._uses
            self._defines, self._uses = set(), set()
            entry = self._pair(node.flow, column) if mapping else self._item(node.flow, column)
            entry.defines, entry.uses = self._defines, self._uses
            self._defines, self._uses = outer[0] | entry.defines, outer[1] | entry.uses
            if not node.flow:
                entry.below = self._deeper_than(column + 1)
            node.entries.append(entry)
        end = self._events[self._next]
        self._next += 1
        if node.flow:
            node.tail = [line for line in self._above(end.start_mark.index) if line is not None]
            self._last = end.end_mark.index
        else:
            node.tail = self._deeper_than(column)
        return node

    def _pair(self, flow: bool, column: int) -> Entry:
        key = self._events[self._next]
        self._next += 1
        if not isinstance(key, ScalarEvent | AliasEvent):
            raise UnusualYaml("a key is a mapping or a list")
        if key.anchor is not None:
            (self._uses if isinstance(key, AliasEvent) else self._defines).add(key.anchor)
        above = self._above(key.start_mark.index, blank=not flow)
        written = self._text[key.start_mark.index : key.end_mark.index]
        if "\n" in written:
            raise UnusualYaml("a key has several lines")
        name = written if isinstance(key, AliasEvent) else str(key.value)
        self._last = key.end_mark.index
        entry = Entry(written, name, Node("scalar"), above)
        self._fill(entry, flow, column)
        return entry

    def _item(self, flow: bool, column: int) -> Entry:
        start = self._events[self._next].start_mark.index
        # What stands behind the dash is beside the item; all that stands on lines of its own is above it.
        dashed = None if flow else next((c for c in self._until(start) if not c.alone), None)
        above = self._above(start, blank=not flow, without=dashed)
        self._last = start
        entry = Entry(None, "", Node("scalar"), above, beside=dashed)
        self._fill(entry, flow, column)
        return entry

    def _fill(self, entry: Entry, flow: bool, column: int) -> None:
        """Read the value of an entry, and the comments beside it."""
        event = self._events[self._next]
        start = event.start_mark.index
        nested = isinstance(event, CollectionStartEvent) and not event.flow_style
        early = entry.beside
        if nested:
            # With an anchor or a tag, the block itself starts where the event ends.
            entry.beside = early or self._beside(event.end_mark.index)
        else:
            # The value moves up to its key, so that comments between them go above both.
            entry.above += [line for line in self._above(start, blank=False) if line is not None]
            if early:
                entry.above.append(early.text)
        entry.value = self._node(column)
        if not nested:
            header = entry.value.kind == "block"
            entry.beside = self._inside_header(event) if header else self._beside(self._upcoming())

    def _inside_header(self, event: Any) -> Comment | None:
        upto = self._until(event.end_mark.index)
        self._taken += len(upto)
        return upto[0] if upto else None

    def _upcoming(self) -> int:
        return self._events[self._next].start_mark.index if self._next < len(self._events) else len(self._text)

    def _until(self, index: int) -> list[Comment]:
        """Give the comments that nobody took yet, up to an index."""
        return list(takewhile(lambda c: c.index < index, islice(self._comments, self._taken, None)))

    def _beside(self, before: int) -> Comment | None:
        """Take the comment at the end of the line where reading is, if it stands before what comes next."""
        upto = self._until(max(before, self._last + 1))
        if not upto or upto[0].alone or "\n" in self._text[self._last : upto[0].index]:
            return None
        self._taken += 1
        return upto[0]

    def _above(self, index: int, *, blank: bool = True, without: Comment | None = None) -> Lines:
        """Take all comments up to an index, with the blank lines between them."""
        lines: Lines = []
        for comment in self._until(index):
            self._taken += 1
            if comment is not without:
                self._line(comment, lines, blank=blank)
        if blank and _BLANK_LINE.search(self._text, self._last, index):
            lines.append(None)
        return lines

    def _deeper_than(self, column: int) -> Lines:
        """Take the comments that follow, while they are indented so far and deeper than what comes next."""
        lines: Lines = []
        for comment in self._until(self._upcoming_content()):
            if not (comment.alone and comment.column >= column and comment.column > self._indent_after(comment)):
                break
            self._taken += 1
            self._line(comment, lines, blank=True)
        return lines

    def _line(self, comment: Comment, lines: Lines, *, blank: bool) -> None:
        if blank and _BLANK_LINE.search(self._text, self._last, comment.index):
            lines.append(None)
        lines.append(comment.text)
        self._last = comment.index + len(comment.text)

    def _upcoming_content(self) -> int:
        rest = (e.start_mark.index for e in self._events[self._next :] if not isinstance(e, CollectionEndEvent))
        return next(rest, len(self._text))

    def _indent_after(self, comment: Comment) -> int:
        """Give the column at which the next line that is no comment starts; -1 at the end of the file."""
        end = self._text.find("\n", comment.index)
        while end >= 0:
            start, end = end + 1, self._text.find("\n", end + 1)
            line = self._text[start : end if end >= 0 else None]
            if line.strip() and not line.lstrip().startswith("#"):
                return len(line) - len(line.lstrip(" "))
        return -1


def _is_block(event: Any) -> bool:
    """Say whether an event is a scalar written with `|` or `>`."""
    return isinstance(event, ScalarEvent) and event.style in ("|", ">")


def _header_of(written: str) -> tuple[str, str]:
    """Part a block scalar into its first line, which says how it is written, and its content."""
    start = len(_properties(written))
    end = written.find("\n", start)
    return (written, "") if end < 0 else (written[:end], written[end + 1 :])


def _properties(written: str) -> str:
    """Give anchor and tag at the start of a node as they stand, with the space behind them."""
    match = _PROPERTIES.match(written)
    return match[0] if match else ""
