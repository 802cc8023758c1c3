"""JSON Schemas of everything that people write and programs read; editors complete and explain by them."""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import textwrap
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from terraform_like.config.language import PlanFile, PolicyFile
from terraform_like.config.policy_tests import PolicyTestFile
from terraform_like.config.project_file import ProjectFile
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
    ("territory.schema.json", "territory.yaml", ProjectFile),
)


class _Described(GenerateJsonSchema):
    """Takes the description of a key from the text below its field, which is read here and not at every start."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Give the schema of a model, every key of it described."""
        said = super().model_schema(schema)
        for field, text in _texts(schema["cls"]):
            key = schema["cls"].model_fields[field].alias or field
            said["properties"][key]["description"] = text
        return said


def _texts(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Give what stands below the fields of a model, those of its bases first."""
    for kind in reversed(model.__mro__):
        if not issubclass(kind, BaseModel) or kind is BaseModel:
            continue
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
        assert isinstance(body, ast.ClassDef)
        for field, below in itertools.pairwise(body.body):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    yield name, inspect.cleandoc(text)


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
    mode: JsonSchemaMode = "serialization" if model is Plan else "validation"
    schema = model.model_json_schema(mode=mode, schema_generator=_Described)
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
