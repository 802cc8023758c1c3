"""Who signed the commit that wrote a file, as git and OpenSSH verify it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from terraform_like.git.run import run

Signature = Literal["good", "none", "other key", "other kind"]

#: How a signature of OpenSSH begins in a commit. What gpg would say depends on the keys of the machine that asks it.
_SSH = b"gpgsig -----BEGIN SSH SIGNATURE-----"
_SIGNED = b"gpgsig"


def signature(root: Path, path: str, signers: bytes) -> Signature:
    """Say whether the commit that last changed a file is signed with one of some keys.

    Parameters
    ----------
    root : pathlib.Path
        The repository.
    path : str
        The file, which is as it was committed.
    signers : bytes
        The keys: lines of an `allowed_signers` file of OpenSSH (ssh-keygen(1)). No key of the user's settings counts.

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
    if not all(line.startswith(_SSH) for line in signed):
        return "other kind"
    with tempfile.NamedTemporaryFile(prefix="territory-") as file:
        file.write(signers)
        file.flush()
        keys = f"gpg.ssh.allowedSignersFile={file.name}"
        # A key of nobody in the file is good too, but "U": of unknown trust.
        told = run(root, "-c", keys, "log", "-1", "--no-show-signature", "--format=%G?", commit)
    return "good" if told.strip() == b"G" else "other key"


def is_shallow(root: Path) -> bool:
    """Say whether a clone lacks the commits of before, so that the newest one seems to have written every file.

    Raises
    ------
    GitError
        When there is no git, or no repository.
    """
    return run(root, "rev-parse", "--is-shallow-repository").strip() == b"true"
