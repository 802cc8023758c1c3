"""Book + Carving -> Problems: eligibility, families as units, centers, costs and limits, one problem a component."""

from __future__ import annotations

import numpy as np
import polars as pl

from terraform_like.carve.centers import find_centers, known_center, match_centers
from terraform_like.carve.eligible import Flags, Members, book_path, eligible, members, tell_pins_elsewhere
from terraform_like.carve.problem import (
    EXCESS_WEIGHT,
    PROTECTED_COUNTS,
    TOLERANCE,
    Floats,
    Ints,
    Limits,
    Pairs,
    Problem,
)
from terraform_like.diagnostics import Locate, Path, Report, Span, counted, listing
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Balance, Carving
from terraform_like.domain.geography import great_circle_km, located
from terraform_like.domain.scope import PROTECTED


def formulate(carving: Carving, inside: Book, locate: Locate, report: Report) -> tuple[Problem, ...]:
    """Make the problems of a carving, one a component, in the order of segments and territories.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    inside : Book
        The accounts in scope as `domain.scope.populate` gives them.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers accounts that no territory may hold, pins that contradict each other, limits that do.
    """
    problems: list[Problem] = []
    tell_pins_elsewhere(carving, inside, locate, report)
    for segment in carving.segments:
        those = members(carving, inside, segment.name)
        if len(those.accounts):
            problems += _segment_problems(carving, those, locate, report)
    return tuple(problems)


def _segment_problems(carving: Carving, segment: Members, locate: Locate, report: Report) -> list[Problem]:
    allowed = eligible(segment, locate, report)
    nowhere = np.flatnonzero(~allowed.any(axis=1))
    if len(nowhere):
        lost = segment.accounts[np.isin(segment.unit_of, nowhere)]
        report.error(
            f"No territory of {segment.name} may hold {counted(len(lost), 'account')}",
            f"{listing(lost)}. Widen the `where` of a territory, add one, or narrow the segment.",
            _segment_span(carving, segment.name, locate),
        )
        return []
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    unit, territory = np.nonzero(allowed)
    total = len(segment.heads) + len(segment.names)
    graph = coo_array((np.ones(len(unit)), (unit, len(segment.heads) + territory)), shape=(total, total))
    _, labels = connected_components(graph, directed=False)
    centers = _centers(carving, segment, allowed)
    problems = []
    of_units, books = labels[: len(segment.heads)], labels[len(segment.heads) :]
    alone = len(np.unique(of_units)) == 1
    for label in dict.fromkeys(books.tolist()):
        mine = np.flatnonzero(books == label)
        name = segment.name if alone else f"{segment.name}/{segment.names[mine[0]]}"
        units = np.flatnonzero(of_units == label)
        if len(units):
            problems.append(_component(carving, segment, name, units, mine, allowed, centers, locate, report))
        else:
            _tell_of_hollow(segment, int(mine[0]), locate, report)
    return problems


def _tell_of_hollow(segment: Members, territory: int, locate: Locate, report: Report) -> None:
    name, book = segment.names[territory], segment.books[territory]
    said = [key for key, text in (("where", book.where), ("rule", book.rule)) if text is not None]
    wishes = " and its ".join(f"`{key}`" for key in said)
    what = f"Its {wishes} {'match' if len(said) > 1 else 'matches'} no account" if said else "There is no account"
    report.warning(
        f"{name} may hold no account",
        f"{what} of {segment.name} that no other territory pins or claims.",
        locate((*book_path(name, book), (said or ["segment"])[0])),
    )


