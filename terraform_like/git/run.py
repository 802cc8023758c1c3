"""Runs git, and says why where it refuses: the only module that knows GitPython."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
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
#: a password. What was committed is what counts: no object stands for another, and no commit has other parents.
_SETTINGS = {
    # There can be no such file; of one that is there, were it empty, git says that it will be gone one day.
    "GIT_GRAFT_FILE": f"{os.devnull}/none",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}


class GitError(Exception):
    """Git cannot do what was asked; the message is fit for a person."""


class Refused(GitError):
    """Git ran and said no, in some words or none."""

    def __init__(self, words: str) -> None:
        super().__init__(f"git says: {words}")
        self.words = words


class NoRepository(GitError):
    """The folder is in no git repository."""


def run(
    root: Path, *arguments: str, given: BinaryIO | None = None, environment: Mapping[str, str] = MappingProxyType({})
) -> bytes:
    """Run git in a folder, and give what it writes to its output.

    Parameters
    ----------
    root : pathlib.Path
        The folder.
    arguments : str
        What to ask.
    given : binary file, optional
        Its input.
    environment : mapping of str to str
        Variables to set for it.

    Raises
    ------
    Refused
        When git says no.
    GitError
        When there is no git, no such folder, or no repository.
    """
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
                env={**_SETTINGS, **environment},
            )
    except git.GitCommandNotFound:
        raise missing from None
    except git.GitCommandError as error:
        words = _plain(error.stderr)
        # GitPython has git speak English.
        if "not a git repository" in words:
            raise NoRepository(f"{root} is in no git repository. Make it one: git init.") from None
        raise Refused(words) from None
    assert isinstance(written, bytes)
    return written


def commit_of(root: Path, ref: str) -> str | None:
    """Give the commit that a ref names; None where there is no such ref."""
    try:
        return run(root, "rev-parse", "--verify", "--quiet", "--end-of-options", ref + "^{commit}").decode().strip()
    except Refused as refusal:
        if refusal.words:
            raise
        return None


def setting(root: Path, key: str) -> str:
    """Give a setting of git's as it counts in a folder; nothing where it is not set."""
    try:
        return run(root, "config", "--get", key).decode(errors="replace").strip()
    except Refused:
        return ""


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
