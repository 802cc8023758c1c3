"""What a saved plan is checked against before it is applied: YAML, policies, state, git and CRM as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from terraform_like import git
from terraform_like.config.load import Repository, Wanted
from terraform_like.crm import open_crm
from terraform_like.crm.port import Crm, CrmError, Record, is_between
from terraform_like.diagnostics import Halt, Report
from terraform_like.diff import Place
from terraform_like.flow.due import found_due
from terraform_like.flow.earlier import standing
from terraform_like.flow.inputs import config_digest, policies_digest
from terraform_like.plan import fresh
from terraform_like.plan.check import Check
from terraform_like.plan.model import Head
from terraform_like.plan.steps import Step, batches
from terraform_like.plan.ways import Ways

#: Records that are read at a time.
_CHUNK = 5_000


def current(repository: Repository, wanted: Wanted, *, merged: bool) -> fresh.Current:
    """Give what the repository and the state say now.

    Parameters
    ----------
    repository : Repository
        The territory repository.
    wanted : Wanted
        The YAML of the plan, read with the plan's variables.
    merged : bool
        Whether the plan is to be merged already; before that, its commit need only hold all that is on the branch.

    Raises
    ------
    Halt
        When git or the state cannot be asked.
    """
    found = standing(repository, wanted.carving.name)
    return fresh.Current(
        config_digest(wanted),
        policies_digest(wanted.policies),
        wanted.policies.limits,
        found,
        _checkout(repository, wanted.carving.name, merged),
        found.commit if found.commit is not None and _on_top(repository, wanted.carving.name, found.commit) else None,
    )


def records_unchanged(repository: Repository, plan: Head, ways: Ways, day: date) -> Check:
    """Compare every record that an apply of a day changes with the CRM.

    Raises
    ------
    Halt
        When the CRM or the state cannot be read.
    """
    report = Report()
    due = found_due(repository, plan, ways, day)
    try:
        crm = open_crm(repository.project.crm, repository.root)
        try:
            return fresh.records_unchanged(differing(due.steps(), crm), due.total)
        finally:
            crm.close()
    except CrmError as error:
        report.error("The CRM cannot be read", str(error))
        raise Halt(report) from None


def differing(steps: Iterable[Step], crm: Crm) -> Iterator[tuple[str, str, str]]:
    """Give each account that is nowhere on its way: its id, what was seen or put there last, what is there.

    Raises
    ------
    CrmError
        When the CRM cannot be read.
    """
    for batch in batches(steps, _CHUNK):
        found = crm.records([step.account for step in batch.steps])
        for step in batch.steps:
            record = found.get(step.account)
            if record is None or not stands(record, step, crm):
                seen = shown(as_record(step.before, crm))
                yield step.account, seen, "no such account" if record is None else shown(record)


def stands(found: Record, step: Step, crm: Crm) -> bool:
    """Say whether an account is on its way: where it was seen, at its end, or where a cut-off apply left it."""
    way = [as_record(place, crm) for place in (step.before, *step.between, step.after)]
    return found in way or (not crm.capabilities.atomic and is_between(found, way[0], way[-1]))


def as_record(place: Place, crm: Crm) -> Record:
    """Give a place as the CRM holds it: without a territory where it knows none."""
    return Record(place.owner, place.territory if crm.capabilities.territories else None)


def shown(record: Record) -> str:
    """Say what a record holds."""
    territory = f", territory {record.territory}" if record.territory is not None else ""
    return f"owner {record.owner or 'nobody'}{territory}"


def _checkout(repository: Repository, plan: str, merged: bool) -> fresh.Checkout | None:
    branch, root = repository.project.apply.branch, repository.root
    if branch is None:
        return None
    try:
        commit, tip = git.head(root) or "", git.branch_tip(root, branch) or ""
        known = bool(commit and tip)
        holds = known and (git.holds(root, tip, commit) if merged else _follows(repository, commit, tip))
        return fresh.Checkout(
            branch, tip, commit, holds, tuple(git.dirty(root, ["territory.yaml", f"plans/{plan}", "policies"]))
        )
    except git.GitError as error:
        report = Report()
        report.error(
            "Git cannot be asked",
            f"{error} `apply: branch` asks for a commit on {branch}.",
            repository.locate(("apply", "branch")),
        )
        raise Halt(report) from None


def _on_top(repository: Repository, plan: str, commit: str) -> bool:
    """Say whether what is checked out was made on top of a commit, with the plan as it was committed."""
    root = repository.root
    try:
        head = git.head(root) if git.is_repository(root) else None
        newer = head is not None and head != commit and git.holds(root, head, commit)
        return newer and not git.dirty(root, [f"plans/{plan}"])
    except git.GitError:
        # A commit that is not at hand, as in a shallow clone, is none that anything is known to be made on top of.
        return False


def _follows(repository: Repository, commit: str, tip: str) -> bool:
    """Say whether a commit is on the branch, or can be merged into it as it is."""
    return git.holds(repository.root, commit, tip) or git.holds(repository.root, tip, commit)
