"""The state of a repository, opened: a file, a server, or a ref of the repository itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from terraform_like import git
from terraform_like.config.load import Repository
from terraform_like.state.lock import StateError
from terraform_like.state.opening import find_state, open_state
from terraform_like.state.store import State

#: No branch and no tag: nobody checks it out by accident, and a clone leaves it where it is.
REF = "refs/territory/state"


def opened_state(repository: Repository) -> State:
    """Open the state of a repository, and make it where there is none.

    Raises
    ------
    StateError
        When it cannot be opened.
    """
    return open_state(repository.project.state, repository.root, ref=StateRef(repository.root))


def found_state(repository: Repository) -> State | None:
    """Open the state of a repository where there is one.

    Raises
    ------
    StateError
        When it cannot be opened.
    """
    return find_state(repository.project.state, repository.root, ref=StateRef(repository.root))


@dataclass(frozen=True, slots=True)
class StateRef:
    """The hidden ref of a repository that holds its state, shared through the remote `origin` where there is one."""

    root: Path

    def newest(self) -> str | None:
        """Give the commit that it names; None where there is no such ref."""
        with _speaking():
            return git.fetch_ref(self.root, REF)

    def files(self, commit: str) -> Mapping[str, bytes]:
        """Give every file of a commit by path."""
        with _speaking():
            return git.tree(self.root, commit)

    def made(self, commit: str) -> datetime:
        """Give when a commit was made, by the clock of whoever made it."""
        with _speaking():
            return git.made(self.root, commit)

    def move(self, parent: str | None, files: Mapping[str, bytes | None], message: str) -> str | None:
        """Commit files on top of a parent and move the ref there; None where it does not name the parent any more."""
        with _speaking():
            commit = git.commit_files(self.root, parent, files, message)
            return commit if git.move_ref(self.root, REF, commit, parent) else None


@contextmanager
def _speaking() -> Iterator[None]:
    try:
        yield
    except git.GitError as error:
        raise StateError(f"git cannot keep the state: {error}") from None
