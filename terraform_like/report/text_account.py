"""An account as it is explained: where, why, at what cost, and where else it could be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from terraform_like.diagnostics import counted, listing
from terraform_like.plan.explained import AccountExplained, Alternative, Barred, BrokenLimit, LoadPrice, Unit
from terraform_like.report.cost_words import MEANS, at, having, more, number, price_told, standing, welcome
from terraform_like.report.escape import escaped
from terraform_like.report.numbers import figure
from terraform_like.report.terminal import BLANK, Block, Grid, Piece, hanging, line


def account_blocks(found: AccountExplained) -> Iterator[Block]:
    """Give an account: where it is and will be, why, its costs and prices, and the alternatives."""
    yield line(Piece(f"account.{escaped(found.account)}", "bold"), _of(found))
    yield BLANK
    yield from _whereabouts(found)
    yield BLANK
    if found.costs is None:
        yield hanging(["  "], f"It is not in scope: {found.how}{at(found.place)}.")
        return
    yield from _why(found)
    yield BLANK
    yield from _costs(found)
    yield from _prices(found.prices, found.unit)
    yield from _alternatives(found)
    yield from _barred(found.barred)
    yield line(Piece(MEANS[found.unit], "dim"))


def _of(found: AccountExplained) -> str:
    if found.segment is None:
        return ""
    protected = ", protected" if found.protected else ""
    return f" of {escaped(found.segment)}{protected}"


def _whereabouts(found: AccountExplained) -> Iterator[Block]:
    if found.before == found.after:
        yield line(f"  is and stays in  {_place(found.after.territory, found.after.owner)}")
        return
    yield line(f"  is in       {_place(found.before.territory, found.before.owner)}")
    yield line(f"  will be in  {_place(found.after.territory, found.after.owner)}")


def _place(territory: str | None, owner: str | None) -> str:
    where = escaped(territory) if territory is not None else "no territory"
    return f"{where} ({escaped(owner) if owner is not None else 'nobody has it'})"


def _why(found: AccountExplained) -> Iterator[Block]:
    yield line(Piece("Why", "bold"))
    yield BLANK
    for reason in found.reasons:
        place = at(found.place) if reason.text == found.how else ""
        yield hanging(["  - "], f"{reason.code}: {escaped(reason.text)}{place}" if reason.text else str(reason.code))
    if all(reason.text != found.how for reason in found.reasons):
        yield hanging(["  - "], f"{escaped(found.how)}{at(found.place)}")
    if found.loads:
        has = "it has" if not found.family else "with its family it has"
        yield hanging(["  - "], f"{has} {having(found.loads)}")
    if found.family:
        others = listing((escaped(account) for account in found.family), 5)
        yield hanging(["  - "], f"its family goes with it: {others}")


def _costs(found: AccountExplained) -> Iterator[Block]:
    assert found.costs is not None
    means = {
        "disruption": "it counts five times, since it is protected" if found.protected else "it moves",
        "travel": f"{figure(round(found.km))} km to the center, {found.travel_share:.2%} of all ways",
        "balance": f"its loads, {welcome(found.costs['balance'])} there at the prices below",
        "moves": "the price of a move, since max_moves is reached",
    }
    if not found.costs["disruption"]:
        means["disruption"] = "it does not move"
    elif found.family:
        means["disruption"] = "its family moves" + (", protected accounts counting five times" * found.protected)
    rows = tuple(
        (Piece(name if name != "moves" else "max_moves"), Piece(number(cost)), Piece(means[name], "dim"))
        for name, cost in found.costs.items()
    )
    total = (Piece("together", "bold"), Piece(number(sum(found.costs.values())), "bold"), Piece(""))
    yield line(Piece(f"What it costs in {escaped(str(found.after.territory))}", "bold"), f", in {found.unit}")
    yield BLANK
    yield Grid(("", "", ""), ("left", "right", "left"), (*rows, total))
    yield BLANK


def _prices(prices: Sequence[LoadPrice], unit: Unit) -> Iterator[Block]:
    if not prices:
        return
    yield line(Piece("The prices of loads", "bold"))
    yield BLANK
    for price in prices:
        yield hanging(["  - "], f"{standing(price)}: {price_told(price, unit)}")
    yield BLANK


def _alternatives(found: AccountExplained) -> Iterator[Block]:
    if found.open <= 1 or not found.alternatives:
        return
    together = " with its family" if found.family else ""
    yield line(Piece("The next best", "bold"), f"{together}: how much more it would cost, in {found.unit}")
    yield BLANK
    rows = []
    for option in found.alternatives:
        stays = " (stay)" if option.territory == found.before.territory else ""
        way = f"{'+' if option.km > 0 else ''}{figure(round(option.km))} km"
        row = (f"{option.territory}{stays}", more(option.with_room), more(option.alone), way)
        rows.append(
            (*map(Piece, map(escaped, row)), Piece(_breaks(option), "dim" if _breaks(option) == "nothing" else ""))
        )
    yield Grid(
        ("\nterritory", "if others\nmake room", "moved\nalone", "\nway", "moved alone,\nit would break"),
        ("left", "right", "right", "right", "left"),
        tuple(rows),
    )
    yield BLANK
    rest = found.open - 1 - len(found.alternatives)
    if rest > 0:
        yield line(Piece(f"{counted(rest, 'more territory', 'more territories')} may hold it.", "dim"), indent=2)
        yield BLANK


def _breaks(option: Alternative) -> str:
    told = [*map(_broken, option.breaks), *map(escaped, option.apart)]
    if option.moves is not None:
        told.append(f"max_moves: {option.moves:,} moves (at most {option.most_moves:,})")
    return "\n".join(told) or "nothing"


def _broken(broken: BrokenLimit) -> str:
    side = "at most" if broken.side == "high" else "at least"
    load, limit = figure(broken.load, broken.limit), figure(broken.limit, broken.load)
    return f"{escaped(broken.territory)}: {load} of {escaped(broken.metric)} ({side} {limit})"


def _barred(barred: Sequence[Barred]) -> Iterator[Block]:
    if not barred:
        return
    told = "; ".join(map(_bar, barred))
    yield hanging([], Piece("It may not go to", "bold"), f" {told}.")
    yield BLANK


def _bar(barred: Barred) -> str:
    if barred.code == "segment":
        count = len(barred.territories)
        return f"the {count:,} territories of other segments" if count > 1 else "the territory of another segment"
    named = listing((escaped(name) for name in barred.territories), 5)
    place = f", {escaped(barred.place)}" if barred.place else ""
    return f"{named} ({escaped(barred.why)}{place})"