def _centers(carving: Carving, segment: Members, allowed: Flags) -> Floats:
    """Give the center of each territory, a (T, 2) array of degrees, NaN where there is no location at all."""
    centers = np.full((len(segment.names), 2), np.nan)
    for t, book in enumerate(segment.books):
        if (known := known_center(book, carving)) is not None:
            centers[t] = known
    open_ones = np.flatnonzero(np.isnan(centers).any(axis=1))
    points = located(segment.table, carving.accounts.location)
    if not len(open_ones) or not np.isfinite(points).any():
        return centers
    # Territories of the same wish share its accounts out among the centers that are found for them; that one of them
    # has an account pinned or excluded makes it no other.
    teams: dict[tuple[str | None, str | None], list[int]] = {}
    for t, book in enumerate(segment.books):
        teams.setdefault((book.where, book.rule), []).append(t)
    for team in teams.values():
        group = np.intersect1d(team, open_ones)
        if not len(group):
            continue
        mine = allowed[segment.unit_of][:, group].any(axis=1)
        found = find_centers(points[mine], len(group), centers[np.setdiff1d(team, open_ones)])
        here = np.zeros((len(group), len(group)))
        if np.isfinite(found).all():
            nearest = great_circle_km(points[:, :1], points[:, 1:], found[None, :, 0], found[None, :, 1])
            placed = np.flatnonzero(np.isfinite(nearest).all(axis=1) & np.isin(segment.current, group))
            row = np.searchsorted(group, segment.current[placed])
            np.add.at(here, (row, nearest[placed].argmin(axis=1)), 1)
        centers[group] = found[match_centers(here, found)]
    return centers


def _component(
    carving: Carving,
    segment: Members,
    name: str,
    units: Ints,
    books: Ints,
    allowed: Flags,
    centers: Floats,
    locate: Locate,
    report: Report,
) -> Problem:
    rows = np.flatnonzero(np.isin(segment.unit_of, units))
    table = segment.table[rows.tolist()]
    unit_of = np.searchsorted(units, segment.unit_of[rows])
    balance = carving.balance.get(segment.name, Balance())
    metrics = balance.metrics
    weights = _weights(table, metrics, unit_of, len(units))
    order = np.full(len(segment.names), -1)
    order[books] = np.arange(len(books))
    at = segment.current[rows]
    current = np.where(at >= 0, order[at], -1)
    came_from = table["territory"].is_in(list(carving.books)).fill_null(False).to_numpy()
    unit, territory = np.nonzero(allowed[np.ix_(units, books)])
    points = located(table, carving.accounts.location)
    pairs, nearest_km = _pairs(
        unit, territory, unit_of, current, came_from, table[PROTECTED].to_numpy(), points, centers[books], balance
    )
    limits, rules = _limits(segment, balance, weights, books, metrics, locate, report)
    return Problem(
        component=name,
        segment=segment.name,
        territories=tuple(segment.names[t] for t in books),
        metrics=metrics,
        accounts=segment.accounts[rows],
        unit_of=unit_of,
        weights=weights,
        pairs=pairs,
        current=_current_pairs(pairs, unit_of, current, len(units)),
        limits=limits,
        nearest_km=nearest_km,
        rules=rules,
        method=balance.carve.method,
        effort=balance.carve.effort,
    )


def _weights(table: pl.DataFrame, metrics: tuple[str, ...], unit_of: Ints, units: int) -> Floats:
    weights = np.zeros((units, len(metrics)))
    for m, metric in enumerate(metrics):
        value = np.ones(table.height) if metric == "accounts" else table[metric].cast(pl.Float64).to_numpy()
        weights[:, m] = np.bincount(unit_of, value, units)
    return weights


