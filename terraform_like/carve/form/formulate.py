"""Book + Carving -> Problems: eligibility, families as units, centers, costs and limits, one problem a component."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from terraform_like.carve.arrays import Flags, Floats, Ints, linked
from terraform_like.carve.form.centers import known_center, place_centers
from terraform_like.carve.form.eligible import (
    Eligible,
    Members,
    book_path,
    eligible,
    keeping,
    members,
    tell_pins_elsewhere,
)
from terraform_like.carve.form.problem import EXCESS_WEIGHT, PROTECTED_COUNTS, TOLERANCE, Limits, Problem
from terraform_like.carve.form.survey import survey
from terraform_like.carve.form.ways import Fits, Pairs, Ways, Weights, kept_ways
from terraform_like.diagnostics import Locate, Path, Report, Span, counted, listing
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Balance, Carving, Slot, Territory
from terraform_like.domain.geography import located
from terraform_like.domain.scope import PROTECTED


def formulate(
    carving: Carving, inside: Book, locate: Locate, report: Report, *, keep: bool = False
) -> tuple[Problem, ...]:
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
    keep : bool
        Whether accounts stay wherever they may, so that only the others are to be placed.
    """
    problems: list[Problem] = []
    tell_pins_elsewhere(carving, inside, locate, report)
    for segment in carving.segments:
        those = members(carving, inside, segment.name)
        if len(those.accounts):
            problems += _segment_problems(carving, those, keep, locate, report)
    return tuple(problems)


def _segment_problems(carving: Carving, segment: Members, keep: bool, locate: Locate, report: Report) -> list[Problem]:
    allowed = eligible(segment, locate, report)
    nowhere = np.flatnonzero(allowed.count() == 0)
    if len(nowhere):
        lost = segment.accounts[np.isin(segment.unit_of, nowhere)]
        report.error(
            f"No territory of {segment.name} may hold {counted(len(lost), 'account')}",
            f"{listing(lost)}. Widen the `where` of a territory, add one, or narrow the segment.",
            _segment_span(carving, segment.name, locate),
        )
        return []
    labels = _components(allowed)
    kept = keeping(allowed, segment) if keep else allowed
    problems = []
    of_units, books = labels[: len(segment.heads)], labels[len(segment.heads) :]
    alone = len(np.unique(of_units)) == 1
    for label in dict.fromkeys(books.tolist()):
        mine = np.flatnonzero(books == label)
        name = segment.name if alone else f"{segment.name}/{segment.names[mine[0]]}"
        units = np.flatnonzero(of_units == label)
        if len(units):
            problems.append(_component(carving, segment, name, units, mine, allowed, kept, locate, report))
        else:
            _tell_of_hollow(segment, int(mine[0]), locate, report)
    return problems


