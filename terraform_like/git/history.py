"""What is committed: the head, a branch, what is not committed, a file as a commit has it, who made it."""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from pathlib import Path

from terraform_like.git.run import GitError, NoRepository, Refused, commit_of, run, setting

#: Modes of regular files: a link is none, and neither is a submodule.
_FILES = (b"100644", b"100755")


def is_repository(root: Path) -> bool:
    """Say whether a folder lies in the work tree of a git repository.

    Raises
    ------
    GitError
        When git is not installed, or does not trust the repository.
    """
    try:
        return run(root, "rev-parse", "--is-inside-work-tree").strip() == b"true"
    except NoRepository:
        return False


def head(root: Path) -> str | None:
    """Give the commit that is checked out, or None where nothing is committed yet.

    Raises
    ------
    GitError
        When there is no git, or no repository.
    """
    return commit_of(root, "HEAD")


def dirty(root: Path, paths: Sequence[str]) -> list[str]:
    """Give the files below some paths that differ from the head or are not in it, sorted; ignored files are left out.

    Raises
    ------
    GitError
        When there is no git, or no repository.
    """
    prefix = run(root, "rev-parse", "--show-prefix").removesuffix(b"\n")
    if not paths:
        return []
    status = run(root, "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", *paths)
    # An entry is two letters, a space and the path from the top of the git repository.
    return sorted(os.fsdecode(entry[3:].removeprefix(prefix)) for entry in status.split(b"\0") if entry)


def branch_tip(root: Path, branch: str) -> str | None:
    """Give the newest commit of a branch: as the remote `origin` has it as far as is known, else the local one.

    Raises
    ------
    GitError
        When there is no git, or no repository.
    """
    return commit_of(root, f"refs/remotes/origin/{branch}") or commit_of(root, f"refs/heads/{branch}")


def holds(root: Path, commit: str, other: str) -> bool:
    """Say whether a commit is another one, or was made on top of it.

    Raises
    ------
    GitError
        When there is no git, no repository, or one of the commits is not at hand.
    """
    try:
        run(root, "merge-base", "--is-ancestor", other, commit)
    except Refused as refusal:
        if refusal.words:
            raise
        return False
    return True


def changed_since(root: Path, base: str) -> list[str]:
    """Give the files of the whole repository that differ from where a branch left its base, as seen from a folder.

    What is not committed counts; files that git does not know do not. A file elsewhere begins with `../`.

    Raises
    ------
    GitError
        When there is no git, no repository, or no such base with which there is a commit in common.
    """
    if (tip := _meant(root, base)) is None:
        raise GitError(f'there is no branch or commit "{base}"')
    fork = run(root, "merge-base", tip, "HEAD").decode().strip()
    prefix = os.fsdecode(run(root, "rev-parse", "--show-prefix").removesuffix(b"\n"))
    changed = run(root, "diff", "--name-only", "--no-renames", "-z", fork).split(b"\0")
    return sorted(os.path.relpath(os.fsdecode(path), prefix or ".") for path in changed if path)


def author(root: Path, path: str) -> str:
    """Give the e-mail of whoever made the last commit that changed a file; nothing where no commit has it.

    Raises
    ------
    GitError
        When there is no git, no repository, or nothing is committed.
    """
    return run(root, "log", "-1", "--format=%ae", "--", path).decode(errors="replace").strip()


def merge_of(root: Path, path: str) -> str | None:
    """Give the commit that brought a file as it is to the branch that is checked out: a merge, or the commit itself.

    Raises
    ------
    GitError
        When there is no git, or no repository.
    """
    if commit_of(root, "HEAD") is None:
        return None
    return run(root, "log", "-1", "--first-parent", "--format=%H", "--", path).decode().strip() or None


def file_at(root: Path, ref: str, path: str) -> bytes | None:
    """Give a file as a commit has it, or None where that commit has no such file.

    Raises
    ------
    GitError
        When there is no git, no repository, or no commit of that name.
    """
    return _blobs(root, ref, path).get(path)


def files_at(root: Path, ref: str, folder: str) -> dict[str, bytes]:
    """Give every file below a folder as a commit has it, by path, sorted; none where that commit has no such folder.

    Raises
    ------
    GitError
        When there is no git, no repository, or no commit of that name.
    """
    return _blobs(root, ref, folder.rstrip("/") + "/")


