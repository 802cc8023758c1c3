"""What a report leaves out: what territory.yaml says, and what is asked for beside."""

from __future__ import annotations

from collections.abc import Iterable

from terraform_like.config.load import Repository
from terraform_like.plan.redacted import Hidden


def hidden_in(repository: Repository, asked: Iterable[str] | None) -> frozenset[Hidden]:
    """Give what is left out; `asked` is None where nothing was asked for, and empty to leave out nothing."""
    wanted = None if asked is None else frozenset(map(Hidden, asked))
    if wanted == frozenset():
        return frozenset()
    return frozenset(map(Hidden, repository.project.report.redact)) | (wanted or frozenset())
