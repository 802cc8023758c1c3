"""What pydantic refuses, said as a person would say it, at the line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, Tag, ValidationError

from terraform_like.address import NAME_PATTERN
from terraform_like.config.document import Document
from terraform_like.diagnostics import Path, Report, did_you_mean

_PLAIN = {
    "string_type": "this must be text",
    "int_type": "this must be a whole number",
    "int_from_float": "this must be a whole number",
    "int_parsing": "this must be a whole number",
    "float_type": "this must be a number",
    "float_parsing": "this must be a number",
    "finite_number": "this must be a finite number",
    "bool_type": "this must be true or false",
    "dict_type": "this must be a mapping, written `key: value`",
    "model_type": "this must be a mapping, written `key: value`",
    "model_attributes_type": "this must be a mapping, written `key: value`",
    "tuple_type": "this must be a list, written `[one, two]`",
    "list_type": "this must be a list, written `[one, two]`",
    "date_from_datetime_parsing": "there is no such day",
    "date_parsing": "there is no such day",
    "date_type": "a date is written YYYY-MM-DD",
    "missing": "this list has too few items",
    "too_long": "this list has too many items",
    "too_short": "this list has too few items",
}


#: What stands where a mapping should is not repeated: it may be an address with a password.
_MAPPINGS = {"dict_type", "model_type", "model_attributes_type"}
_BOUNDS = {
    "greater_than": "this must be more than {gt:g}",
    "greater_than_equal": "this must be {ge:g} or more",
    "less_than_equal": "this must be {le:g} or less",
}
#: How YAML writes what Python writes otherwise.
_WORDS = {"None": "null", "True": "true", "False": "false", "inf": ".inf", "-inf": "-.inf", "nan": ".nan"}


def complain(error: ValidationError, model: type[BaseModel], document: Document, report: Report, at: Path = ()) -> None:
    """Turn every refusal of a validation into one diagnostic at its line.

    Parameters
    ----------
    error : pydantic.ValidationError
        What was refused.
    model : type of pydantic.BaseModel
        What was validated, for the keys that it knows.
    document : Document
        Where it stands.
    report : Report
        Gathers the diagnostics.
    at : Path
        Path of the validated value in the document.
    """
    seen: set[tuple[Path, str | int | None]] = set()
    for refusal in error.errors(include_url=False):
        within, extra = _in_document(refusal["loc"], document, at)
        path = (*at, *within)
        kind = refusal["type"]
        once = (path, extra if kind == "missing" else None)
        if once in seen:
            continue
        seen.add(once)
        name = ".".join(str(part) for part in path)
        if kind == "extra_forbidden":
            hint = did_you_mean(str(path[-1]), known := _keys(model, refusal["loc"][:-1]))
            detail = hint.strip() or f"Known keys here: {', '.join(sorted(known))}."
            report.error(f'There is no key "{path[-1]}" here', detail, document.locate(path, key=True))
        elif kind == "missing" and isinstance(refusal["loc"][-1], str):
            summary = f'"{refusal["loc"][-1]}" is missing'
            report.error(summary, f"Add it to {name or document.files[0]}.", document.locate(path, key=True))
        elif extra == "[key]":
            detail = "A name has letters, digits and . _ @ + - only, begins with a letter or digit, 80 at most."
            report.error(f'"{path[-1]}" is not a name', detail, document.locate(path, key=True))
        else:
            report.error(f"{name or 'This'} cannot be so", _said(refusal), document.locate(path))


def _said(refusal: Any) -> str:
    kind, context = refusal["type"], refusal.get("ctx", {})
    if kind == "value_error":
        text = str(context.get("error") or refusal["msg"])
    elif kind == "literal_error":
        given = refusal["input"]
        known = [word.strip(" '") for word in str(context["expected"]).replace(" or ", ",").split(",")]
        text = f"it is one of {', '.join(known)}.{did_you_mean(str(given), known)}"
    elif kind == "string_pattern_mismatch" and context.get("pattern") == NAME_PATTERN:
        text = "a name has letters, digits and . _ @ + - only and begins with a letter or digit"
    elif kind in _BOUNDS and refusal["input"] == refusal["input"]:
        text = _BOUNDS[kind].format(**context)
    elif kind in _BOUNDS:
        text = _PLAIN["finite_number"]
    elif kind in _PLAIN:
        text = _PLAIN[kind]
    else:
        text = str(refusal["msg"])
    given = refusal["input"]
    if kind == "string_type" and isinstance(given, int | float):
        text += "; put it in quotes"
    hidden = isinstance(given, dict | list | tuple | BaseModel) or (kind in _MAPPINGS and given is not None)
    shown = "" if hidden else f' It is "{_short(given)}".'
    return f"{text[:1].upper()}{text[1:].rstrip('.')}.{shown}".replace("?.", "?")


def _short(value: Any) -> str:
    text = getattr(value, "text", None) or _WORDS.get(str(value), str(value))
    return text if len(text) <= 60 else text[:57] + "..."


def _in_document(loc: Iterable[str | int], document: Document, at: Path) -> tuple[Path, str | int | None]:
    """Cut pydantic's own words (branches of unions, `[key]`) off a location; give the last of them beside it."""
    path: Path = ()
    value: Any = document.value(at)
    word: str | int | None = None
    for part in loc:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            word = part
        else:
            path = (*path, part)
    return path, word


def _keys(model: type[BaseModel], loc: Iterable[str | int]) -> list[str]:
    """Give the keys that a model knows at a location, through mappings, lists and tagged unions of models."""
    current: Any = model
    tagged: dict[str, type[BaseModel]] = {}
    for part in loc:
        fields = _by_alias(current)
        if part in tagged:
            current, tagged = tagged[str(part)], {}
        elif part in fields:
            tagged = _tagged(fields[str(part)])
            current = _model_of(fields[str(part)])
        if current is None:
            return []
    return list(_by_alias(current))


def _by_alias(model: type[BaseModel]) -> dict[str, Any]:
    return {f.alias or name: f.annotation for name, f in model.model_fields.items()}


def _tagged(annotation: Any) -> dict[str, type[BaseModel]]:
    """Give the models of a tagged union by their tags."""
    tags = ((getattr(one, "__metadata__", ()), one) for one in get_args(annotation))
    return {tag.tag: one.__origin__ for metadata, one in tags for tag in metadata if isinstance(tag, Tag)}


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        if found := _model_of(argument):
            return found
    return None
