"""Ids of records: 15 characters that tell capitals from small letters, and 18 that need not."""

from __future__ import annotations

import string

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECKS = string.ascii_uppercase + "012345"


def make_id(prefix: str, number: int) -> str:
    """Give the id of 18 characters of the record with that number."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return long_id(f"{prefix}5g000{digits.rjust(15 - len(prefix) - 5, '0')}")


def long_id(text: str) -> str:
    """Give 18 characters for 15; anything else is left as it is."""
    if len(text) != 15 or not text.isalnum():
        return text
    return text + "".join(
        _CHECKS[sum(1 << place for place, letter in enumerate(text[start : start + 5]) if letter.isupper())]
        for start in (0, 5, 10)
    )
