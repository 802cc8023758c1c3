"""What explains an account or a territory, in words: where, why, at what cost, and what else there would be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from terraform_like.diagnostics import counted, listing
from terraform_like.plan.explained import (
    AccountExplained,
    Alternative,
    Barred,
    Binding,
    BrokenLimit,
    LoadPrice,
    TerritoryExplained,
    Tie,
    Unit,
)
from terraform_like.report.escape import escaped
from terraform_like.report.numbers import figure
from terraform_like.report.terminal import BLANK, WIDTH, Block, Grid, Piece, hanging, line, rendered

#: Costs below this are nothing that anybody would decide by.
_NOTHING = 0.005
#: Distances from a fair share below this are told as none.
_EVEN = 0.005
_MEANS = {
    "moves": "1 move is what it costs that one account, not protected, changes its territory.",
    "percent": "Moves cost nothing here, so costs are in percent of what the whole carve costs.",
}


def explained_text(found: AccountExplained | TerritoryExplained, *, color: bool, width: int = WIDTH) -> str:
    """Give an explanation.

    Parameters
    ----------
    found : AccountExplained or TerritoryExplained
        What was found.
    color : bool
        Whether escape codes may be used.
    width : int
        Columns of the terminal.
    """
    blocks = _account(found) if isinstance(found, AccountExplained) else _territory(found)
    return rendered(blocks, color=color, width=width)


def _account(found: AccountExplained) -> Iterator[Block]:
    yield line(Piece(f"account.{escaped(found.account)}", "bold"), _of(found))
    yield BLANK
    yield from _whereabouts(found)
    yield BLANK
    if found.costs is None:
        yield hanging(["  "], f"It is not in scope: {found.how}{_at(found.place)}.")
        return
    yield from _why(found)
    yield BLANK
    yield from _costs(found)
    yield from _prices(found.prices, found.unit)
    yield from _alternatives(found)
    yield from _barred(found.barred)
    yield line(Piece(_MEANS[found.unit], "dim"))


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
        yield hanging(["  - "], f"{reason.code}: {escaped(reason.text)}" if reason.text else str(reason.code))
    yield hanging(["  - "], f"{escaped(found.how)}{_at(found.place)}")
    if found.family:
        others = listing((escaped(account) for account in found.family), 5)
        yield hanging(["  - "], f"its family goes with it: {others}")


def _costs(found: AccountExplained) -> Iterator[Block]:
    assert found.costs is not None
    means = {
        "disruption": "it counts five times, since it is protected" if found.protected else "it moves",
        "travel": f"{figure(round(found.km))} km to the center, {found.travel_share:.2%} of all ways",
        "balance": "what its loads weigh there, at the prices below",
        "moves": "the price of a move, since max_moves is reached",
    }
    if not found.costs["disruption"]:
        means["disruption"] = "it does not move"
    elif found.family:
        means["disruption"] = "its family moves" + (", protected accounts counting five times" * found.protected)
    rows = tuple(
        (Piece(name if name != "moves" else "max_moves"), Piece(_number(cost)), Piece(means[name], "dim"))
        for name, cost in found.costs.items()
    )
    total = (Piece("together", "bold"), Piece(_number(sum(found.costs.values())), "bold"), Piece(""))
    yield line(Piece(f"What it costs in {escaped(str(found.after.territory))}", "bold"), f", in {found.unit}")
    yield BLANK
    yield Grid(("", "", ""), ("left", "right", "left"), (*rows, total))
    yield BLANK


def _prices(prices: Sequence[LoadPrice], unit: Unit) -> Iterator[Block]:
    if not prices:
        return
    yield line(Piece("What its territories weigh", "bold"))
    yield BLANK
    for price in prices:
        yield hanging(["  - "], f"{_standing(price)}: {_price(price, unit)}")
    yield BLANK


def _standing(price: LoadPrice) -> str:
    """Say how far a load is from its fair share, and whether it is outside its limits."""
    name, metric = escaped(price.territory), escaped(price.metric)
    off = price.load / price.share - 1 if price.share else 0.0
    if abs(off) < _EVEN:
        told = f"{name} has its fair share of {metric}"
    else:
        told = f"{name} is {_share(abs(off))} {'over' if off > 0 else 'under'} its fair share of {metric}"
    return told + _side(price)


def _side(price: LoadPrice) -> str:
    if price.high is not None and price.load > price.high * (1 + 1e-9):
        return f" and above its limit of {figure(price.high, price.load)}"
    if price.low is not None and price.load < price.low * (1 - 1e-9):
        return f" and below its limit of {figure(price.low, price.load)}"
    return ""


def _price(price: LoadPrice, unit: Unit) -> str:
    much = f"another {price.amount:,g} of it" if price.metric != "accounts" else "another account"
    if abs(price.cost) < _NOTHING:
        return "more or less of it there costs nothing"
    if price.cost > 0:
        return f"{much} there costs as much as {_many(price.cost, unit)}"
    return f"{much} there saves as much as {_many(-price.cost, unit)}"


def _alternatives(found: AccountExplained) -> Iterator[Block]:
    if found.open <= 1 or not found.alternatives:
        return
    together = " with its family" if found.family else ""
    yield line(Piece("The next best", "bold"), f"{together}: how much more it would cost, in {found.unit}")
    yield BLANK
    rows = []
    for option in found.alternatives:
        way = f"{'+' if option.km > 0 else ''}{figure(round(option.km))} km"
        row = (option.territory, _more(option.with_room), _more(option.alone), way)
        rows.append((*map(Piece, map(escaped, row)), Piece(_breaks(option), "" if option.breaks else "dim")))
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
    if not option.breaks:
        return "nothing"
    return "\n".join(map(_broken, option.breaks))


def _broken(broken: BrokenLimit) -> str:
    side = "at most" if broken.side == "high" else "at least"
    load, limit = figure(broken.load, broken.limit), figure(broken.limit, broken.load)
    return f"{escaped(broken.territory)}: {load} of {escaped(broken.metric)} ({side} {limit})"


def _barred(barred: Sequence[Barred]) -> Iterator[Block]:
    if not barred:
        return
    told = "; ".join(
        f"{listing((escaped(name) for name in one.territories), 5)} ({escaped(one.why)}{_at(one.place)})"
        for one in barred
    )
    yield hanging([], Piece("It may not go to", "bold"), f" {told}.")
    yield BLANK


def _territory(found: TerritoryExplained) -> Iterator[Block]:
    kind = "slot" if found.slot else "territory"
    owner = f"owned by {escaped(found.owner)}" if found.owner is not None else "vacant"
    yield line(
        Piece(f"{kind}.{escaped(found.name)}", "bold"),
        f" of {escaped(found.segment)}, {owner}, size {found.size:g}, {counted(found.accounts, 'account')}",
    )
    yield BLANK
    if found.captive is None:
        yield line("It may hold no account.", indent=2)
        return
    if not found.loads:
        yield line("No limit of `balance` says how even it must be.", indent=2)
        yield BLANK
    else:
        yield from _loads(found)
        yield from _bindings(found)
    yield from _ties(found)
    yield from _heaviest(found)
    yield from _captive(found)
    yield line(Piece(_MEANS[found.unit], "dim"))


def _loads(found: TerritoryExplained) -> Iterator[Block]:
    rows = tuple(
        (
            Piece(escaped(price.metric)),
            Piece(figure(price.load)),
            Piece(figure(price.share)),
            Piece(_limits(price), "dim"),
            Piece(_price(price, found.unit)),
        )
        for price in found.loads
    )
    header = ("metric", "load", "fair share", "limits", "price")
    yield line(Piece("Its loads", "bold"))
    yield BLANK
    yield Grid(header, ("left", "right", "right", "right", "left"), rows)
    yield BLANK


def _limits(price: LoadPrice) -> str:
    low, high = (None if limit is None else figure(limit) for limit in (price.low, price.high))
    if low is None or high is None:
        return f"at most {high}" if high is not None else f"at least {low}" if low is not None else "none"
    return f"{low} – {high}"


def _bindings(found: TerritoryExplained) -> Iterator[Block]:
    yield line(Piece("What binds it", "bold"))
    yield BLANK
    if not found.bindings:
        yield line("No limit: what it holds is what the preferences make of it.", indent=2)
    for binding in found.bindings:
        yield hanging(["  - "], f"{_standing(binding.price)}{_bound(binding)}.{_neighbours(binding)}")
    for way in found.ways:
        yield hanging(["  - "], f"To hold it takes {escaped(way.text)}{_at(way.place)}")
    yield BLANK


def _bound(binding: Binding) -> str:
    if binding.broken:
        return f". {escaped(binding.broken).rstrip('.')}"
    return ", and that limit holds back what would be better"


def _neighbours(binding: Binding) -> str:
    if not binding.neighbours:
        return " No territory that may hold the same accounts has room." if binding.price.cost > 0 else ""
    over = binding.neighbours[0].amount > 0
    rooms = listing(f"{escaped(room.territory)} {figure(abs(room.amount))}" for room in binding.neighbours)
    return f" {'Room' if over else 'To spare'} for it in neighbours: {rooms}."


def _ties(found: TerritoryExplained) -> Iterator[Block]:
    if not found.come and not found.go:
        return
    yield line(Piece("Nearest to a tie", "bold"), f": what it would cost if others made room, in {found.unit}")
    yield BLANK
    rows = [_tie(tie, "come from") for tie in found.come] + [_tie(tie, "go to") for tie in found.go]
    yield Grid(("", "", "", "cost", "it has"), ("left", "left", "left", "right", "left"), tuple(rows))
    yield BLANK


def _tie(tie: Tie, verb: str) -> tuple[Piece, ...]:
    mark, style = ("+", "green") if verb == "come from" else ("-", "red")
    return (
        Piece(f"{mark} {_head(tie.account, tie.family)}", style),
        Piece(f"could {verb}"),
        Piece(escaped(tie.territory)),
        Piece(_more(tie.cost)),
        Piece(_having(tie.loads), "dim"),
    )


def _heaviest(found: TerritoryExplained) -> Iterator[Block]:
    if not found.heaviest:
        return
    rows = tuple((Piece(_head(h.account, h.family)), Piece(_having(h.loads))) for h in found.heaviest)
    yield line(Piece("Its heaviest accounts", "bold"))
    yield BLANK
    yield Grid(("", ""), ("left", "left"), rows)
    yield BLANK


def _captive(found: TerritoryExplained) -> Iterator[Block]:
    captive = found.captive
    assert captive is not None
    if not captive.accounts:
        yield line("All its accounts may be elsewhere as well.")
    else:
        pinned = f", {captive.pinned:,} of them pinned" if captive.pinned else ""
        have = _having({m: v for m, v in captive.loads.items() if m != "accounts"})
        told = f"{counted(captive.accounts, 'account')} may be nowhere else{pinned}{f': {have}' if have else ''}."
        yield hanging([], told)
    yield BLANK


def _head(account: str, family: int) -> str:
    return escaped(account) if family == 1 else f"{escaped(account)} and {family - 1:,} of its family"


def _having(loads: Mapping[str, float]) -> str:
    told = [f"{figure(value)} {escaped(metric)}" for metric, value in loads.items() if metric != "accounts"]
    return ", ".join(told)


def _at(place: str | None) -> str:
    return f" ({escaped(place)})" if place else ""


def _share(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else f"{share:.1%}"


def _number(cost: float) -> str:
    return f"{cost + 0.0:,.1f}" if abs(cost) >= 10 else f"{cost + 0.0:,.2f}"


def _more(cost: float) -> str:
    return f"{'+' if cost > 0 else ''}{_number(cost)}"


def _many(cost: float, unit: Unit) -> str:
    number = _number(cost).rstrip("0").rstrip(".") if "." in _number(cost) else _number(cost)
    if unit == "percent":
        return f"{number}% of the carve"
    return f"{number} {'move' if number == '1' else 'moves'}"
