"""What makes a mutant cheap: which lines a test runs, and functions that are imported already and take other code."""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Iterator
from types import CodeType, FrameType, FunctionType
from typing import Any

from changes import Mutant

#: Functions by file, name and line.
Functions = dict[tuple[str, str, int], list[FunctionType]]


class Noting:
    """Notes the lines of some files that run meanwhile."""

    def __init__(self, watched: set[str]) -> None:
        self._watched = watched
        self.lines: dict[str, set[int]] = {}

    def __enter__(self) -> Noting:
        sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _call(self, frame: FrameType, event: str, _: object) -> Any:
        file = frame.f_code.co_filename
        if file not in self._watched:
            return None
        lines = self.lines.setdefault(file, set())
        lines.add(frame.f_lineno)

        def line(frame: FrameType, event: str, _: object) -> Any:
            lines.add(frame.f_lineno)
            return line

        return line


def functions_of(files: set[str]) -> Functions:
    """Give the functions that stand in files."""
    found: Functions = {}
    for value in gc.get_objects():
        if isinstance(value, FunctionType) and value.__code__.co_filename in files:
            found.setdefault(_place(value.__code__), []).append(value)
    return found


def memories() -> list[Any]:
    """Give what remembers answers in the package, each with a `cache_clear`."""
    cached = (value for value in gc.get_objects() if isinstance(value, functools._lru_cache_wrapper))
    return [value for value in cached if value.__module__.startswith("terraform_like")]


def _place(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def swapped(mutant: Mutant, functions: Functions) -> list[tuple[FunctionType, CodeType]] | None:
    """Give the functions that a mutant changes, with their code in it; None where one cannot take it."""
    found = [
        (function, code)
        for code in _codes(mutant.code)
        for function in functions.get(_place(code), ())
        if function.__code__ != code
    ]
    fits = all(function.__code__.co_freevars == code.co_freevars for function, code in found)
    return found if found and fits else None


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
