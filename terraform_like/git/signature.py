"""Who signed the commit that wrote a file, as git verifies it with OpenSSH or GnuPG."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from terraform_like.git.run import run

Signature = Literal["good", "none", "lapsed", "other key", "other kind", "no gpg"]

#: How a signature begins in a commit.
_SIGNED = b"gpgsig"
_SSH = b"gpgsig -----BEGIN SSH SIGNATURE-----"
_OPENPGP = b"gpgsig -----BEGIN PGP SIGNATURE-----"

#: The only ring is one that was made for the keys in question, and there each of them counts.
_RING = "trust-model always\nno-auto-key-retrieve\nno-auto-check-trustdb\n"

#: What `%G?` of git-log(1) says of signatures that were good: signature or key has expired, or the key was revoked.
_LAPSED = (b"X", b"Y", b"R")


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of one person: lines of an `allowed_signers` file of OpenSSH (ssh-keygen(1)), and exported keys of GnuPG."""

    ssh: bytes = b""
    openpgp: bytes = b""


def signature(root: Path, path: str, keys: Keys) -> Signature:
    """Say whether the commit that last changed a file is signed with one of some keys.

    Parameters
    ----------
    root : pathlib.Path
        The repository.
    path : str
        The file, which is as it was committed.
    keys : Keys
        The keys. None of the user's settings and none of the machine's ring counts.

    Raises
    ------
    GitError
        When there is no git, no repository, or nothing is committed.
    """
    commit = run(root, "log", "-1", "--format=%H", "--", path).decode().strip()
    header = run(root, "cat-file", "commit", commit).partition(b"\n\n")[0].splitlines()
    signed = [line for line in header if line.startswith(_SIGNED)]
    if not signed:
        return "none"
    if all(line.startswith(_SSH) for line in signed):
        return _of_openssh(root, commit, keys.ssh)
    if all(line.startswith(_OPENPGP) for line in signed):
        return _of_gnupg(root, commit, keys.openpgp)
    return "other kind"


def is_shallow(root: Path) -> bool:
    """Say whether a clone lacks the commits of before, so that the newest one seems to have written every file.

    Raises
    ------
    GitError
        When there is no git, or no repository.
    """
    return run(root, "rev-parse", "--is-shallow-repository").strip() == b"true"


def _of_openssh(root: Path, commit: str, keys: bytes) -> Signature:
    with tempfile.NamedTemporaryFile(prefix="territory-") as file:
        file.write(keys)
        file.flush()
        told = run(root, "-c", f"gpg.ssh.allowedSignersFile={file.name}", *_how_signed(commit))
    # A key of nobody in the file is good too, but "U": of unknown trust.
    return "good" if told.strip() == b"G" else "other key"


def _of_gnupg(root: Path, commit: str, keys: bytes) -> Signature:
    gpg = shutil.which("gpg")
    if gpg is None:
        return "no gpg"
    with tempfile.TemporaryDirectory(prefix="territory-") as ring:
        (Path(ring) / "gpg.conf").write_text(_RING)
        ask = [gpg, "--homedir", ring, "--batch", "--no-autostart", "--import"]
        # What it cannot read is no key, and signs nothing.
        subprocess.run(ask, input=keys, check=False, capture_output=True)
        programs = ("-c", f"gpg.program={gpg}", "-c", f"gpg.openpgp.program={gpg}", "-c", "gpg.minTrustLevel=undefined")
        told = run(root, *programs, *_how_signed(commit), environment={"GNUPGHOME": ring}).strip()
    if told in _LAPSED:
        return "lapsed"
    return "good" if told == b"G" else "other key"


def _how_signed(commit: str) -> tuple[str, ...]:
    return ("log", "-1", "--no-show-signature", "--format=%G?", commit)