def _components(allowed: Eligible) -> Ints:
    """Label units, then territories, so that those have one label that compete for the same accounts, (U + T,)."""
    units, kinds = allowed.may.shape
    books = np.arange(len(allowed.kind_of))
    free = np.flatnonzero(allowed.only < 0)
    # A territory that all who might go there are excluded from hangs on nobody.
    held = allowed.may[free].sum(axis=0)[allowed.kind_of]
    out = allowed.barred[allowed.only[allowed.barred // len(books)] < 0]
    out = out[allowed.may[out // len(books), allowed.kind_of[out % len(books)]]]
    open_books = books[held > np.bincount(out % len(books), minlength=len(books))]
    decided = np.flatnonzero(allowed.only >= 0)
    unit, kind = np.nonzero(allowed.may[free])
    one = np.concatenate([free[unit], decided, units + open_books])
    other = np.concatenate(
        [units + len(books) + kind, units + allowed.only[decided], units + len(books) + allowed.kind_of[open_books]]
    )
    return linked(one, other, units + len(books) + kinds)[: units + len(books)]


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


def _component(
    carving: Carving,
    segment: Members,
    name: str,
    units: Ints,
    books: Ints,
    allowed: Eligible,
    kept: Eligible,
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
    points = located(table, carving.accounts.location)
    limits, rules = _limits(segment, balance, weights, books, metrics, locate, report)
    wishes = [segment.books[t] for t in books]
    centers = place_centers(
        wishes,
        [known_center(book, carving) for book in wishes],
        points,
        current,
        unit_of,
        allowed.part(units, books),
        _weights(table, metrics, np.arange(table.height), table.height),
        limits,
        # Connected territories cannot fetch from afar what their surroundings lack: their centers are where loads are.
        pulled=balance.contiguous is not None,
    )
    ways, pairs = _ways(
        kept.part(units, books),
        unit_of,
        current,
        came_from,
        table[PROTECTED].to_numpy(),
        points,
        centers,
        _fits(carving, table, wishes),
        balance,
    )
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
        nearest_km=ways.weights.nearest_km,
        rules=rules,
        ways=ways,
        method=balance.carve.method,
        effort=balance.carve.effort,
        atlas=survey(carving, segment, units, ways.eligible, locate, report),
        kept=kept is not allowed,
    )


def _weights(table: pl.DataFrame, metrics: tuple[str, ...], unit_of: Ints, units: int) -> Floats:
    weights = np.zeros((units, len(metrics)))
    for m, metric in enumerate(metrics):
        value = np.ones(table.height) if metric == "accounts" else table[metric].cast(pl.Float64).to_numpy()
        weights[:, m] = np.bincount(unit_of, value, units)
    return weights


def _ways(
    eligible: Eligible,
    unit_of: Ints,
    current: Ints,
    came_from: Flags,
    protected: Flags,
    points: Floats,
    centers: Floats,
    fits: Fits | None,
    balance: Balance,
) -> tuple[Ways, Pairs]:
    """Say who may go where and what it takes, and price the ways that are pairs."""
    share = np.where(protected, PROTECTED_COUNTS, 1.0)
    share /= share.sum()
    units = len(eligible.only)
    unit, territory, complete = kept_ways(eligible, unit_of, current, points, centers)
    by_unit = np.argsort(unit_of, kind="stable")
    ways = Ways(
        eligible,
        np.searchsorted(unit_of[by_unit], np.arange(units + 1)),
        current[by_unit],
        np.where(came_from, share, 0.0)[by_unit],
        points[by_unit],
        centers,
        Weights(0.0, 0.0, 0.0),
        complete,
        fits and replace(fits, skill=fits.skill[by_unit]),
    )
    prefer = balance.prefer
    nearest = ways.nearest_km(unit, territory)
    weights = Weights(units * prefer.disruption, units * prefer.travel, nearest, units * prefer.fit)
    ways = replace(ways, weights=weights)
    return ways, ways.pairs(unit, territory)


def _fits(carving: Carving, table: pl.DataFrame, books: list[Territory]) -> Fits | None:
    """Say which accounts are whose field: their owner's; None where no skills count."""
    if carving.accounts.fit is None:
        return None
    asked = table[carving.accounts.fit].cast(pl.String)
    skills = sorted({skill for person in carving.people.values() for skill in person.skills})
    number = {skill: n + 1 for n, skill in enumerate(skills)}
    has = np.ones((len(books), len(skills) + 1), dtype=bool)
    for t, book in enumerate(books):
        who = book.filled_by if isinstance(book, Slot) else book.owner
        known = carving.people[who].skills if who in carving.people else ()
        if known:
            has[t, 1:] = [skill in known for skill in skills]
    skill = asked.replace_strict(number, default=0, return_dtype=pl.Int64)
    return Fits(skill.to_numpy(), has)


def _current_pairs(pairs: Pairs, unit_of: Ints, current: Ints, units: int) -> Ints:
    """Find the pair at which each unit is: where most of its accounts are, -1 where none is anywhere it may stay."""
    here = np.zeros(len(pairs))
    width = int(pairs.territory.max()) + 1
    placed = np.flatnonzero(current >= 0)
    keys = unit_of[placed] * width + current[placed]
    pair_keys = pairs.unit.astype(np.int64) * width + pairs.territory
    found = np.searchsorted(pair_keys, keys)
    hit = (found < len(pair_keys)) & (pair_keys[np.minimum(found, len(pair_keys) - 1)] == keys)
    np.add.at(here, found[hit], 1)
    best = np.full(units, -1)
    # Sorted by count, then by territory from last to first: the last write is the most, the first territory on a tie.
    there = np.flatnonzero(here)
    order = there[np.lexsort((-pairs.territory[there], here[there]))]
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
