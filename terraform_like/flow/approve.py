"""`territory approve`: a sign-off of a saved plan's digest; and the sign-offs that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from terraform_like import git
from terraform_like.address import NAME_PATTERN
from terraform_like.config.load import Repository, Wanted, load_wanted
from terraform_like.config.source import parse
from terraform_like.config.variables import Overrides
from terraform_like.config.write import scalar
from terraform_like.diagnostics import Halt, Report, did_you_mean
from terraform_like.flow.inputs import config_digest
from terraform_like.flow.saved_carve import load_saved
from terraform_like.plan.check import Check, errors
from terraform_like.plan.file import PLAN_FILE, write_whole
from terraform_like.plan.model import Head
from terraform_like.plan.signers import FILE as SIGNERS
from terraform_like.plan.signers import Signers
from terraform_like.plan.signoff import Signed, SignOff, approvals_held
from terraform_like.plan.whole import integrity
from terraform_like.policy.rule import Approval

FOLDER = "approvals"

_SCHEMA = "# yaml-language-server: $schema=../../../schemas/approval.schema.json\n"


@dataclass(frozen=True, slots=True)
class Approved:
    """A sign-off, and the file that it stands in, relative to the repository."""

    plan: str
    digest: str
    person: str
    file: str


def approve(repository: Repository, name: str, person: str) -> tuple[Approved, Report]:
    """Sign a saved plan.

    Parameters
    ----------
    repository : Repository
        The territory repository.
    name : str
        The plan.
    person : str
        Who approves it, as the policies name people.

    Raises
    ------
    Halt
        When the plan is not whole, its YAML changed since, or that is no name.
    """
    report = Report()
    if not re.fullmatch(NAME_PATTERN, person):
        report.error(f'"{person}" is no name of a person', "A name has letters, digits and . _ @ + - only.")
        raise Halt(report)
    saved = load_saved(repository, name, report)
    report.extend(errors(check for check in integrity(saved) if check.name != "snapshot"))
    wanted = load_wanted(repository, name, Report(), Overrides(saved.plan.variables))
    if saved.plan.inputs.config != config_digest(wanted):
        report.error(f"plans/{name} changed after the plan was saved", "Make it again first: territory plan --save")
    if report.failed:
        raise Halt(report)
    if any(approval.signed and person in approval.approvers for approval in wanted.policies.approvals):
        key = f"git commit -S, with a key that {SIGNERS} names for {person}, or one of GnuPG in policies/{person}.asc."
        report.note("The policies ask for a signed commit", key)
    asked = sorted({who for approval in wanted.policies.approvals for who in approval.approvers})
    if person not in asked:
        known = f"They ask for {', '.join(asked)}.{did_you_mean(person, asked)}" if asked else "They ask for nobody."
        report.warning(f"No policy asks {person} to sign", known)
    folder = repository.plan_folder(name) / FOLDER
    folder.mkdir(exist_ok=True)
    file = folder / f"{person}.yaml"
    lines = {"digest": saved.plan.digest, "person": person, "by": git.who(repository.root)}
    text = _SCHEMA + "\n" + "".join(f"{key}: {scalar(value)}\n" for key, value in lines.items())
    write_whole(file, text.encode())
    return Approved(name, saved.plan.digest, person, file.relative_to(repository.root).as_posix()), report


def approval_checks(
    repository: Repository, wanted: Wanted, plan: Head, changes: int, approvals: Sequence[Approval], signers: Signers
) -> tuple[Check, ...]:
    """Check that a saved plan has the sign-offs that approvals of a gate ask for.

    Parameters
    ----------
    repository, wanted, plan
        The repository, its YAML and the saved plan.
    changes : int
        How many accounts it changes.
    approvals : sequence of Approval
        What the gate asks for.
    signers : Signers
        The keys of the gate: those of the base branch, so that nobody lets in a key of their own.

    Raises
    ------
    Halt
        When a sign-off cannot be read, or git cannot be asked who made what.
    """
    if not approvals:
        return ()
    keys = signers if any(approval.signed for approval in approvals) else None
    signed = tuple(_signed(repository, wanted, plan, keys))
    return tuple(approvals_held(approvals, plan, changes, len(wanted.carving.people), signed))


def signers_of(repository: Repository, plan: Head) -> tuple[str, ...]:
    """Give who signed the digest of a saved plan, sorted; a file that cannot be read is of nobody."""
    return tuple(sorted({one.person for _, one in _found(repository, plan, Report()) if one.digest == plan.digest}))


def _found(repository: Repository, plan: Head, report: Report) -> list[tuple[Path, SignOff]]:
    files = sorted((repository.plan_folder(plan.plan) / FOLDER).glob("*.yaml"))
    return [one for path in files if (one := _read(repository.root, path, report))]


def _signed(repository: Repository, wanted: Wanted, plan: Head, signers: Signers | None) -> Iterator[Signed]:
    report = Report()
    found = _found(repository, plan, report)
    if report.failed:
        raise Halt(report)
    maker = _author(repository.root, repository.plan_folder(plan.plan) / PLAN_FILE) if found else ""
    for path, sign_off in found:
        person = wanted.carving.people.get(sign_off.person)
        authors = {_author(repository.root, path), _email(sign_off.by), person.user if person else ""}
        own = bool(maker) and maker in {a.casefold() for a in authors}
        why = "" if signers is None else _unsigned(repository.root, path, sign_off.person, signers)
        yield Signed(sign_off.person, sign_off.digest, own, why)


def _unsigned(root: Path, path: Path, person: str, signers: Signers) -> str:
    """Say why the commit of a sign-off does not count as signed by its person; nothing where it does."""
    keys = git.Keys(signers.ssh_of(person), signers.openpgp_of(person))
    file = path.relative_to(root).as_posix()
    with _asking("Git cannot say who signed"):
        if not git.is_repository(root) or git.dirty(root, [file]):
            return "not committed"
        if keys == git.Keys():
            return f"no key in {SIGNERS}, and no policies/{person}.asc"
        found = git.signature(root, file, keys)
        # Of a clone that lacks the commits of before, the newest one seems to have written all.
        cut_off = "; this clone is shallow: git fetch --unshallow" if git.is_shallow(root) else ""
    match found:
        case "good":
            return ""
        case "none":
            return f"its commit is not signed{cut_off}"
        case "other kind":
            return f"its commit is not signed with OpenSSH or GnuPG{cut_off}"
        case "lapsed":
            return "its commit is signed with a key of theirs that has expired or was revoked"
        case "no gpg":
            return "its commit is signed with GnuPG, which is not installed here: gpg"
        case _:
            return f"its commit is signed with another key than theirs in policies/{cut_off}"


def _read(root: Path, path: Path, report: Report) -> tuple[Path, SignOff] | None:
    file = path.relative_to(root).as_posix()
    source = parse(path.read_bytes(), file, report)
    try:
        return (path, SignOff.model_validate(source.data)) if source is not None else None
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        report.error(f"{file} is no sign-off", f"{wrong}. Write it anew: territory approve --as PERSON")
        return None


def _author(root: Path, path: Path) -> str:
    """Give the e-mail of who last committed a file; of who works here, where it is not committed as it is."""
    file = path.relative_to(root).as_posix()
    with _asking("Git cannot say who made the plan"):
        if git.is_repository(root) and not git.dirty(root, [file]) and (email := git.author(root, file)):
            return email.casefold()
    return _email(git.who(root))


@contextmanager
def _asking(summary: str) -> Iterator[None]:
    try:
        yield
    except git.GitError as error:
        report = Report()
        report.error(summary, str(error))
        raise Halt(report) from None


def _email(who: str) -> str:
    found = re.search(r"<([^<>]*)>$", who)
    return (found.group(1) if found else who).casefold()