def init(root: Path, paths: Sequence[str] = (".",)) -> str:
    """Make a git repository of a folder, with the branch main and one commit of those paths; give that commit.

    Nobody is asked: no hook runs and nothing is signed. Where the user has told git no name, the commit has the name of
    the tool, and the repository's settings stay as they are.

    Raises
    ------
    GitError
        When there is no git, or it cannot write here.
    """
    run(root, "init", "--quiet")
    run(root, "symbolic-ref", "HEAD", "refs/heads/main")
    run(root, "add", "--", *paths)
    identity = [
        part
        for key, value in (("user.name", "territory"), ("user.email", "territory@localhost"))
        if not setting(root, key)
        for part in ("-c", f"{key}={value}")
    ]
    message = "Start a territory repository"
    run(root, *identity, "commit", "--quiet", "--no-verify", "--no-gpg-sign", "--message", message)
    return run(root, "rev-parse", "HEAD").decode().strip()


def who(root: Path) -> str:
    """Say who works here: `Name <e-mail>` as git knows it, else the name of the system's user."""
    try:
        name, email = setting(root, "user.name"), setting(root, "user.email")
    except GitError:
        name = email = ""
    if name and email:
        return f"{name} <{email}>"
    return name or email or _system_user()


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that has no name.
        return f"uid {os.getuid()}"


def _meant(root: Path, ref: str) -> str | None:
    """Give the commit that a name is of; None where there is none.

    Raises
    ------
    GitError
        When several refs have that name: git takes a tag before a branch of a remote, and anybody may push a tag.
    """
    kinds = ("refs/tags", "refs/heads", "refs/remotes")
    told = run(root, "for-each-ref", "--format=%(refname)", "--", *(f"{kind}/{ref}" for kind in kinds)).decode()
    found = [name for name in told.split() if name in {f"{kind}/{ref}" for kind in kinds}]
    if len(found) > 1:
        raise GitError(f'"{ref}" is the name of {" and ".join(found)}. Say which is meant, by its whole name.')
    return commit_of(root, ref)


def odd_at(root: Path, ref: str, folder: str) -> list[str]:
    """Give what is no regular file of a folder and those below it, as a commit has them: links and submodules, sorted.

    The folder itself is given where it is a file, a link or a submodule.

    Raises
    ------
    GitError
        When there is no git, no repository, or no commit of that name.
    """
    within = {path for path, mode in _entries(root, ref, folder.rstrip("/") + "/") if mode not in _FILES}
    return sorted(within | {path for path, mode in _entries(root, ref, folder) if mode != b"040000"})


def folders_left(root: Path, ref: str, name: str) -> list[str]:
    """Give the folders, as seen from this one, that held a file of that name in a commit and hold it no more, sorted.

    Raises
    ------
    GitError
        When there is no git, no repository, or no commit of that name.
    """
    top = Path(os.fsdecode(run(root, "rev-parse", "--show-toplevel").removesuffix(b"\n")))
    listed = run(root, "ls-tree", "-r", "--full-tree", "--name-only", "-z", _commit(root, ref)).split(b"\0")
    paths = [top / os.fsdecode(path) for path in listed]
    left = [path.parent for path in paths if path.name == name and not path.is_file()]
    return sorted(os.path.relpath(folder, root.resolve()) for folder in left)


def _commit(root: Path, ref: str) -> str:
    commit = _meant(root, ref)
    if commit is None:
        raise GitError(f'There is no commit "{ref}". A shallow clone may lack it: git fetch --unshallow.')
    return commit


def _entries(root: Path, ref: str, path: str) -> list[tuple[str, bytes]]:
    """Give what a commit has at a path, each with its mode."""
    deep = ["-r"] if path.endswith("/") else []
    listed = run(root, "ls-tree", *deep, "-z", _commit(root, ref), "--", path).split(b"\0")
    parts = [entry.partition(b"\t") for entry in listed if entry]
    return [(os.fsdecode(name), about.split()[0]) for about, _, name in parts]


def _blobs(root: Path, ref: str, path: str) -> dict[str, bytes]:
    deep = ["-r"] if path.endswith("/") else []
    blobs = {}
    for entry in run(root, "ls-tree", *deep, "-z", _commit(root, ref), "--", path).split(b"\0"):
        about, _, name = entry.partition(b"\t")
        if about.startswith(_FILES):
            blobs[os.fsdecode(name)] = run(root, "cat-file", "blob", about.split()[2].decode())
    return dict(sorted(blobs.items()))
