"""`crm:` of territory.yaml: what the environment adds to it, and the type that the provider it names gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from terraform_like.config.complaint import complain
from terraform_like.config.document import Document
from terraform_like.config.source import Source
from terraform_like.diagnostics import Path, Report, did_you_mean
from terraform_like.domain.connection import Connection
from terraform_like.domain.secrecy import forms, struck_out
from terraform_like.providers import BUILT_IN, ProviderError, built_in, installed, provider

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


#: Characters of a value of the environment that is no secret: to strike it out would make messages unreadable.
_SHORT = 3


def interpolated(
    source: Source, data: dict[str, Any], environment: Mapping[str, str], report: Report, *, offline: bool = False
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Replace `${NAME}` in `crm:` and `state:` by the environment's value, here and nowhere else.

    Gives as well the values that were put in, which no message may hold. Offline, what the environment does not have
    stays as it is written, and a state that needs it is left out: neither is reached.
    """
    secrets: set[str] = set()
    missing: set[str] = set()

    def replaced(value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            return {key: replaced(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [replaced(inner, (*path, number)) for number, inner in enumerate(value)]
        if not isinstance(value, str):
            return value

        def one(match: re.Match[str]) -> str:
            if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", match[1]):
                detail = "Write ${NAME}, with letters, digits and _ only."
                report.error(f'"{match[1]}" is not the name of a variable', detail, source.span(path))
            elif offline and not environment.get(match[1]):
                missing.add(str(path[0]))
                return match[0]
            elif not environment.get(match[1]):
                detail = f"Set it, for example: export {match[1]}=..."
                report.error(f"The environment has no {match[1]}", detail, source.span(path))
            found = environment.get(match[1], "")
            if len(found) > _SHORT:
                secrets.add(found)
            return found

        return _VARIABLE.sub(one, value)

    told = {key: replaced(value, (key,)) if key in ("crm", "state") else value for key, value in data.items()}
    if "state" in missing:
        del told["state"]
    return told, forms(secrets)


def without_secrets(said: Report, secrets: tuple[str, ...], report: Report) -> None:
    """Add what was said to a report, with secrets struck out."""
    for one in said:
        summary, detail = struck_out(one.summary, secrets), struck_out(one.detail, secrets)
        report.add(replace(one, summary=summary, detail=detail))


def connection_of(document: Document, report: Report) -> Connection | None:
    """Read `crm:` by the type of the provider that it names, ours or another package's; None where absent or wrong."""
    if "crm" not in document.data:
        return None
    said = document.data["crm"]
    name = said.get("provider", "sql") if isinstance(said, dict) else "sql"
    kind: type[Connection] | None = Connection
    if isinstance(name, str):
        kind = _kind(name, document, report)
    else:
        # What is wrong with the name is all that can be told.
        said = {"provider": name}
    if kind is None:
        return None
    try:
        return kind.model_validate(said)
    except ValidationError as error:
        complain(error, kind, document, report, ("crm",))
        return None


def _kind(name: str, document: Document, report: Report) -> type[Connection] | None:
    if name in BUILT_IN:
        return built_in(name)
    try:
        return provider(name).connection
    except ProviderError as error:
        known = [*BUILT_IN, *installed()]
        hint = did_you_mean(name, known).strip() or f"There are: {', '.join(known)}."
        text = f"{str(error)[:1].upper()}{str(error)[1:]}. {hint}"
        report.error(f'There is no provider "{name}"', text, document.locate(("crm", "provider")))
        return None
