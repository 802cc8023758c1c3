"""The keys with which people sign commits: lines of policies/allowed_signers for OpenSSH, files for GnuPG."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

FILE = "policies/allowed_signers"

#: How the name of a file ends that holds keys of GnuPG; before that it is the name of whose they are.
_OPENPGP = ".asc"


@dataclass(frozen=True, slots=True)
class Signers:
    """Who signs, by the files of a gate.

    Parameters
    ----------
    ssh : bytes
        policies/allowed_signers; empty where there is no such file.
    openpgp : mapping of str to bytes
        Exported keys of GnuPG, by person: of `vp.sales` those of policies/vp.sales.asc.
    """

    ssh: bytes = b""
    openpgp: Mapping[str, bytes] = field(default_factory=dict)

    def ssh_of(self, person: str) -> bytes:
        """Give the lines of `allowed_signers` that name a person, as the policies name people.

        A pattern such as `*@acme.com` names nobody: OpenSSH takes it for whoever says so, and a sign-off is one
        person's.
        """
        lines = (line for line in self.ssh.splitlines() if not line.lstrip().startswith(b"#"))
        return b"".join(line + b"\n" for line in lines if person.encode() in _names(line))

    def openpgp_of(self, person: str) -> bytes:
        """Give the exported keys of GnuPG of a person."""
        return self.openpgp.get(person, b"")


def signers_in(files: Mapping[str, bytes]) -> Signers:
    """Give the signers by the files of a gate: content by path, such as policies/allowed_signers."""
    keys = {path.removeprefix("policies/").removesuffix(_OPENPGP): path for path in files if path.endswith(_OPENPGP)}
    return Signers(files.get(FILE, b""), {person: files[path] for person, path in sorted(keys.items())})


def signers_changed(before: Signers, after: Signers) -> tuple[str, ...]:
    """Give a line for each key that comes or goes, as the changes of a gate are told."""
    old, new = Counter(_lines(before)), Counter(_lines(after))
    gone, come = sorted((old - new).elements()), sorted((new - old).elements())
    return (*(f"- signer {line}" for line in gone), *(f"+ signer {line}" for line in come))


def _lines(signers: Signers) -> Iterator[str]:
    yield from signers.ssh.decode(errors="replace").splitlines()
    for person, keys in signers.openpgp.items():
        yield f"{person} {person}{_OPENPGP} {hashlib.sha256(keys).hexdigest()[:12]}"


def _names(line: bytes) -> list[bytes]:
    first = line.split(None, 1)[:1]
    return first[0].strip(b'"').split(b",") if first else []
