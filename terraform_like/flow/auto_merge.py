"""Whether a pull request of a refresh needs no human: it changes the saved plan alone, passes, and is small enough."""

from __future__ import annotations

from dataclasses import dataclass

from terraform_like import git
from terraform_like.config.load import Repository, Wanted
from terraform_like.diagnostics import listing
from terraform_like.domain.expression import ExpressionError
from terraform_like.plan.counts import holds
from terraform_like.plan.file import PLAN_FILE
from terraform_like.plan.model import Plan
from terraform_like.plan.parts import ASSIGNMENTS_FILE, SNAPSHOT_FILE
from terraform_like.policy.rule import AutoMerge

#: What a refresh writes; a branch that changes anything else is somebody's wish, which somebody reads.
_SAVED = frozenset({PLAN_FILE, ASSIGNMENTS_FILE, SNAPSHOT_FILE})


@dataclass(frozen=True, slots=True)
class AutoMerged:
    """Whether a plan needs no human, and why or why not."""

    allowed: bool
    why: str


def auto_merged(
    repository: Repository, wanted: Wanted, plan: Plan, rule: AutoMerge, base: str | None, *, passed: bool
) -> AutoMerged:
    """Say whether the pull request of a saved plan may merge by itself.

    Parameters
    ----------
    repository, wanted
        The repository, and the YAML of the plan.
    plan : Plan
        The saved plan.
    rule : AutoMerge
        What the gate that counts says of it.
    base : str or None
        The branch that the pull request is for.
    passed : bool
        Whether the check passes.
    """
    if why := _against(repository, wanted, plan, rule, base, passed):
        return AutoMerged(False, why)
    return AutoMerged(True, f"it is a refresh, changes the saved plan alone, and {rule.when}")


def _against(
    repository: Repository, wanted: Wanted, plan: Plan, rule: AutoMerge, base: str | None, passed: bool
) -> str:
    """Give the first thing that speaks against it."""
    if base is None:
        return "what the branch changes is known with `--base` only"
    if not passed:
        return "the check fails"
    if not plan.refresh:
        return "the plan is no refresh: `territory plan --refresh --save`"
    folder = repository.plan_folder(plan.plan).relative_to(repository.root).as_posix()
    try:
        others = [file for file in git.changed_since(repository.root, base) if not _is_saved(file, folder)]
    except git.GitError as error:
        return f"git cannot say what the branch changes: {error}"
    if others:
        return f"the branch changes more than the saved plan: {listing(others, 3)}"
    try:
        return (
            ""
            if holds(rule.when, plan, len(plan.changes), len(wanted.carving.people))
            else f"{rule.when} does not hold"
        )
    except ExpressionError as error:
        return f"its `when` cannot be judged: {error}"


def _is_saved(file: str, folder: str) -> bool:
    above, _, name = file.rpartition("/")
    return above == folder and name in _SAVED
