"""The gate that counts: policies, limits, approvals and waivers of the base branch, overrides of the branch at hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from terraform_like import git
from terraform_like.config.gate import read_overrides
from terraform_like.config.load import PROJECT_FILE, Repository, Wanted, policies_of
from terraform_like.diagnostics import Halt, Locate, Report, listing
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
    content = _policies_of_base(repository.root, base, report)
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


def _policies_of_base(root: Path, base: str, report: Report) -> dict[str, bytes]:
    """Give the files of the gate as the base has them, as if they stood in this repository.

    Raises
    ------
    Halt
        When git cannot say, or there is what a check of the base would pass over: a link or a submodule.
    """
    try:
        moved = [] if git.file_at(root, base, PROJECT_FILE) else git.folders_left(root, base, PROJECT_FILE)
        if len(moved) > 1:
            report.error(
                f'The policies of "{base}" cannot be told',
                f"This territory repository stood in one of {listing(moved)} there. Move one at a time.",
            )
            raise Halt(report)
        above = f"{moved[0]}/" if moved else ""
        odd = [path for path in git.odd_at(root, base, f"{above}policies") if _of_gate(path.removeprefix(above))]
        files = git.files_at(root, base, f"{above}policies")
    except git.GitError as error:
        report.error(f'The policies of "{base}" cannot be read', str(error))
        raise Halt(report) from None
    if odd:
        said = f"{listing(odd)}: no file but a link or a submodule, behind which anything may stand. Commit the files."
        report.error(f'The policies of "{base}" are not all files', said)
        raise Halt(report)
    here = {file.removeprefix(above): content for file, content in files.items()}
    return {file: content for file, content in here.items() if _of_gate(file)}


def _of_gate(path: str) -> bool:
    """Say whether a path is policies/ or right in it: as in the working tree, what is below is none of the gate."""
    return path.count("/") <= 1


def signers_here(repository: Repository) -> Signers:
    """Give the keys of the working tree."""
    files = (file for file in (repository.root / "policies").glob("*") if file.is_file())
    return signers_in({file.relative_to(repository.root).as_posix(): file.read_bytes() for file in files})
