"""Every key of the schemas says what it means, with an example that the schema itself takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from terraform_like.config.schema import schemas
from terraform_like.config.source import parse
from terraform_like.diagnostics import Report

SCHEMAS = {name: json.loads(content) for name, content in schemas().items()}


def properties(schema: dict[str, Any], owner: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ((f"{owner}{name}", said) for name, said in schema.get("properties", {}).items())
    for name, definition in schema.get("$defs", {}).items():
        yield from properties(definition, f"{name}.")


EVERY_KEY = [
    pytest.param(file, said, id=f"{file.split('.')[0]}:{name}")
    for file, schema in SCHEMAS.items()
    for name, said in properties(schema)
]
#: The tool alone writes plan.json: its examples may leave keys out.
WRITTEN_BY_PEOPLE = [key for key in EVERY_KEY if key.values[0] != "plan-json.schema.json"]


def example(said: dict[str, Any]) -> str | None:
    """Give the example of a description, in one line."""
    found = re.search(r"Example: `([^`]+)`", " ".join(said.get("description", "").split()))
    return found[1] if found else None


@pytest.mark.parametrize(("file", "said"), EVERY_KEY)
def test_a_key_is_described_in_a_sentence_with_an_example(file, said):
    description = said.get("description", "")

    assert re.match(r"[A-Z`][^\n]*[.:] ?", description), description
    assert example(said), description


@pytest.mark.parametrize(("file", "said"), WRITTEN_BY_PEOPLE)
def test_an_example_is_what_the_schema_takes(file, said):
    report = Report()
    source = parse(f"key: {example(said)}\n".encode(), "example.yaml", report)
    assert source is not None, list(report)
    schema = {**said, "$defs": SCHEMAS[file].get("$defs", {})}

    assert [error.message for error in Draft202012Validator(schema).iter_errors(source.data["key"])] == []
