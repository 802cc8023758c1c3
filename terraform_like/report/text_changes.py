"""The changes of a plan as text: how many of each kind and why, then account by account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from terraform_like.diagnostics import NAMED_AT_MOST, counted
from terraform_like.diff import Change, ChangeKind
from terraform_like.report.escape import escaped
from terraform_like.report.numbers import column
from terraform_like.report.terminal import BLANK, Align, Block, Grid, Piece, hanging, line
from terraform_like.report.told.changes import (
    MARKS,
    Flow,
    KindOfChange,
    changed_fields,
    flow_order,
    only_renamed,
    varied,
)
from terraform_like.report.told.plan import ToldPlan

#: More changes than this are folded, until all are asked for.
FOLDED_AT = 20

_COLOR = {ChangeKind.ADD: "green", ChangeKind.MOVE: "blue", ChangeKind.TRANSFER: "yellow", ChangeKind.REMOVE: "red"}
_WILL = {
    ChangeKind.ADD: "will be added",
    ChangeKind.MOVE: "will move",
    ChangeKind.TRANSFER: "will change owner",
    ChangeKind.REMOVE: "will be removed",
}
#: What a transfer does whose owner stays: only the name of its territory changes.
_RENAMED = "gets the new name of its territory"


def change_blocks(told: ToldPlan, *, all_changes: bool) -> Iterator[Block]:
    """Give the counts with their reasons, then every change, or the first of each kind and how to see the rest."""
    kinds, count = told.kinds, len(told.plan.changes)
    yield line(Piece("Changes", "bold"))
    yield BLANK
    yield _counts(kinds)
    if count > FOLDED_AT and told.flows:
        yield BLANK
        yield _flows(told.flows, told.metrics)
    shown = {k.kind: len(k.changes) for k in kinds} if all_changes else _fair_fold(kinds)
    for kind in kinds:
        for change in sorted(varied(kind.changes)[: shown[kind.kind]], key=flow_order):
            yield BLANK
            yield from _change(change)
    folded = count - sum(shown.values())
    if folded:
        left = [(len(k.changes) - shown[k.kind], k.kind) for k in kinds]
        rest = ", ".join(f"{more:,} {kind}" for more, kind in left if more)
        yield BLANK
        yield line(Piece(f"... and {folded:,} more ({rest}): --all-changes shows them all", "dim"), indent=2)


def _counts(kinds: Sequence[KindOfChange]) -> Grid:
    rows = []
    for kind in kinds:
        why = "\n".join(f"{count:,} {code}" for code, count in kind.reasons)
        rows.append(
            (
                Piece(f"{MARKS[kind.kind]} {kind.kind}", _COLOR[kind.kind]),
                Piece(f"{len(kind.changes):,}", "bold"),
                Piece(kind.means),
                Piece(why, "dim"),
            )
        )
    return Grid(("", "", "", ""), ("left", "right", "left", "left"), tuple(rows))


def _flows(flows: Sequence[Flow], metrics: Sequence[str]) -> Grid:
    """Give the territories between which most accounts go, and what these are worth in the first metric."""
    metric = next((m for m in metrics if any(m in flow.sums for flow in flows)), None)
    worth = [flow.sums.get(metric) for flow in flows] if metric is not None else []
    rest = flows[NAMED_AT_MOST:]
    summed: float | None = sum(value or 0 for value in worth[NAMED_AT_MOST:]) if rest else None
    told = column([*worth[:NAMED_AT_MOST], summed])
    rows = [
        [_value(flow.before), Piece("->", "dim"), _value(flow.after), Piece(f"{flow.accounts:,}")]
        for flow in flows[:NAMED_AT_MOST]
    ]
    if rest:
        pairs = Piece(f"{counted(len(rest), 'more pair')} of territories", "dim")
        rows.append([pairs, Piece(""), Piece(""), Piece(f"{sum(flow.accounts for flow in rest):,}")])
    header, align = ["from", "", "to", "accounts"], ["left", "left", "left", "right"]
    if metric is not None:
        header.append(escaped(metric))
        align.append("right")
        figures = [*worth[:NAMED_AT_MOST], *([summed] if rest else [])]
        for row, value in zip(rows, figures, strict=True):
            row.append(Piece(told(value)))
    sides: tuple[Align, ...] = tuple("left" if a == "left" else "right" for a in align)
    return Grid(tuple(header), sides, tuple(map(tuple, rows)))


def _fair_fold(kinds: Sequence[KindOfChange]) -> Mapping[ChangeKind, int]:
    """Share out the lines that there are, so that a rare kind is seen beside a common one."""
    left, shown = FOLDED_AT, dict.fromkeys((k.kind for k in kinds), 0)
    while left and (open_kinds := [k.kind for k in kinds if shown[k.kind] < len(k.changes)]):
        for kind in open_kinds[:left]:
            shown[kind] += 1
            left -= 1
    return shown


def _change(change: Change) -> Iterator[Block]:
    style, mark = _COLOR[change.kind], MARKS[change.kind]
    will = _RENAMED if only_renamed(change) else _WILL[change.kind]
    head = [Piece(f"account.{escaped(change.account)} {will}", "bold")]
    if change.reasons:
        reason = change.reasons[0]
        text = f": {escaped(reason.text)}" if reason.text else ""
        head.append(Piece(f" ({reason.code}{text})"))
    yield hanging([Piece("  # ", "dim")], *head)
    for name, old, new in changed_fields(change):
        lead: Sequence[Piece] = [Piece(f"  {mark} ", style), Piece(f"{name}: ")]
        yield hanging(lead, _value(old), Piece(" -> ", style), _value(new))


def _value(value: str | None) -> Piece:
    return Piece(escaped(value)) if value is not None else Piece("(none)", "dim")
