"""Where a plan has accounts go, in columns: some tens of bytes an account, so that a million of them fit anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl

from terraform_like.diff import Change, ChangeKind, Place
from terraform_like.domain.reason import ReasonCode
from terraform_like.plan.model import Plan, Scheduled

#: Accounts that are gathered as Python values before they become columns.
_CHUNK = 10_000

_CHANGES = {
    "account": pl.String(),
    "kind": pl.Enum([kind.value for kind in ChangeKind]),
    "before": pl.UInt32(),
    "after": pl.UInt32(),
}
_PASSING = {"account": pl.String(), "leg": pl.UInt32()}


@dataclass(frozen=True, slots=True)
class Leg:
    """What accounts do together on a later day: `before` and `after` are positions in `Ways.places`.

    `waits` says that their territory takes effect only then.
    """

    on: date
    before: int
    after: int
    waits: bool


@dataclass(frozen=True, slots=True)
class Ways:
    """Where each account of a plan goes; owners are people of the plan, or CRM user ids where they are nobody in it.

    Parameters
    ----------
    changes : polars.DataFrame
        Every account that changes, sorted: `account`, `kind`, `before` and `after`, which are positions in `places`.
    passing : polars.DataFrame
        Every account that passes on later days, sorted, then by day: `account`, and `leg`, a position in `legs`.
    legs : tuple of Leg
        What passes on later days, sorted by day.
    places : tuple of Place
        Every place where a change or a leg begins or ends, once.
    """

    changes: pl.DataFrame
    passing: pl.DataFrame
    legs: tuple[Leg, ...]
    places: tuple[Place, ...]

    def flows(self) -> Counter[tuple[ChangeKind, Place, Place]]:
        """Count the accounts that change alike: in the same way, from one place to one other."""
        alike = self.changes.group_by("kind", "before", "after").len().iter_rows()
        return Counter({(ChangeKind(k), self.places[b], self.places[a]): count for k, b, a, count in alike})

    def passing_by(self, day: date) -> pl.DataFrame:
        """Give what of `passing` passes by a day."""
        return self.passing.filter(pl.col("leg").is_in([n for n, leg in enumerate(self.legs) if leg.on <= day]))

    def waiting(self) -> pl.DataFrame:
        """Give the accounts whose territory takes effect later: `account`, and `leg`, the first that they wait for."""
        waits = self.passing.filter(pl.col("leg").is_in([n for n, leg in enumerate(self.legs) if leg.waits]))
        return waits.unique("account", keep="first", maintain_order=True)


def ways_of(plan: Plan) -> Ways:
    """Give the ways of a plan that was read whole."""
    gathered = Gathered()
    gathered.change(plan.changes)
    gathered.schedule(plan.scheduled)
    return gathered.ways()


class Gathered:
    """Ways that are put together from changes and passings as they come."""

    def __init__(self) -> None:
        self._changes = _Columns(_CHANGES)
        self._passing = _Columns(_PASSING)
        self._legs: list[Leg] = []
        self._places: dict[Place, int] = {}

    def change(self, changes: Iterable[Change]) -> None:
        """Add changes."""
        for one in changes:
            self._changes.add((one.account, one.kind.value, self._position(one.before), self._position(one.after)))

    def schedule(self, scheduled: Iterable[Scheduled]) -> None:
        """Add what passes on later days, in the order of the days."""
        for one in scheduled:
            leg = len(self._legs)
            before, after = self._position(one.before), self._position(one.after)
            self._legs.append(Leg(one.on, before, after, one.reason is ReasonCode.EFFECTIVE))
            for account in one.accounts:
                self._passing.add((account, leg))

    def ways(self) -> Ways:
        """Give what was gathered."""
        changes = self._changes.table()
        if not changes["account"].is_sorted():
            changes = changes.sort("account", maintain_order=True)
        passing = self._passing.table().sort("account", "leg")
        return Ways(changes, passing, tuple(self._legs), tuple(self._places))

    def _position(self, place: Place) -> int:
        return self._places.setdefault(place, len(self._places))


class _Columns:
    """A table that is built row by row, a chunk at a time."""

    def __init__(self, schema: dict[str, pl.DataType]) -> None:
        self._schema = schema
        self._rows: list[tuple[object, ...]] = []
        self._chunks = [pl.DataFrame(schema=schema)]

    def add(self, row: tuple[object, ...]) -> None:
        self._rows.append(row)
        if len(self._rows) == _CHUNK:
            self._flush()

    def table(self) -> pl.DataFrame:
        self._flush()
        return pl.concat(self._chunks)

    def _flush(self) -> None:
        self._chunks.append(pl.DataFrame(self._rows, schema=self._schema, orient="row"))
        self._rows = []
