"""Answers of a CRM by their shapes: whatever looks otherwise is told, and never trips anything."""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from terraform_like.crm.http import Answer
from terraform_like.crm.port import CrmError

T = TypeVar("T")


def told_by(answer: Answer, kind: type[T], vendor: str) -> T:
    """Read an answer as the vendor's papers say that it looks.

    Raises
    ------
    CrmError
        When it looks otherwise.
    """
    try:
        return TypeAdapter(kind).validate_json(answer.body)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the answer"
        raise CrmError(
            f"the CRM answers otherwise than {vendor} does: {place}: {first['msg']}; check crm.url in territory.yaml"
        ) from None
