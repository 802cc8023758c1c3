"""Book + Carving -> Problems: eligibility, families as units, centers, costs and limits, one problem a component."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from terraform_like.carve.centers import find_centers, known_center, match_centers
from terraform_like.carve.problem import EXCESS_WEIGHT, PROTECTED_COUNTS, Floats, Ints, Limits, Pairs, Problem
from terraform_like.diagnostics import Locate, Path, Report, Span, counted, listing
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Balance, Carving, Slot, Territory
from terraform_like.domain.geography import great_circle_km
from terraform_like.domain.scope import FAMILY, PROTECTED, SEGMENT, evaluate


@dataclass(frozen=True, slots=True)
class _Segment:
    """The accounts and territories of one segment as arrays; A accounts, U units, T territories."""

    name: str
    table: pl.DataFrame
    accounts: NDArray[np.str_]
    unit_of: Ints
    heads: Ints
    names: tuple[str, ...]
    books: tuple[Territory, ...]
    current: Ints


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
        Gathers accounts that no territory may hold, families that are pinned to two, limits that contradict.
    """
    problems: list[Problem] = []
    for segment in carving.segments:
        table = inside.table.filter(pl.col(SEGMENT) == segment.name)
        names = tuple(name for name, book in carving.books.items() if book.segment == segment.name)
        if table.height and names:
            problems += _segment_problems(carving, _arrays(carving, segment.name, table, names), locate, report)
    return tuple(problems)


def _arrays(carving: Carving, name: str, table: pl.DataFrame, names: tuple[str, ...]) -> _Segment:
    accounts = table["account"].to_numpy().astype(str)
    families = table[FAMILY].to_numpy().astype(str)
    units, unit_of = np.unique(families, return_inverse=True)
    # The head of a family speaks for it; where the head is elsewhere, its first account does.
    heads = np.full(len(units), -1)
    is_head = np.flatnonzero(accounts == families)
    heads[unit_of[is_head]] = is_head
    first = np.unique(unit_of, return_index=True)[1]
    heads = np.where(heads >= 0, heads, first)
    order = {territory: t for t, territory in enumerate(names)}
    places = table["territory"].replace_strict(order, default=-1, return_dtype=pl.Int64).to_numpy()
    books = tuple(carving.books[territory] for territory in names)
    return _Segment(name, table, accounts, unit_of, heads, names, books, places)


def _segment_problems(carving: Carving, segment: _Segment, locate: Locate, report: Report) -> list[Problem]:
    allowed = _eligible(carving, segment, locate, report)
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
    books = labels[len(segment.heads) :]
    for label in dict.fromkeys(books.tolist()):
        mine = np.flatnonzero(books == label)
        alone = len(set(books.tolist())) == 1
        name = segment.name if alone else f"{segment.name}/{segment.names[mine[0]]}"
        units = np.flatnonzero(labels[: len(segment.heads)] == label)
        if len(units):
            problems.append(_component(carving, segment, name, units, mine, allowed, centers, locate, report))
        else:
            hollow = segment.names[mine[0]]
            span = locate((*_book_path(carving, hollow), "where"))
            report.warning(f"{hollow} may hold no account", "Its `where` matches none of its segment.", span)
    return problems


