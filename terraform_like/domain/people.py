"""People, and what a company wants of them over time: who follows whom, who covers what, and for what credit."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from terraform_like.domain.quantity import Duration, Id, Name, Point, Share
from terraform_like.domain.wish import Day, NotNegative, Positive, Wish

#: The role of those who own territories.
OWNING_ROLE = "account-executive"


class Person(Wish):
    """Somebody who can own territories."""

    user: Id
    """The CRM's user: its id or its e-mail. Example: `jane@acme.com`."""
    role: Name = OWNING_ROLE
    """What the person does; account executives own territories. Example: `sales-engineer`."""
    manager: Name | None = None
    """Another person, whom this one reports to. Example: `vp.sales`."""
    home: Point | None = None
    """Latitude and longitude of home, in degrees. Example: `[37.77, -122.42]`."""
    skills: tuple[Name, ...] = ()
    """What the person knows. Example: `[healthcare]`."""
    starts: Day | None = None
    """First day. Example: `2024-03-01`."""
    leaves: Day | None = None
    """Last day. Example: `2027-06-30`."""
    capacity: NotNegative = 1.0
    """How many full books the person can carry. Example: `0.5` for half time."""
    ramp: tuple[Annotated[Share, Field(gt=0, le=1)], ...] = ()
    """Share of a full book in each month since the start, above 0; full after the last. Example: `[25%, 50%, 75%]`."""
    quota: Positive | None = None
    """What the person is to sell in the time of the plan, in the plan's currency; for policies. Example: `1200000`."""
    groups: dict[Name, Id] = Field(default_factory=dict)
    """Groups for parity policies. Example: `{tenure: senior}`."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts and self.leaves and self.leaves < self.starts:
            raise ValueError(f"leaves on {self.leaves}, before starting on {self.starts}")
        return self

    def works_on(self, day: date) -> bool:
        """Say whether the person works on that day; first and last day count."""
        return (self.starts is None or self.starts <= day) and (self.leaves is None or day <= self.leaves)

    @property
    def away(self) -> bool:
        """Whether the person has no accounts for now, by a capacity of 0, and others cover for them."""
        return self.capacity == 0

    def can_have_on(self, day: date) -> bool:
        """Say whether the person can have accounts on that day: works, and is not away."""
        return self.works_on(day) and not self.away

    def ramped(self, day: date) -> float:
        """Give the share of a full book that the person can carry on a day, by what `ramp` says of that month.

        Before the first day it is what the first month says; without a first day the person is ramped up.
        """
        if self.starts is None or not self.ramp:
            return 1.0
        months = (day.year - self.starts.year) * 12 + day.month - self.starts.month - (day.day < self.starts.day)
        return self.ramp[max(0, months)] if months < len(self.ramp) else 1.0


class Successor(Wish):
    """Who owns a territory after its owner."""

    person: Name
    """The next owner. Example: `raj.patel`."""
    since: Annotated[Day | None, Field(alias="from")] = None
    """First day; the day after the owner leaves when left out. Example: `2027-08-01`."""


def _successor(value: Any) -> Any:
    return {"person": value} if isinstance(value, str) else value


#: A person's name alone, or with the day of the hand-over.
Succession = Annotated[Successor | None, BeforeValidator(_successor, json_schema_input_type=Name | Successor | None)]


class Cover(Wish):
    """Who holds the accounts of a slot or a vacant territory, and for what share of the credit."""

    by: tuple[Name, ...] = ()
    """People or roles who may hold; leave out for everyone in the segment. Example: `[jane.doe, sales-manager]`."""
    spread: Literal["balanced", "nearest", "current"] = "current"
    """How accounts are spread over holders. Example: `nearest`, by travel."""
    credit: Annotated[Share, Field(le=1)] = 1.0
    """Share of the credit that a holder earns. Example: `50%`."""


class Holdover(Wish):
    """Accounts that change territory now and owner later, so that who began a deal can end it."""

    where: str
    """Accounts that stay with who has them for a while. Example: `open_pipeline > 0`."""
    period: Annotated[Duration, Field(alias="for")]
    """How long, from the day that the account would change owner. Example: `90d`."""
    credit: Annotated[Share, Field(le=1)] = 1.0
    """Share of the credit that who had the account earns meanwhile. Example: `50%`."""
    pay: Literal["split", "double"] = "split"
    """`split` leaves the new owner the rest of the credit; `double` pays the new owner in full. Example: `split`."""

    def until(self, day: date) -> date:
        """Give the day on which an account passes that would have changed owner on `day`."""
        return day + timedelta(days=self.period.days)


class Coverage(Wish):
    """How an overlay role, such as sales engineers, is spread over territories."""

    ratio: Positive
    """Most territories that one person covers, for a capacity of 1. Example: `4`."""
    by: tuple[Name, ...] = ()
    """What all territories of one person share: `segment`, or what most of a book has there. Example: `[segment]`."""
    within_km: Positive | None = None
    """Farthest that a territory's middle may be from the person's home, in km. Example: `500`."""
    credit: Annotated[Share, Field(le=1)] = 1.0
    """Share of the role's credit that the person earns. Example: `100%`."""
