"""Files beside the policies: overrides of soft policies."""

from __future__ import annotations

from pathlib import Path as FilePath

from pydantic import ValidationError

from terraform_like.config.complaint import complain
from terraform_like.config.document import read_document
from terraform_like.diagnostics import Locate, Report
from terraform_like.policy.override import Override, OverrideFile

#: Where overrides stand, one file a decision or all in one.
OVERRIDES = "policies/overrides"


def read_overrides(root: FilePath, report: Report) -> tuple[tuple[Override, ...], Locate]:
    """Read the overrides of a repository, and say where they stand; an error in one of them is gathered."""
    folder = root / OVERRIDES
    files = [p for p in folder.iterdir() if p.suffix in {".yaml", ".yml"} and p.is_file()] if folder.is_dir() else []
    document = read_document(root, sorted(files), report)
    try:
        return OverrideFile.model_validate(document.data).overrides, document.locate
    except ValidationError as error:
        complain(error, OverrideFile, document, report)
        return (), document.locate
