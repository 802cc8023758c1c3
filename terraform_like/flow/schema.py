"""`territory schema`: write schemas/, or tell whether they are up to date."""

from __future__ import annotations

from pathlib import Path

from terraform_like.config.schema import schemas
from terraform_like.diagnostics import Report

FOLDER = "schemas"


def write_schemas(root: Path) -> tuple[tuple[str, ...], Report]:
    """Write every schema into `schemas/` below a root; give the files that changed."""
    report = Report()
    changed = _differing(root)
    try:
        (root / FOLDER).mkdir(parents=True, exist_ok=True)
        for name in changed:
            (root / FOLDER / name).write_bytes(schemas()[name])
    except OSError as error:
        report.error("The schemas cannot be written", f"{error.filename or root}: {error.strerror}.")
    return changed, report


def check_schemas(root: Path) -> tuple[tuple[str, ...], Report]:
    """Tell which schemas below a root differ from what this version of the tool would write."""
    report = Report()
    changed = _differing(root)
    for name in changed:
        report.error(f"{FOLDER}/{name} is not up to date", "Write it anew: territory schema")
    return changed, report


def _differing(root: Path) -> tuple[str, ...]:
    return tuple(name for name, content in schemas().items() if _content(root / FOLDER / name) != content)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
