"""Base of everything that is saved in a plan and read back."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Saved(BaseModel):
    """Frozen; readers ignore keys that a later minor version added."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)
