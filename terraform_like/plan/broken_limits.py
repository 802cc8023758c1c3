"""Limits that a plan breaks: books outside their bands, with the accounts that make it unavoidable, and moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from terraform_like.carve.certify import DIGITS
from terraform_like.carve.problem import Floats, Ints, Problem
from terraform_like.diagnostics import Locate, Report, counted, listing
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving

#: How many books a warning names.
_NAMED = 5


def refuse_too_many_moves(
    carving: Carving, problems: Sequence[Problem], desired: Book, locate: Locate, report: Report
) -> None:
    """Gather an error for each segment that would move more accounts than its `max_moves` lets through.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    problems : sequence of Problem
        The components.
    desired : Book
        All accounts in scope, with their territories as wanted.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers the errors.
    """
    for segment, balance in sorted(carving.balance.items()):
        mine = [problem for problem in problems if problem.segment == segment]
        accounts = sum(len(problem.accounts) for problem in mine)
        most = balance.most_moves(accounts)
        moved = sum(int(problem.pairs.moved[_choice(problem, desired)].sum()) for problem in mine)
        if most is not None and moved > most:
            report.error(
                f"The carve of {segment} would move {counted(moved, 'account')}, more than max_moves lets through",
                f"At most {most:,} may move, of {accounts:,}. Widen the bands that are broken, or let that many move.",
                locate(("balance", segment, "max_moves")),
            )


def _choice(problem: Problem, desired: Book) -> Ints:
    place = dict(desired.table.select("account", "territory").iter_rows())
    return problem.chosen(np.array([place[str(account)] or "" for account in problem.accounts]))


def tell_broken_limits(problem: Problem, desired: Book, locate: Locate, report: Report) -> None:
    """Warn of every limit of a component that the plan breaks, once a metric.

    Parameters
    ----------
    problem : Problem
        The component.
    desired : Book
        All accounts in scope, with their territories as wanted.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers the warnings.
    """
    loads = problem.loads(_choice(problem, desired))
    limits = problem.limits
    beyond = limits.excess(loads) > 0
    for m, metric in enumerate(problem.metrics):
        broken = np.flatnonzero(beyond[:, m])
        if not len(broken):
            continue
        told = [
            f"{problem.territories[t]} has {_told(loads[t, m], limits.low[t, m], limits.high[t, m])}" for t in broken
        ]
        more = f" and {counted(len(told) - _NAMED, 'more book')}" if len(told) > _NAMED else ""
        side = "high" if loads[broken[0], m] > limits.high[broken[0], m] else "low"
        report.warning(
            f"{len(broken)} of {counted(len(problem.territories), 'book')} of {problem.component} "
            f"outside {'its limits' if len(broken) == 1 else 'their limits'} of {metric}",
            f"{'; '.join(told[:_NAMED])}{more}. {_too_large(problem, m)}No better carve was found: widen the limits, "
            "let more territories hold the accounts, or change their number.",
            locate(problem.rules[metric, side], key=True),
        )


def _too_large(problem: Problem, m: int) -> str:
    """Name the accounts that are alone more than any book that may hold them should have."""
    pairs = problem.pairs
    most = np.zeros(problem.units)
    np.maximum.at(most, pairs.unit, problem.limits.high[pairs.territory, m])
    heavy: Floats = problem.weights[:, m]
    units = np.flatnonzero(heavy > most)
    if not len(units):
        return ""
    named = [str(account) for account in problem.accounts[np.isin(problem.unit_of, units)]]
    have = "has" if len(named) == 1 else "have"
    alone = "alone" if len(units) == len(named) else "with their families"
    return f"{listing(named)} {alone} {have} more than any book is to hold. "


def _told(load: float, low: float, high: float) -> str:
    """Give a load beside the limit that it breaks, in as many digits as tell the two apart."""
    side, limit = ("at most", high) if load > high else ("at least", low)
    for digits in range(4, DIGITS + 1):
        has, may = (f"{float(f'{value:.{digits}g}'):,.10g}" for value in (load, limit))
        if has != may:
            break
    return f"{has} ({side} {may})"
