"""Text of users and CRMs, made harmless for Markdown as GitHub renders it, and tables of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from terraform_like.report.escape import escaped
from terraform_like.report.terminal import Align

#: Characters that Markdown or HTML may take for markup wherever they stand in a line, and `$`, which begins math.
_MARKUP = re.compile(r"[\\`*_\[\]<>&|~$\"]")
#: What GitHub makes of text after it rendered it: mentions, references, links, pictures of words between colons. A
#: character without width behind the first one parts them; entities do not, as GitHub looks at what they stand for.
_MAGIC = re.compile(r"@(?=\w)|#(?=\w)|:(?=[\w+-]+:)|:(?=//)|(?<=www)\.|(?<=\bGH)-(?=\d)", re.IGNORECASE)
_APART = "&#8203;"
#: What a CI that reads the output takes for a command.
_COMMANDS = re.compile(r"::|##\[")
_RULE = {"left": ":---", "right": "---:"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table: titles, how each column is aligned, and rows of as many cells as there are titles."""

    head: tuple[str, ...]
    align: tuple[Align, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """The line below the titles, cell by cell."""
        return tuple(Markup(_RULE[align]) for align in self.align)


@dataclass(frozen=True, slots=True)
class Folded:
    """A table that is folded away below its summary, and a sentence below it."""

    summary: str
    table: Table
    below: str = ""


def harmless(text: str) -> Markup:
    """Give text that renders as itself and does nothing: no markup, mention, reference, link, picture or command."""
    if isinstance(text, Markup):
        return text
    parts, end = [], 0
    plain = escaped(text)
    for found in _MAGIC.finditer(plain):
        parts += [_entities(plain[end : found.start()]), f"&#{ord(found.group())};{_APART}"]
        end = found.end()
    return Markup("".join([*parts, _entities(plain[end:])]))


def _entities(text: str) -> str:
    marked = _MARKUP.sub(lambda found: f"&#{ord(found.group())};", text)
    return _COMMANDS.sub(lambda found: "".join(f"&#{ord(c)};" for c in found.group()), marked)


def code(text: str) -> Markup:
    """Give a code span, in which GitHub looks for nothing; what would end it or its cell is written out."""
    if not text:
        return Markup("")
    plain = escaped(text).replace("`", r"\x60").replace("|", r"\x7c").replace("##[", r"#\x23[")
    return Markup(f"`{plain}`")


def bold(text: str) -> Markup:
    """Give text that stands out, without blanks at its ends, before which it would not."""
    text = text.strip()
    return Markup("**{}**").format(harmless(text)) if text else Markup("")


def cut(text: str, longest: int) -> str:
    """Give a text of so many characters at most; what is left out shows as `…`."""
    plain = escaped(text[:longest])
    return plain if len(plain) <= longest and len(text) <= longest else plain[: longest - 1] + "…"


def mermaid(text: str) -> str:
    """Give a label for a Mermaid diagram: what is no letter, digit or plain mark stands as its number."""
    return "".join(c if c.isalnum() or c in " -./,()" else f"#{ord(c)};" for c in escaped(text))


def fenced(text: str) -> Markup:
    """Give a line for a fenced block; nothing in it ends the block."""
    return Markup(escaped(text).replace("```", r"\x60\x60\x60"))


def listed(items: Sequence[str]) -> Markup:
    """Give items with commas between."""
    return Markup(", ").join(map(harmless, items))