def _pairs(
    unit: Ints,
    territory: Ints,
    unit_of: Ints,
    current: Ints,
    came_from: Flags,
    protected: Flags,
    points: Floats,
    centers: Floats,
    balance: Balance,
) -> tuple[Pairs, float]:
    """Price the pairs: every account of a unit adds its move and its way to each territory that the unit may go to."""
    size = np.bincount(unit_of)
    members = np.argsort(unit_of, kind="stable")
    start = np.concatenate([[0], np.cumsum(size)])
    repeats = size[unit]
    pair = np.repeat(np.arange(len(unit)), repeats)
    offset = np.arange(len(pair)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    member = members[start[unit[pair]] + offset]
    moves = (current[member] != territory[pair]) & came_from[member]
    share = np.where(protected, PROTECTED_COUNTS, 1.0)
    share /= share.sum()
    moved = np.bincount(pair, moves, len(unit)).astype(np.float64)
    disruption = np.bincount(pair, moves * share[member], len(unit)).astype(np.float64)
    center = centers[territory[pair]]
    way = great_circle_km(points[member, 0], points[member, 1], center[:, 0], center[:, 1])
    km = np.bincount(pair, np.nan_to_num(way), len(unit)).astype(np.float64)
    nearest = np.full(len(size), np.inf)
    np.minimum.at(nearest, unit, km)
    nearest_km = float(nearest.sum())
    travel = km / nearest_km if nearest_km > 0 else np.zeros(len(unit))
    cost = len(size) * (balance.prefer.disruption * disruption + balance.prefer.travel * travel)
    return Pairs(unit, territory, moved, disruption, km, cost), nearest_km


def _current_pairs(pairs: Pairs, unit_of: Ints, current: Ints, units: int) -> Ints:
    """Find the pair at which each unit is: where most of its accounts are, -1 where none is anywhere it may stay."""
    here = np.zeros(len(pairs))
    width = int(pairs.territory.max()) + 1
    placed = np.flatnonzero(current >= 0)
    keys = unit_of[placed] * width + current[placed]
    pair_keys = pairs.unit * width + pairs.territory
    found = np.searchsorted(pair_keys, keys)
    hit = (found < len(pair_keys)) & (pair_keys[np.minimum(found, len(pair_keys) - 1)] == keys)
    np.add.at(here, found[hit], 1)
    best = np.full(units, -1)
    # Sorted by count, then by territory from last to first: the last write is the most, the first territory on a tie.
    order = np.lexsort((-pairs.territory, here))
    order = order[here[order] > 0]
    best[pairs.unit[order]] = order
    return best


def _limits(
    segment: Members,
    balance: Balance,
    weights: Floats,
    books: Ints,
    metrics: tuple[str, ...],
    locate: Locate,
    report: Report,
) -> tuple[Limits, dict[tuple[str, str], Path]]:
    size = np.array([segment.books[t].size for t in books])
    with np.errstate(over="ignore", invalid="ignore"):
        share = (size / size.sum())[:, None] * weights.sum(axis=0)[None, :]
    low, high = np.zeros_like(share), np.full_like(share, np.inf)
    pull, push = np.zeros_like(share), np.zeros_like(share)
    rules: dict[tuple[str, str], Path] = {}
    policy: Path = ("balance", segment.name)
    scale = len(weights) / (len(books) * max(1, len(metrics)))
    for m, metric in enumerate(metrics):
        if not np.isfinite(share[:, m]).all():
            report.error(
                f"The sum of {metric} over {segment.name} is too large a number",
                f"The largest value is {weights[:, m].max():.6g}. Mend the account that has it.",
                locate(("balance", segment.name)),
            )
            continue
        whole = np.where(share[:, m] > 0, share[:, m], 1.0)
        push[:, m] = EXCESS_WEIGHT * scale / whole
        if metric in balance.within:
            tolerance = balance.within[metric]
            low[:, m] = np.maximum(0, share[:, m] * (1 - tolerance))
            high[:, m] = share[:, m] * (1 + tolerance)
            pull[:, m] = balance.prefer.balance * scale / whole
            rules[metric, "low"] = rules[metric, "high"] = (*policy, "within", metric)
        for key, side, array in (("at_least", "low", low), ("at_most", "high", high)):
            wish = balance.at_least.get(metric) if key == "at_least" else balance.at_most.get(metric)
            if wish is None:
                continue
            tighter = array[:, m] < wish if key == "at_least" else array[:, m] > wish
            array[tighter, m] = wish
            if tighter.any() or (metric, side) not in rules:
                rules[metric, side] = (*policy, key, metric)
        if (crossed := low[:, m] > high[:, m] * (1 + TOLERANCE)).any():
            t = int(np.argmax(crossed))
            report.error(
                f"The limits of {metric} contradict each other",
                f"{segment.names[books[t]]} would need at least {low[t, m]:,.6g} and at most {high[t, m]:,.6g}. "
                f"Its fair share is {share[t, m]:,.6g}.",
                locate(rules[metric, "low"], key=True),
            )
        # Limits that meet cross by a rounding at times.
        low[:, m] = np.minimum(low[:, m], high[:, m])
    return Limits(share, low, high, pull, push), rules


def _segment_span(carving: Carving, name: str, locate: Locate) -> Span | None:
    number = next(n for n, segment in enumerate(carving.segments) if segment.name == name)
    return locate(("segments", number))
