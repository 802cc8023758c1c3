"""What answers of Salesforce look like."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel

from terraform_like.crm.answers import told_by
from terraform_like.crm.http import Answer

T = TypeVar("T")

Row = dict[str, Any]


class Page(BaseModel):
    """A page of a query, and where the next one is."""

    done: bool
    records: list[Row] = []
    nextRecordsUrl: str = ""  # noqa: N815
    totalSize: int = 0  # noqa: N815


class Choice(BaseModel):
    """One value of a picklist."""

    value: str


class FieldTold(BaseModel):
    """What an org says of a field."""

    name: str
    type: str
    updateable: bool = True
    nillable: bool = True
    referenceTo: list[str] = []  # noqa: N815
    picklistValues: list[Choice] = []  # noqa: N815


class Described(BaseModel):
    """What an org says of an object."""

    fields: list[FieldTold]


class Fault(BaseModel):
    """Why a record of a collection was refused."""

    statusCode: str = "UNKNOWN_EXCEPTION"  # noqa: N815
    message: str = ""


class Result(BaseModel):
    """What became of a record of a collection."""

    success: bool
    errors: list[Fault] = []


class Job(BaseModel):
    """A job of the Bulk API."""

    id: str
    state: str
    errorMessage: str | None = None  # noqa: N815


class Limit(BaseModel):
    """How many of something there are in a day, and how many are left."""

    Max: int
    Remaining: int


class Limits(BaseModel):
    """The limits of an org."""

    DailyApiRequests: Limit


class Token(BaseModel):
    """What OAuth gives."""

    access_token: str
    instance_url: str | None = None


def told(answer: Answer, kind: type[T]) -> T:
    """Read an answer.

    Raises
    ------
    CrmError
        When it looks otherwise than the vendor's papers say.
    """
    return told_by(answer, kind, "Salesforce")
