"""`crm:` of territory.yaml: what the environment adds to it, and what the provider of another package takes."""

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
from terraform_like.domain.project import BUILT_IN, OtherConnection, Project
from terraform_like.domain.secrecy import forms, struck_out
from terraform_like.providers import ProviderError, installed, provider

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


def with_provider(project: Project, document: Document, report: Report) -> Project | None:
    """Check `crm:` by the type of the package that brings the provider, where it is none of ours; None where wrong."""
    connection = project.crm
    if not isinstance(connection, OtherConnection):
        return project
    try:
        kind = provider(connection.provider).connection
    except ProviderError as error:
        known = [*BUILT_IN, *installed()]
        hint = did_you_mean(connection.provider, known).strip() or f"There are: {', '.join(known)}."
        said = f"{str(error)[:1].upper()}{str(error)[1:]}. {hint}"
        report.error(f'There is no provider "{connection.provider}"', said, document.locate(("crm", "provider")))
        return None
    try:
        return project.model_copy(update={"crm": kind.model_validate(document.data["crm"])})
    except ValidationError as error:
        complain(error, kind, document, report, ("crm",))
        return None
