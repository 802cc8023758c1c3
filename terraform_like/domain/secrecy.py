"""What no message may hold: passwords, in every form in which a program may quote them."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, quote_plus


def forms(secrets: Iterable[str]) -> tuple[str, ...]:
    """Give secrets as they are and as URLs quote them, the longest first; empty texts are none."""
    return tuple(
        sorted({form for text in secrets if text for form in (text, quote(text), quote_plus(text))}, key=len)[::-1]
    )


def struck_out(text: str, secrets: Iterable[str]) -> str:
    """Give a text with each of some secrets replaced by `***`; `secrets` are as `forms` gives them."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text
