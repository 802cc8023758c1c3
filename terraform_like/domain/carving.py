"""What a company wants: segments, territories, overcarve slots, people and balance, each with its invariants.

These values are what a plan file says; names are the keys of mappings, as in YAML. They hold for themselves
(a share is not negative, nobody leaves before they start); what holds between them is checked where the lines of the
files are known, in `config`.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from terraform_like.domain.people import Cover, Coverage, Holdover, Person, Succession
from terraform_like.domain.quantity import Id, Name, Point, Share, Truth, Whole
from terraform_like.domain.wish import Day, NotNegative, Positive, Wish


class Horizon(Wish):
    """The time that a plan is for."""

    starts: Day | None = None
    """First day of the plan. Example: `2027-02-01`."""
    ends: Day | None = None
    """Last day of the plan. Example: `2028-01-31`."""
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    """ISO 4217 code that amounts are in; used for display only. Example: `USD`."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts and self.ends and self.ends < self.starts:
            raise ValueError(f"the plan ends on {self.ends}, before it starts on {self.starts}")
        return self


class Location(Wish):
    """The columns that hold where an account is."""

    latitude: str
    """Column with the latitude in degrees, -90 to 90. Example: `lat`."""
    longitude: str
    """Column with the longitude in degrees, -180 to 180. Example: `lon`."""


class Family(Wish):
    """Accounts under one ultimate parent."""

    column: str
    """Column with the parent's id; empty for an account without a parent. Example: `parent_id`."""
    keep: Literal["together", "separate"] = "together"
    """`together` gives a family one territory; `separate` carves its accounts one by one. Example: `together`."""
    apart: Annotated[str | None, Field(alias="except")] = None
    """Accounts that are carved by themselves all the same. Example: `employees >= 5000`."""


