"""Certificates that limits cannot hold, in words: what contradicts what, and what would have to give way."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from terraform_like.carve.arrays import Floats, Ints
from terraform_like.carve.form.eligible import book_path
from terraform_like.carve.form.problem import Problem
from terraform_like.carve.prove.forced import Cell, Certificate, Kind
from terraform_like.diagnostics import Path, counted, listing
from terraform_like.domain.carving import Balance, Carving

#: How many territories, accounts or limits one sentence names.
_NAMED = 4
#: Significant digits of a figure in a sentence.
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Way:
    """A wish that would have to give way, and by how much at least.

    Parameters
    ----------
    path : tuple
        Where the wish stands.
    text : str
        What it would have to be.
    need : float
        How far it would have to go; compares with ways of the same path.
    part : str
        What it is called where it is no limit itself, with its verb: `The pins of north keep`.
    """

    path: Path
    text: str
    need: float = 0.0
    part: str = ""


def why_forced(problem: Problem, certificate: Certificate) -> str:
    """Say in a clause why limits cannot hold."""
    those = _territories(problem, certificate)
    match certificate.kind:
        case Kind.HEAVY:
            named = _accounts(problem, certificate.units)
            who = f"{named[0]} alone" if len(named) == 1 else f"the family of {named[0]}"
            held = f"no book that may hold it is to have more than {figure(certificate.limit)}"
            if len(certificate.units) > 1:
                return f"{listing(named, _NAMED)} are each more than any book that may hold them is to have"
            return f"{who} has {figure(certificate.load)}, and {held}"
        case Kind.CAPTIVE:
            named = _accounts(problem, certificate.units)
            if len(named) == 1:
                who = f"{named[0]}, which only {those} may hold, has"
            else:
                who = f"the {counted(len(named), 'account')} that only {those} may hold have"
            let = "" if len(certificate.cells) == 1 else f", and their limits let {figure(certificate.limit)} through"
            return f"{who} {figure(certificate.load)}{let}"
        case Kind.UNREACHABLE:
            need = "" if len(_low(certificate)) == 1 else f", and their limits ask for {figure(certificate.limit)}"
            held = f"all that {those} may hold comes to {figure(certificate.load)}{need}"
            if heavy := _accounts(problem, certificate.units):
                return f"without {listing(heavy, _NAMED)}, which would be too much, {held}"
            return held
        case Kind.CONFLICT:
            metrics = list(dict.fromkeys(problem.metrics[cell.metric] for cell in certificate.cells))
            return f"even with accounts in parts the limits of {those} ({_joined(metrics)}) could not hold together"


def ways_out(carving: Carving, problem: Problem, certificates: Iterable[Certificate]) -> tuple[Way, ...]:
    """Give what would have to give way for limits to hold: for each certificate one of these at least.

    Each figure is the least that is needed, not what suffices; of the same wish the one that asks for most counts.
    """
    found: dict[Path, Way] = {}
    for way in (way for certificate in certificates for way in _ways(carving, problem, certificate)):
        if way.path not in found or way.need > found[way.path].need:
            found[way.path] = way
    return tuple(found.values())


def _ways(carving: Carving, problem: Problem, certificate: Certificate) -> Iterator[Way]:
    balance = carving.balance.get(problem.segment, Balance())
    if certificate.kind is Kind.CONFLICT:
        for cell in certificate.cells:
            path = problem.rules[problem.metrics[cell.metric], cell.side]
            wanted = {"within": "wider", "at_most": "higher", "at_least": "lower"}[str(path[-2])]
            yield Way(path, f"a {wanted} `{path[-2]}` of {path[-1]}")
        return
    yield from _limits(balance, problem, certificate)
    yield from _places(carving, problem, certificate)


def _limits(balance: Balance, problem: Problem, certificate: Certificate) -> Iterator[Way]:
    """Give the limits themselves, each with the value that it would need."""
    m = certificate.cells[0].metric
    metric, rows = problem.metrics[m], [cell.territory for cell in _low(certificate) or certificate.cells]
    share: Floats = problem.limits.share[rows, m]
    policy: Path = ("balance", problem.segment)
    heavy, low = certificate.kind is Kind.HEAVY, certificate.kind is Kind.UNREACHABLE
    each = certificate.load if heavy else certificate.load / len(rows)
    fair = float(share.max() if heavy else share.sum())
    if metric in balance.within and fair > 0:
        now, off = balance.within[metric], certificate.load / fair - 1
        needed = -off if low else off
        if needed > now:
            wider = math.ceil(needed * 1000 - 1e-6) / 10
            yield Way(
                (*policy, "within", metric), f"`within` of {metric} at {wider:g}% or more (now {now * 100:g}%)", needed
            )
    wish = balance.at_least.get(metric) if low else balance.at_most.get(metric)
    if wish is None or not (each < wish if low else each > wish):
        return
    key, side = ("at_least", "less") if low else ("at_most", "more")
    value = _rounded(each, up=not low, whole=_whole(problem, m))
    yield Way(
        (*policy, key, metric), f"`{key}` of {metric} at {value} or {side} (now {figure(wish)})", -each if low else each
    )


def _places(carving: Carving, problem: Problem, certificate: Certificate) -> Iterator[Way]:
    """Give pins, rules and `where`s that keep accounts in a territory, or away from it."""
    names = [problem.territories[cell.territory] for cell in certificate.cells]
    m = certificate.cells[0].metric
    metric = problem.metrics[m]
    need = abs(certificate.load - certificate.limit)
    gap = _rounded(need, up=True, whole=_whole(problem, m))
    much = f"accounts with {gap} of {metric}" if metric != "accounts" else f"{gap} account{'s' * (gap != '1')}"
    if certificate.kind is Kind.CAPTIVE:
        held = set(_accounts(problem, certificate.units))
        for name in dict.fromkeys(names):
            book = carving.books[name]
            if held & set(book.accounts):
                yield Way(
                    (*book_path(name, book), "accounts"),
                    f"{much} no longer pinned to {name}",
                    need,
                    f"The pins of {name} keep",
                )
            if book.rule is not None:
                yield Way(
                    (*book_path(name, book), "rule"),
                    f"{much} that the `rule` of {name} leaves to others",
                    need,
                    f"The `rule` of {name} keeps",
                )
        if any(carving.books[name].rule is None for name in names) and not held <= _pinned(carving):
            everywhere = len(set(names)) == len(problem.territories)
            more = f"another territory for {much}" if everywhere else f"{much} that other territories may hold as well"
            yield Way(("territories",), more, need)
    elif certificate.kind is Kind.UNREACHABLE:
        for cell in _low(certificate):
            name = problem.territories[cell.territory]
            book = carving.books[name]
            if book.where is not None:
                yield Way(
                    (*book_path(name, book), "where"),
                    f"{much} more that the `where` of {name} lets in",
                    need,
                    f"The `where` of {name} keeps",
                )


def _pinned(carving: Carving) -> set[str]:
    return {account for book in carving.books.values() for account in book.accounts}


def _low(certificate: Certificate) -> list[Cell]:
    return [cell for cell in certificate.cells if cell.side == "low"]


def _territories(problem: Problem, certificate: Certificate) -> str:
    cells = _low(certificate) if certificate.kind is Kind.UNREACHABLE else certificate.cells
    return _joined(list(dict.fromkeys(problem.territories[cell.territory] for cell in cells)), "territory")


def _joined(names: list[str], noun: str = "") -> str:
    """Give `a`, `a and b`, `a, b and c`, and from five on their number."""
    if len(names) > _NAMED and noun:
        return f"{len(names)} territories"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _accounts(problem: Problem, units: Ints) -> list[str]:
    return [str(account) for account in problem.accounts[np.isin(problem.unit_of, units)]]


def figure(value: float) -> str:
    """Give a load in four significant digits, or whole."""
    return f"{float(f'{value:.{max(_DIGITS, _whole_digits(value))}g}'):,.10g}"


def _whole_digits(value: float) -> int:
    return math.floor(math.log10(abs(value))) + 1 if value and math.isfinite(value) else 1


def _whole(problem: Problem, m: int) -> bool:
    return bool((problem.weights[:, m] == np.floor(problem.weights[:, m])).all())


def _rounded(value: float, *, up: bool, whole: bool) -> str:
    """Give a figure rounded to the side on which it is still true."""
    digits = _whole_digits(value) - _DIGITS
    step = 1.0 if whole and digits < 0 else 10.0 ** min(0, digits)
    count = value / step
    return f"{(math.ceil(count - 1e-6) if up else math.floor(count + 1e-6)) * step:,.10g}"
