"""The gate that counts: policies, limits, approvals and waivers of the base branch, overrides of the branch at hand."""

from __future__ import annotations

from dataclasses import dataclass

from terraform_like import git
from terraform_like.config.gate import read_overrides
from terraform_like.config.load import Repository, Wanted, policies_of
from terraform_like.diagnostics import Halt, Locate, Report
from terraform_like.plan.signers import Signers, signers_changed, signers_in
from terraform_like.policy.changed import changed, taken_away
from terraform_like.policy.override import Override
from terraform_like.policy.rule import Policies


@dataclass(frozen=True, slots=True)
class Gate:
    """What a check judges by.

    Parameters
    ----------
    policies, locate : Policies, Locate
        The policies that count, and where they stand.
    origin : str
        Whose they are.
    changes : tuple of str
        What the branch at hand changes of them; none of it counts before it is merged.
    signers : Signers
        The keys of those who sign off plans.
    overrides, locate_override : tuple of Override, Locate
        Sign-offs of the branch at hand, and where they stand.
    """

    policies: Policies
    locate: Locate
    origin: str
    changes: tuple[str, ...]
    signers: Signers
    overrides: tuple[Override, ...]
    locate_override: Locate


def read_gate(repository: Repository, wanted: Wanted, base: str | None, report: Report) -> Gate:
    """Read the gate of a branch, or that of the working tree where none is named.

    Raises
    ------
    Halt
        When it cannot be read.
    """
    overrides, locate_override = read_overrides(repository.root, report)
    if base is None:
        if report.failed:
            raise Halt(report)
        signers = signers_here(repository)
        return Gate(wanted.policies, wanted.locate_policy, "the working tree", (), signers, overrides, locate_override)
    try:
        files = git.files_at(repository.root, base, "policies")
    except git.GitError as error:
        report.error(f'The policies of "{base}" cannot be read', str(error))
        raise Halt(report) from None
    # As in the working tree, files in folders below are none of the gate.
    content = {file: one for file, one in files.items() if file.count("/") == 1}
    if not content:
        report.warning(f'"{base}" has no policies', "Nothing but the plan's own soundness is checked.")
    policies, locate = policies_of(content, report)
    for name in taken_away(policies, wanted.policies):
        says = "It counts until then. If it has another name, its waivers and overrides have to name that."
        span = locate(("policies", name), key=True)
        report.warning(f'This branch takes away policy "{name}", once it is merged', says, span)
    signers = signers_in(content)
    changes = (*changed(policies, wanted.policies), *signers_changed(signers, signers_here(repository)))
    return Gate(policies, locate, base, changes, signers, overrides, locate_override)


def signers_here(repository: Repository) -> Signers:
    """Give the keys of the working tree."""
    files = (file for file in (repository.root / "policies").glob("*") if file.is_file())
    return signers_in({file.relative_to(repository.root).as_posix(): file.read_bytes() for file in files})
