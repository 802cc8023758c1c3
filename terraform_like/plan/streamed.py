"""plan.json read piece by piece, as `plan.canonical` lays it out, so that no more than a piece of it is in memory.

Each piece is read as JSON by itself, and the pieces one after the other are the whole text: what is found in them is
what is found in the whole. What is laid out in another way, or holds anything wrong, is left to `plan.file`, which
reads it whole and says why.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter

from terraform_like.diff import Change
from terraform_like.plan.canonical import canonical
from terraform_like.plan.file import LARGEST, is_of_our_major, strict_json
from terraform_like.plan.model import Head, Scheduled
from terraform_like.plan.ways import Gathered, Ways

#: Bytes of an array that are read as one piece, or as many as its next element takes.
_PIECE = 50_000

_CHANGES, _SCHEDULED = TypeAdapter(list[Change]), TypeAdapter(list[Scheduled])
_DECODER = json.JSONDecoder()


class _Otherwise(ValueError):
    """The file is laid out otherwise."""


def streamed(path: Path, *, piece: int = _PIECE) -> tuple[Head, Ways] | None:
    """Read a plan.json that is what was sealed; None where it has to be read whole, be it to say what is wrong.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    piece : int
        Bytes that are read as one piece, at least.
    """
    try:
        if path.stat().st_size > LARGEST:
            return None
        with path.open("rb") as file:
            return _Reading(file, piece).plan()
    except (OSError, ValueError, RecursionError):
        # What is no JSON, no Unicode or no plan is a ValueError.
        return None


class _Reading:
    """A file that is being read: the lines to come, and the canonical JSON of those that were read, as a digest."""

    def __init__(self, file: BinaryIO, piece: int) -> None:
        self._lines: Iterator[bytes] = iter(file)
        self._piece = piece
        self._seal = hashlib.sha256(b"{")
        self._gathered = Gathered()
        self._arrays: dict[str, Callable[[list[Any]], None]] = {
            "changes": lambda found: self._gathered.change(_CHANGES.validate_python(found)),
            "scheduled": lambda found: self._gathered.schedule(_SCHEDULED.validate_python(found)),
        }

    def plan(self) -> tuple[Head, Ways]:
        """Read it to its end.

        Raises
        ------
        ValueError
            When it is laid out otherwise, is no plan, or not what was sealed.
        """
        if next(self._lines, b"") != b"{\n":
            raise _Otherwise
        rest, more = self._members()
        if more or next(self._lines, None) is not None or any(rest.pop(name, []) != [] for name in self._arrays):
            raise _Otherwise
        self._seal.update(b"}")
        if not is_of_our_major(rest.get("format_version")) or rest.get("digest") != self._seal.hexdigest():
            raise _Otherwise
        return Head.model_validate(rest), self._gathered.ways()

    def _members(self) -> tuple[dict[str, Any], bool]:
        """Give all but the arrays that grow with the accounts, and whether a comma promises more."""
        rest: dict[str, Any] = {}
        last, more, separator = None, True, b""
        for line in self._lines:
            if line == b"}\n":
                return rest, more
            written = line.decode()
            key, end = _DECODER.raw_decode(written, 1)
            # Where each key comes after the one before it, none stands twice.
            if not (more and line.startswith(b' "')) or (last is not None and key <= last):
                raise _Otherwise
            last = key
            if key != "digest":
                self._seal.update(separator + canonical(key) + b":")
                separator = b","
            if key in self._arrays and written[end:] == ": [\n":
                more = self._array(self._arrays[key])
                continue
            text, more = self._member(line)
            member = strict_json(b"{" + text + b"}")
            if list(member) != [key]:
                raise _Otherwise
            rest |= member
            if key != "digest":
                self._seal.update(canonical(member[key]))
        raise _Otherwise

    def _member(self, line: bytes) -> tuple[bytes, bool]:
        """Give the text of a member from its first line on, without the comma after it, and whether there is one."""
        lines = [line]
        if line.endswith((b"{\n", b"[\n")):
            for line in self._lines:
                lines.append(line)
                if line.startswith((b" }", b" ]")):
                    break
        text = b"".join(lines).removesuffix(b"\n")
        return text.removesuffix(b","), text.endswith(b",")

    def _array(self, take: Callable[[list[Any]], None]) -> bool:
        """Hand over an array, some elements at a time; say whether a comma comes after it."""
        lines: list[bytes] = []
        size, begun = 0, False
        self._seal.update(b"[")
        for line in self._lines:
            closed = line in (b" ],\n", b" ]\n")
            if not closed:
                lines.append(line)
                size += len(line)
            if closed or (size >= self._piece and line == b"  },\n"):
                text = b"".join(lines)
                found = strict_json(b"[" + (text if closed else text.removesuffix(b",\n")) + b"]")
                # What ends with a comma promises another element.
                if begun and not found:
                    raise _Otherwise
                self._seal.update((b"," if begun else b"") + canonical(found)[1:-1])
                take(found)
                begun, size, lines = bool(found), 0, []
            if closed:
                self._seal.update(b"]")
                return line == b" ],\n"
        raise _Otherwise
