"""Base of everything that is saved in a plan and read back."""

from __future__ import annotations

from typing import TypeVar
from weakref import WeakValueDictionary

from pydantic import BaseModel, ConfigDict


class Saved(BaseModel):
    """Frozen; readers ignore keys that a later minor version added."""

    model_config = ConfigDict(frozen=True, extra="ignore")


_Value = TypeVar("_Value", bound=Saved)

#: What is in use, by its type and its values.
_known: WeakValueDictionary[object, Saved] = WeakValueDictionary()


def shared(value: _Value) -> _Value:
    """Give the object that says the same and is in use, where there is one: most changes of a plan say the same.

    The values of its fields must be hashable.
    """
    found = _known.setdefault((type(value), *value.__dict__.values()), value)
    return found if isinstance(found, type(value)) else value
