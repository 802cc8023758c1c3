"""The tables that policies are asked over, made of a plan's parts; `policy.tables` says what stands in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from terraform_like.address import Address
from terraform_like.diff import Change, ChangeKind
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving, Slot, Territory
from terraform_like.domain.geography import great_circle_km, located
from terraform_like.domain.scope import FAMILY, SEGMENT, Population
from terraform_like.plan.counts import counts
from terraform_like.plan.figures import Floats, Grouped, numeric
from terraform_like.plan.listed import listed
from terraform_like.plan.model import PlannedTerritory, Summary
from terraform_like.policy.rule import Over
from terraform_like.policy.tables import BEFORE, HIDDEN, LARGEST, LOST, MOVED
from terraform_like.staffing.tenure import tenures

Columns = dict[str, pl.Series]

#: `Address` of an account, of all of them at once.
_ADDRESS = pl.concat_str(pl.lit("account."), "account").alias("address")


def policy_tables(
    carving: Carving,
    population: Population,
    desired: Book,
    territories: tuple[PlannedTerritory, ...],
    changes: tuple[Change, ...],
    summary: Summary,
    day: date,
) -> dict[Over, pl.DataFrame]:
    """Give one table for each thing that policies may be over, as it is on a day."""
    was, will = population.inside.table, desired.table
    figures = numeric(was, HIDDEN)
    tables: dict[Over, Columns] = {
        "territories": _territories(carving, was, will, territories, figures, day),
        "people": _people(carving, population.inside, desired, territories, figures),
        "accounts": _accounts(carving, population.inside, desired),
        "changes": _changes(population, changes),
        "segments": _segments(carving, was, will, territories, changes, figures),
        "plan": _plan(carving, summary, territories, changes, was, will, figures),
    }
    return {over: pl.DataFrame(list(columns.values())) for over, columns in tables.items()}


def _texts(name: str, values: list[str | None]) -> pl.Series:
    return pl.Series(name, values, pl.String)


def _numbers(name: str, values: Sequence[float | None] | Floats) -> pl.Series:
    return pl.Series(name, values, pl.Float64).fill_nan(None)


def _columns(*series: pl.Series) -> Columns:
    return {one.name: one for one in series}


def _beneath(fixed: Columns, figures: Mapping[str, Floats], ends: Mapping[str, Mapping[str, Floats]]) -> Columns:
    """Add the columns of figures; a name that the table has already stays as it is."""
    more = {name + end: _numbers(name + end, ends[end][name]) for name in figures for end in ends}
    return fixed | {name: column for name, column in more.items() if name not in fixed}


def _territories(
    carving: Carving,
    was: pl.DataFrame,
    will: pl.DataFrame,
    territories: tuple[PlannedTerritory, ...],
    figures: Mapping[str, Floats],
    day: date,
) -> Columns:
    names, books = [t.name for t in territories], carving.books
    before, after = Grouped.by(was["territory"], names), Grouped.by(will["territory"], names)
    alone = (will["owner"].is_null() & will["holder"].is_null()).to_numpy()
    fixed = _columns(
        _texts("address", [str(Address("slot" if t.slot else "territory", t.name)) for t in territories]),
        _texts("territory", list(names)),
        _texts("segment", [t.segment for t in territories]),
        _numbers("size", [t.size for t in territories]),
        _texts("owner", [t.owner for t in territories]),
        pl.Series("vacant", [t.vacant for t in territories], pl.Boolean),
        pl.Series("slot", [t.slot for t in territories], pl.Boolean),
        _numbers("accounts", [t.accounts for t in territories]),
        _numbers("accounts_before", [t.accounts_before for t in territories]),
        _numbers("uncovered", after.where(alone).counts()),
        _numbers("vacant_days", [float((day - t.vacant_since).days) if t.vacant_since else None for t in territories]),
        _numbers("interim_days", [_interim_days(carving, books.get(t.name), t.vacant, day) for t in territories]),
    )
    sums = {name: (after.sums(value), before.sums(value)) for name, value in figures.items()}
    for number, territory in enumerate(territories):
        # What the plan itself says of a book is what is judged, to the digit.
        for metric, load in territory.loads.items():
            if metric in sums:
                sums[metric][0][number], sums[metric][1][number] = load.after, load.before
    largest = {name: after.largest(value) for name, value in figures.items()}
    ends = {"": {n: s[0] for n, s in sums.items()}, BEFORE: {n: s[1] for n, s in sums.items()}, LARGEST: largest}
    return _beneath(fixed, figures, ends)


def _interim_days(carving: Carving, book: Territory | None, vacant: bool, day: date) -> float | None:
    """Give the days until whoever will own a vacant territory starts, or is expected."""
    if not vacant or book is None:
        return None
    starts = [tenure.since for tenure in tenures(book, carving)]
    expected = [book.expected] if isinstance(book, Slot) else []
    coming = [when for when in (*starts, *expected) if when is not None and when > day]
    return float((min(coming) - day).days) if coming else None


def _people(
    carving: Carving,
    inside: Book,
    desired: Book,
    territories: tuple[PlannedTerritory, ...],
    figures: Mapping[str, Floats],
) -> Columns:
    names = sorted(carving.people)
    people = [carving.people[name] for name in names]
    was, will = (Grouped.by(book.table.select(book.covered_by).to_series(), names) for book in (inside, desired))
    lost = was.where(was.of != will.of)
    fixed = _columns(
        _texts("address", [str(Address("person", name)) for name in names]),
        _texts("person", list(names)),
        _texts("role", [person.role for person in people]),
        _numbers("capacity", [person.capacity for person in people]),
        _numbers("quota", [person.quota for person in people]),
        _numbers("size", _carried(names, will, desired.table["territory"], territories)),
        _numbers("territories", _books(will, desired.table["territory"])),
        _numbers("territories_before", _books(was, inside.table["territory"])),
        _numbers("accounts", will.counts()),
        _numbers("accounts_before", was.counts()),
        _numbers("accounts_lost", lost.counts()),
    )
    for group in sorted({group for person in people for group in person.groups}):
        fixed.setdefault(group, _texts(group, [person.groups.get(group) for person in people]))
    return _beneath(
        fixed,
        figures,
        {
            "": {name: will.sums(value) for name, value in figures.items()},
            BEFORE: {name: was.sums(value) for name, value in figures.items()},
            LOST: {name: lost.sums(value) for name, value in figures.items()},
            LARGEST: {name: will.largest(value) for name, value in figures.items()},
        },
    )


def _books(people: Grouped, territory: pl.Series) -> Floats:
    """Count the territories of which each person has accounts."""
    pairs = pl.DataFrame({"person": people.of, "territory": territory}).drop_nulls().unique()
    of = pairs.filter(pl.col("person") >= 0)["person"].to_numpy()
    return np.bincount(of, minlength=people.count).astype(np.float64)


def _carried(
    names: list[str], people: Grouped, territory: pl.Series, territories: tuple[PlannedTerritory, ...]
) -> Floats:
    """Give how many books each person carries: owned ones by size, and of vacant ones the share of accounts held."""
    size = np.zeros(len(names))
    number = {name: n for n, name in enumerate(names)}
    for one in territories:
        if one.owner in number:
            size[number[one.owner]] += one.size
    vacant = {one.name: one.size / one.accounts for one in territories if one.vacant and one.accounts}
    each = territory.replace_strict(vacant, default=0.0, return_dtype=pl.Float64).fill_null(0.0).to_numpy()
    held = people.of >= 0
    carried: Floats = size + np.bincount(people.of[held], each[held], len(names))
    return carried


def _accounts(carving: Carving, inside: Book, desired: Book) -> Columns:
    was, will = inside.table, desired.table
    owner, owner_before = (book.table.select(book.covered_by).to_series() for book in (desired, inside))
    pinned = {account: name for name, book in carving.books.items() for account in book.accounts}
    named = {account for segment in carving.segments for account in segment.accounts}
    family = pl.DataFrame([was[FAMILY], will["territory"]])
    fixed = _columns(
        was.select(_ADDRESS).to_series(),
        was["account"],
        was[SEGMENT],
        will["territory"],
        owner.alias("owner"),
        was["territory"].alias("territory_before"),
        owner_before.alias("owner_before"),
        was[FAMILY],
        family.select(pl.col("territory").n_unique().over(FAMILY).cast(pl.Float64))
        .to_series()
        .alias("family_territories"),
        was["account"].replace_strict(pinned, default=None, return_dtype=pl.String).alias("pinned_to"),
        was["account"].is_in(list(named)).alias("named"),
        _travelled(carving, was, owner).alias("travel_km"),
        _travelled(carving, was, owner_before).alias("travel_km_before"),
    )
    hidden = (*HIDDEN, *fixed)
    return fixed | _columns(*was.select(pl.exclude(hidden)).iter_columns())


def _travelled(carving: Carving, table: pl.DataFrame, person: pl.Series) -> pl.Series:
    """Give the distance of each account from the home of whoever has it, in km; null where either is not known."""
    homes = {name: one.home for name, one in carving.people.items() if one.home is not None}
    at = located(table, carving.accounts.location)
    home = [
        person.replace_strict({n: h[axis] for n, h in homes.items()}, default=None, return_dtype=pl.Float64)
        .fill_null(float("nan"))
        .to_numpy()
        for axis in (0, 1)
    ]
    return pl.Series(great_circle_km(at[:, 0], at[:, 1], home[0], home[1]), dtype=pl.Float64).fill_nan(None)


def _changes(population: Population, changes: tuple[Change, ...]) -> Columns:
    fixed = listed(changes).select(_ADDRESS, pl.all())
    known = pl.concat([population.inside.table, population.outside.table], how="diagonal")
    own = [name for name in fixed.columns if name != "account"]
    snapshot = known.select(pl.exclude("territory", "owner", *HIDDEN, *own))
    joined = fixed.join(snapshot, on="account", how="left", maintain_order="left")
    return _columns(*joined.iter_columns())


def _segments(
    carving: Carving,
    was: pl.DataFrame,
    will: pl.DataFrame,
    territories: tuple[PlannedTerritory, ...],
    changes: tuple[Change, ...],
    figures: Mapping[str, Floats],
) -> Columns:
    names = [segment.name for segment in carving.segments]
    of = {t.name: t.segment for t in territories}
    inside = Grouped.by(was[SEGMENT], names)
    # Before, an account belongs to the segment of the territory that it was in.
    before = Grouped.by(was["territory"].replace_strict(of, default=None, return_dtype=pl.String), names)
    moving = inside.where(_moving(was, will))
    moved = Counter(of.get(c.after.territory or "") for c in changes if c.kind is ChangeKind.MOVE)
    books = Counter(of.values())
    fixed = _columns(
        _texts("address", [str(Address("segment", name)) for name in names]),
        _texts("segment", list(names)),
        _numbers("accounts", inside.counts()),
        _numbers("accounts_before", before.counts()),
        _numbers("moves", [moved[name] for name in names]),
        _numbers("territories", [books[name] for name in names]),
    )
    return _beneath(
        fixed,
        figures,
        {
            "": {name: inside.sums(value) for name, value in figures.items()},
            BEFORE: {name: before.sums(value) for name, value in figures.items()},
            MOVED: {name: moving.sums(value) for name, value in figures.items()},
        },
    )


def _plan(
    carving: Carving,
    summary: Summary,
    territories: tuple[PlannedTerritory, ...],
    changes: tuple[Change, ...],
    was: pl.DataFrame,
    will: pl.DataFrame,
    figures: Mapping[str, Floats],
) -> Columns:
    known = counts(summary, len(changes), len(territories), len(carving.people))
    every = Grouped(1, np.zeros(was.height, dtype=np.int64))
    moving = every.where(_moving(was, will))
    return _beneath(
        _columns(
            _texts("address", [str(Address("plan", carving.name))]),
            *(_numbers(name, [count]) for name, count in known.items()),
        ),
        figures,
        {
            "": {name: every.sums(value) for name, value in figures.items()},
            MOVED: {name: moving.sums(value) for name, value in figures.items()},
        },
    )


def _moving(was: pl.DataFrame, will: pl.DataFrame) -> NDArray[np.bool_]:
    """Say which accounts go from one territory to another."""
    return (was["territory"].is_not_null() & was["territory"].ne_missing(will["territory"])).to_numpy()
