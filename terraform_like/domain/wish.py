"""Base of everything a company says, and the kinds of values that such wishes share."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from terraform_like.domain.quantity import Iso, Number

Day = Annotated[date, Iso]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]


class Wish(BaseModel):
    """Base of everything a company says: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
