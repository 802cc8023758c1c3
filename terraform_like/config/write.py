"""What a company wants, as YAML that is pleasant to read; what `config.load` reads back is equal to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from terraform_like.config.language import PlanFile
from terraform_like.config.layout import WIDTH, Kind, laid_out
from terraform_like.diagnostics import Path, Report
from terraform_like.domain.carving import Carving
from terraform_like.domain.quantity import Share

#: Words that no version of YAML takes for anything but text; expressions stand in quotes.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*([./@_+-][A-Za-z0-9]+)*")
_NOT_TEXT = re.compile(r"(y|n|yes|no|on|off|true|false|null|nan|inf)", re.IGNORECASE)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def plan_text(
    carving: Carving,
    keys: tuple[str, ...],
    schema: str,
    *,
    head: str = "",
    above: Mapping[Path, str] | None = None,
    beside: Mapping[Path, str] | None = None,
    foot: str = "",
) -> bytes:
    """Write part of a plan as a file of its folder.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    keys : tuple of str
        The top-level keys to write; one that says nothing beyond its default is left out.
    schema : str
        Path from the file to the plan's JSON Schema.
    head, foot : str
        What the comments at the start and at the end of the file say.
    above, beside : mapping of path to str
        What the comments above keys, and at the ends of their lines, say: keys of the file, and names and items below
        them, such as `("territories", "ent-west")` and `("segments", 0)`.

    Raises
    ------
    ValueError
        When what was written cannot be laid out, which is a fault of this module.
    """
    notes = _Notes(above or {}, beside or {})
    lines = [f"# yaml-language-server: $schema={schema}", *(["#", *_commented(head)] if head else [])]
    hints = get_type_hints(PlanFile, include_extras=True)
    for key in keys:
        value = getattr(carving, key)
        if value != PlanFile.model_fields[key].get_default(call_default_factory=True):
            lines += ["", *_top_level(key, value, hints[key], notes)]
    if foot:
        lines += ["", *_commented(foot)]
    report = Report()
    content = "".join(f"{line}\n" for line in lines).encode()
    laid = laid_out(content, "plan", Kind(PlanFile, schema), report)
    if laid is None:
        raise ValueError("; ".join(f"{d.summary}: {d.detail}" for d in report))
    return laid


class _Notes:
    def __init__(self, above: Mapping[Path, str], beside: Mapping[Path, str]) -> None:
        self._above = above
        self._beside = beside

    def __contains__(self, path: Path) -> bool:
        return path in self._above or path in self._beside

    def around(self, path: Path, line: str, indent: str, width: int = 0) -> Iterator[str]:
        """Give a line with the comments above it and, behind so many columns, at its end."""
        if path in self._above:
            yield from (f"{indent}{comment}" for comment in _commented(self._above[path]))
        yield f"{line.ljust(width)} {_commented(self._beside[path])[0]}" if path in self._beside else line


def _top_level(key: str, value: Any, hint: Any, notes: _Notes) -> Iterator[str]:
    """Write a key of the file as a block, one line an entry; the layout breaks those that are too long."""
    if isinstance(value, dict):
        inner = get_args(_bare(hint))[1]
        entries = [((key, name), f"{scalar(name)}: {_flow(one, inner)}") for name, one in value.items()]
    elif isinstance(value, tuple):
        inner = get_args(_bare(hint))[0]
        entries = [((key, number), f"- {_flow(one, inner)}") for number, one in enumerate(value)]
    else:
        entries = [((key, name), f"{name}: {text}") for name, text in _said(value)]
    if isinstance(value, BaseModel) and (len(entries) > 1) and not any(path in notes for path, _ in entries):
        yield from notes.around((key,), f"{key}: {_flow(value, hint)}", "")
        return
    yield from notes.around((key,), f"{key}:", "")
    # Comments stand below one another, as far as the entries stay on one line.
    width = max((len(line) + 2 for path, line in entries if path in notes and len(line) + 2 <= WIDTH), default=0)
    for path, line in entries:
        yield from notes.around(path, f"  {line}", "  ", width)


def _said(value: BaseModel) -> Iterator[tuple[str, str]]:
    """Give each key that says more than its default, in the language's order, with its value as text."""
    hints = get_type_hints(type(value), include_extras=True)
    for name, field in type(value).model_fields.items():
        inner = getattr(value, name)
        if field.is_required() or inner != field.get_default(call_default_factory=True):
            yield field.alias or name, _flow(inner, hints[name])


def _flow(value: Any, hint: Any) -> str:
    """Write a value on one line; `hint` is its type as the language declares it, which says how it is meant."""
    if isinstance(value, BaseModel):
        return "{" + ", ".join(f"{key}: {text}" for key, text in _said(value)) + "}"
    bare = _bare(hint)
    if isinstance(value, dict):
        inner = _argument(bare, dict, 1)
        return "{" + ", ".join(f"{scalar(key)}: {_flow(one, inner)}" for key, one in value.items()) + "}"
    if isinstance(value, tuple | list):
        inner = _argument(bare, tuple, 0)
        return "[" + ", ".join(_flow(one, inner) for one in value) + "]"
    if isinstance(value, float) and Share in (hint, *get_args(bare)):
        return _share(value)
    return scalar(value)


def scalar(value: str | float | bool | date | None) -> str:
    """Write one value; text is in quotes unless every reader takes it for text as it is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)
    if _PLAIN.fullmatch(value) and not _NOT_TEXT.fullmatch(value):
        return value
    return '"' + "".join(_ESCAPES.get(c) or (c if c.isprintable() else _escape(c)) for c in value) + '"'


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _share(value: float) -> str:
    """Write a share in per cent: shifting the decimal point is exact, and is read back so."""
    text = f"{Decimal(repr(value)).scaleb(2):f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _argument(hint: Any, kind: type, position: int) -> Any:
    for one in (hint, *get_args(hint)):
        if get_origin(one) is kind:
            return get_args(one)[position]
    return None


def _commented(text: str) -> list[str]:
    """Give a text as lines of comment; nothing of it can leave its comment."""
    lines = text.split("\n")
    return [f"# {''.join(c if c.isprintable() else ' ' for c in line)}".rstrip() for line in lines]
