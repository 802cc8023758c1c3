"""Why an account is where it is: what decided, what it costs there, and where else it could be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from terraform_like.carve.arrays import Floats
from terraform_like.carve.form.atlas import fallen_apart, in_words
from terraform_like.carve.form.eligible import Eligible, Members, book_path, eligible, members
from terraform_like.carve.form.problem import TOLERANCE
from terraform_like.carve.prove.certify import rounded
from terraform_like.carve.prove.options import Priced, options
from terraform_like.carve.prove.proof import ProofMethod
from terraform_like.diagnostics import Report
from terraform_like.diff import Change, Place
from terraform_like.domain.carving import Balance
from terraform_like.domain.scope import PROTECTED, RECORDED
from terraform_like.plan.explained import (
    AccountExplained,
    Alternative,
    Barred,
    BrokenLimit,
    Known,
    Scale,
    load_price,
    loads_of,
)

#: How many other territories are told.
_NEXT_BEST = 3


def explain_account(known: Known, account: str) -> AccountExplained | None:
    """Explain an account.

    Parameters
    ----------
    known : Known
        The plan.
    account : str
        Id of the account.

    Returns
    -------
    AccountExplained or None
        None where neither the plan nor what it left out knows the account.
    """
    outside = known.population.outside.table.filter(pl.col("account") == account)
    if outside.height:
        return _out_of_scope(known, account, outside)
    row = known.population.inside.table.filter(pl.col("account") == account)
    if not row.height:
        return None
    number = next(n for n, carved in enumerate(known.carved) if account in carved.problem.accounts)
    scale = known.scale(number)
    unit = int(known.carved[number].problem.unit_of[np.searchsorted(known.carved[number].problem.accounts, account)])
    carved = known.carved[number].with_all_ways(unit)
    problem = carved.problem
    family = tuple(str(a) for a in problem.accounts[problem.unit_of == unit] if str(a) != account)
    at = int(carved.choice[unit])
    t = int(problem.pairs.territory[at])
    loads = problem.loads(carved.choice)
    before, after, change = _places(known, account, row, problem.territories[t])
    was = (
        problem.territories.index(str(row["territory"].item())) if row["territory"].item() in problem.territories else t
    )
    those = members(known.carving, known.population.inside, problem.segment)
    rules = eligible(those, known.locate, Report())
    how, place = _decided(known, number, those, rules, account)
    ways = problem.measured(carved.choice).km
    km, every = float(ways[unit]), float(ways.sum())
    return AccountExplained(
        account=account,
        segment=problem.segment,
        change=change.kind if change else None,
        before=before,
        after=after,
        reasons=change.reasons if change else (),
        how=how,
        place=place,
        family=family,
        protected=bool(row[PROTECTED].item()),
        loads=loads_of(carved, unit),
        unit=scale.unit,
        costs=_costs(known, carved, unit, scale),
        km=round(km, 1),
        travel_share=round(km / every, 6) if every else 0.0,
        prices=tuple(
            load_price(carved, loads, where, m, scale)
            for where in dict.fromkeys((t, was))
            for m in range(len(problem.metrics))
        ),
        alternatives=_alternatives(carved, unit, loads, scale),
        open=int((problem.pairs.unit == unit).sum()),
        barred=tuple(_barred(known, those, rules, account)),
    )


def _out_of_scope(known: Known, account: str, row: pl.DataFrame) -> AccountExplained:
    change = known.changes.get(account)
    now = Place(territory=row["territory"].item(), owner=row["holder"].item() or row["owner"].item())
    return AccountExplained(
        account=account,
        segment=None,
        change=change.kind if change else None,
        before=change.before if change else now,
        after=change.after if change else now,
        reasons=change.reasons if change else (),
        how="`accounts: where` does not hold for it",
        place=known.place(("accounts", "where")),
    )


def _places(known: Known, account: str, row: pl.DataFrame, territory: str) -> tuple[Place, Place, Change | None]:
    """Give where the account was, where it will be, and its change, if it has one."""
    if change := known.changes.get(account):
        return change.before, change.after, change
    now = Place(territory=row[RECORDED].item(), owner=row["holder"].item() or row["owner"].item())
    return now, Place(territory=territory, owner=now.owner), None


def _decided(known: Known, number: int, those: Members, rules: Eligible, account: str) -> tuple[str, str | None]:
    """Say what decided where an account is, and where in the YAML that stands."""
    unit = int(those.unit_of[np.searchsorted(those.accounts, account)])
    family = [str(a) for a in those.accounts[those.unit_of == unit]]
    if (t := int(rules.only[unit])) >= 0:
        name, book = those.names[t], those.books[t]
        path = book_path(name, book)
        pin = account if account in book.accounts else next((a for a in family if a in book.accounts), None)
        if pin is None:
            return f"the `rule` of {name} claims it", known.place((*path, "rule"))
        place = known.place((*path, "accounts", book.accounts.index(pin)))
        return f"it is pinned to {name}" if pin == account else f"{pin} of its family is pinned to {name}", place
    open_to = int(rules.count()[unit])
    if open_to == 1:
        return "no other territory may hold it", None
    carved = known.carved[number]
    here = carved.problem.current[carved.problem.unit_of[np.searchsorted(carved.problem.accounts, account)]]
    stays = here >= 0 and not carved.problem.pairs.moved[carved.choice[carved.problem.pairs.unit[here]]]
    if stays and carved.most_moves is not None:
        return "it stays, since `max_moves` lets no more accounts move", known.place(
            ("balance", those.name, "max_moves")
        )
    if stays and known.proofs[number].method is ProofMethod.KEPT:
        held = carved.problem.excess(carved.choice) == 0
        return "every limit holds, so whoever may stay stays" if held else "the carve keeps whoever may stay", None
    return f"the carve chose it among {open_to} territories that may hold it", None


def _costs(known: Known, carved: Priced, unit: int, scale: Scale) -> dict[str, float]:
    """Give the parts of what a unit costs where it is."""
    problem, at = carved.problem, int(carved.choice[unit])
    prefer = known.carving.balance.get(problem.segment, Balance()).prefer
    pairs = problem.pairs
    disruption = problem.units * prefer.disruption * float(problem.measured(np.array([at])).disruption[0])
    costs = {
        "disruption": scale.told(disruption),
        "travel": scale.told(float(pairs.cost[at]) - disruption),
        "balance": scale.told(float((carved.prices[pairs.territory[at]] * problem.weights[unit]).sum())),
    }
    if carved.move_price:
        costs["moves"] = scale.told(carved.move_price * float(pairs.moved[at]))
    return costs


def _alternatives(carved: Priced, unit: int, loads: Floats, scale: Scale) -> tuple[Alternative, ...]:
    """Give the next best territories, the best first once others make room, since nobody need move alone."""
    problem, at = carved.problem, int(carved.choice[unit])
    found = options(carved, unit)
    order = [row for row in np.lexsort((found.pair, found.alone, found.priced)).tolist() if found.pair[row] != at]
    km = problem.measured(found.pair).km - problem.measured(np.array([at])).km
    return tuple(
        Alternative(
            territory=problem.territories[int(problem.pairs.territory[found.pair[row]])],
            alone=scale.told(float(found.alone[row])),
            with_room=scale.told(float(found.priced[row])),
            km=round(float(km[row]), 1),
            breaks=tuple(_broken(carved, unit, int(found.pair[row]), loads)),
            apart=tuple(_apart(carved, unit, int(found.pair[row]))),
            **_too_many(carved, int(found.pair[row]), at),
        )
        for row in order[:_NEXT_BEST]
    )


def _apart(carved: Priced, unit: int, pair: int) -> Iterator[str]:
    """Say what would no longer be connected, where territories must be."""
    elsewhere = carved.choice.copy()
    elsewhere[unit] = pair
    return (in_words(carved.problem, fault) for fault in fallen_apart(carved.problem, elsewhere))


def _too_many(carved: Priced, pair: int, at: int) -> dict[str, int]:
    """Give how many accounts would move, and may, where a limit of moves would not hold."""
    moved = carved.problem.pairs.moved
    would = int(moved[carved.choice].sum() + moved[pair] - moved[at])
    if carved.most_moves is None or moved[pair] <= moved[at] or would <= carved.most_moves:
        return {}
    return {"moves": would, "most_moves": carved.most_moves}


def _broken(carved: Priced, unit: int, pair: int, loads: Floats) -> Iterator[BrokenLimit]:
    """Give the limits of the two territories that would be broken, or broken further."""
    problem, limits = carved.problem, carved.problem.limits
    elsewhere = carved.choice.copy()
    elsewhere[unit] = pair
    after = problem.loads(elsewhere)
    worse = limits.excess(after) > limits.excess(loads) * (1 + TOLERANCE)
    for t, m in np.argwhere(worse).tolist():
        high = bool(after[t, m] > limits.high[t, m])
        limit = limits.high[t, m] if high else limits.low[t, m]
        yield BrokenLimit(
            problem.territories[t],
            problem.metrics[m],
            "high" if high else "low",
            rounded(float(after[t, m])),
            rounded(float(limit)),
        )


def _barred(known: Known, those: Members, rules: Eligible, account: str) -> Iterator[Barred]:
    """Give the territories that may not hold an account, by the reason."""
    unit = int(those.unit_of[np.searchsorted(those.accounts, account)])
    family = set(those.accounts[those.unit_of == unit].tolist())
    only = int(rules.only[unit])
    reasons: dict[Barred, list[str]] = {}
    everywhere = np.arange(len(those.names))
    for t in np.flatnonzero(~rules.allows(np.full(len(everywhere), unit), everywhere)).tolist():
        name, book = those.names[t], those.books[t]
        if only >= 0:
            if family & set(those.books[only].accounts):
                reason = Barred("pinned", f"it is pinned to {those.names[only]}", (), None)
            else:
                reason = Barred("claimed", f"the `rule` of {those.names[only]} claims it", (), None)
        elif family & set(book.exclude):
            reason = Barred("excluded", "excluded", (), known.place((*book_path(name, book), "exclude")))
        elif book.where is None and book.rule is not None:
            reason = Barred("rule", "its `rule` does not claim it", (), None)
        else:
            reason = Barred("where", "its `where` does not hold", (), None)
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        yield replace(reason, territories=tuple(names))
    others = tuple(name for name, book in known.carving.books.items() if book.segment != those.name)
    if others:
        yield Barred("segment", f"not of {those.name}", others, None)
