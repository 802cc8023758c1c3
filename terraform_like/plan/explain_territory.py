"""Why a territory is as it is: its loads, what holds them, who could come or go, and who is there in any case."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from terraform_like.carve.arrays import Floats, Ints
from terraform_like.carve.prove.certify import rounded
from terraform_like.carve.prove.forced import Breach, breaches
from terraform_like.carve.prove.options import Priced, nearest_ties
from terraform_like.carve.prove.proof import Proof
from terraform_like.plan.broken_limits import forced_or_ours
from terraform_like.plan.conflicts import ways_out
from terraform_like.plan.explained import (
    Binding,
    Captive,
    Heavy,
    Known,
    Room,
    Scale,
    TerritoryExplained,
    Tie,
    WayOut,
    load_price,
    loads_of,
)

#: How many ties, heavy accounts and neighbours are told.
_TOLD = 5
#: A price that is this share of the highest useful one holds a load at its limit.
_BINDS = 0.001


def explain_territory(known: Known, name: str) -> TerritoryExplained | None:
    """Explain a territory or slot.

    Parameters
    ----------
    known : Known
        The plan.
    name : str
        Name of the territory.

    Returns
    -------
    TerritoryExplained or None
        None where the plan has none of that name.
    """
    planned = known.territories.get(name)
    if planned is None:
        return None
    said = TerritoryExplained(name, planned.segment, planned.slot, planned.size, planned.owner, planned.accounts)
    number = known.component_of(name)
    return said if number is None else _carved(known, number, said)


def _carved(known: Known, number: int, said: TerritoryExplained) -> TerritoryExplained:
    carved, scale, proof = known.carved[number], known.scale(number), known.proofs[number]
    problem = carved.problem
    t = problem.territories.index(said.name)
    loads = problem.loads(carved.choice)
    every = breaches(problem, carved.choice, carved.prices)
    own = [breach for breach in every if breach.cell.territory == t]
    # In a refresh what is forced is so since accounts stay, which no other wish would change.
    certificates = [breach.certificate for breach in own if breach.certificate and not problem.kept]
    come, go = nearest_ties(carved, t, _TOLD)
    inside = np.flatnonzero(problem.pairs.territory[carved.choice] == t)
    return TerritoryExplained(
        said.name,
        said.segment,
        said.slot,
        said.size,
        said.owner,
        said.accounts,
        unit=scale.unit,
        loads=tuple(load_price(carved, loads, t, m, scale) for m in range(len(problem.metrics))),
        bindings=tuple(_bindings(known, carved, proof, loads, t, own, scale)),
        ways=tuple(WayOut(way.text, known.place(way.path)) for way in ways_out(known.carving, problem, certificates)),
        come=tuple(_tie(carved, int(pair), scale, come=True) for pair in come),
        go=tuple(_tie(carved, int(pair), scale, come=False) for pair in go),
        heaviest=tuple(_heaviest(carved, inside, t)),
        captive=_captive(known, carved, inside, said.name),
    )


def _bindings(
    known: Known, carved: Priced, proof: Proof, loads: Floats, t: int, own: list[Breach], scale: Scale
) -> Iterator[Binding]:
    """Give the loads whose limits are broken, or have a price that shows that they hold back better wishes."""
    problem, limits = carved.problem, carved.problem.limits
    for m, metric in enumerate(problem.metrics):
        broken = [breach for breach in own if breach.cell.metric == m]
        # Inside the limits a price is the pull to the fair share at most; above that a limit is at work.
        bound = abs(carved.prices[t, m]) > limits.pull[t, m] + _BINDS * limits.push[t, m]
        if not broken and not bound:
            continue
        over = carved.prices[t, m] > 0 if not broken else broken[0].cell.side == "high"
        limit = (limits.high if over else limits.low)[t, m]
        # Accounts are whole: a load can be near its limit without being on it.
        lightest = problem.weights[:, m].min(where=problem.weights[:, m] > 0, initial=np.inf)
        near = max(0.01 * limit, float(lightest) / 2)
        yield Binding(
            metric,
            load_price(carved, loads, t, m, scale),
            bool(abs(loads[t, m] - limit) <= near),
            forced_or_ours(known.carving, problem, proof, broken, ways=False) if broken else "",
            tuple(_neighbours(carved, loads, t, m, over=over)),
        )


def _neighbours(carved: Priced, loads: Floats, t: int, m: int, *, over: bool) -> Iterator[Room]:
    """Give territories that compete for the same accounts and have room (or can spare something), the most first."""
    problem, limits = carved.problem, carved.problem.limits
    shared = np.isin(problem.pairs.unit, problem.pairs.unit[problem.pairs.territory == t])
    others = np.setdiff1d(np.unique(problem.pairs.territory[shared]), [t])
    # Where nothing limits a load, its fair share says how much of it is to spare.
    high = np.where(np.isfinite(limits.high[others, m]), limits.high[others, m], limits.share[others, m])
    low = np.where(limits.low[others, m] > 0, limits.low[others, m], limits.share[others, m])
    room = high - loads[others, m] if over else loads[others, m] - low
    if (problem.weights[:, m] == np.floor(problem.weights[:, m])).all():
        room = np.floor(room)
    for row in np.lexsort((others, -room))[:_TOLD].tolist():
        if room[row] > 0:
            yield Room(problem.territories[int(others[row])], rounded(float(room[row] if over else -room[row])))


def _tie(carved: Priced, pair: int, scale: Scale, *, come: bool) -> Tie:
    problem = carved.problem
    unit = int(problem.pairs.unit[pair])
    other = int(carved.choice[unit]) if come else pair
    account, family = _head(carved, unit)
    cost = float(carved.behind(np.array([pair]))[0])
    where = problem.territories[int(problem.pairs.territory[other])]
    return Tie(account, family, where, scale.told(cost), loads_of(carved, unit))


def _heaviest(carved: Priced, inside: Ints, t: int) -> Iterator[Heavy]:
    """Give the units that are most of a fair share, in whichever metric."""
    problem = carved.problem
    share = problem.limits.share[t]
    part = problem.weights[inside] / np.where(share > 0, share, np.inf)
    counts = [m for m, metric in enumerate(problem.metrics) if metric != "accounts"]
    most = part[:, counts].max(axis=1, initial=0.0)
    for row in np.lexsort((inside, -most))[:_TOLD].tolist():
        if most[row] > 0:
            unit = int(inside[row])
            account, family = _head(carved, unit)
            yield Heavy(account, family, loads_of(carved, unit))


def _captive(known: Known, carved: Priced, inside: Ints, name: str) -> Captive:
    """Sum up the units that may be nowhere else."""
    problem = carved.problem
    alone = inside[problem.ways.eligible.count()[inside] == 1]
    accounts = problem.accounts[np.isin(problem.unit_of, alone)]
    pinned = int(np.isin(problem.accounts, known.carving.books[name].accounts).sum())
    total = problem.weights[alone].sum(axis=0)
    return Captive(
        len(accounts), pinned, {m: rounded(float(v)) for m, v in zip(problem.metrics, total, strict=True)}, problem.kept
    )


def _head(carved: Priced, unit: int) -> tuple[str, int]:
    """Give the first account of a unit, and how many it has."""
    accounts = carved.problem.accounts[carved.problem.unit_of == unit]
    return str(accounts[0]), len(accounts)
