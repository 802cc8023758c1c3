"""What `territory explain` tells: values for programs, which the report puts into words.

Costs are in moves: 1 is what the objective asks for one account, not protected, that changes its territory. Where moves
cost nothing (`prefer: {disruption: 0}`), they are in percent of what the carve costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl

from terraform_like.carve.arrays import Floats
from terraform_like.carve.form.problem import PROTECTED_COUNTS, Problem
from terraform_like.carve.prove.certify import rounded
from terraform_like.carve.prove.forced import Side
from terraform_like.carve.prove.options import Priced
from terraform_like.carve.prove.proof import Proof
from terraform_like.diagnostics import Locate
from terraform_like.diff import Change, Place, Reason
from terraform_like.domain.carving import Balance, Carving
from terraform_like.domain.scope import PROTECTED, Population
from terraform_like.plan.model import Plan, PlannedTerritory

Unit = Literal["moves", "percent"]


@dataclass(frozen=True)
class Known:
    """A saved plan with its carve formulated again.

    Parameters
    ----------
    plan : Plan
        The saved plan.
    carving : Carving
        The YAML that it was made from.
    population : Population
        The accounts of its snapshot.
    carved, proofs
        One a component.
    locate : Locate
        Where the wishes stand.
    """

    plan: Plan
    carving: Carving
    population: Population
    carved: tuple[Priced, ...]
    proofs: tuple[Proof, ...]
    locate: Locate

    @cached_property
    def changes(self) -> Mapping[str, Change]:
        """The change of each account that changes."""
        return {change.account: change for change in self.plan.changes}

    @cached_property
    def territories(self) -> Mapping[str, PlannedTerritory]:
        """The territories of the plan by name."""
        return {territory.name: territory for territory in self.plan.territories}

    def component_of(self, territory: str) -> int | None:
        """Give the position of the component that a territory is of; None where it may hold no account."""
        return next((n for n, c in enumerate(self.carved) if territory in c.problem.territories), None)

    def scale(self, component: int) -> Scale:
        """Give what costs of a component are told in."""
        problem = self.carved[component].problem
        prefer = self.carving.balance.get(problem.segment, Balance()).prefer
        inside = self.population.inside.table
        hurt = int(inside.filter(pl.col("account").is_in(problem.accounts.tolist()))[PROTECTED].sum())
        counted = len(problem.accounts) + (PROTECTED_COUNTS - 1) * hurt
        move = problem.units * prefer.disruption / counted
        if move > 0:
            return Scale("moves", move)
        return Scale("percent", max(abs(self.proofs[component].objective) * problem.units, 1e-300) / 100)

    def place(self, path: tuple[str | int, ...]) -> str | None:
        """Give file and line of a wish."""
        span = self.locate(path)
        return f"{span.file}:{span.line}" if span else None


@dataclass(frozen=True, slots=True)
class Scale:
    """What costs are told in, and how much of the objective, in solver units, one of it is."""

    unit: Unit
    worth: float

    def told(self, cost: float) -> float:
        """Give a cost in that unit, rounded to what anybody reads of it."""
        return round(cost / self.worth, 3) + 0.0


@dataclass(frozen=True, slots=True)
class LoadPrice:
    """A load beside its fair share and limits, and what `amount` more of it would cost; below 0 it would save."""

    territory: str
    metric: str
    load: float
    share: float
    low: float | None
    high: float | None
    amount: float
    cost: float


@dataclass(frozen=True, slots=True)
class BrokenLimit:
    """A limit that would not hold: the load that there would be, and what may be."""

    territory: str
    metric: str
    side: Side
    load: float
    limit: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another territory for an account and its family.

    `alone` is how much more the plan would cost if nothing else changed, `with_room` if others made room at the
    prices; `km` how much longer the way is; `breaks` the limits that would then be broken, or broken further; `moves`
    how many accounts would then move, where that is more than `most_moves`; `apart` what would no longer be connected.
    """

    territory: str
    alone: float
    with_room: float
    km: float
    breaks: tuple[BrokenLimit, ...]
    moves: int | None = None
    most_moves: int | None = None
    apart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Barred:
    """Territories that may not hold an account, why, and where that stands."""

    code: Literal["pinned", "claimed", "excluded", "rule", "where", "segment"]
    why: str
    territories: tuple[str, ...]
    place: str | None


