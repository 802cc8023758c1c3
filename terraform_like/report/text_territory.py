"""A territory as it is explained: its loads, what binds it, who could come or go, and who is there in any case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from terraform_like.diagnostics import counted, listing
from terraform_like.plan.explained import Binding, LoadPrice, TerritoryExplained
from terraform_like.report.cost_words import MEANS, at, having, more, share_told, standing
from terraform_like.report.escape import escaped
from terraform_like.report.numbers import Formatted, column, figure
from terraform_like.report.terminal import BLANK, Align, Block, Grid, Piece, hanging, line

_LEFT: Align = "left"
_RIGHT: Align = "right"


def territory_blocks(found: TerritoryExplained) -> Iterator[Block]:
    """Give a territory: its loads, what binds it, who could come or go, the heaviest and the captive accounts."""
    kind = "slot" if found.slot else "territory"
    owner = f"owned by {escaped(found.owner)}" if found.owner is not None else "vacant"
    size = f", size {found.size:g}" if found.size != 1 else ""
    yield hanging(
        [],
        Piece(f"{kind}.{escaped(found.name)}", "bold"),
        f" of {escaped(found.segment)}: {counted(found.accounts, 'account')}, {owner}{size}",
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
    yield line(Piece(MEANS[found.unit], "dim"))


def _loads(found: TerritoryExplained) -> Iterator[Block]:
    rows = tuple(map(_load, found.loads))
    header = ("\nmetric", "\nload", "fair\nshare", "\nlimits", "\noff", "\nanother", f"costs,\n{found.unit}")
    yield line(Piece("Its loads", "bold"), ", and what more of them would cost (below 0: save)")
    yield BLANK
    yield Grid(header, _aligned(1, 6), rows)
    yield BLANK


def _off(price: LoadPrice) -> str:
    return f"{price.load / price.share - 1:+.1%}" if price.share else ""


def _load(price: LoadPrice) -> tuple[Piece, ...]:
    known = (price.load, price.share, price.low, price.high)
    told = column(known, decimals=1, exact=price.metric == "accounts")
    return (
        Piece(escaped(price.metric)),
        Piece(told(price.load)),
        Piece(told(price.share)),
        Piece(_limits(price, told), "dim"),
        Piece(_off(price)),
        Piece(f"{price.amount:,g}"),
        Piece(more(price.cost)),
    )


def _limits(price: LoadPrice, told: Formatted) -> str:
    if price.low is None or price.high is None:
        limits = [f"at {side} {told(limit)}" for side, limit in (("least", price.low), ("most", price.high)) if limit]
        return ", ".join(limits) or "none"
    return f"{told(price.low)} – {told(price.high)}"


def _bindings(found: TerritoryExplained) -> Iterator[Block]:
    yield line(Piece("What binds it", "bold"))
    yield BLANK
    if not found.bindings:
        yield line("No limit: what it holds is what the preferences make of it.", indent=2)
    for binding in found.bindings:
        yield hanging(["  - "], f"{standing(binding.price)}{_bound(binding)}.{_neighbours(binding)}")
    yield BLANK
    if found.ways:
        one = ", one of these at least" if len(found.ways) > 1 else ""
        yield line(Piece("What it takes", "bold"), one)
        yield BLANK
        for way in found.ways:
            yield hanging(["  - "], f"{escaped(way.text)}{at(way.place)}")
        yield BLANK


def _bound(binding: Binding) -> str:
    if binding.broken:
        return f". {escaped(binding.broken).rstrip('.')}"
    if binding.at_limit:
        return ", and this limit holds back what would be better"
    return f", and limits of others make it {'dear' if binding.price.cost > 0 else 'wanted'} there"


def _neighbours(binding: Binding) -> str:
    if not binding.neighbours:
        return " No territory that may hold the same accounts has room." if binding.price.cost > 0 else ""
    over = binding.neighbours[0].amount > 0
    rooms = listing(f"{escaped(room.territory)} {figure(abs(room.amount))}" for room in binding.neighbours)
    return f" {'Room' if over else 'To spare'} for it in neighbours: {rooms}."


def _ties(found: TerritoryExplained) -> Iterator[Block]:
    # What would break a limit further is no way to help.
    broken = [binding.price for binding in found.bindings if binding.broken]
    over = any(price.load > price.share for price in broken)
    under = any(price.load < price.share for price in broken)
    come, go = () if over and not under else found.come, () if under and not over else found.go
    for ties, title, side in ((come, "Could come", "from"), (go, "Could go", "to")):
        if not ties:
            continue
        yield line(Piece(title, "bold"), f" for least, if others made room; costs in {found.unit}")
        yield BLANK
        metrics = _counted(ties[0].loads)
        rows = tuple(
            (
                Piece(_head(tie.account, tie.family)),
                Piece(escaped(tie.territory)),
                Piece(more(tie.cost)),
                *(Piece(figure(tie.loads[metric])) for metric in metrics),
            )
            for tie in ties
        )
        yield Grid(("account", side, "costs", *map(escaped, metrics)), _aligned(2, 1 + len(metrics)), rows)
        yield BLANK


def _counted(loads: Mapping[str, float]) -> list[str]:
    """Give the metrics that differ from account to account."""
    return [metric for metric in loads if metric != "accounts"]


def _aligned(left: int, right: int) -> tuple[Align, ...]:
    return (*(_LEFT for _ in range(left)), *(_RIGHT for _ in range(right)))


def _heaviest(found: TerritoryExplained) -> Iterator[Block]:
    if not found.heaviest:
        return
    metrics = _counted(found.heaviest[0].loads)
    shares = {price.metric: price.share for price in found.loads}
    rows = tuple(
        (
            Piece(_head(heavy.account, heavy.family)),
            *(Piece(f"{figure(heavy.loads[m])} ({_part(heavy.loads[m], shares[m])})") for m in metrics),
        )
        for heavy in found.heaviest
    )
    yield line(Piece("Its heaviest accounts", "bold"), ", and how much of a fair share they are")
    yield BLANK
    yield Grid(("account", *map(escaped, metrics)), _aligned(1, len(metrics)), rows)
    yield BLANK


def _part(load: float, share: float) -> str:
    return share_told(load / share) if share else "-"


def _captive(found: TerritoryExplained) -> Iterator[Block]:
    captive = found.captive
    assert captive is not None
    if not captive.accounts:
        yield line("All its accounts may be elsewhere as well.")
    else:
        pinned = f", {captive.pinned:,} of them pinned" if captive.pinned else ""
        have = having({m: v for m, v in captive.loads.items() if m != "accounts"})
        when = "In a refresh " if captive.kept else ""
        who = counted(captive.accounts, "account")
        told = f"{when}{who} may be nowhere else{pinned}{f': {have}' if have else ''}."
        yield hanging([], told)
    yield BLANK


def _head(account: str, family: int) -> str:
    return escaped(account) if family == 1 else f"{escaped(account)} and {family - 1:,} of its family"
