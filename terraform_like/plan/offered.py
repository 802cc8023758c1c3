"""The columns that the CRM offered when a plan was made: recorded in it, and read without reading all of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from terraform_like.domain.columns import Offered
from terraform_like.domain.kinds import Kind

if TYPE_CHECKING:
    import polars as pl

#: Where a saved plan stands, in the folder of its plan.
PLAN_FILE = "plan.json"
#: Columns of a snapshot that are the tool's own.
_PLACES = ("account", "owner", "territory")
#: How plan.json names the kinds. Whether numbers are whole is not told: values decide it, and they change.
_NAMES = {
    Kind.WHOLE: "number",
    Kind.NUMBER: "number",
    Kind.TEXT: "text",
    Kind.TRUTH: "boolean",
    Kind.DAY: "date",
    Kind.MOMENT: "time",
}
_UNKNOWN = "unknown"
#: What a name lets an expression do; a number may be whole.
_KINDS = {name: kind for kind, name in reversed(_NAMES.items())}


def named_kinds(columns: Mapping[str, Kind]) -> dict[str, str]:
    """Give `number`, `text`, `boolean`, `date`, `time` or `unknown` for each column, sorted by its name."""
    return {name: _NAMES.get(kind, _UNKNOWN) for name, kind in sorted(columns.items())}


def recorded(snapshot: pl.DataFrame) -> dict[str, str]:
    """Give the kinds of the CRM's columns that a snapshot holds."""
    from terraform_like.domain.values import kinds_of

    return named_kinds(kinds_of({n: t for n, t in snapshot.schema.items() if n not in _PLACES}))


def offered_before(path: Path) -> Offered | None:
    """Give the columns that a plan.json tells of; None where it cannot be read, or tells of none.

    Its seal is not asked: `validate` judges YAML by it and nothing else.
    """
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    columns = document.get("columns") if isinstance(document, dict) else None
    if not isinstance(columns, dict) or not columns:
        return None
    kinds = {name: _KINDS.get(str(kind), Kind.UNKNOWN) for name, kind in columns.items()}
    return Offered(kinds, whole=True, since=f"The CRM had none{_when(document)}; a new plan reads it anew.")


def _when(document: dict[str, object]) -> str:
    try:
        return f" when the plan of {date.fromisoformat(str(document.get('as_of')))} was saved"
    except ValueError:
        return " when the plan was saved"