@dataclass(frozen=True, slots=True)
class AccountExplained:
    """Why an account is where it is, and what else there would be.

    Parameters
    ----------
    account, segment : str
        The account and its segment; None where it is out of scope.
    change : str or None
        The kind of its change; None where it stays as it is.
    before, after : Place
        Territory and who has it.
    reasons : tuple of Reason
        Those of the plan.
    how, place
        What decided: a pin, a rule, the only territory that may hold it, or the carve; and where that stands.
    family : tuple of str
        Other accounts that go with it.
    protected : bool
        Whether a move of it counts more.
    loads : dict of str to float
        What it and its family add to each load.
    unit : str
        What costs are in.
    costs : dict of str to float
        What it costs there: disruption, travel, balance (by the prices of the loads), moves (their price).
    km, travel_share
        Its way to the center, and its share of all ways of the component.
    prices : tuple of LoadPrice
        Of the territory that it is in, then of the one that it was in.
    alternatives : tuple of Alternative
        The next best.
    open : int
        How many territories may hold it.
    barred : tuple of Barred
        Those that may not.
    """

    account: str
    segment: str | None
    change: str | None
    before: Place
    after: Place
    reasons: tuple[Reason, ...] = ()
    how: str = ""
    place: str | None = None
    family: tuple[str, ...] = ()
    protected: bool = False
    loads: Mapping[str, float] | None = None
    unit: Unit = "moves"
    costs: Mapping[str, float] | None = None
    km: float = 0.0
    travel_share: float = 0.0
    prices: tuple[LoadPrice, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    open: int = 0
    barred: tuple[Barred, ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """A neighbour of a territory and how much of a metric it could take (above 0) or give (below 0)."""

    territory: str
    amount: float


@dataclass(frozen=True, slots=True)
class Binding:
    """A load that limits hold down or up: whether it is at its own limit, or broken and why, and who has room."""

    metric: str
    price: LoadPrice
    at_limit: bool
    broken: str
    neighbours: tuple[Room, ...]


@dataclass(frozen=True, slots=True)
class Tie:
    """An account (with its family) that could come or go for little, where to or from, and its loads."""

    account: str
    family: int
    territory: str
    cost: float
    loads: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Heavy:
    """An account (with its family) that weighs much, and its loads."""

    account: str
    family: int
    loads: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Captive:
    """Accounts that may be nowhere else: how many, of these pinned, and their loads; whether that is by a refresh."""

    accounts: int
    pinned: int
    loads: Mapping[str, float]
    kept: bool


@dataclass(frozen=True, slots=True)
class WayOut:
    """A wish that could give way, and where it stands."""

    text: str
    place: str | None


@dataclass(frozen=True, slots=True)
class TerritoryExplained:
    """Why a territory is as it is, and what would help.

    Parameters
    ----------
    name, segment, slot, size, owner, accounts
        As the plan has them.
    unit : str
        What costs are in.
    loads : tuple of LoadPrice
        Every load with its price.
    bindings : tuple of Binding
        Loads whose limits bind or are broken.
    ways : tuple of WayOut
        What would have to give way where limits cannot hold.
    come, go : tuple of Tie
        Accounts nearest to a tie.
    heaviest : tuple of Heavy
        Its heaviest accounts.
    captive : Captive or None
        None where it may hold no account.
    """

    name: str
    segment: str
    slot: bool
    size: float
    owner: str | None
    accounts: int
    unit: Unit = "moves"
    loads: tuple[LoadPrice, ...] = ()
    bindings: tuple[Binding, ...] = ()
    ways: tuple[WayOut, ...] = ()
    come: tuple[Tie, ...] = ()
    go: tuple[Tie, ...] = ()
    heaviest: tuple[Heavy, ...] = ()
    captive: Captive | None = None


def load_price(carved: Priced, loads: Floats, t: int, m: int, scale: Scale) -> LoadPrice:
    """Give a load of a territory with what a round amount of it more would cost.

    Parameters
    ----------
    carved : Priced
        The component.
    loads : (T, M) array
        Its loads.
    t, m : int
        Positions of territory and metric.
    scale : Scale
        What costs are told in.
    """
    problem, limits = carved.problem, carved.problem.limits
    high, low = float(limits.high[t, m]), float(limits.low[t, m])
    amount = round_amount(problem, m)
    return LoadPrice(
        territory=problem.territories[t],
        metric=problem.metrics[m],
        load=rounded(float(loads[t, m])),
        share=rounded(float(limits.share[t, m])),
        low=rounded(low) if low > 0 else None,
        high=rounded(high) if np.isfinite(high) else None,
        amount=amount,
        cost=scale.told(float(carved.prices[t, m]) * amount),
    )


def round_amount(problem: Problem, m: int) -> float:
    """Give a round amount of a metric, about what one account has: 1, 10, 1,000 ..."""
    mean = float(problem.weights[:, m].sum()) / max(1, len(problem.accounts))
    return float(10.0 ** np.round(np.log10(mean))) if mean > 0 else 1.0


def loads_of(carved: Priced, unit: int) -> dict[str, float]:
    """Give what a unit adds to each load."""
    problem = carved.problem
    return {m: rounded(float(v)) for m, v in zip(problem.metrics, problem.weights[unit], strict=True)}
