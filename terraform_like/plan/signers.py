"""policies/allowed_signers: the keys with which people sign commits, a line each, as OpenSSH writes them."""

from __future__ import annotations

from collections import Counter

FILE = "policies/allowed_signers"


def keys_of(person: str, signers: bytes) -> bytes:
    """Give the lines of an `allowed_signers` file that name a person, as the policies name people.

    A pattern such as `*@acme.com` names nobody: OpenSSH takes it for whoever says so, and a sign-off is one person's.
    """
    lines = (line for line in signers.splitlines() if not line.lstrip().startswith(b"#"))
    return b"".join(line + b"\n" for line in lines if person.encode() in _names(line))


def signers_changed(before: bytes, after: bytes) -> tuple[str, ...]:
    """Give a line for each key that comes or goes from one such file to another, as the changes of a gate are told."""
    old, new = (Counter(text.decode(errors="replace").splitlines()) for text in (before, after))
    gone, come = sorted((old - new).elements()), sorted((new - old).elements())
    return (*(f"- signer {line}" for line in gone), *(f"+ signer {line}" for line in come))


def _names(line: bytes) -> list[bytes]:
    first = line.split(None, 1)[:1]
    return first[0].strip(b'"').split(b",") if first else []
