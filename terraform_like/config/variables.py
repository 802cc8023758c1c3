"""`vars:` of a plan: values that are said once, used as `${vars.name}`, and set anew by --var or the environment."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from terraform_like.config.document import Document
from terraform_like.config.source import plain_scalar
from terraform_like.diagnostics import Path, Report, did_you_mean

#: The environment sets `vars.x` by TERRITORY_VAR_x.
ENVIRONMENT_PREFIX = "TERRITORY_VAR_"
_USE = re.compile(r"\$\{vars\.([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Overrides:
    """Texts that set variables anew, by name.

    Parameters
    ----------
    given : mapping of str to str
        Named on purpose, with --var or by a saved plan: a name that is not declared is an error.
    environment : mapping of str to str
        The environment, where TERRITORY_VAR_x sets `x`; names that are not declared are none of ours.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def declared(self, names: Container[str]) -> dict[str, str]:
        """Give the texts of declared variables, sorted; what is given goes before the environment."""
        named = {
            name.removeprefix(ENVIRONMENT_PREFIX): text
            for name, text in self.environment.items()
            if name.startswith(ENVIRONMENT_PREFIX)
        }
        return {name: text for name, text in sorted((named | dict(self.given)).items()) if name in names}


def substitute(document: Document, overrides: Overrides, report: Report) -> dict[str, str]:
    """Put the values of `vars:` wherever a document uses them; afterwards it has no `vars:` any more.

    A value that is nothing but `${vars.name}` takes the variable's type; inside a longer text it is put as text.

    Parameters
    ----------
    document : Document
        The document; its data is replaced.
    overrides : Overrides
        Texts that set variables anew, read as YAML would read them.
    report : Report
        Gathers variables that are used or given and not declared, or that hold no plain value.

    Returns
    -------
    dict of str to str
        The texts that did set a variable anew.
    """
    declared = document.data.pop("vars", None) or {}
    if not isinstance(declared, dict):
        report.error("`vars` must be a mapping", "Write `vars: {name: value}`.", document.locate(("vars",)))
        return {}
    given = overrides.declared(declared)
    for name in sorted(set(overrides.given) - set(declared)):
        report.error(f'There is no variable "{name}" to set', _known(name, declared))
    values: dict[str, Any] = {}
    for name, value in declared.items():
        if isinstance(value, dict | list):
            where = document.locate(("vars", name))
            report.error(
                f'The variable "{name}" is no plain value', "Give it a text, a number or true or false.", where
            )
            continue
        values[name] = plain_scalar(given[name]) if name in given else value

    def replaced(value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            return {key: replaced(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [replaced(inner, (*path, number)) for number, inner in enumerate(value)]
        if not isinstance(value, str) or "${" not in value:
            return value
        whole = _USE.fullmatch(value)
        for name in _USE.findall(value):
            if name not in declared:
                report.error(f'There is no variable "{name}"', _known(name, declared), document.locate(path))
            elif not whole and name in values and values[name] is None:
                detail = f"It stands inside a text here. Give it a value under `vars:` or with --var {name}=VALUE."
                report.error(f'The variable "{name}" is empty', detail, document.locate(path))
        if whole:
            return values.get(whole[1])
        return _USE.sub(lambda use: _as_text(values.get(use[1])), value)

    document.data = replaced(document.data, ())
    return given


def _known(name: str, declared: Iterable[str]) -> str:
    names = sorted(declared)
    listed = f"Variables: {', '.join(names)}." if names else "Declare it under `vars:`."
    return did_you_mean(name, names).strip() or listed


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    # A variable that has no value is told already; the expression around it is not wrong for that.
    return "NULL" if value is None else getattr(value, "text", None) or str(value)
