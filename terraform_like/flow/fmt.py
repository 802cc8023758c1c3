"""`territory fmt`: the canonical layout for the files that people write; what cannot be laid out stays as it is."""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from terraform_like.config.language import PlanFile, PolicyFile
from terraform_like.config.layout import Kind, laid_out
from terraform_like.config.load import PROJECT_FILE
from terraform_like.config.policy_tests import PolicyTestFile
from terraform_like.config.project_file import ProjectFile
from terraform_like.config.source import LARGEST_BYTES
from terraform_like.diagnostics import Halt, Report, did_you_mean
from terraform_like.plan.file import write_whole
from terraform_like.policy.override import OverrideFile

_PROJECT = Kind(ProjectFile, "schemas/territory.schema.json")
_PLAN = Kind(PlanFile, "../../schemas/plan.schema.json")
_POLICIES = Kind(PolicyFile, "../schemas/policies.schema.json")
#: Folders below policies/.
_BELOW = {
    "standard": Kind(PolicyFile, "../../schemas/policies.schema.json"),
    "overrides": Kind(OverrideFile, "../../schemas/overrides.schema.json"),
    "tests": Kind(PolicyTestFile, "../../schemas/policy-tests.schema.json"),
}


@dataclass(frozen=True, slots=True)
class Formatted:
    """What became of the files.

    Parameters
    ----------
    files : tuple of str
        Every file that was looked at, relative to the repository.
    changed : tuple of str
        Those whose layout differs from the canonical one.
    diff : str
        What differs, as a unified diff.
    """

    files: tuple[str, ...]
    changed: tuple[str, ...]
    diff: str


def fmt(root: Path, plan: str | None = None, *, write: bool = True) -> tuple[Formatted, Report]:
    """Lay out territory.yaml, the YAML of plans and the policies.

    Parameters
    ----------
    root : pathlib.Path
        The territory repository; its files may have errors.
    plan : str, optional
        Only this plan's files.
    write : bool
        Whether to write what differs.

    Returns
    -------
    Formatted
        What differs.
    Report
        Files that cannot be laid out, or not be written.

    Raises
    ------
    Halt
        When the folder is no territory repository, or has no such plan.
    """
    report = Report()
    files = dict(_files(root, plan, report))
    changed: list[str] = []
    diff: list[str] = []
    for file, kind in files.items():
        before = _content(root / file, file, report)
        after = None if before is None else laid_out(before, file, kind, report)
        if before is None or after is None or after == before:
            continue
        changed.append(file)
        diff += _difference(file, before, after)
        if write:
            try:
                write_whole((root / file).resolve(), after)
            except OSError as error:
                report.error("The file cannot be written", f"{file}: {error.strerror}.")
    return Formatted(tuple(files), tuple(changed), "".join(diff)), report


def _files(root: Path, plan: str | None, report: Report) -> Iterator[tuple[str, Kind]]:
    if not (root / PROJECT_FILE).is_file():
        way_out = "Go to one with --chdir, or make one: territory init DIR."
        report.error("This is no territory repository", f"There is no {PROJECT_FILE} in {root.resolve()}. {way_out}")
        raise Halt(report)
    plans = sorted({path.parent.name for path in _yaml(root, "plans/*/")})
    if plan is not None and plan not in plans:
        known = f"Plans: {', '.join(plans)}." if plans else "There is no plan yet."
        report.error(f'There is no plan "{plan}"', f"{known}{did_you_mean(plan, plans)}")
        raise Halt(report)
    if plan is None:
        yield PROJECT_FILE, _PROJECT
    for path in _yaml(root, "plans/*/"):
        if plan in (None, path.parent.name):
            yield path.relative_to(root).as_posix(), _PLAN
    if plan is None:
        for path in _yaml(root, "policies/"):
            yield path.relative_to(root).as_posix(), _POLICIES
        for folder, kind in _BELOW.items():
            for path in _yaml(root, f"policies/{folder}/"):
                yield path.relative_to(root).as_posix(), kind


def _yaml(root: Path, folder: str) -> list[Path]:
    return sorted(path for end in ("yaml", "yml") for path in root.glob(f"{folder}*.{end}") if path.is_file())


def _content(path: Path, file: str, report: Report) -> bytes | None:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            report.error("The file is too large", f"{file}: at most {LARGEST_BYTES:,} bytes are read. Split it.")
            return None
        return path.read_bytes()
    except OSError as error:
        report.error("The file cannot be read", f"{file}: {error.strerror}.")
        return None


def _difference(file: str, before: bytes, after: bytes) -> Iterator[str]:
    # Only `\n` ends a line here: other separators may stand inside of texts.
    old, new = (list(io.StringIO(content.decode(), newline="\n")) for content in (before, after))
    for line in difflib.unified_diff(old, new, file, file):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
