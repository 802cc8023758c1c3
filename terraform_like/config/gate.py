"""The files of the gate: policies, and beside them overrides of soft ones."""

from __future__ import annotations

from pathlib import Path as FilePath

from pydantic import ValidationError

from terraform_like.config.complaint import complain
from terraform_like.config.document import read_document
from terraform_like.diagnostics import Locate, Report
from terraform_like.policy.override import Override, OverrideFile

POLICIES = "policies"
_YAML = {".yaml", ".yml"}
#: Where overrides stand, one file a decision or all in one.
OVERRIDES = "policies/overrides"


def policy_files(root: FilePath, report: Report) -> list[FilePath]:
    """Give the files of the gate, sorted; what would not be read, or not once it is merged, is an error."""
    folder = root / POLICIES
    if folder.is_symlink() or (folder / ".git").exists():
        report.error(
            "policies is no folder of this repository",
            "It is a link or a repository of its own, so a commit does not hold the files, and once it was merged no "
            "plan would be held against them. Put the files themselves there.",
        )
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    yaml = [path for path in entries if path.suffix.lower() in _YAML and (path.is_file() or path.is_symlink())]
    for path in yaml:
        if path.is_symlink():
            detail = "A commit does not hold what it leads to. Put the file itself there."
            report.error(f"{_shown(path, root)} is a link", detail)
        elif path.suffix not in _YAML:
            detail = f"Files of policies end in .yaml or .yml: call it {path.stem}{path.suffix.lower()}."
            report.error(f"{_shown(path, root)} would not be read", detail)
    return [path for path in yaml if path.suffix in _YAML]


def _shown(path: FilePath, root: FilePath) -> str:
    return path.relative_to(root).as_posix()


def read_overrides(root: FilePath, report: Report) -> tuple[tuple[Override, ...], Locate]:
    """Read the overrides of a repository, and say where they stand; an error in one of them is gathered."""
    folder = root / OVERRIDES
    files = [p for p in folder.iterdir() if p.suffix in _YAML and p.is_file()] if folder.is_dir() else []
    document = read_document(root, sorted(files), report)
    try:
        return OverrideFile.model_validate(document.data).overrides, document.locate
    except ValidationError as error:
        complain(error, OverrideFile, document, report)
        return (), document.locate
