"""What drifted, territory by territory, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from terraform_like.diagnostics import counted
from terraform_like.diff import Place
from terraform_like.plan.drifted import Drift, Drifted
from terraform_like.report.escape import escaped
from terraform_like.report.terminal import BLANK, WIDTH, Align, Block, Grid, Piece, line, rendered

#: Accounts of one list.
_NAMED = 50


def drift_text(drift: Drift, *, color: bool, width: int = WIDTH) -> str:
    """Give what drifted, grouped by the territory that accounts were put into."""
    return rendered(_blocks(drift), color=color, width=width)


def _blocks(drift: Drift) -> Iterator[Block]:
    for territory, group in groupby(drift.changed, key=lambda one: one.applied.territory):
        changed = list(group)
        name = f"territory.{escaped(territory)}" if territory is not None else "in no territory"
        yield line(Piece(name, "bold"), f": {counted(len(changed), 'account')} changed in the CRM")
        yield _changed(changed)
        yield from _more(len(changed))
        yield BLANK
    yield from _listed("Gone from the CRM", "was", drift.gone)
    yield from _listed("New in scope, and in no plan that was applied", "is", drift.new)
    parts = [
        f"{len(found):,} {word}"
        for word, found in (("changed", drift.changed), ("gone", drift.gone), ("new", drift.new))
        if found
    ]
    if drift.drifted:
        yield line(Piece(f"Drift: {', '.join(parts)}.", "bold yellow"))
    else:
        new = f" ({parts[0]})" if parts else ""
        yield line(Piece(f"No drift{new}.", "bold green"))


def _changed(changed: Sequence[Drifted]) -> Grid:
    told = any(one.changed_by is not None for one in changed)
    rows = tuple(
        (
            Piece(escaped(one.account)),
            Piece(_place(one.applied)),
            Piece(_place(one.live), "yellow"),
            *((Piece(escaped(one.changed_by or "")),) if told else ()),
        )
        for one in changed[:_NAMED]
    )
    header = ("account", "applied", "now", "changed by") if told else ("account", "applied", "now")
    align: tuple[Align, ...] = ("left", "left", "left", "left")
    return Grid(header, align[: len(header)], rows)


def _listed(title: str, verb: str, accounts: Sequence[tuple[str, Place]]) -> Iterator[Block]:
    if not accounts:
        return
    yield line(Piece(title, "bold"), f": {counted(len(accounts), 'account')}")
    rows = tuple((Piece(escaped(account)), Piece(f"{verb} {_place(place)}")) for account, place in accounts[:_NAMED])
    yield Grid(("", ""), ("left", "left"), rows)
    yield from _more(len(accounts))
    yield BLANK


def _more(count: int) -> Iterator[Block]:
    if count > _NAMED:
        yield line(Piece(f"... and {count - _NAMED:,} more (--json gives all)", "dim"), indent=2)


def _place(place: Place) -> str:
    territory = f" in {escaped(place.territory)}" if place.territory is not None else ""
    return f"{escaped(place.owner or 'nobody')}{territory}"
