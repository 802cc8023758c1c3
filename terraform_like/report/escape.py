"""Text of users and CRMs, made harmless for a terminal."""

from __future__ import annotations

import unicodedata

#: Control, format (bidirectional overrides, zero-width), surrogate, line and paragraph separator.
_HOSTILE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def escaped(text: str, keep: str = "") -> str:
    r"""Write out characters that steer a terminal or cannot be seen, as `\x1b` or `\u202e`.

    Parameters
    ----------
    text : str
        Anything: an account's name, an id, a CRM's message, a line of a file.
    keep : str
        Characters to leave alone all the same, such as a line end.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in keep or unicodedata.category(c) not in _HOSTILE else _written(c) for c in text)


def _written(character: str) -> str:
    code = ord(character)
    short = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(character)
    if short:
        return short
    return rf"\x{code:02x}" if code < 0x100 else rf"\u{code:04x}" if code < 0x10000 else rf"\U{code:08x}"