def _eligible(carving: Carving, segment: _Segment, locate: Locate, report: Report) -> NDArray[np.bool_]:
    """Say where units may go, a (U, T) array.

    Pins come first, for the whole family; then what a rule claims; then `where`, less what is excluded. The head of a
    family answers for it.
    """
    heads = segment.table[segment.heads.tolist()]
    answers: dict[str, NDArray[np.bool_]] = {}

    def matches(text: str, path: Path) -> NDArray[np.bool_]:
        if text not in answers:
            answer = evaluate(heads, text, path, "boolean", locate, report)
            matched = np.zeros(heads.height, bool) if answer is None else answer.fill_null(False).to_numpy()
            answers[text] = matched
        return answers[text]

    shape = (len(segment.heads), len(segment.names))
    allowed, claimed = np.ones(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for t, (name, book) in enumerate(zip(segment.names, segment.books, strict=True)):
        path = _book_path(carving, name)
        excluded = np.isin(np.arange(shape[0]), segment.unit_of[np.isin(segment.accounts, book.exclude)])
        if book.rule is not None:
            claimed[:, t] = matches(book.rule, (*path, "rule")) & ~excluded
        if book.where is not None:
            allowed[:, t] = matches(book.where, (*path, "where"))
        elif book.rule is not None:
            allowed[:, t] = False
        allowed[excluded, t] = False
    pinned = _pinned(carving, segment, locate, report)
    claimed[pinned.any(axis=1)] = False
    _claimed_twice(carving, segment, claimed, locate, report)
    for decided in (claimed, pinned):
        units = decided.any(axis=1)
        allowed[units] = decided[units]
    return allowed


def _pinned(carving: Carving, segment: _Segment, locate: Locate, report: Report) -> NDArray[np.bool_]:
    """Say where units are pinned; two territories for one family are an error."""
    pinned = np.zeros((len(segment.heads), len(segment.names)), dtype=bool)
    position = {str(account): i for i, account in enumerate(segment.accounts)}
    for t, (name, book) in enumerate(zip(segment.names, segment.books, strict=True)):
        for account in (account for account in book.accounts if account in position):
            unit = int(segment.unit_of[position[account]])
            others = np.flatnonzero(pinned[unit])
            if len(others) and others[0] != t:
                report.error(
                    f"The family of {account} is pinned to two territories",
                    f"{segment.names[others[0]]} and {name}; accounts under one ultimate parent stay together.",
                    locate((*_book_path(carving, name), "accounts")),
                )
            else:
                pinned[unit, t] = True
    return pinned


def _claimed_twice(
    carving: Carving, segment: _Segment, claimed: NDArray[np.bool_], locate: Locate, report: Report
) -> None:
    """Gather an error for each pair of territories whose rules claim the same accounts."""
    contested = np.flatnonzero(claimed.sum(axis=1) > 1)
    pairs: dict[tuple[int, int], list[int]] = {}
    for unit in contested.tolist():
        first, second = np.flatnonzero(claimed[unit])[:2].tolist()
        pairs.setdefault((first, second), []).append(unit)
    for (first, second), units in sorted(pairs.items()):
        accounts = segment.accounts[np.isin(segment.unit_of, units)]
        one, other = segment.names[first], segment.names[second]
        there = locate((*_book_path(carving, one), "rule"))
        report.error(
            f"The rules of {one} and {other} claim the same {counted(len(accounts), 'account')}",
            f"{listing(str(a) for a in accounts)}. The other rule stands at {there}. Narrow one of them.",
            locate((*_book_path(carving, other), "rule")),
        )


def _centers(carving: Carving, segment: _Segment, allowed: NDArray[np.bool_]) -> Floats:
    """Give the center of each territory, a (T, 2) array of degrees, NaN where there is no location at all."""
    centers = np.full((len(segment.names), 2), np.nan)
    for t, book in enumerate(segment.books):
        if (known := known_center(book, carving)) is not None:
            centers[t] = known
    open_ones = np.flatnonzero(np.isnan(centers).any(axis=1))
    points = _points(carving, segment.table)
    if not len(open_ones) or not np.isfinite(points).any():
        return centers
    # Territories that may hold the same accounts share them out among the centers that are found for them.
    alike: dict[bytes, list[int]] = {}
    for t in open_ones.tolist():
        alike.setdefault(allowed[:, t].tobytes(), []).append(t)
    for group in alike.values():
        mine = allowed[segment.unit_of, group[0]]
        given = np.setdiff1d(np.arange(len(segment.names)), open_ones)
        taken = centers[given[(allowed[:, given] == allowed[:, group[:1]]).all(axis=0)]]
        found = find_centers(points[mine], len(group), taken)
        here = np.zeros((len(group), len(group)))
        if np.isfinite(found).all():
            nearest = great_circle_km(points[:, :1], points[:, 1:], found[None, :, 0], found[None, :, 1])
            placed = np.flatnonzero(np.isfinite(nearest).all(axis=1) & np.isin(segment.current, group))
            row = np.searchsorted(group, segment.current[placed])
            np.add.at(here, (row, nearest[placed].argmin(axis=1)), 1)
        centers[group] = found[match_centers(here, found)]
    return centers


def _points(carving: Carving, table: pl.DataFrame) -> Floats:
    location = carving.accounts.location
    if location is None:
        return np.full((table.height, 2), np.nan)
    columns = [pl.col(location.latitude).cast(pl.Float64), pl.col(location.longitude).cast(pl.Float64)]
    return table.select(a=columns[0], b=columns[1]).fill_null(float("nan")).to_numpy()


def _component(
    carving: Carving,
    segment: _Segment,
    name: str,
    units: Ints,
    books: Ints,
    allowed: NDArray[np.bool_],
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
    points = _points(carving, table)
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
    came_from: NDArray[np.bool_],
    protected: NDArray[np.bool_],
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
    segment: _Segment,
    balance: Balance,
    weights: Floats,
    books: Ints,
    metrics: tuple[str, ...],
    locate: Locate,
    report: Report,
) -> tuple[Limits, dict[tuple[str, str], Path]]:
    size = np.array([segment.books[t].size for t in books])
    share = (size / size.sum())[:, None] * weights.sum(axis=0)[None, :]
    low, high = np.zeros_like(share), np.full_like(share, np.inf)
    pull, push = np.zeros_like(share), np.zeros_like(share)
    rules: dict[tuple[str, str], Path] = {}
    policy: Path = ("balance", segment.name)
    scale = len(weights) / (len(books) * max(1, len(metrics)))
    for m, metric in enumerate(metrics):
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
        if (low[:, m] > high[:, m]).any():
            t = int(np.argmax(low[:, m] > high[:, m]))
            report.error(
                f"The limits of {metric} contradict each other",
                f"{segment.names[books[t]]} would need at least {low[t, m]:,.6g} and at most {high[t, m]:,.6g}. "
                f"Its fair share is {share[t, m]:,.6g}.",
                locate(rules[metric, "low"], key=True),
            )
    return Limits(share, low, high, pull, push), rules


def _book_path(carving: Carving, name: str) -> Path:
    return ("overcarve", name) if isinstance(carving.books[name], Slot) else ("territories", name)


def _segment_span(carving: Carving, name: str, locate: Locate) -> Span | None:
    number = next(n for n, segment in enumerate(carving.segments) if segment.name == name)
    return locate(("segments", number))
