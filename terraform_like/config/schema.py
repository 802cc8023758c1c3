"""JSON Schemas of everything that people write and programs read; editors complete and explain by them."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator
from pydantic import BaseModel

from terraform_like.config.language import PlanFile, PolicyFile
from terraform_like.config.policy_tests import PolicyTestFile
from terraform_like.domain.project import Project
from terraform_like.plan.model import Plan
from terraform_like.plan.signoff import SignOff
from terraform_like.policy.override import OverrideFile

#: File name, title, and the type that the schema is of.
_SCHEMAS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("approval.schema.json", "A file of plans/<plan>/approvals/", SignOff),
    ("overrides.schema.json", "A file of policies/overrides/", OverrideFile),
    ("plan.schema.json", "A file of plans/<plan>/", PlanFile),
    ("plan-json.schema.json", "plan.json, a saved plan", Plan),
    ("policy-tests.schema.json", "A file of policies/tests/", PolicyTestFile),
    ("policies.schema.json", "A file of policies/", PolicyFile),
    ("territory.schema.json", "territory.yaml", Project),
)


def schemas() -> dict[str, bytes]:
    """Give every schema by its file name, as bytes; the same on every machine.

    Raises
    ------
    jsonschema.SchemaError
        When one of them is no schema of draft 2020-12.
    """
    return {name: _schema(title, model) for name, title, model in _SCHEMAS}


def _schema(title: str, model: type[BaseModel]) -> bytes:
    # People write what is validated; programs read what was serialised.
    schema = model.model_json_schema(mode="serialization" if model is Plan else "validation")
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}
    if model is not Plan:
        _without_titles(schema)
    Draft202012Validator.check_schema(schema)
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _without_titles(schema: Any) -> None:
    """Take away the titles that pydantic makes of field names: editors show them instead of descriptions."""
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name in {"properties", "$defs"}:
                for inner in value.values():
                    inner.pop("title", None)
            _without_titles(value)
    elif isinstance(schema, list):
        for item in schema:
            _without_titles(item)