def _family(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


class Lifecycle(Wish):
    """What must not happen to a territory."""

    protect: Truth = False
    """A plan that would empty or remove the territory is refused. Example: `true`."""


class Scope(Wish):
    """Which accounts there are to carve, and what is known of them."""

    where: str | None = None
    """Accounts in scope; leave out for all. Example: `kind IN ('customer', 'prospect')`."""
    family: Annotated[Family | None, BeforeValidator(_family, json_schema_input_type=str | Family | None)] = None
    """Column with the parent's id: accounts under one ultimate parent stay together. Example: `parent_id`."""
    location: Location | None = None
    """Columns with latitude and longitude, for travel. Example: `{latitude: lat, longitude: lon}`."""
    protect: str | None = None
    """Accounts whose move hurts, such as those with open deals. Example: `open_pipeline > 0`."""
    pipeline: str | None = None
    """Column with the value of open deals, told of every hand-over. Example: `open_pipeline`."""
    fit: str | None = None
    """Column whose value is best among the skills of a territory's owner. Example: `industry`."""
    columns: dict[Name, str] = Field(default_factory=dict)
    """Derived columns, in order, each an SQL expression. Example: `{potential: "arr + 0.2 * whitespace"}`."""


class Segment(Wish):
    """A class of accounts; the first segment of the list that matches an account has it."""

    name: Name
    """How territories and balance policies refer to it. Example: `enterprise`."""
    where: str | None = None
    """Accounts of the segment; leave out for all that are left. Example: `employees >= 2000`."""
    stay: str | None = None
    """Wider band that keeps an account in the segment it is in. Example: `employees >= 1800`."""
    accounts: tuple[Id, ...] = ()
    """Accounts named one by one. Example: `[A-17, A-21]`."""
    effective: Day | None = None
    """Until this day the accounts of its territories stay where they are. Example: `2027-04-01`."""


class Territory(Wish):
    """A stable set of accounts, whoever covers it."""

    segment: Name
    """Segment whose accounts it holds. Example: `enterprise`."""
    where: str | None = None
    """What it may hold; leave out for the whole segment. Example: `state IN ('CA', 'OR')`."""
    rule: str | None = None
    """What it holds in any case: all that matches belongs to it. Example: `industry = 'government'`."""
    owner: Name | None = None
    """Person who owns its accounts; leave out for a vacant territory. Example: `jane.doe`."""
    size: Positive = 1.0
    """Relative fair share. Example: `0.5` for half a book."""
    accounts: tuple[Id, ...] = ()
    """Accounts pinned here, whatever `where` says. Example: `[A-99]`."""
    exclude: tuple[Id, ...] = ()
    """Accounts that it must not hold. Example: `[A-5]`."""
    center: Point | None = None
    """Latitude and longitude that travel is measured from; else the owner's home. Example: `[37.77, -122.42]`."""

    successor: Succession = None
    """Who owns it after its owner: a person, or one with a day. Example: `{person: raj.patel, from: 2027-08-01}`."""
    cover: Cover | None = None
    """Who holds its accounts while it is vacant; else as the plan's `cover` says. Example: `{spread: nearest}`."""
    effective: Day | None = None
    """Until this day its new accounts stay where they are. Example: `2027-04-01`."""
    lifecycle: Lifecycle = Lifecycle()
    """What must not happen to it. Example: `{protect: true}`."""

    @model_validator(mode="after")
    def _pinned_or_excluded(self) -> Self:
        if both := sorted(set(self.accounts) & set(self.exclude)):
            raise ValueError(f"account {both[0]} is both pinned here and excluded")
        return self


class Slot(Territory):
    """An overcarve territory: carved in full ahead of the hire who will own it."""

    expected: Day | None = None
    """When the hire is expected. Example: `2027-04-01`."""
    filled_by: Name | None = None
    """Person who owns it from the day that person starts. Example: `raj.patel`."""
    lapse: Day | None = None
    """Not filled by then, the slot is dissolved. Example: `2027-10-01`."""


class Preferences(Wish):
    """How much each wish weighs once the bands hold; a weight means the same in every company."""

    balance: NotNegative = 1.0
    """Weight of evenness inside the bands: 1.0 costs as much as a mean deviation of 100 %. Example: `1`."""
    disruption: NotNegative = 3.0
    """Weight of moves: 1.0 costs as much as moving every account. Example: `3`."""
    travel: NotNegative = 1.0
    """Weight of distance: 1.0 is everybody at the nearest territory. Example: `1`."""
    fit: NotNegative = 1.0
    """Weight of skills: 1.0 costs as much as every account with an owner who lacks its skill. Example: `1`."""


class CarveMethod(StrEnum):
    """How a segment is carved."""

    AUTO = "auto"
    EXACT = "exact"
    DECOMPOSED = "decomposed"


class Effort(StrEnum):
    """How far a carve goes, in steps and never in time."""

    QUICK = "quick"
    NORMAL = "normal"
    THOROUGH = "thorough"


class Carve(Wish):
    """How a segment is carved: what differs is the time that it takes and how near to the best it ends."""

    method: CarveMethod = CarveMethod.AUTO
    """By size (`auto`), by branch and bound over all (`exact`), or without it (`decomposed`). Example: `auto`."""
    effort: Effort = Effort.NORMAL
    """How far to search: `quick`, `normal` or `thorough`. Example: `thorough`."""


class Contiguous(Wish):
    """Territories of geographic units, such as ZIPs or counties, each of which is one connected area."""

    adjacency: Annotated[str, Field(pattern=r"^[^/\\]+\.csv$")]
    """CSV file beside this one: a header, then a unit and a unit that it touches a line. Example: `counties.csv`."""
    unit: str = "account"
    """Column that names the unit that an account lies in; the account itself when left out. Example: `fips`."""


def _moves(value: Any) -> Any:
    """Refuse what is neither a count nor a share in one sentence, and not in one for each."""
    counts = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    shares = (isinstance(value, float) and 0 <= value <= 1) or (isinstance(value, str) and value.endswith("%"))
    if not (value is None or counts or shares):
        raise ValueError("write a count of accounts such as 50, or a share such as 5%")
    return value


class Balance(Wish):
    """How even the books of a segment must be."""

    within: dict[Name, Share] = Field(default_factory=dict)
    """Band round the fair share, for each metric. Example: `{potential: 10%, accounts: 25%}`."""
    at_most: dict[Name, NotNegative] = Field(default_factory=dict)
    """Upper limit of a book, for each metric, in its own unit. Example: `{accounts: 80}`."""
    at_least: dict[Name, NotNegative] = Field(default_factory=dict)
    """Lower limit of a book, for each metric, in its own unit. Example: `{accounts: 20}`."""
    prefer: Preferences = Preferences()
    """Weights of balance, disruption, travel and fit. Example: `{disruption: 3, travel: 1}`."""
    max_moves: Annotated[Annotated[Whole, Field(ge=0)] | Share | None, BeforeValidator(_moves)] = None
    """Most accounts that may move: a count, or a share of the segment. Example: `50` or `5%`."""
    carve: Carve = Carve()
    """How the segment is carved. Example: `{method: auto, effort: thorough}`."""
    contiguous: Contiguous | None = None
    """Makes each territory one connected area. Example: `{adjacency: counties.csv, unit: fips}`."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for metric, low in self.at_least.items():
            if metric in self.at_most and self.at_most[metric] < low:
                raise ValueError(
                    f"the limits of {metric} contradict: at_most {self.at_most[metric]:g} is below at_least {low:g}"
                )
        return self

    def most_moves(self, accounts: int) -> int | None:
        """Give how many of so many accounts may move; None where moves are not limited."""
        if self.max_moves is None or isinstance(self.max_moves, int):
            return self.max_moves
        return math.floor(self.max_moves * accounts)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric that this policy limits, sorted."""
        return tuple(sorted({*self.within, *self.at_most, *self.at_least}))


class Moved(Wish):
    """A new name for a territory, slot, segment or person: no account moves."""

    old: Name = Field(alias="from")
    """The name until now. Example: `ent-west`."""
    new: Name = Field(alias="to")
    """The name from now on. Example: `ent-pacific`."""


class Carving(Wish):
    """All that a company wants of one plan."""

    name: Name
    plan: Horizon = Horizon()
    accounts: Scope = Scope()
    segments: tuple[Segment, ...] = ()
    territories: dict[Name, Territory] = Field(default_factory=dict)
    overcarve: dict[Name, Slot] = Field(default_factory=dict)
    people: dict[Name, Person] = Field(default_factory=dict)
    balance: dict[Name, Balance] = Field(default_factory=dict)
    cover: Cover = Cover()
    holdover: Holdover | None = None
    coverage: dict[Name, Coverage] = Field(default_factory=dict)
    moved: tuple[Moved, ...] = ()
    neighbours: dict[str, tuple[tuple[str, str], ...]] = Field(default_factory=dict)
    """Geographic units that touch, by the file that says so; each pair once and sorted."""
    lapsed: Annotated[frozenset[Name], Field(exclude=True)] = frozenset()
    """Slots that nobody filled in time, on the day that is looked at: they are no books any more."""
    matched: Annotated[dict[Name, Name], Field(exclude=True)] = Field(default_factory=dict)
    """Who owns territories that name no owner, as somebody was found for them; a carve knows nothing of it."""

    @property
    def books(self) -> dict[str, Territory]:
        """Territories and slots by name, in the order of their names, with the size that their owners can carry."""
        whole = {**self.territories, **{n: s for n, s in self.overcarve.items() if n not in self.lapsed}}
        return {name: self._carried(name, book) for name, book in sorted(whole.items())}

    def share_of(self, name: str) -> tuple[float, str]:
        """Give the share of a full book that a territory's owner can carry at the plan's start, and why in words.

        It is the person's capacity, at most 1, times what their ramp says of the plan's first day. A slot is carved in
        full for whoever fills it, a territory without an owner for whoever is matched to it, and a person with a
        capacity of 0 is away: others cover for them in full.
        """
        book = self.territories.get(name)
        owner = self.people.get(book.owner or "") if book else None
        if book is None or owner is None or not owner.capacity:
            return 1.0, ""
        ramped = owner.ramped(self.plan.starts) if self.plan.starts else 1.0
        said = [("capacity", min(1.0, owner.capacity)), ("ramp", ramped)]
        why = ", ".join(f"{what} {share * 100:g}%" for what, share in said if share != 1)
        return min(1.0, owner.capacity) * ramped, f"{book.owner}: {why}" if why else ""

    def _carried(self, name: str, book: Territory) -> Territory:
        share, _ = self.share_of(name)
        found: dict[str, Any] = {} if share == 1 else {"size": book.size * share}
        if book.owner is None and name in self.matched:
            found["owner"] = self.matched[name]
        return book.model_copy(update=found) if found else book

    def renames(self, done: frozenset[tuple[str, str]] = frozenset()) -> dict[str, str]:
        """Give the new name of everything that is renamed: chains end at their last name, swaps stay swaps.

        Parameters
        ----------
        done : frozenset of (str, str)
            Renames that are carried out already; only swaps need to be told, since their old names go on.
        """
        step = {m.old: m.new for m in self.moved if (m.old, m.new) not in done}
        last: dict[str, str] = {}
        for old, new in step.items():
            seen = [old]
            while new in step and new not in seen:
                seen.append(new)
                new = step[new]
            # A circle of names is a swap: each takes the place of the next.
            last[old] = step[old] if new in seen else new
        return last

    @property
    def swaps(self) -> frozenset[tuple[str, str]]:
        """Renames whose old name is in use again: they cannot be told from a look at the CRM."""
        names = {*self.books, *self.people, *(segment.name for segment in self.segments)}
        return frozenset((m.old, m.new) for m in self.moved if m.old in names)

    def canonical(self) -> dict[str, Any]:
        """Give the meaning without the layout: equal for files that differ in comments or in order of keys."""
        # What is as if it were left out is left out: a key that a later version knows changes no digest.
        said = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        if self.accounts.columns:
            said["accounts"]["columns"] = list(self.accounts.columns.items())
        return said
