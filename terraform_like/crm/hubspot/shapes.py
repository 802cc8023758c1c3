"""What answers of HubSpot look like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field, model_validator

from terraform_like.crm.answers import told_by
from terraform_like.crm.http import Answer

T = TypeVar("T")


class Told(BaseModel):
    """A part of an answer; null stands for what is not told."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, told: Any) -> Any:
        return {key: value for key, value in told.items() if value is not None} if isinstance(told, dict) else told


class Company(Told):
    """A company: its id, the properties asked for, and when it was changed last."""

    id: str
    properties: dict[str, str | None]
    updated: str = Field(alias="updatedAt")


class Team(Told):
    """A team of the account."""

    id: str
    name: str


class Owner(Told):
    """Who may own records; `id` is what records name, and not the id of the user."""

    id: str
    email: str | None = None
    first: str | None = Field(None, alias="firstName")
    last: str | None = Field(None, alias="lastName")
    user: int | None = Field(None, alias="userIdIncludingInactive")
    archived: bool = False
    teams: list[Team] = []

    @property
    def name(self) -> str | None:
        """First and last name, else the e-mail."""
        return " ".join(filter(None, (self.first, self.last))) or self.email


class Next(Told):
    """Where the next page begins."""

    after: str


class Paging(Told):
    """What comes behind a page."""

    next: Next | None = None


class Page(Told, Generic[T]):
    """A page of records."""

    results: list[T]
    paging: Paging | None = None

    @property
    def after(self) -> str | None:
        """Where the next one begins; None where this is the last."""
        return self.paging.next.after if self.paging and self.paging.next else None


class Problem(Told):
    """Why a record of a batch was not read or not written."""

    category: str = ""
    message: str = ""
    context: Any = None
    trace: str | None = Field(None, alias="objectWriteTraceId")

    @property
    def records(self) -> Iterator[str]:
        """Records that it is about: by the traces that were sent along, else by their ids."""
        context = self.context if isinstance(self.context, dict) else {}
        told = [self.trace, *(context.get(key) for key in ("objectWriteTraceId", "ids", "id"))]
        for one in told:
            if one:
                yield from map(str, one if isinstance(one, list) else [one])


class Batch(Told):
    """What became of the records of a batch; whichever the status, errors may stand beside results."""

    results: list[Company] = []
    errors: list[Problem] = []


class Choice(Told):
    """A value that a property offers."""

    value: str
    label: str = ""
    hidden: bool = False
    order: int = Field(-1, alias="displayOrder")
    description: str | None = None


class Modification(Told):
    """What may be changed of a property."""

    read_only_value: bool = Field(False, alias="readOnlyValue")
    read_only_options: bool = Field(False, alias="readOnlyOptions")


class Property(Told):
    """What HubSpot says of a property."""

    name: str
    type: str
    field: str = Field("", alias="fieldType")
    options: list[Choice] = []
    refers: str | None = Field(None, alias="referencedObjectType")
    modification: Modification = Field(Modification.model_validate({}), alias="modificationMetadata")

    @property
    def offered(self) -> list[str] | None:
        """The values that it takes; None where it takes others, as texts and references do."""
        chosen = self.type == "enumeration" and self.refers is None
        return [option.value for option in self.options] if chosen else None


class Properties(Told):
    """All properties of companies."""

    results: list[Property]


class Group(Told):
    """A group of properties."""

    name: str


class Groups(Told):
    """All groups of properties."""

    results: list[Group]


class Usage(Told):
    """Calls of a day: how many there are, how many were made."""

    name: str
    most: int = Field(alias="usageLimit")
    made: int = Field(alias="currentUsage")


class Usages(Told):
    """Calls of a day, by what they are counted for."""

    results: list[Usage]


class Token(Told):
    """What OAuth gives, and how many seconds it is good for."""

    access_token: str
    refresh_token: str = ""
    expires_in: float = 1_800.0


def told(answer: Answer, kind: type[T]) -> T:
    """Read an answer.

    Raises
    ------
    CrmError
        When it looks otherwise than the vendor's papers say.
    """
    return told_by(answer, kind, "HubSpot")
