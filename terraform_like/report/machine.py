"""Results as JSON for programs: one object a command, the same bytes for the same result."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from terraform_like.diagnostics import Diagnostic, Severity
from terraform_like.report.diagnostics import diagnostics_json

FORMAT_VERSION = "1.0"


def machine_text(command: str, result: Any, diagnostics: Iterable[Diagnostic]) -> str:
    """Give the whole machine output of a command.

    Parameters
    ----------
    command : str
        The command's name, such as `plan`.
    result : object
        What it made: JSON values, pydantic values, dataclasses, dates, paths and sequences or mappings of these; None
        where it made nothing.
    diagnostics : iterable of Diagnostic
        What it has to say; `ok` is false where one of them is an error.
    """
    told = list(diagnostics)
    return json_text(
        {
            "format_version": FORMAT_VERSION,
            "command": command,
            "ok": not any(d.severity is Severity.ERROR for d in told),
            "result": result,
            "diagnostics": diagnostics_json(told),
        }
    )


def json_text(value: Any) -> str:
    """Give JSON of ASCII only, so that it steers no terminal; keys stay in their order, and no number is NaN."""
    written = json.dumps(jsonable(value), indent=2, allow_nan=False)
    # What a CI that reads the output takes for a command, in the other way in which JSON writes it.
    return written.replace("##[", "\\u0023\\u0023[")


def json_lines(values: Iterable[Any]) -> str:
    """Give one JSON value a line, as ASCII."""
    lines = (json.dumps(jsonable(value), allow_nan=False) for value in values)
    return "\n".join(lines).replace("##[", "\\u0023\\u0023[")


def jsonable(value: Any) -> Any:
    """Give JSON values; a number that JSON cannot write becomes the text `infinite`, `-infinite` or `unknown`.

    Raises
    ------
    pydantic_core.PydanticSerializationError
        When a value is of a type that has no JSON form.
    """
    from pydantic_core import to_jsonable_python

    return _finite(to_jsonable_python(value, by_alias=True, inf_nan_mode="constants"))


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "unknown" if math.isnan(value) else "infinite" if value > 0 else "-infinite"
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return value
