"""Ids of records: 15 characters that tell capitals from small letters, or 18 that end with a check."""

from __future__ import annotations

import re
import string

_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
_CHECKS = string.ascii_uppercase + "012345"


def long_id(text: str) -> str | None:
    """Give the id in 18 characters, as the API does; None where the text is none.

    Each of the three last characters says which of five of the others are capitals, the first as the lowest bit.
    """
    if not _ID.fullmatch(text) or not text.isascii():
        return None
    parts = (text[start : start + 5] for start in (0, 5, 10))
    return text[:15] + "".join(
        _CHECKS[sum(1 << place for place, letter in enumerate(part) if letter.isupper())] for part in parts
    )
