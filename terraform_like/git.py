"""What the tool asks of git: the head, what is not committed, a file as another commit has it, a first commit.

Every function takes the root of a territory repository, which may be a sub-folder of a git repository; paths that go in
and come out are relative to that root, with forward slashes.
"""

from __future__ import annotations

import getpass
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

#: Variables by which git's own callers (a hook, `git rebase --exec`) point at one repository; ours is where `root` is.
_LOCAL = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
#: A path is a path and no pattern; reading takes no lock, so that it disturbs no command beside it; nobody is asked for
#: a password.
_SETTINGS = {"GIT_LITERAL_PATHSPECS": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
#: Modes of regular files: a link is none, and neither is a submodule.
_FILES = (b"100644", b"100755")


class GitError(Exception):
    """Git cannot do what was asked; the message is fit for a person."""


def is_repository(root: Path) -> bool:
    """Say whether a folder lies in the work tree of a git repository.

    Raises
    ------
    GitError
        When git is not installed, or does not trust the repository.
    """
    try:
        return _git(root, "rev-parse", "--is-inside-work-tree").strip() == b"true"
    except _NoRepository:
        return False


def head(root: Path) -> str | None:
    """Give the commit that is checked out, or None where nothing is committed yet.

    Raises
    ------
    GitError
        When there is no git, or no repository.
    """
    return _commit(root, "HEAD")


def dirty(root: Path, paths: Sequence[str]) -> list[str]:
    """Give the files below some paths that differ from the head or are not in it, sorted; ignored files are left out.

    Raises
    ------
    GitError
        When there is no git, or no repository.
    """
    prefix = _git(root, "rev-parse", "--show-prefix").removesuffix(b"\n")
    if not paths:
        return []
    status = _git(root, "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", *paths)
    # An entry is two letters, a space and the path from the top of the git repository.
    return sorted(os.fsdecode(entry[3:].removeprefix(prefix)) for entry in status.split(b"\0") if entry)


def branch_tip(root: Path, branch: str) -> str | None:
    """Give the newest commit of a branch: as the remote `origin` has it as far as is known, else the local one.

    Raises
    ------
    GitError
        When there is no git, or no repository.
    """
    return _commit(root, f"refs/remotes/origin/{branch}") or _commit(root, f"refs/heads/{branch}")


def holds(root: Path, commit: str, other: str) -> bool:
    """Say whether a commit is another one, or was made on top of it.

    Raises
    ------
    GitError
        When there is no git, no repository, or one of the commits is not at hand.
    """
    try:
        _git(root, "merge-base", "--is-ancestor", other, commit)
    except _Refused as refusal:
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
    if (tip := _commit(root, base)) is None:
        raise GitError(f'there is no branch or commit "{base}"')
    fork = _git(root, "merge-base", tip, "HEAD").decode().strip()
    prefix = os.fsdecode(_git(root, "rev-parse", "--show-prefix").removesuffix(b"\n"))
    changed = _git(root, "diff", "--name-only", "--no-renames", "-z", fork).split(b"\0")
    return sorted(os.path.relpath(os.fsdecode(path), prefix or ".") for path in changed if path)


def author(root: Path, path: str) -> str:
    """Give the e-mail of whoever made the last commit that changed a file; nothing where no commit has it.

    Raises
    ------
    GitError
        When there is no git, no repository, or nothing is committed.
    """
    return _git(root, "log", "-1", "--format=%ae", "--", path).decode(errors="replace").strip()


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
    _git(root, "init", "--quiet")
    _git(root, "symbolic-ref", "HEAD", "refs/heads/main")
    _git(root, "add", "--", *paths)
    identity = [
        setting
        for key, value in (("user.name", "territory"), ("user.email", "territory@localhost"))
        if not _setting(root, key)
        for setting in ("-c", f"{key}={value}")
    ]
    message = "Start a territory repository"
    _git(root, *identity, "commit", "--quiet", "--no-verify", "--no-gpg-sign", "--message", message)
    return _git(root, "rev-parse", "HEAD").decode().strip()


def who(root: Path) -> str:
    """Say who works here: `Name <e-mail>` as git knows it, else the name of the system's user."""
    try:
        name, email = _setting(root, "user.name"), _setting(root, "user.email")
    except GitError:
        name = email = ""
    if name and email:
        return f"{name} <{email}>"
    return name or email or _system_user()


def remote(root: Path) -> str | None:
    """Give the remote that a repository shares its refs with: `origin`, where there is one.

    Raises
    ------
    GitError
        When there is no git, or no repository.
    """
    return "origin" if b"origin" in _git(root, "remote").split() else None


def fetch_ref(root: Path, ref: str) -> str | None:
    """Give the newest commit of a ref, as the remote has it where there is one; None where there is no such ref.

    Raises
    ------
    GitError
        When there is no git, no repository, or the remote does not answer.
    """
    origin = remote(root)
    if origin is None:
        return _commit(root, ref)
    told = _git(root, "ls-remote", origin, ref).split()
    if not told:
        return None
    try:
        _git(root, "cat-file", "-e", told[0].decode())
    except _Refused:
        _git(root, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", origin, f"+{ref}:{ref}")
    return told[0].decode()


def tree(root: Path, commit: str) -> dict[str, bytes]:
    """Give every file of a commit, by path from its top, sorted.

    Raises
    ------
    GitError
        When there is no git, no repository, or no such commit.
    """
    import io
    import tarfile

    top = Path(os.fsdecode(_git(root, "rev-parse", "--show-toplevel").removesuffix(b"\n")))
    files = {}
    with tarfile.open(fileobj=io.BytesIO(_git(top, "archive", "--format=tar", commit))) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                files[member.name] = file.read()
    return dict(sorted(files.items()))


def commit_files(root: Path, parent: str | None, files: Mapping[str, bytes | None], message: str) -> str:
    """Make a commit that no branch has: the files of its parent, with some written anew and, where None, taken away.

    Raises
    ------
    GitError
        When there is no git, no repository, or it cannot be written to.
    """
    name, email = _setting(root, "user.name") or "territory", _setting(root, "user.email") or "territory@localhost"
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
        _git(root, "fast-import", "--quiet", "--done", "--force", "--date-format=now", given=stream)
    commit = _git(root, "rev-parse", pending).decode().strip()
    _git(root, "update-ref", "-d", pending)
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
            _git(root, "push", "--quiet", "--no-verify", "--porcelain", lease, origin, f"{commit}:{ref}")
            _git(root, "update-ref", ref, commit)
        else:
            _git(root, "update-ref", ref, commit, expected or "0" * 40)
    except _Refused:
        if fetch_ref(root, ref) != expected:
            return False
        raise
    return True


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that has no name.
        return f"uid {os.getuid()}"


def _blobs(root: Path, ref: str, path: str) -> dict[str, bytes]:
    commit = _commit(root, ref)
    if commit is None:
        raise GitError(f'There is no commit "{ref}". A shallow clone may lack it: git fetch --unshallow.')
    deep = ["-r"] if path.endswith("/") else []
    blobs = {}
    for entry in _git(root, "ls-tree", *deep, "-z", commit, "--", path).split(b"\0"):
        about, _, name = entry.partition(b"\t")
        if about.startswith(_FILES):
            blobs[os.fsdecode(name)] = _git(root, "cat-file", "blob", about.split()[2].decode())
    return dict(sorted(blobs.items()))


def _commit(root: Path, ref: str) -> str | None:
    try:
        return _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", ref + "^{commit}").decode().strip()
    except _Refused as refusal:
        if refusal.words:
            raise
        return None


def _setting(root: Path, key: str) -> str:
    try:
        return _git(root, "config", "--get", key).decode(errors="replace").strip()
    except _Refused:
        return ""


class _Refused(GitError):
    """Git ran and said no, in some words or none."""

    def __init__(self, words: str) -> None:
        super().__init__(f"git says: {words}")
        self.words = words


class _NoRepository(GitError):
    """The folder is in no git repository."""


def _git(root: Path, *arguments: str, given: BinaryIO | None = None) -> bytes:
    """Run git in a folder, with a file as its input where one is given, and give what it writes to its output."""
    if not root.is_dir():
        raise GitError(f"{root} is no folder.")
    missing = GitError("git is not installed, or not on PATH. Install it: https://git-scm.com/downloads")
    try:
        # Costs 80 ms, and fails where there is no git.
        import git
    except ImportError:
        raise missing from None
    try:
        with _without(_LOCAL):
            written = git.Git(str(root)).execute(
                [git.Git.GIT_PYTHON_GIT_EXECUTABLE, *arguments],
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                istream=given,
                env=_SETTINGS,
            )
    except git.GitCommandNotFound:
        raise missing from None
    except git.GitCommandError as error:
        words = _plain(error.stderr)
        # GitPython has git speak English.
        if "not a git repository" in words:
            raise _NoRepository(f"{root} is in no git repository. Make it one: git init.") from None
        raise _Refused(words) from None
    assert isinstance(written, bytes)
    return written


def _plain(stderr: str) -> str:
    """Give git's own words, in one line, out of what GitPython makes of them."""
    words = str(stderr).strip().removeprefix("stderr:").strip().removeprefix("'").removesuffix("'")
    return " ".join(line.strip() for line in words.splitlines() if line.strip())


@contextmanager
def _without(names: Sequence[str]) -> Iterator[None]:
    """Take variables out of the environment for a while: GitPython can add some for a command, but take none away."""
    kept: Mapping[str, str] = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
