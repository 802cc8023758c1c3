"""Which books of a plan are outside their limits, and which accounts make that unavoidable."""

from __future__ import annotations

import numpy as np

from terraform_like.carve.certify import DIGITS
from terraform_like.carve.problem import Floats, Problem
from terraform_like.diagnostics import Locate, Report, counted, listing
from terraform_like.domain.book import Book

#: How many books a warning names.
_NAMED = 5


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
    place = dict(desired.table.select("account", "territory").iter_rows())
    loads = problem.loads(problem.chosen(np.array([place[str(account)] or "" for account in problem.accounts])))
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
