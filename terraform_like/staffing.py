"""People on territories over time, and who holds the accounts of a territory that has nobody."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field

from terraform_like.domain.saved import Saved


class Staffing(Saved):
    """Who is on a territory from when to when (null is open), with what share of the credit."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)

    territory: str
    role: str
    person: str | None
    since: Annotated[date | None, Field(alias="from")] = None
    to: date | None = None
    credit: float = 1.0
    interim: bool = False
