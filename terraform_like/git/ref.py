"""Commits that no branch has, and a ref that names them: shared through a remote, moved by compare-and-swap."""

from __future__ import annotations

import io
import os
import re
import tarfile
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from terraform_like.git.run import Refused, commit_of, run, setting


def remote(root: Path) -> str | None:
    """Give the remote that a repository shares its refs with: `origin`, where there is one.

    Raises
    ------
    GitError
        When there is no git, or no repository.
    """
    return "origin" if b"origin" in run(root, "remote").split() else None


def fetch_ref(root: Path, ref: str) -> str | None:
    """Give the newest commit of a ref, as the remote has it where there is one; None where there is no such ref.

    Raises
    ------
    GitError
        When there is no git, no repository, or the remote does not answer.
    """
    origin = remote(root)
    if origin is None:
        return commit_of(root, ref)
    told = run(root, "ls-remote", origin, ref).split()
    if not told:
        return None
    try:
        run(root, "cat-file", "-e", told[0].decode())
    except Refused:
        run(root, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", origin, f"+{ref}:{ref}")
    return told[0].decode()


def tree(root: Path, commit: str) -> dict[str, bytes]:
    """Give every file of a commit, by path from its top, sorted.

    Raises
    ------
    GitError
        When there is no git, no repository, or no such commit.
    """
    top = Path(os.fsdecode(run(root, "rev-parse", "--show-toplevel").removesuffix(b"\n")))
    files = {}
    with tarfile.open(fileobj=io.BytesIO(run(top, "archive", "--format=tar", commit))) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                files[member.name] = file.read()
    return dict(sorted(files.items()))


def made(root: Path, commit: str) -> datetime:
    """Give when a commit was made, by the clock of whoever made it.

    Raises
    ------
    GitError
        When there is no git, no repository, or no such commit.
    """
    return datetime.fromtimestamp(int(run(root, "log", "-1", "--no-show-signature", "--format=%ct", commit)), UTC)


def commit_files(root: Path, parent: str | None, files: Mapping[str, bytes | None], message: str) -> str:
    """Make a commit that no branch has: the files of its parent, with some written anew and, where None, taken away.

    Raises
    ------
    GitError
        When there is no git, no repository, or it cannot be written to.
    """
    name, email = setting(root, "user.name") or "territory", setting(root, "user.email") or "territory@localhost"
    who_commits = re.sub(r"[<>\n\0]", "", name), re.sub(r"[<>\s\0]", "", email)
    text = message.encode()
    # Names the commit while it is being made; others may be making theirs.
    pending = f"refs/territory/pending-{os.getpid()}"
    with tempfile.TemporaryFile() as stream:
        stream.write(b"commit %b\ncommitter %b <%b> now\n" % (pending.encode(), *(w.encode() for w in who_commits)))
        stream.write(b"data %d\n%b\n" % (len(text), text))
        stream.write(b"from %b\n" % parent.encode() if parent else b"")
        for path, content in sorted(files.items()):
            if content is None:
                stream.write(b"D %b\n" % path.encode())
            else:
                stream.write(b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(content), content))
        stream.write(b"done\n")
        stream.seek(0)
        run(root, "fast-import", "--quiet", "--done", "--force", "--date-format=now", given=stream)
    commit = run(root, "rev-parse", pending).decode().strip()
    run(root, "update-ref", "-d", pending)
    return commit


def move_ref(root: Path, ref: str, commit: str, expected: str | None) -> bool:
    """Have a ref name a commit, here and at the remote where there is one, but only where it names what is expected.

    Parameters
    ----------
    root : pathlib.Path
        The repository.
    ref : str
        The ref, such as refs/territory/state.
    commit : str
        What it is to name.
    expected : str or None
        What it must name before; None where it must not exist.

    Returns
    -------
    bool
        Whether it did, and so now names the commit; false where somebody else was faster.

    Raises
    ------
    GitError
        When there is no git, no repository, or the remote refuses for another reason.
    """
    origin = remote(root)
    try:
        if origin is not None:
            lease = f"--force-with-lease={ref}:{expected or ''}"
            run(root, "push", "--quiet", "--no-verify", "--porcelain", lease, origin, f"{commit}:{ref}")
            run(root, "update-ref", ref, commit)
        else:
            run(root, "update-ref", ref, commit, expected or "0" * 40)
    except Refused:
        if fetch_ref(root, ref) != expected:
            return False
        raise
    return True
